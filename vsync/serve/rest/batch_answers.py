"""What the calls on batches answer, as the OpenAPI description shows it. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, JsonValue

from vsync.serve.rest.described import ErrorDetail

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class SubmittedBatch(BaseModel):
    """A batch that the call made, or would make."""

    path: str
    sha256: str
    batch_id: str | None = Field(description="null in a dry run.")
    requests: int
    bytes: int
    endpoint: str
    model: str | None
    found: bool = Field(description="The answer of the API was lost, and its list showed the batch.")
    resubmission: bool = Field(description="The batch holds only requests that failed before.")


class UnchangedFile(BaseModel):
    """A request file that needs no new batch."""

    path: str
    sha256: str
    reason: str
    batch_id: str | None
    status: str | None


class MistakeInFile(BaseModel):
    line: int | None = Field(description="Counts from 1; null: the file as a whole.")
    code: str
    message: str


class InvalidFile(BaseModel):
    """A request file that was not uploaded."""

    path: str
    mistakes: list[MistakeInFile]
    more: int = Field(description="How many mistakes the file has beside these.")


class FailedBatch(BaseModel):
    """A request file or a batch that came to nothing."""

    path: str
    code: str
    message: str
    remedy: str
    batch_id: str | None
    mistakes: list[MistakeInFile]


class SkippedFile(BaseModel):
    path: str
    reason: str


class FetchedResults(BaseModel):
    """Results that were written, or would be. The counts are those of the results file."""

    path: str
    batch_id: str
    status: str
    results: str = Field(description="The path of the results file.")
    requests: int
    completed: int
    failed: int
    current: bool = Field(description="The request file still holds what ran.")
    in_input_order: bool = Field(description="Line n of the results belongs to line n of the requests.")
    batch_ids: list[str] = Field(description="The batches whose results this call brought, or would bring.")
    tokens: int | None


class FailedRequestObject(BaseModel):
    """A request without a good result."""

    path: str
    line: int | None
    custom_id: str
    code: str
    message: str
    batch_id: str | None
    status: int | None = Field(description="Of the response; null: there was none.")


class PendingBatch(BaseModel):
    """A batch that has not ended."""

    path: str
    batch_id: str
    status: str
    requests: int
    completed: int
    failed: int
    age_s: int
    left_s: int | None = Field(description="Until it expires; null: the API does not say.")


class CancelledBatch(BaseModel):
    path: str
    batch_id: str
    status: str


class BatchAnswer(BaseModel):
    """What became of each request file and batch. It is the report that `vsync batch --json` prints, with `ok`."""

    ok: bool = Field(description="Nothing failed. With `false` the lists say what failed, and why.")
    command: Literal["submit", "fetch", "cancel"]
    source: str = Field(description="The name of the repository in the batches' metadata.")
    source_folder: str
    results_folder: str
    dry_run: bool
    checked: list[str] = Field(description="Always empty here: it is of a dry run of the command line without a key.")
    submitted: list[SubmittedBatch]
    unchanged: list[UnchangedFile]
    left: list[str] = Field(description="Request files beyond `limit`.")
    unsubmitted: list[str] = Field(
        description="Of a call that fetches: request files of which there is neither a batch nor a result."
    )
    invalid: list[InvalidFile]
    failed: list[FailedBatch]
    skipped: list[SkippedFile]
    fetched: list[FetchedResults]
    failed_requests: list[FailedRequestObject] = Field(description="The first 1,000.")
    failed_requests_total: int
    failing: list[str] = Field(description="Request files whose results hold failures, and of which no batch runs.")
    held_back: list[str] = Field(description="Those of them that are not submitted again by themselves: see `failed`.")
    pending: list[PendingBatch]
    deadline_passed: bool
    cancelled: list[CancelledBatch]
    cleaned: int = Field(description="How many Files were deleted at the API.")
    published: dict[str, str] | None
    warnings: list[str]
    requests: dict[str, int] = Field(description="What was sent to the API for this call.")
    bytes_uploaded: int
    bytes_downloaded: int
    duration_s: float
    error: ErrorDetail | None = Field(description="What ended the call early, after a part of it was done.")


class BatchErrorObject(BaseModel):
    code: str
    message: str
    line: int | None
    param: str


class RequestCounts(BaseModel):
    total: int
    completed: int
    failed: int


class TokenCounts(BaseModel):
    input: int | None
    output: int | None
    total: int | None


class BatchObject(BaseModel):
    """A batch. Times are seconds since the epoch."""

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
    errors: list[BatchErrorObject]
    metadata: dict[str, str]
    path: str | None = Field(description="The request file, as it was called when it was submitted.")
    sha256: str | None
    source: str | None
    attempt: int | None = Field(description="Counts the batches of one content, from 1.")
    resubmission: bool = Field(description="The batch holds only requests that failed before.")
    requests: RequestCounts
    tokens: TokenCounts
    ours: bool = Field(description="It is a batch of this repository.")
    paths: list[str] = Field(description="The request files that hold what it runs.")
    current: bool = Field(description="There is such a request file.")
    fetched: bool = Field(description="Its results are in the results folder.")
    age_s: int
    left_s: int | None


class BatchList(BaseModel):
    """The batches of this repository, the newest first."""

    source: str
    batches: list[BatchObject]
    unsubmitted: list[str] = Field(description="Request files of which there is neither a batch nor a result.")
    refused: list[str] = Field(description="Request files whose batch the API refused for their content.")
    failing: list[str] = Field(description="Request files whose results hold failures, and of which no batch runs.")


_ANSWER: dict[str, JsonValue] = {
    "ok": True,
    "command": "submit",
    "source": "acme/docs",
    "source_folder": "batches",
    "results_folder": "batch-results",
    "dry_run": False,
    "checked": [],
    "submitted": [
        {
            "path": "batches/questions.jsonl",
            "sha256": _SHA256,
            "batch_id": "batch_abc123",
            "requests": 2,
            "bytes": 420,
            "endpoint": "/v1/chat/completions",
            "model": "gpt-5-mini",
            "found": False,
            "resubmission": False,
        }
    ],
    "unchanged": [],
    "left": [],
    "unsubmitted": [],
    "invalid": [],
    "failed": [],
    "skipped": [],
    "fetched": [],
    "failed_requests": [],
    "failed_requests_total": 0,
    "failing": [],
    "held_back": [],
    "pending": [],
    "deadline_passed": False,
    "cancelled": [],
    "cleaned": 0,
    "published": None,
    "warnings": [],
    "requests": {"GET /batches": 2, "GET /files": 1, "POST /files": 1, "POST /batches": 1},
    "bytes_uploaded": 420,
    "bytes_downloaded": 0,
    "duration_s": 0.84,
    "error": None,
}
_BATCH: dict[str, JsonValue] = {
    "id": "batch_abc123",
    "status": "completed",
    "endpoint": "/v1/chat/completions",
    "model": "gpt-5-mini",
    "window": "24h",
    "input_file_id": "file-abc123",
    "output_file_id": "file-def456",
    "error_file_id": None,
    "created_at": 1767225600,
    "in_progress_at": 1767225660,
    "expires_at": 1767312000,
    "finalizing_at": 1767225900,
    "completed_at": 1767225930,
    "failed_at": None,
    "expired_at": None,
    "cancelling_at": None,
    "cancelled_at": None,
    "errors": [],
    "metadata": {"made_by": "vsync", "source": "acme/docs", "path": "batches/questions.jsonl", "sha256": _SHA256},
    "path": "batches/questions.jsonl",
    "sha256": _SHA256,
    "source": "acme/docs",
    "attempt": 1,
    "resubmission": False,
    "requests": {"total": 2, "completed": 2, "failed": 0},
    "tokens": {"input": 60, "output": 240, "total": 300},
    "ours": True,
    "paths": ["batches/questions.jsonl"],
    "current": True,
    "fetched": False,
    "age_s": 600,
    "left_s": None,
}

BATCH_EXAMPLES: dict[str, JsonValue] = {
    "BatchAnswer": _ANSWER,
    "BatchList": {
        "source": "acme/docs",
        "batches": [_BATCH],
        "unsubmitted": ["batches/new.jsonl"],
        "refused": [],
        "failing": [],
    },
}
"""An example of each answer, by the name of its model."""
