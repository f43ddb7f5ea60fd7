"""What servers answer, parsed: into values, or refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking
from vsync.store.client import Refused, plain
from vsync.store.entries import BatchProgress, Hit, StoreEntry, StoreInfo
from vsync.system.redaction import redacted

T = TypeVar("T")

PAGE = 100

_CODE = re.compile(r"[^A-Za-z0-9_.-]")

_ID = re.compile(r"(?!\.{1,2}\Z)[\w.:=+~@,|-]{1,512}", re.ASCII)

"""An id becomes part of an address: none that leads elsewhere is one."""

_MAX_MESSAGE = 2_000

_NOT_THERE = re.compile(r"not found|does not exist|no such", re.IGNORECASE)

_MAX_PAGES = 1_000_000 // PAGE

_SAYS_EXPIRED = re.compile(r"expired", re.IGNORECASE)


async def unless_gone(request: Awaitable[Any]) -> None:
    try:
        await request
    except Refused as error:
        if not not_there(error):
            raise


def not_there(error: Refused) -> bool:
    """Whether what was asked for does not exist. Some compatible servers say so with status 400."""
    if not error.by_api:
        return False
    return error.status in {404, 410} or (error.status == 400 and bool(_NOT_THERE.search(error.message)))


def says_expired(error: Refused) -> bool:
    """Whether the store, or only what was asked for, has had its time."""
    return error.by_api and error.status == 400 and bool(_SAYS_EXPIRED.search(f"{error.code} {error.message}"))


async def pages(
    ask: Callable[[Callable[[], Awaitable[tuple[list[T], str | None]]]], Awaitable[tuple[list[T], str | None]]],
    fetch: Callable[[dict[str, Any]], Awaitable[Any]],
    read: Callable[[Any], T],
) -> AsyncIterator[list[T]]:
    """Every page of a listing, its items read. Ends where the server repeats itself: some ignore the cursor.

    What cannot be read fails inside of `ask`, and so is asked for once more.
    """
    after: dict[str, Any] = {}
    seen: set[str] = set()

    async def send() -> tuple[list[T], str | None]:
        page = await fetch(after)
        items = items_of(page)
        found, last = [read(item) for item in items], id_of(items[-1]) if items else None
        if last is None or last in seen:
            return [], None
        seen.add(last)
        return found, None if getattr(page, "has_more", None) is False else last

    for _ in range(_MAX_PAGES):
        found, last = await ask(send)
        if found:
            yield found
        if last is None:
            return
        after = {"after": last}


def items_of(page: Any) -> list[Any]:
    items = getattr(page, "data", None)
    if not isinstance(items, list):
        raise TypeError("a listing without its items")
    return items


def deleted(answer: Any) -> Any:
    """The answer to a deletion, if it says so: a proxy's page with status 200 would leave a twin that no run looks for."""
    if answer != "" and getattr(answer, "deleted", None) is not True:  # some servers answer with status 204 and nothing
        raise ValueError("the answer does not say that anything was deleted")
    return answer


def about(wanted: str, found: str) -> None:
    """Makes sure that an answer is about what was asked for: else the run would go on with another store or File."""
    if wanted != found:
        raise ValueError(f"the answer is not about {wanted}")


def progress_of(answer: Any, batch_id: str) -> BatchProgress:
    # The live API has answered with the store instead of the batch:
    # https://github.com/openai/openai-python/issues/2724
    if getattr(answer, "id", None) != batch_id:
        return BatchProgress(readable=False)
    counts = mapping(plain(getattr(answer, "file_counts", None)))
    numbers = {key: counts.get(key) for key in ("in_progress", "completed", "failed", "cancelled", "total")}
    if not all(isinstance(number, int) for number in numbers.values()):
        return BatchProgress(readable=False)
    status = text_of(getattr(answer, "status", None))
    return BatchProgress(readable=True, status=status, **{key: int(number or 0) for key, number in numbers.items()})


def id_of(answer: Any) -> str:
    """The id in an answer. Raises ValueError, as the SDK does for other answers that it cannot read."""
    found = getattr(answer, "id", None)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise ValueError("the answer has no id")
    return found


def store_info_of(item: Any) -> StoreInfo:
    data = mapping(plain(item))
    counts = mapping(data.get("file_counts"))
    return StoreInfo(
        id=id_of(item),
        name=text_of(data.get("name")) or None,
        status=text_of(data.get("status")),
        files=whole(counts.get("total")),
        usage_bytes=whole(data.get("usage_bytes")),
        created_at=whole(data.get("created_at")),
        metadata={key: value for key, value in _attributes(data.get("metadata")).items() if isinstance(value, str)},
        in_progress=whole(counts.get("in_progress")),
        failed=whole(counts.get("failed")),
    )


def store_entry_of(item: Any, secrets: Iterable[str]) -> StoreEntry:
    data = mapping(plain(item))
    error = mapping(data.get("last_error"))
    return StoreEntry(
        file_id=id_of(item),
        status=text_of(data.get("status")),
        attributes=_attributes(data.get("attributes")),
        chunking=Chunking.from_api(mapping(data.get("chunking_strategy"))),
        error_code=_CODE.sub("", redacted(text_of(error.get("code")), secrets))[:64],
        error_message=redacted(text_of(error.get("message")), secrets)[:_MAX_MESSAGE],
        created_at=whole(data.get("created_at")),
    )


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text, with half characters made visible, which no manifest or report could hold; else an empty one."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _attributes(value: object) -> Attributes:
    """The attributes that are such; whatever else a server gives is none that vsync has set."""
    return {
        text_of(key): text_of(item) if isinstance(item, str) else item
        for key, item in mapping(value).items()
        if isinstance(item, str | float | int)
    }


def whole(value: object) -> int:
    """A number that a server gave, or 0 for what is none: none of them is worth a run."""
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]  # whatever JSON holds
    except (TypeError, ValueError, OverflowError):
        return 0


def hit_of(item: Any) -> Hit:
    data = mapping(plain(item))
    content, score = data.get("content"), data.get("score")
    pieces = [text_of(mapping(piece).get("text")) for piece in content] if isinstance(content, list) else []
    return Hit(
        file_id=text_of(data.get("file_id")),
        filename=text_of(data.get("filename")),
        score=float(score) if type(score) is float or (type(score) is int and abs(score) < 2**53) else 0.0,
        attributes=_attributes(data.get("attributes")),
        text="\n".join(pieces),
    )
