"""Documents that the server fails to index again and again: when is that the document's fault? Pure.

A server may report a type that it does not know as `server_error`. Then each run would upload the same bytes three times. A
document that failed so in two runs counts as refused for good, until its bytes or settings change. An outage must not count:
after it the same document would be indexed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from vsync.documents.document import Document, upload_filename
from vsync.plan.plan import Plan
from vsync.state.manifest import Failure, TargetState
from vsync.transfer.outcome import FailedDocument, Outcome


def settle_unindexed(state: TargetState, plan: Plan, outcome: Outcome) -> tuple[Outcome, dict[str, Failure]]:
    """The outcome with those failures final that came a second time, and what the next run must know of the others.

    `state` is the state from which the run started.
    """
    documents = {op.path: op.document for op in plan.of("upload", "replace") if op.document is not None}
    counts = outcome.cause is None and not is_outage(state, documents, outcome)
    failed, unindexed = dict(outcome.failed), dict[str, Failure]()
    for path, document in documents.items():
        before, item = _earlier(state, document), failed.get(path)
        if path in outcome.confirmed or (item is not None and item.final):
            continue
        if not counts or item is None or not item.tries:
            if before is not None:
                unindexed[path] = before
        elif before is None:
            unindexed[path] = Failure(document.blob, document.tag, item.code, item.tries)
        else:
            failed[path] = _for_good(item, item.tries + before.tries)
    return replace(outcome, failed=failed), unindexed


def is_outage(state: TargetState, documents: dict[str, Document], outcome: Outcome) -> bool:
    """Whether the server indexed nothing, and it cannot be the fault of the documents that it failed to index.

    | the server | is it an outage |
    | --- | --- |
    | indexed any document, or refused any for its content | no |
    | failed to index a document of a type that it has indexed before, and that did not fail alone before | yes |
    | failed to index only documents that failed before while it indexed others, or whose type the store does not hold | no |
    """
    if outcome.indexed:
        return False
    known_types = {_type(path) for path in state.files}
    return any(
        item.tries > 0 and _earlier(state, documents[path]) is None and (not known_types or _type(path) in known_types)
        for path, item in outcome.failed.items()
        if path in documents
    )


def _earlier(state: TargetState, document: Document) -> Failure | None:
    """How an earlier run failed to have these very bytes indexed, with the same settings."""
    for record in (state.unindexed.get(document.path), state.failed.get(document.path)):
        if record is not None and record.tries and (record.blob, record.tag) == (document.blob, document.tag):
            return record
    return None


def _type(path: str) -> str:
    return PurePosixPath(upload_filename(path)).suffix.lower()


def _for_good(item: FailedDocument, tries: int) -> FailedDocument:
    message = (
        f"{item.message}; tried {tries} times in two runs or more. vsync tries again when the file changes, or with "
        "--reindex PATH"
    )
    return FailedDocument(item.code, message, final=True, tries=tries)
