"""What the words of a refusal say of the File it is about. Pure."""

from __future__ import annotations

import re

from vsync.store.client import Refused

_FINAL = re.compile(r"extension|unsupported|not supported|invalid format|too large|could not be parsed", re.IGNORECASE)
_UNKNOWN_FILE = re.compile(
    r"(cannot find|no such|not find|no file|unknown(?! parameter)).{0,40}file|file.{0,60}(not found|does not exist)",
    re.IGNORECASE,
)
_ATTACHED_ALREADY = re.compile(r"\balready\b|duplicate", re.IGNORECASE)


def is_final(error: Refused) -> bool:
    """Whether the same bytes under the same name would be refused again. In doubt they are tried again."""
    if is_unknown_file(error):
        return False
    return error.status in {413, 415} or (error.status in {400, 422} and bool(_FINAL.search(error.message)))


def is_unknown_file(error: Refused) -> bool:
    """A File that was just uploaded can be unknown for some seconds."""
    return error.status in {400, 404} and bool(_UNKNOWN_FILE.search(error.message))


def is_attached_already(error: Refused) -> bool:
    """Whether a File may be in the store since an earlier request, whose answer was lost. The store must be asked."""
    return error.status in {400, 409, 422} and bool(_ATTACHED_ALREADY.search(error.message))
