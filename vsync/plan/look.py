"""What stands in a source: the selected paths, and whether their bytes can be documents.

A document's bytes are looked at only when nothing is known of them yet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vsync.config.targets import Target
from vsync.documents.document import Document, hooked
from vsync.documents.inspection import Inspected, Looks, inspect_content, may_be_piecemeal, needs_reading, size_reason
from vsync.documents.prepare import MAX_TEXT_BYTES
from vsync.documents.recipe import describe
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import Selector
from vsync.documents.templates import TemplateScan, is_html
from vsync.errors import RepositoryError
from vsync.git.changes import TreeEntry
from vsync.plan.plan import Matches, is_kept_pointer, is_same_pointer, known_skip, nothing, to_inspect
from vsync.plan.selected import Watch, select
from vsync.source.base import Source, unread_id
from vsync.state.manifest import Entry, Skipped, TargetState


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a source.

    | field | meaning |
    | --- | --- |
    | `documents` | the documents, with sizes as far as they were looked at |
    | `skipped` | selected paths that are no documents |
    | `leaks` | the secrets in these |
    | `faults` | what is wrong with documents that are uploaded all the same |
    | `converted` | the encodings of documents that are sent as UTF-8 |
    | `pointers` | the SHA-256 that skipped Git LFS pointers name, as far as they were looked at |
    | `missing` | documents of the store that must be read again and whose Git LFS file is not in this checkout |
    """

    documents: dict[str, Document]
    skipped: dict[str, Skipped]
    leaks: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)
    converted: dict[str, str] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


def look(
    source: Source,
    state: TargetState,
    entries: Iterable[TreeEntry] | None,
    target: Target,
    selector: Selector,
    watch: Watch | None = None,
    again: Matches = nothing,
    *,
    observed: bool = False,
) -> Found:
    """What stands in a source, of these entries or (None) of all. `again` is as for `make_plan`.

    `observed`: the tags of the state are what the store shows. Else they are what a plan wrote, and tell what a document's
    text says as long as bytes and settings are the same.
    """
    every = source.entries() if entries is None else entries
    selected = select(source, every, selector, target, watch, whole=entries is None)
    documents, skipped = selected.documents, selected.skipped
    leaks: dict[str, tuple[Finding, ...]] = {path: () for path, record in skipped.items() if record.reason == "secret"}
    other_settings = state.settings != target.fingerprint
    if not target.describes_alike and not (other_settings or observed):
        documents = [_as_recorded(state, document) for document in documents]
    unsure = {document.path for document in documents if document.needs_text and (other_settings or observed)}

    def look_again(path: str) -> bool:
        # Other settings may have put templates into the store.
        return again(path) or path in unsure or (other_settings and _template_scan(selector, path) is not None)

    found = _inspect(source, _without_allowed(state, selector), documents, target, selector, look_again)
    return replace(found, skipped={**skipped, **found.skipped}, leaks={**leaks, **found.leaks})


def _as_recorded(state: TargetState, document: Document) -> Document:
    """The document with the tag that is recorded for the same bytes under the same settings: its text says the same."""
    if document.needs_text:
        for record in (state.failed.get(document.path), state.files.get(document.path)):
            if record is not None and record.blob == document.blob:
                return replace(document, tag=record.tag)
    return document


def _without_allowed(state: TargetState, selector: Selector) -> TargetState:
    """The state without the records of secrets, templates and minified files that are allowed by now."""
    kept = {
        path: record
        for path, record in state.skipped.items()
        if not (record.reason == "secret" and selector.allows_secrets(path))
        and not (record.reason in ("template", "minified") and selector.allows_templates(path))
    }
    return replace(state, skipped=kept)


