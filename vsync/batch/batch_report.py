"""What became of the request files and batches of one run, and its JSON. Pure. Paths, ids and messages are hostile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, VsyncError
from vsync.report.report import error_data

T = TypeVar("T")

Command = Literal["submit", "fetch", "cancel"]

MOST_FAILED_REQUESTS = 1_000
"""Of one run. The summary file beside each results file names those of its batch."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A batch that this run made, or would make. `batch_id` is None in a dry run.

    | field | meaning |
    | --- | --- |
    | `requests`, `bytes` | of the batch: a resubmission has fewer than its request file |
    | `found` | the batch of a request whose answer was lost: it was found in the listing |
    | `resubmission` | the batch holds only requests that failed before |
    """

    path: str
    sha256: str
    batch_id: str | None
    requests: int
    bytes: int
    endpoint: str
    model: str | None
    found: bool = False
    resubmission: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A request file that needs no new batch. `reason` is a sentence; `batch_id` and `status` are of its batch, if it has one."""

    path: str
    sha256: str
    reason: str
    batch_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a request file. `line` counts from 1; None: the file as a whole."""

    line: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """A request file that was not uploaded. `more` is how many mistakes it has beside those that are named."""

    path: str
    mistakes: tuple[Mistake, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A request file or a batch that came to nothing. `remedy` says what to do. `mistakes` are what the API says of its lines."""

    path: str
    code: str
    message: str
    remedy: str = ""
    batch_id: str | None = None
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file below the source folder that is no request file. `reason` is a sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """The results of a batch that were written, or would be. Numbers are of the results file as a whole.

    | field | meaning |
    | --- | --- |
    | `results` | the path of the results file |
    | `status` | the batch's state: completed, expired or cancelled |
    | `completed`, `failed` | requests with a good result, and the others |
    | `current` | the request file still has the content that ran; else the results are kept under the old hash |
    | `in_input_order` | line n of the results belongs to line n of the requests |
    | `tokens` | of the batches that this run brought, input and output; None: the API does not say |
    | `batch_ids` | the batches whose results this run brought, or would bring; `batch_id` is the last of them |
    """

    path: str
    batch_id: str
    status: str
    results: str
    requests: int
    completed: int
    failed: int
    current: bool = True
    in_input_order: bool = True
    tokens: int | None = None
    batch_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request without a good result.

    `line` counts from 1 in the request file; None: not known. `status` is that of the response; None: there was none.
    """

    path: str
    line: int | None
    custom_id: str
    code: str
    message: str
    batch_id: str | None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that has not ended. `left_s`: until it expires; None: the API does not say."""

    path: str
    batch_id: str
    status: str
    requests: int
    completed: int
    failed: int
    age_s: int
    left_s: int | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A batch that was told to stop. Its state may be `cancelling` for ten minutes."""

    path: str
    batch_id: str
    status: str


@dataclass
class BatchReport:
    """What one run of `batch submit`, `batch fetch` or `batch cancel` did.

    | field | meaning |
    | --- | --- |
    | `source` | the name of the repository in the batches' metadata |
    | `source_folder`, `results_folder` | relative to the repository |
    | `checked` | of a dry run without a key: the request files without a mistake. Whether they need a batch is not known |
    | `left` | request files beyond `--limit` |
    | `unsubmitted` | of `fetch`: request files of which there is neither a batch nor a result |
    | `failing` | request files whose results hold failures, from this run or an earlier one, and of which no batch is under way |
    | `held_back` | those of them that `--resubmit-failed` leaves alone: `failed` says why, and what to do |
    | `failed_requests_total` | how many requests failed, also those that run again; `failed_requests` are the first of them |
    | `deadline_passed` | `--wait` ended before every batch had |
    | `cleaned` | how many Files of the API were deleted |
    | `published` | the branch to which the results were pushed, and the commit; None: they were not |
    | `error` | what ended the run early |
    """

    command: Command
    source: str = ""
    source_folder: str = ""
    results_folder: str = ""
    dry_run: bool = False
    checked: list[str] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    unchanged: list[Unchanged] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unsubmitted: list[str] = field(default_factory=list)
    invalid: list[Invalid] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    failed_requests: list[FailedRequest] = field(default_factory=list)
    failed_requests_total: int = 0
    failing: list[str] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    deadline_passed: bool = False
    cancelled: list[Cancelled] = field(default_factory=list)
    cleaned: int = 0
    published: dict[str, str] | None = None
    warnings: list[str] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    bytes_uploaded: int = 0
    bytes_downloaded: int = 0
    duration_s: float = 0.0
    error: VsyncError | None = None

    def add_failed_requests(self, found: list[FailedRequest], total: int) -> None:
        """Counts requests that failed, and keeps the first of them."""
        self.failed_requests += found[: MOST_FAILED_REQUESTS - len(self.failed_requests)]
        self.failed_requests_total += total

    def warn(self, warning: str) -> None:
        """Adds a warning, once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def fail(self, failed: Failed) -> None:
        """Reports a failure, once."""
        if failed not in self.failed:
            self.failed.append(failed)

    @property
    def results(self) -> list[Fetched]:
        """What was fetched, once for each results file, by path. Several batches may have gone into one file."""
        found: dict[str, Fetched] = {}
        for each in self.fetched:
            before = found.get(each.results)
            tokens = [one.tokens for one in (before, each) if one is not None and one.tokens is not None]
            found[each.results] = replace(each, tokens=sum(tokens) if tokens else None)
        return by_path(found.values())

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        incomplete = self.invalid or self.failed or self.failing or self.deadline_passed
        return EXIT_INCOMPLETE if incomplete else EXIT_OK

    @property
    def failure_reason(self) -> str:
        """The action's `failure-reason`; empty: nothing failed."""
        if self.error is not None:
            return self.error.reason
        return "documents" if self.exit_code else ""

    def mapped(self, change: Callable[[str], str]) -> BatchReport:
        """The same report, with `change` applied to every text in it."""
        values = {each.name: _mapped(getattr(self, each.name), change) for each in fields(self)}
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        found = {each.name: _plain(getattr(self, each.name)) for each in fields(self) if each.name != "error"}
        found["duration_s"] = round(self.duration_s, 3)
        return found if self.error is None else {**found, "error": error_data(self.error)}


class _AtPath(Protocol):
    @property
    def path(self) -> str: ...


P = TypeVar("P", bound=_AtPath)


def by_path(items: Iterable[P]) -> list[P]:
    """Items in the order of their paths. A run reports them as they come to their end."""
    return sorted(items, key=lambda item: item.path)


def _mapped(value: T, change: Callable[[str], str]) -> T:
    found: Any = value
    if isinstance(value, str):
        found = change(value)
    elif isinstance(value, VsyncError):
        found = value.mapped(change)
    elif isinstance(value, list | tuple):
        found = type(value)(_mapped(item, change) for item in value)
    elif isinstance(value, dict):
        found = {change(key): _mapped(item, change) for key, item in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        found = replace(value, **{each.name: _mapped(getattr(value, each.name), change) for each in fields(value)})
    checked: T = found
    return checked


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value
