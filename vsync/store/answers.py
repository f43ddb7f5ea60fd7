"""The server's answers, parsed into values. An answer that cannot be read is refused with ValueError or TypeError. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking
from vsync.state.manifest import MAX_NUMBER
from vsync.store.entries import BatchProgress, Hit, StoreEntry, StoreInfo, UploadedFile
from vsync.system.redaction import redacted

_NOT_IN_A_CODE = re.compile(r"[^A-Za-z0-9_.-]")

_ID = re.compile(r"(?!\.{1,2}\Z)[\w.:=+~@,|-]{1,512}", re.ASCII)
"""An id becomes a part of an address. Text that would lead to another address is not an id."""

_MAX_MESSAGE = 2_000


# --- Whole answers ------------------------------------------------------------------------------------------


def items_of(page: Any) -> list[Any]:
    items = getattr(page, "data", None)
    if not isinstance(items, list):
        raise TypeError("a listing without its items")
    return items


def deleted(response: Any, wanted: str) -> bool:
    """Whether `wanted` was deleted, from the SDK's raw response. Raises ValueError when the response does not say so.

    A proxy may answer with status 200 and a page, or nothing. If it were believed, the entry would stay and no run would look
    for it. Some servers answer with status 204, which has no body.
    """
    if response.status_code == 204:
        return True
    answer = response.parse()
    if getattr(answer, "deleted", None) is not True:
        raise ValueError("the answer does not say that anything was deleted")
    found = getattr(answer, "id", None)
    if isinstance(found, str) and found:
        check_id(wanted, found)
    return True


def check_id(wanted: str, found: str) -> None:
    """Raises ValueError when the answer is about another store or File than the one that was asked for."""
    if wanted != found:
        raise ValueError(f"the answer is not about {wanted}")


def is_id(text: str) -> bool:
    """Whether a text can be an id, and so a part of an address."""
    return bool(_ID.fullmatch(text))


def id_of(answer: Any) -> str:
    """The id in an answer. Raises ValueError when there is none, as the SDK does for other answers that it cannot read."""
    found = getattr(answer, "id", None)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise ValueError("the answer has no id")
    return found


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


def store_info_of(item: Any) -> StoreInfo:
    data = mapping(plain(item))
    counts = mapping(data.get("file_counts"))
    return StoreInfo(
        id=id_of(item),
        name=text_of(data.get("name")) or None,
        status=text_of(data.get("status")),
        files=number_of(counts.get("total")),
        usage_bytes=number_of(data.get("usage_bytes")),
        created_at=number_of(data.get("created_at")),
        metadata={key: value for key, value in _attributes(data.get("metadata")).items() if isinstance(value, str)},
        in_progress=number_of(counts.get("in_progress")),
        failed=number_of(counts.get("failed")),
        expires_after_days=_days_of(data.get("expires_after")),
        counted=said_number(counts.get("total")),
        used=said_number(data.get("usage_bytes")) if number_of(counts.get("in_progress")) == 0 else None,
        completed=number_of(counts.get("completed")),
        cancelled=number_of(counts.get("cancelled")),
        last_active_at=said_number(data.get("last_active_at")),
        expires_at=said_number(data.get("expires_at")),
    )


def uploaded_file_of(item: Any) -> UploadedFile:
    data = mapping(plain(item))
    return UploadedFile(
        id=id_of(item),
        filename=text_of(data.get("filename")),
        bytes=number_of(data.get("bytes")),
        purpose=text_of(data.get("purpose")),
        created_at=number_of(data.get("created_at")),
        status=text_of(data.get("status")),
        expires_at=said_number(data.get("expires_at")),
    )


def store_entry_of(item: Any, secrets: Iterable[str]) -> StoreEntry:
    data = mapping(plain(item))
    error = mapping(data.get("last_error"))
    return StoreEntry(
        file_id=id_of(item),
        status=text_of(data.get("status")),
        attributes=_attributes(data.get("attributes")),
        chunking=Chunking.from_api(mapping(data.get("chunking_strategy"))),
        error_code=code_of(error.get("code"), secrets),
        error_message=message_of(error.get("message"), secrets),
        created_at=number_of(data.get("created_at")),
        usage_bytes=number_of(data.get("usage_bytes")),
    )


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


# --- Parts of an answer -------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A model of the SDK as plain data. Plain data is returned unchanged."""
    return value.model_dump(mode="json", warnings=False) if hasattr(value, "model_dump") else value


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object; an empty one when the value is something else."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text; an empty one when the value is something else. Lone surrogates are escaped: UTF-8 cannot hold them."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def code_of(value: object, secrets: Iterable[str]) -> str:
    """The server's own word for an error."""
    return _NOT_IN_A_CODE.sub("", redacted(text_of(value), secrets))[:64]


def message_of(value: object, secrets: Iterable[str]) -> str:
    """A server's message, shortened and without secrets."""
    return redacted(text_of(value), secrets)[:_MAX_MESSAGE]


def number_of(value: object) -> int:
    """A whole number; 0 when the value is something else. No run should fail for such a number."""
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]  # whatever JSON holds
    except (TypeError, ValueError, OverflowError):
        return 0


def said_number(value: object) -> int | None:
    """A count or a time as the server says it; None when the value is neither."""
    return value if type(value) is int and 0 <= value < MAX_NUMBER else None


def _days_of(expires_after: object) -> int | None:
    days = number_of(mapping(expires_after).get("days"))
    return days if 0 < days < MAX_NUMBER else None


def _attributes(value: object) -> Attributes:
    """The attributes that have a text or a number. vsync sets no others, and JSON has no infinite ones."""
    return {
        text_of(key): text_of(item) if isinstance(item, str) else item
        for key, item in mapping(value).items()
        if isinstance(item, str | int) or (isinstance(item, float) and math.isfinite(item))
    }
