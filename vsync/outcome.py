"""What carrying out a plan brought, and how it is told: in the report and in the manifest's audit facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from . import __version__
from .bookkeeping import deletable
from .errors import ApiUnavailable, VsyncError
from .manifest import Entry, Failure
from .planning import Plan
from .reporting import FailedItem, Report, carried_over
from .settings import Origin


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """Why a document is not in the store. `final`: the same bytes and settings would be refused again."""

    code: str
    message: str
    final: bool = False


@dataclass
class Outcome:
    """What `transfer` did. `confirmed` is searchable now; `discarded` are Files it uploaded in vain.

    `cause` is why it ended early; documents that are in neither dictionary were then not brought in. `defect` is what
    lies behind a cause that nobody foresaw: to be raised when all else is recorded.
    """

    confirmed: dict[str, Entry] = field(default_factory=dict)
    failed: dict[str, FailedDocument] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    unfinished: bool = False
    cause: VsyncError | None = None
    defect: Exception | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left that another run could still bring."""
        return not self.unfinished and all(item.final for item in self.failed.values())


@dataclass
class Removal:
    """What `remove` did: ids that are gone, refusals by id, and why it ended early."""

    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cause: VsyncError | None = None


def final_failures(plan: Plan, outcome: Outcome) -> dict[str, Failure]:
    """The refusals that the manifest records, so that they are not tried again."""
    documents = {op.path: op.document for op in plan.operations if op.document is not None}
    return {
        path: Failure(documents[path].blob, documents[path].tag, item.code)
        for path, item in outcome.failed.items()
        if item.final
    }


def audit(
    plan: Plan, outcome: Outcome, *, base: str | None, head: str | None, origin: Origin, now: datetime
) -> dict[str, Any]:
    """The audit facts of the manifest's `run`."""
    done = outcome.confirmed.keys()
    facts: dict[str, Any] = {
        "when": now.isoformat(timespec="seconds"),
        "version": __version__,
        "base": base,
        "head": head,
        "added": sum(op.path in done for op in plan.of("upload")),
        "updated": sum(op.path in done for op in plan.of("replace")),
        "retagged": sum(op.path in done for op in plan.of("retag")),
        "removed": len(deletable(plan, done)),
        "failed": len(outcome.failed),
    }
    if origin.run_id:
        facts |= {"id": origin.run_id, "url": origin.run_url}
    return facts


def rebuilt(documents: int, *, head: str | None, origin: Origin, now: datetime) -> dict[str, Any]:
    """The audit facts of a manifest that was made anew from its store."""
    facts: dict[str, Any] = {"when": now.isoformat(timespec="seconds"), "version": __version__, "head": head}
    facts["rebuilt"] = documents
    if origin.run_id:
        facts |= {"id": origin.run_id, "url": origin.run_url}
    return facts


def headline(facts: Mapping[str, Any]) -> str:
    """The audit facts in one line, for a commit's message."""
    if facts.get("rebuilt"):
        return (
            f"made anew from the store, which holds {facts['rebuilt']} document{'' if facts['rebuilt'] == 1 else 's'}"
        )
    words = ("added", "updated", "retagged", "removed", "failed")
    told = ", ".join(f"{facts[word]} {word}" for word in words if facts.get(word)) or "what the store holds"
    return f"{told} at {facts['head'][:12]}" if facts.get("head") else told


def of_run(
    report: Report,
    plan: Plan,
    outcome: Outcome,
    removal: Removal,
    *,
    requests: Mapping[str, int],
    bytes_uploaded: int,
) -> Report:
    """The report of a plan that was carried out: what was done, document by document.

    A document counts as removed when its entry is gone: until then it can be found, and the next run deletes it.
    """
    done = outcome.confirmed.keys()
    deleted = set(removal.gone)
    gone = {op.path for op in plan.of("delete") if op.previous is not None and op.previous.file_id in deleted}
    failed = [FailedItem(path=path, code=item.code, message=item.message) for path, item in outcome.failed.items()]
    failed += [carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()]
    new_names = {new for _, new in plan.renamed}
    return replace(
        report,
        added=tuple(op.path for op in plan.of("upload") if op.path in done and op.path not in new_names),
        updated=tuple(op.path for op in plan.of("replace") if op.path in done),
        renamed=tuple(pair for pair in plan.renamed if pair[1] in done),
        retagged=tuple(op.path for op in plan.of("retag") if op.path in done),
        removed=tuple(op.path for op in plan.deletes if op.path in gone),
        failed=tuple(sorted(failed, key=lambda item: item["path"])),
        requests=requests,
        bytes_uploaded=bytes_uploaded,
        left=sum(op.path not in done and op.path not in outcome.failed for op in plan.of("upload", "replace", "retag")),
        error=outcome.cause or removal.cause or _removal_error(removal),
    )


def _removal_error(removal: Removal) -> VsyncError | None:
    if not removal.refused:
        return None
    file_id, message = next(iter(removal.refused.items()))
    return ApiUnavailable(
        f"{len(removal.refused)} superseded File{'' if len(removal.refused) == 1 else 's'} could not be deleted "
        f"({file_id}: {message}).",
        "The next run tries again.",
    )
