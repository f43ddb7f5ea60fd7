"""From a source and a known state to a plan: which paths to compare, what stands there now, what it means.

Asks the source in as few calls as possible, and leaves every decision to `plan`. Nothing is uploaded here. A document's
bytes are looked at only when nothing is known of them yet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.documents.inspection import CONTENT_REASONS, Inspected, inspect_content, needs_reading, size_reason
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import Selector, matcher
from vsync.errors import RepositoryError
from vsync.git.changes import TreeEntry, decodable, show_path
from vsync.plan.comparison import Comparison, choose_comparison
from vsync.plan.plan import Matches, Plan, known_skip, make_plan, nothing, to_inspect
from vsync.source.base import Source, unread_id
from vsync.state.manifest import EMPTY_STATE, Entry, Skipped, TargetState

_NO_FILE = "-"


@dataclass(frozen=True, slots=True)
class Scan:
    """A plan and how it was found.

    `base` is the commit the report names as where the run starts from. `unmatched` are patterns of `reindex` that match no
    document.
    """

    plan: Plan
    comparison: Comparison
    base: str | None
    unmatched: tuple[str, ...] = ()


def scan(
    source: Source,
    state: TargetState | None,
    target: Target,
    *,
    full: bool = False,
    base: str | None = None,
    because: Comparison | None = None,
    reindex: Sequence[str] = (),
) -> Scan:
    """The plan for a source and the state that its manifest records (None: no manifest yet).

    `full` asks for a full comparison, `base` is a commit that the user named, `because` a comparison that is decided
    already. Documents that match `reindex` (gitignore patterns) count as changed; to find them takes the whole tree.
    """
    comparison = because or _comparison(source, state, target, full=full or bool(reindex), base=base)
    again = matcher("reindex", reindex) if reindex else nothing
    known = _without_old_skips(state or EMPTY_STATE, target)
    entries: Iterable[TreeEntry]
    scope: set[str] | None
    if comparison.mode == "diff" and known.commit is not None:
        entries, scope, unreadable = _changed(source, known.commit)
        known = _without_skips(known, unreadable)
    else:
        entries, scope = source.entries(), None
    found = _look(source, known, entries, target, again)
    plan = replace(make_plan(known, found.documents, found.skipped, scope, again), leaks=found.leaks)
    return Scan(plan, comparison, base or known.commit, _unmatched(reindex, found.documents))


def _unmatched(patterns: Sequence[str], paths: Iterable[str]) -> tuple[str, ...]:
    """The patterns that match none of the paths. A pattern that only takes others back is left out."""
    return tuple(
        pattern
        for pattern in patterns
        if not pattern.startswith("!") and not any(map(matcher("reindex", [pattern]), paths))
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """How the documents of two commits differ.

    | field | meaning |
    | --- | --- |
    | `lacks` | what the store lacks of the base already |
    | `synced` | the state that a sync of the base would leave |
    | `plan` | what the other commit changes then |
    """

    lacks: Plan
    synced: TargetState
    plan: Plan


def difference(
    base: Source, head: Source, target: Target, state: TargetState | None, because: Comparison, *, full: bool = False
) -> Difference:
    """How the documents of the head differ from those of the base, whether or not the base is in the store already.

    `state` is what is recorded of the store. All numbers of the plan count the base as synced.
    """
    assert base.head is not None
    lacks = scan(base, state, target, full=full).plan
    synced = state_with(state or EMPTY_STATE, lacks, commit=base.head, settings=target.fingerprint)
    return Difference(lacks, synced, scan(head, synced, target, because=because).plan)


def state_with(state: TargetState, plan: Plan, *, commit: str, settings: str) -> TargetState:
    """The state as if the plan were carried out, and nothing failed."""
    files = dict(state.files)
    for operation in plan.operations:
        document, previous = operation.document, operation.previous
        if document is None:
            del files[operation.path]
        elif operation.kind == "retag" and previous is not None:
            files[operation.path] = previous._replace(tag=document.tag)
        else:
            files[operation.path] = Entry(document.blob, "", document.bytes or 0, _NO_FILE, document.tag)
    return replace(
        state,
        commit=commit,
        settings=settings,
        run={"head": commit},
        files=files,
        failed=dict(plan.failed or {}),
        skipped=dict(plan.skipped or {}),
        pending_delete=(),
    )


def list_documents(source: Source, target: Target) -> dict[str, Document]:
    """Every path of the head that the rules select, whatever the file holds."""
    documents, _ = _select(source, source.entries(), Selector(target.rules), target)
    return {document.path: document for document in documents}


def _comparison(
    source: Source, state: TargetState | None, target: Target, *, full: bool, base: str | None
) -> Comparison:
    if source.head is None and state is not None:
        return Comparison("full", "a plain folder has no history: compared by SHA-256")
    base_known = state is not None and state.commit is not None and source.knows(state.commit)
    return choose_comparison(state, target.fingerprint, full=full, base_known=base_known, base=base)


def _changed(source: Source, base: str) -> tuple[list[TreeEntry], set[str], set[str]]:
    """The entries that stand now at the paths that differ; these paths; and the names among them that are not text."""
    changes = list(source.changes(base))
    paths = {change.path.decode() for change in changes if decodable(change.path)}
    unreadable = {show_path(change.path) for change in changes if not decodable(change.path)}
    return [change.entry for change in changes if change.entry is not None], paths, unreadable


def _without_old_skips(state: TargetState, target: Target) -> TargetState:
    """The state without records of bytes that were judged under other settings: vsync's own rules may be others now.

    After a run that left something to retry no settings are recorded. Its records are kept: that run has made them new.
    """
    if state.settings in {"", target.fingerprint}:
        return state
    kept = {path: record for path, record in state.skipped.items() if record.reason not in CONTENT_REASONS}
    return replace(state, skipped=kept)


def _without_skips(state: TargetState, unreadable: set[str]) -> TargetState:
    """The state without its records of names that are not text. As shown, such a name may look like a document's path."""
    kept = {
        path: record
        for path, record in state.skipped.items()
        if not (path in unreadable and record.reason == "undecodable-name")
    }
    return replace(state, skipped=kept)


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands in a source: documents with their sizes, selected paths that are no documents, and secrets in these."""

    documents: dict[str, Document]
    skipped: dict[str, Skipped]
    leaks: dict[str, tuple[Finding, ...]]


def _look(
    source: Source, state: TargetState, entries: Iterable[TreeEntry], target: Target, again: Matches = nothing
) -> _Found:
    selector = Selector(target.rules)
    documents, skipped = _select(source, entries, selector, target)
    leaks: dict[str, tuple[Finding, ...]] = {path: () for path, record in skipped.items() if record.reason == "secret"}
    found = _inspect(source, _without_allowed(state, selector), documents, selector, again)
    return _Found(found.documents, {**skipped, **found.skipped}, {**leaks, **found.leaks})


def _without_allowed(state: TargetState, selector: Selector) -> TargetState:
    """The state without the records of secrets that are allowed by now."""
    kept = {
        path: record
        for path, record in state.skipped.items()
        if record.reason != "secret" or not selector.allows_secrets(path)
    }
    return replace(state, skipped=kept)


def _select(
    source: Source, entries: Iterable[TreeEntry], selector: Selector, target: Target
) -> tuple[list[Document], dict[str, Skipped]]:
    documents: list[Document] = []
    skipped: dict[str, Skipped] = {}
    for entry in entries:
        verdict = selector.decide(entry.path, entry.mode)
        if verdict.path is None:
            continue
        if verdict.skipped is not None:
            skipped[verdict.path] = Skipped(entry.blob or "-", verdict.skipped)
        else:
            blob = source.identify(entry).blob
            documents.append(Document(verdict.path, blob, target.tag(verdict.path)))
    return documents, skipped


def _inspect(
    source: Source, state: TargetState, documents: list[Document], selector: Selector, again: Matches
) -> _Found:
    """The documents with their sizes, and the paths whose bytes cannot be a document."""
    selected = {document.path: document for document in documents}
    skipped: dict[str, Skipped] = {}
    leaks: dict[str, tuple[Finding, ...]] = {}
    doubtful = to_inspect(state, documents, again)
    for document in documents:
        known = known_skip(state, document)
        if known is not None:
            skipped[document.path] = known
    source.prefetch(doubtful)
    sizes = source.sizes(doubtful)
    for document in doubtful:
        size = sizes.get(document.path)
        seen = None if size is None else _seen(source, document, size, selector)
        if seen is None or size is None:
            selected[document.path] = replace(document, blob=unread_id(document.path))
            continue
        if seen.reason == "secret":
            leaks[document.path] = seen.findings
        if seen.reason is None:
            selected[document.path] = replace(document, bytes=size if seen.bytes is None else seen.bytes)
        else:
            skipped[document.path] = Skipped(document.blob, seen.reason)
    for path in skipped:
        del selected[path]
    return _Found(selected, skipped, leaks)


def _seen(source: Source, document: Document, size: int, selector: Selector) -> Inspected | None:
    """What the bytes of this document tell. None when they cannot be read."""
    reason = size_reason(size)
    if reason is not None or not needs_reading(document.path, size):
        return Inspected(reason)
    scanner = None if selector.allows_secrets(document.path) else Scanner()
    try:
        with contextlib.closing(source.chunks(document)) as chunks:
            found = inspect_content(document.path, chunks, scanner)
            for _ in chunks:  # one `cat-file` serves all blobs: each blob must be read to its end
                pass
    except RepositoryError:
        return None
    return found