def _inspect(
    source: Source, state: TargetState, documents: list[Document], target: Target, selector: Selector, again: Matches
) -> Found:
    """The documents with what their bytes tell, and the paths whose bytes cannot be a document."""
    selected = {document.path: document for document in documents}
    found = Found(selected, {})
    doubtful = to_inspect(state, documents, again)
    for document in documents:
        known = known_skip(state, document)
        if known is not None:
            found.skipped[document.path] = known
    source.prefetch(doubtful)
    sizes = source.sizes(doubtful)
    for document in doubtful:
        size = sizes.get(document.path)
        seen = None if size is None else _seen(source, document, size, selector)
        record = state.files.get(document.path)
        if seen is None or size is None:
            selected[document.path] = _unread(document)
        elif not is_kept_pointer(record, document, seen):
            _add(found, target, document, size, seen)
        elif is_same_pointer(record, document, seen) and not again(document.path):
            selected[document.path] = _as_stored(source, document, record)
        else:
            found.missing.add(document.path)
            selected[document.path] = _unread(document)
    for path in found.skipped:
        del selected[path]
    return found


def _as_stored(source: Source, document: Document, record: Entry) -> Document:
    """The document of a pointer to the bytes that the store has.

    In a plain folder the next checkout may put the file into the pointer's place: the recorded id is that of the file.
    """
    return replace(
        document,
        blob=record.blob if source.head is None else document.blob,
        tag=record.tag if document.needs_text else document.tag,
        sha256=record.sha256,
    )


def _unread(document: Document) -> Document:
    return replace(document, blob=unread_id(document.path))


def _add(found: Found, target: Target, document: Document, size: int, seen: Inspected) -> None:
    """Puts what was seen of a document with the others."""
    path = document.path
    if seen.reason is not None:
        found.skipped[path] = Skipped(document.blob, seen.reason)
        if seen.reason == "secret":
            found.leaks[path] = seen.findings
        if seen.pointer is not None:
            found.pointers[path] = seen.pointer.sha256
        return
    if seen.encoding is not None:
        found.converted[path] = seen.encoding
    if document.recipe is not None:
        described = describe(document.recipe, path, seen.facts)
        if described.faults:
            found.faults[path] = described.faults
        document = replace(document, attributes=described.attributes)
        if document.needs_text:
            tag = target.tag(path, seen.facts)
            document = replace(document, tag=hooked(tag) if seen.hooked else tag)
    found.documents[path] = replace(document, bytes=size if seen.bytes is None else seen.bytes, sha256=seen.sha256)


def _seen(source: Source, document: Document, size: int, selector: Selector) -> Inspected | None:
    """What the bytes of this document tell. None when they cannot be read."""
    reason = size_reason(size)
    if reason is not None or not needs_reading(document.path, size):
        return Inspected(reason)
    looks = _looks(selector, document.path)
    piecemeal = may_be_piecemeal(document.path, size, looks, document.recipe)
    try:
        found = _inspected(source, document, looks, piecemeal=piecemeal)
        if (
            piecemeal and found.reason in {"not-text", "unknown-encoding"} and size <= MAX_TEXT_BYTES
        ):  # its encoding may be another one
            found = _inspected(source, document, _looks(selector, document.path), piecemeal=False)
    except RepositoryError:
        return None
    return found


def _looks(selector: Selector, path: str) -> Looks:
    return Looks(
        None if selector.allows_secrets(path) else Scanner(),
        _template_scan(selector, path),
        minified=not selector.allows_templates(path),
    )


def _inspected(source: Source, document: Document, looks: Looks, *, piecemeal: bool) -> Inspected:
    with contextlib.closing(source.chunks(document)) as chunks:
        found = inspect_content(document.path, chunks, looks, document.recipe, piecemeal=piecemeal)
        for _ in chunks:  # one `cat-file` serves all blobs: each blob must be read to its end
            pass
    return found


def _template_scan(selector: Selector, path: str) -> TemplateScan | None:
    """A search for the marks of a template. None: the path is no HTML, or templates are selected there."""
    return TemplateScan() if is_html(path) and not selector.allows_templates(path) else None
