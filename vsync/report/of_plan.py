"""From a plan to its report. Pure."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vsync.documents.chunking import Chunking
from vsync.documents.token_estimate import chunk_count, tokens
from vsync.plan.plan import Plan
from vsync.report.body import Estimate, Planned, changed_nothing
from vsync.report.documents import Documents, carried_over
from vsync.report.remedies import no_longer
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes, is_text
from vsync.system.wording import count

_AUTO = Chunking()


def of_plan(
    report: Report,
    plan: Plan,
    *,
    refused: str | None = None,
    store: StoreSizes | None = None,
    backlog: str | None = None,
    of_pull_request: bool = False,
    plan_id: str | None = None,
    chunking: Chunking = _AUTO,
) -> Report:
    """The report of a plan that is not carried out, or not yet. It has the report's header and the plan's warnings.

    `chunking` is that of documents that have no other.
    """
    estimate = _estimate(plan, chunking)
    planned = Planned(_documents(plan), estimate, refused, store, backlog, plan.advice.hints, of_pull_request, plan_id)
    report = dataclasses.replace(report, body=planned)
    rules = [_Warning(None, text) for text in plan.advice.warnings]
    return _with_document_warnings(
        report,
        [
            *_held_back(plan),
            *_missing(plan),
            *_awaited(plan),
            *_leaked(plan),
            *_dropped(plan),
            *_faults(plan),
            *rules,
        ],
    )


def _estimate(plan: Plan, chunking: Chunking) -> Estimate:
    uploads = plan.of("upload", "replace")
    documents = [operation.document for operation in uploads if operation.document is not None]
    texts = [document for document in documents if is_text(document.path)]
    return Estimate(
        uploads=len(uploads),
        upload_bytes=plan.upload_bytes,
        deletes=len(plan.of("replace", "delete")) + len(plan.pending_delete),
        tokens=sum(tokens(text.bytes or 0) for text in texts),
        chunks=sum(chunk_count(text.bytes or 0, text.recipe.chunking if text.recipe else chunking) for text in texts),
        other=len(documents) - len(texts),
    )


def append_warnings(report: Report, warnings: Iterable[str]) -> Report:
    """The report with more warnings, each of them once."""
    return dataclasses.replace(report, warnings=tuple(dict.fromkeys([*report.warnings, *warnings])))


def _with_document_warnings(report: Report, warnings: Iterable[_Warning]) -> Report:
    """The report with the warnings about the documents of its plan, instead of those of an earlier plan."""
    others = [text for text in report.warnings if text not in report.document_warnings]
    about = {warning.text: warning.path for warning in warnings}
    return append_warnings(dataclasses.replace(report, warnings=tuple(others), document_warnings=about), about)


def nothing_done(report: Report) -> Report:
    """The report of a run that had this plan and changed nothing."""
    return dataclasses.replace(report, body=changed_nothing(report.plan))


def overtaken(report: Report, *, dry_run: bool = False) -> Report:
    """The report of a run that changes nothing because a newer run has synced already."""
    nothing = changed_nothing(report.plan)
    planned = dataclasses.replace(report.plan, documents=nothing.documents, store=nothing.store)
    return dataclasses.replace(report, superseded=True, body=planned if dry_run else nothing)


def _documents(plan: Plan) -> Documents:
    new_names = {new for _, new in plan.renamed}
    return Documents(
        added=tuple(op.path for op in plan.of("upload") if op.path not in new_names),
        updated=tuple(op.path for op in plan.of("replace")),
        renamed=plan.renamed,
        retagged=tuple(op.path for op in plan.of("retag")),
        removed=tuple(op.path for op in plan.deletes),
        unchanged=plan.unchanged,
        skipped=tuple((path, record.reason) for path, record in (plan.skipped or {}).items()),
        failed=tuple(carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()),
        sizes=_sizes(plan),
        dropped=plan.dropped,
        converted=_converted(plan),
    )


def _converted(plan: Plan) -> dict[str, str]:
    """The encodings of the documents that are uploaded as UTF-8. Others may have been looked at as well."""
    uploads = (op.path for op in plan.of("upload", "replace"))
    return {path: plan.converted[path] for path in uploads if path in plan.converted}


def _sizes(plan: Plan) -> dict[str, int]:
    sizes = {}
    for operation in plan.operations:
        if operation.document is not None and operation.document.bytes is not None:
            sizes[operation.path] = operation.document.bytes
        elif operation.previous is not None:
            sizes[operation.path] = operation.previous.bytes
    return sizes


# --- Warnings ---------------------------------------------------------------------------------------------------


_SHOWN = 20
"""Warnings of one kind that a report lists. The others are counted."""


class _Warning(NamedTuple):
    """A warning about the file at `path`; None: about several files."""

    path: str | None
    text: str


def _held_back(plan: Plan) -> Iterator[_Warning]:
    pointers = {path: new for path, new in plan.held.items() if new in (plan.skipped or {})}
    for path in sorted(plan.held.keys() - pointers.keys()):
        yield _Warning(
            path,
            f"{path} was renamed, but the store refused the document under its new name. The document stays in the store "
            "under its old name until the store takes the new one.",
        )
    for path, new in itertools.islice(pointers.items(), _SHOWN):
        yield _Warning(
            new,
            f"{path} was renamed to {new}. {_NO_LFS_FILE} The document stays in the store under its old name until a "
            f"sync has it. {_GET_LFS_FILE}",
        )
    if len(pointers) > _SHOWN:
        more = count(len(pointers) - _SHOWN, "more document stays", "more documents stay")
        yield _Warning(
            None, f"{more} under an old name: what the Git LFS pointers of the new names stand for is not here."
        )


def _missing(plan: Plan) -> Iterator[_Warning]:
    """Documents whose Git LFS file must be uploaded, and is not here."""
    for path in plan.missing[:_SHOWN]:
        yield _Warning(
            path,
            f"{path} must be uploaded again. {_NO_LFS_FILE} Without this its upload fails, and the version that is "
            f"in the store stays there. {_GET_LFS_FILE}",
        )
    if len(plan.missing) > _SHOWN:
        more = count(len(plan.missing) - _SHOWN, "more document", "more documents")
        yield _Warning(None, f"{more} must be uploaded again, and what their Git LFS pointers stand for is not here.")


_NO_LFS_FILE = "The file is a Git LFS pointer, and what it stands for is not in this checkout."
_GET_LFS_FILE = "Check out with `lfs: true` (actions/checkout), or run `git lfs pull`."


def _awaited(plan: Plan) -> Iterator[_Warning]:
    for path, target in itertools.islice(plan.awaited.items(), _SHOWN):
        yield _Warning(
            path,
            f"{path} stays in the store as a document of this target until the target {target!r}, which takes it over, has it.",
        )
    if len(plan.awaited) > _SHOWN:
        yield _Warning(None, f"{len(plan.awaited) - _SHOWN:,} more documents stay until another target has them.")


def _leaked(plan: Plan) -> Iterator[_Warning]:
    """Files that seem to hold secrets. The texts name kinds and places, and never a part of a secret."""
    leaks = plan.leaks
    removed = {operation.path for operation in plan.of("delete")}
    for path, findings in itertools.islice(leaks.items(), _SHOWN):
        what = ", ".join(map(str, findings)) if findings else "files of this name are kept for secrets"
        seems = f"{path} is not uploaded because it seems to hold a secret: {what}."
        if path in removed:
            seems = f"{path} seems to hold a secret: {what}. It is not uploaded, and the version that is in the store is removed."
        elif path in plan.held:
            seems = f"{path} seems to hold a secret: {what}. The version that is in the store stays there until its new name is in."
        _, remedy = no_longer("secret")
        yield _Warning(path, f"{seems} {remedy}")
    if len(leaks) > _SHOWN:
        yield _Warning(None, f"{len(leaks) - _SHOWN:,} more files are not uploaded because they seem to hold secrets.")


def _dropped(plan: Plan) -> Iterator[_Warning]:
    """Documents of the store whose file is no document any more. Where a secret is found, `_leaked` tells it."""
    dropped = {path: reason for path, reason in plan.dropped.items() if path not in plan.leaks}
    for path, reason in itertools.islice(dropped.items(), _SHOWN):
        why, remedy = no_longer(reason)
        yield _Warning(
            path, f"{path} is no longer a document, because {why}. The sync removes it from the store. {remedy}"
        )
    if len(dropped) > _SHOWN:
        more = count(len(dropped) - _SHOWN, "more document is removed because its file is no document", _MANY_DROPPED)
        yield _Warning(None, f"{more} any more. The skipped files are listed with their reasons.")


def _faults(plan: Plan) -> Iterator[_Warning]:
    """What is wrong with documents that are uploaded all the same."""
    for path, faults in itertools.islice(sorted(plan.faults.items()), _SHOWN):
        yield _Warning(path, f"{path}: {'; '.join(faults)}.")
    if len(plan.faults) > _SHOWN:
        more = count(len(plan.faults) - _SHOWN, "more document is", "more documents are")
        yield _Warning(None, f"{more} uploaded although something is wrong with the text or the attributes.")


_MANY_DROPPED = "more documents are removed because their files are no documents"
