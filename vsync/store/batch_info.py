"""Batches of the Batch API, as values. Pure.

https://platform.openai.com/docs/api-reference/batch/object
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vsync.store.answers import code_of, id_of, is_id, mapping, message_of, plain, said_number, text_of

MADE_BY = "vsync"
"""What `made_by` is in the metadata of each batch of vsync."""

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

_MOST_ERRORS = 1_000
"""How many errors of one batch are kept. The API names far fewer."""


@dataclass(frozen=True, slots=True)
class BatchError:
    """What the API says is wrong with a batch. `line` counts from 1; None: no line of the input File."""

    code: str
    message: str
    line: int | None
    param: str


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """A batch. Texts come from the server, whatever they are.

    | field | meaning |
    | --- | --- |
    | `status` | a state of the API, perhaps one that is new |
    | `model` | empty: the server names none |
    | `input_file_id` | empty: the server names none that can be asked for |
    | `output_file_id`, `error_file_id` | None: there is none (yet), or none that can be asked for |
    | times (`…_at`) | the server's, in seconds since the epoch; None: not reached, or not named |
    | `total`, `completed`, `failed` | counts of requests |
    | `errors` | why the API refused the batch as a whole |
    | tokens | None: the server does not say it |
    """

    id: str
    status: str
    endpoint: str
    model: str
    window: str
    input_file_id: str
    output_file_id: str | None
    error_file_id: str | None
    created_at: int
    in_progress_at: int | None
    expires_at: int | None
    finalizing_at: int | None
    completed_at: int | None
    failed_at: int | None
    expired_at: int | None
    cancelling_at: int | None
    cancelled_at: int | None
    total: int
    completed: int
    failed: int
    errors: tuple[BatchError, ...]
    metadata: Mapping[str, str]
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None

    @property
    def ended(self) -> bool:
        """Whether the batch changes no more. A batch in a state that is not known may still change."""
        return self.status in ENDED


def batch_info_of(item: Any, secrets: Iterable[str]) -> BatchInfo:
    """A batch in an answer of the server. Raises ValueError when it has no id, and no status of a batch."""
    data = mapping(plain(item))
    status = text_of(data.get("status"))
    if not status:
        raise ValueError("the answer is no batch: it has no status")
    counts, usage = mapping(data.get("request_counts")), mapping(data.get("usage"))
    errors = mapping(data.get("errors")).get("data")
    return BatchInfo(
        id=id_of(item),
        status=status,
        endpoint=text_of(data.get("endpoint")),
        model=text_of(data.get("model")),
        window=text_of(data.get("completion_window")),
        input_file_id=_id(data.get("input_file_id")) or "",
        output_file_id=_id(data.get("output_file_id")),
        error_file_id=_id(data.get("error_file_id")),
        created_at=_time(data.get("created_at")) or 0,
        in_progress_at=_time(data.get("in_progress_at")),
        expires_at=_time(data.get("expires_at")),
        finalizing_at=_time(data.get("finalizing_at")),
        completed_at=_time(data.get("completed_at")),
        failed_at=_time(data.get("failed_at")),
        expired_at=_time(data.get("expired_at")),
        cancelling_at=_time(data.get("cancelling_at")),
        cancelled_at=_time(data.get("cancelled_at")),
        total=said_number(counts.get("total")) or 0,
        completed=said_number(counts.get("completed")) or 0,
        failed=said_number(counts.get("failed")) or 0,
        errors=tuple(_error(error, secrets) for error in errors[:_MOST_ERRORS]) if isinstance(errors, list) else (),
        metadata={
            text_of(key): text_of(value)
            for key, value in mapping(data.get("metadata")).items()
            if isinstance(value, str)
        },
        input_tokens=said_number(usage.get("input_tokens")),
        output_tokens=said_number(usage.get("output_tokens")),
        total_tokens=said_number(usage.get("total_tokens")),
    )


def listed_batch_of(item: Any, secrets: Iterable[str]) -> BatchInfo | None:
    """A batch in a listing; None: the item is no batch, and nothing of vsync.

    Raises ValueError when it is one of vsync that cannot be read: if nobody saw it, it would be made and paid again.
    """
    try:
        return batch_info_of(item, secrets)
    except ValueError:
        if mapping(mapping(plain(item)).get("metadata")).get("made_by") == MADE_BY:
            raise
        return None


def _error(item: object, secrets: Iterable[str]) -> BatchError:
    data = mapping(item)
    return BatchError(
        code=code_of(data.get("code"), secrets),
        message=message_of(data.get("message"), secrets),
        line=said_number(data.get("line")) or None,
        param=message_of(data.get("param"), secrets),
    )


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and is_id(value) else None


def _time(value: object) -> int | None:
    """A time; None when the server names none. Some servers say 0 for a state that is not reached, or give fractions."""
    return said_number(int(value) if isinstance(value, float) and math.isfinite(value) else value) or None
