"""What became of each thing that a bulk delete was asked to delete. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, VsyncError
from vsync.store.api_errors import Refused

Kind = Literal["stores", "files", "entries"]


class Failure(NamedTuple):
    """Something that was not deleted, and why. `status_code` is the API's, or the one that fits; None: there is none."""

    id: str
    error: str
    status_code: int | None = None
    request_id: str = ""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"id": self.id, "error": self.error, "status_code": self.status_code}
        return {**data, "request_id": self.request_id} if self.request_id else data

    @property
    def was_tried(self) -> bool:
        return not self.error.startswith(_NOT_TRIED)

    @property
    def was_interrupted(self) -> bool:
        return self.error == INTERRUPTED

    @property
    def has_failed(self) -> bool:
        """Whether it was tried, and somebody said why it was not deleted."""
        return self.was_tried and not self.was_interrupted


_NOT_TRIED = "not tried: "
INTERRUPTED = "interrupted: it is not known whether it was deleted"


class Spared(NamedTuple):
    """Something that was left alone on purpose, and why."""

    id: str
    reason: str


class Fact(NamedTuple):
    """What people know something by: its name, its size in bytes, and when it was made (seconds since the epoch)."""

    name: str
    bytes: int = 0
    made_at: int = 0


NO_SUCH = 404
"""The status of what does not exist, whatever words a server has for it."""


def failure_of(item: str, error: Refused | VsyncError) -> Failure:
    answer = error.answer
    status = answer.status if answer is not None else error.status if isinstance(error, Refused) else None
    if status is not None and status < 400:
        status = None  # an answer that nobody can read came with the status of success
    return Failure(item, error.message, status, answer.request_id if answer is not None else "")


def not_tried(items: Sequence[str], cause: VsyncError) -> list[Failure]:
    """The failures of what the job did not come to, because something ended it early."""
    of_cause = failure_of("", cause)
    error = f"{_NOT_TRIED}{of_cause.error}"  # one text for all: there may be very many
    return [Failure(item, error, of_cause.status_code) for item in items]


def numbers_of(failed: Iterable[Failure]) -> list[str]:
    """How many failed, how many have no answer because the job was interrupted, and how many were not tried, as words."""
    numbers = Counter(
        "failed" if failure.has_failed else "without an answer" if failure.was_tried else "not tried"
        for failure in failed
    )
    return [f"{numbers[word]:,} {word}" for word in ("failed", "without an answer", "not tried") if numbers[word]]


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of things of one kind: success, failed and spared together are all that were asked for."""

    success: Sequence[str] = ()
    failed: Sequence[Failure] = ()
    spared: Sequence[Spared] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "success": list(self.success),
            "failed": [failure.to_json() for failure in self.failed],
            "spared": [spared._asdict() for spared in self.spared],
        }

    def mapped(self, change: Callable[[str], str]) -> Deleted:
        failed = [failure._replace(error=change(failure.error)) for failure in self.failed]
        return replace(self, failed=failed, spared=[Spared(item, change(why)) for item, why in self.spared])


NONE_DELETED = Deleted()


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What a bulk delete did, or with `dry_run` what it would do.

    | field | meaning |
    | --- | --- |
    | `deleted` | the stores, Files or entries that were asked for. In a dry run `success` holds what would go |
    | `files` | the Files of stores or entries, where they were to go as well; None: they were not |
    | `bytes` | of Files: their size; of stores: what they use in the store |
    | `breaks` | what of this repository's manifest goes as well, as words |
    | `notes` | how the job was narrowed, and what is good to know: nothing is wrong. The JSON has them behind the warnings |
    | `known` | the names, sizes and ages of the things by their ids, as far as these are known: for people, not for the JSON |
    | `by_filter` | a filter said what was meant, and no ids |
    | `error` | what ended the job early |
    """

    kind: Kind
    deleted: Deleted = NONE_DELETED
    files: Deleted | None = None
    bytes: int = 0
    dry_run: bool = False
    breaks: Sequence[str] = ()
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    duration_s: float = 0.0
    error: VsyncError | None = None
    known: Mapping[str, Fact] = field(default_factory=dict)
    by_filter: bool = False

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return EXIT_INCOMPLETE if self.failed_count else EXIT_OK

    @property
    def all_failed(self) -> list[Failure]:
        """What failed, and what was not tried."""
        return [*self.deleted.failed, *(self.files.failed if self.files else ())]

    @property
    def failed_count(self) -> int:
        return len(self.all_failed)

    @property
    def did_anything(self) -> bool:
        return not self.dry_run and bool(self.deleted.success or (self.files and self.files.success))

    @property
    def why_nothing(self) -> str:
        """Why there was nothing to do, as the rest of a sentence."""
        return "nothing matches the filter." if self.by_filter else "the list of ids is empty."

    @property
    def message(self) -> str:
        """One sentence that says what was done."""
        done, failed, spared = (
            len(found) for found in (self.deleted.success, self.deleted.failed, self.deleted.spared)
        )
        if not done and not failed and not spared:
            return f"Nothing was done: {self.why_nothing if self.error is None else self.error.message}"
        verb = "would be deleted" if self.dry_run else "deleted"
        if self.kind == "entries":
            verb = "would be detached" if self.dry_run else "detached"
        parts = [f"{done:,} {verb}"]
        if self.files is not None:
            parts.append(f"{len(self.files.success):,} of their Files {'would go' if self.dry_run else 'deleted'}")
        parts += [f"{spared:,} spared"] if spared else []
        parts += numbers_of(self.all_failed)
        return ", ".join(parts) + "."

    def to_json(self) -> dict[str, Any]:
        data = self.deleted.to_json()
        if self.files is not None:
            data["files"] = self.files.to_json()
        return {
            **data,
            "kind": self.kind,
            "dry_run": self.dry_run,
            "bytes": self.bytes,
            "breaks": list(self.breaks),
            "message": self.message,
            "warnings": [*self.warnings, *self.notes],
            "requests": dict(self.requests),
            "duration_s": round(self.duration_s, 3),
            "error": None if self.error is None else str(self.error),
        }

    def mapped(self, change: Callable[[str], str]) -> BulkReport:
        """The same report, with `change` applied to every text that a server may have written."""
        return replace(
            self,
            deleted=self.deleted.mapped(change),
            files=self.files and self.files.mapped(change),
            warnings=[change(text) for text in self.warnings],
            notes=[change(text) for text in self.notes],
            breaks=[change(text) for text in self.breaks],
            error=self.error and self.error.mapped(change),
            known={item: fact._replace(name=change(fact.name)) for item, fact in self.known.items()},
        )
