"""What the words of a refusal say about the object that the request was for."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any

from vsync.store.api_errors import Refused

_NOT_THERE = re.compile(r"not found|does not exist|no such", re.IGNORECASE)
_EXPIRED = re.compile(r"expired", re.IGNORECASE)
_FINAL = re.compile(r"extension|unsupported|not supported|invalid format|too large|could not be parsed", re.IGNORECASE)
_UNKNOWN_FILE = re.compile(
    r"(cannot find|no such|not find|no file|unknown(?! parameter)).{0,40}file|file.{0,60}(not found|does not exist)",
    re.IGNORECASE,
)
_ATTACHED_ALREADY = re.compile(r"\balready\b|duplicate", re.IGNORECASE)


def not_there(error: Refused) -> bool:
    """Whether the object of the request does not exist. Some compatible servers say this with status 400."""
    if not error.by_api:
        return False
    return error.status in {404, 410} or (error.status == 400 and bool(_NOT_THERE.search(error.message)))


async def unless_gone(request: Awaitable[Any]) -> bool:
    """Waits for a request that removes an object. False: the object did not exist any more, which is success as well."""
    try:
        await request
    except Refused as error:
        if not not_there(error):
            raise
        return False
    return True


def says_expired(error: Refused) -> bool:
    """Whether something has expired: the store, or only the object of the request."""
    return error.by_api and error.status == 400 and bool(_EXPIRED.search(f"{error.code} {error.message}"))


def is_final(error: Refused) -> bool:
    """Whether the same bytes with the same filename would be refused again. In doubt they are tried again."""
    if error.by_gateway or is_unknown_file(error):
        return False
    return error.status in {413, 415} or (error.status in {400, 422} and bool(_FINAL.search(error.message)))


def is_unknown_file(error: Refused) -> bool:
    """Whether the store does not know the File. A new File can be unknown for some seconds."""
    return not error.by_gateway and error.status in {400, 404} and bool(_UNKNOWN_FILE.search(error.message))


def is_attached_already(error: Refused) -> bool:
    """Whether an earlier request, whose answer was lost, may have attached the File. The caller must ask the store."""
    return error.status in {400, 409, 422} and bool(_ATTACHED_ALREADY.search(error.message))
