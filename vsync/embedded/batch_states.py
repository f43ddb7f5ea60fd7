"""The state of a batch at a time: pure. The database holds the last state that was written, and when the next one is due."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import dataclass

WINDOW_S = 24 * 3600
# The shares of the delay of a batch.
_VALIDATED, _WORKED, _CANCELLED = 0.2, 0.8, 0.2


@dataclass(frozen=True)
class Times:
    """When the states of a batch end, in seconds of the store's clock."""

    validated_at: float
    worked_at: float
    ended_at: float


def times(now: float, delay_s: float) -> Times:
    return Times(now + _VALIDATED * delay_s, now + _WORKED * delay_s, now + delay_s)


def cancelled_at(now: float, delay_s: float) -> float:
    return now + _CANCELLED * delay_s


def expires_at(row: sqlite3.Row) -> int:
    seconds: int = row["created_at"] + WINDOW_S
    return seconds


def status(row: sqlite3.Row, now: float) -> str:
    written: str = row["status"]
    if row["next_at"] is None:
        return written
    if row["cancelling_at"] is not None:
        return "cancelling"
    if written == "in_progress" and now >= row["worked_at"]:
        return "finalizing"
    return written


def progress(row: sqlite3.Row, now: float) -> tuple[int, int]:
    """How many requests were answered and how many have failed at that time. Neither falls as time goes on."""
    if row["next_at"] is None:
        return row["completed"], row["failed"]
    total, failing = row["total"], row["failing"]
    until = now if row["cancelling_at"] is None else min(now, row["cancelling_at"])
    done = total if until >= row["worked_at"] else math.floor(total * _share(row, until))
    failed = done * failing // total if total else 0
    return done - failed, failed


def _share(row: sqlite3.Row, until: float) -> float:
    began, worked = row["validated_at"], row["worked_at"]
    # The clock may have been set back, also to before the validation.
    return max(0.0, until - began) / (worked - began) if worked > began else 0.0


def as_json(row: sqlite3.Row, now: float) -> dict[str, object]:
    state = status(row, now)
    completed, failed = progress(row, now)
    ended = None if row["next_at"] is not None else int(row["ended_at"])
    stopped_at = now if row["cancelling_at"] is None else row["cancelling_at"]
    started = row["total"] > 0
    finalized = started and min(now, stopped_at) >= row["worked_at"] and state not in ("expired", "failed")
    return {
        "id": row["id"],
        "object": "batch",
        "endpoint": row["endpoint"],
        "model": row["model"],
        "errors": None if row["errors"] is None else {"object": "list", "data": json.loads(row["errors"])},
        "input_file_id": row["input_file_id"],
        "completion_window": "24h",
        "status": state,
        "output_file_id": row["output_file_id"],
        "error_file_id": row["error_file_id"],
        "created_at": row["created_at"],
        "in_progress_at": int(row["validated_at"]) if started else None,
        "expires_at": expires_at(row),
        "finalizing_at": int(row["worked_at"]) if finalized else None,
        "completed_at": ended if state == "completed" else None,
        "failed_at": ended if state == "failed" else None,
        "expired_at": ended if state == "expired" else None,
        "cancelling_at": None if row["cancelling_at"] is None else int(row["cancelling_at"]),
        "cancelled_at": ended if state == "cancelled" else None,
        "request_counts": {"total": row["total"], "completed": completed, "failed": failed},
        "usage": _usage(row),
        "metadata": None if row["metadata"] is None else json.loads(row["metadata"]),
    }


def _usage(row: sqlite3.Row) -> dict[str, object] | None:
    if row["input_tokens"] is None:
        return None
    return {
        "input_tokens": row["input_tokens"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": row["output_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": row["input_tokens"] + row["output_tokens"],
    }
