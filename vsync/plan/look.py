"""What stands in a source: the selected paths, and whether their bytes can be documents.

A document's bytes are looked at only when nothing is known of them yet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.documents.document import Document
from vsync.documents.inspection import Inspected, inspect_content, needs_reading, size_reason
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import Selector
from vsync.documents.templates import TemplateScan, is_html
from vsync.errors import RepositoryError
from vsync.git.changes import TreeEntry
from vsync.plan.plan import Matches, known_skip, nothing, to_inspect
from vsync.plan.selected import Watch, select
from vsync.source.base import Source, unread_id
from vsync.state.manifest import Skipped, TargetState


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a source: documents with their sizes, selected paths that are no documents, and secrets in these."""

    documents: dict[str, Document]
    skipped: dict[str, Skipped]
    leaks: dict[str, tuple[Finding, ...]]


def look(
    source: Source,
    state: TargetState,
    entries: Iterable[TreeEntry] | None,
    target: Target,
    selector: Selector,
    watch: Watch | None = None,
    again: Matches = nothing,
) -> Found:
    """What stands in a source, of these entries or (None) of all. `again` is as for `make_plan`."""
    every = source.entries() if entries is None else entries
    selected = select(source, every, selector, target, watch, whole=entries is None)
    documents, skipped = selected.documents, selected.skipped
    leaks: dict[str, tuple[Finding, ...]] = {path: () for path, record in skipped.items() if record.reason == "secret"}
    other_settings = state.settings != target.fingerprint

    def look_again(path: str) -> bool:
        # Other settings may have put templates into the store.
        return again(path) or (other_settings and _template_scan(selector, path) is not None)

    found = _inspect(source, _without_allowed(state, selector), documents, selector, look_again)
    return Found(found.documents, {**skipped, **found.skipped}, {**leaks, **found.leaks})


def _without_allowed(state: TargetState, selector: Selector) -> TargetState:
    """The state without the records of secrets and templates that are allowed by now."""
    kept = {
        path: record
        for path, record in state.skipped.items()
        if not (record.reason == "secret" and selector.allows_secrets(path))
        and not (record.reason == "template" and selector.allows_templates(path))
    }
    return replace(state, skipped=kept)


def _inspect(
    source: Source, state: TargetState, documents: list[Document], selector: Selector, again: Matches
) -> Found:
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
    return Found(selected, skipped, leaks)


def _seen(source: Source, document: Document, size: int, selector: Selector) -> Inspected | None:
    """What the bytes of this document tell. None when they cannot be read."""
    reason = size_reason(size)
    if reason is not None or not needs_reading(document.path, size):
        return Inspected(reason)
    scanner = None if selector.allows_secrets(document.path) else Scanner()
    templates = _template_scan(selector, document.path)
    try:
        with contextlib.closing(source.chunks(document)) as chunks:
            found = inspect_content(document.path, chunks, scanner, templates)
            for _ in chunks:  # one `cat-file` serves all blobs: each blob must be read to its end
                pass
    except RepositoryError:
        return None
    return found


def _template_scan(selector: Selector, path: str) -> TemplateScan | None:
    """A search for the marks of a template. None: the path is no HTML, or templates are selected there."""
    return TemplateScan() if is_html(path) and not selector.allows_templates(path) else None
