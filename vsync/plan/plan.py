"""What must be done to make the store equal to the source. Pure: values in, a sorted plan out.

The tree against the manifest is the truth. A comparison only says which paths are looked at: all paths (`full`), or the
paths that git reports as changed since the manifest's commit (`diff`). Both give the same operations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from vsync.documents.document import Document, attributes_half, is_hooked, same_content_rules
from vsync.documents.inspection import CONTENT_REASONS, Inspected
from vsync.documents.secret_scan import Finding
from vsync.git.changes import Lost
from vsync.plan.advice import NO_ADVICE, Advice
from vsync.plan.renames import pair_renames
from vsync.state.manifest import UNKNOWN_BLOB, Entry, Failure, Skipped, TargetState

_OTHER_FILE = "undecodable-name"

Kind = Literal["upload", "replace", "retag", "delete"]

Matches = Callable[[str], bool]


def nothing(path: str) -> bool:
    """Matches no path."""
    return False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do in the store. `document` is what shall be there, `previous` is what is there now."""

    kind: Kind
    path: str
    document: Document | None = None
    previous: Entry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The operations, sorted by path, and what stays as it is.

    | field | meaning |
    | --- | --- |
    | `renamed` | pairs of a delete and an upload of the same blob |
    | `unchanged` | how many documents stay as they are |
    | `existing` | how many documents the state lists |
    | `skipped` | selected paths that cannot be documents, and why |
    | `failed` | earlier final refusals whose file has not changed since |
    | `held` | old names of renamed files, each with the new one, which was refused for good or is a Git LFS pointer without its file |
    | `advice` | what the user should know of the rules |
    | `leaks` | the secrets in files that are skipped for them; no secret: the file's name is the reason |
    | `pending_delete` | replaced Files whose removal was never confirmed |
    | `lost` | folders of a plain folder that held documents and in which nothing is left, perhaps by accident |
    | `bare` | a plain folder without any document, from which nothing has been synced yet |
    | `outdated` | the paths in `failed` of which the store keeps an older version |
    | `faults` | what is wrong with documents that are uploaded all the same |
    | `converted` | documents that are sent as UTF-8, each with the encoding of its file |
    | `same` | entries of documents whose file has changed, but not what is sent of it; they need no operation |
    | `awaited` | documents that stay until another target of the store has them, each with the name of that target |
    | `handed` | the deletes of documents that another target of the store has taken over |
    | `missing` | documents to replace whose Git LFS file is not in this checkout; their upload fails |
    """

    operations: tuple[Operation, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    existing: int = 0
    skipped: Mapping[str, Skipped] | None = None
    failed: Mapping[str, Failure] | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    leaks: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    advice: Advice = NO_ADVICE
    pending_delete: tuple[str, ...] = ()
    outdated: frozenset[str] = frozenset()
    lost: Mapping[str, Lost] = field(default_factory=dict)
    bare: bool = False
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    converted: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, Entry] = field(default_factory=dict)
    awaited: Mapping[str, str] = field(default_factory=dict)
    handed: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.operations and not self.pending_delete

    def of(self, *kinds: Kind) -> list[Operation]:
        return [operation for operation in self.operations if operation.kind in kinds]

    @property
    def deletes(self) -> list[Operation]:
        """The deletes that are not one half of a rename."""
        moved = {old for old, _ in self.renamed}
        return [operation for operation in self.of("delete") if operation.path not in moved]

    @property
    def dropped(self) -> dict[str, str]:
        """The deleted documents whose file is still there and cannot be a document any more, each with the reason.

        Where the document goes on under another name, it is not dropped.
        """
        reasons = {path: record.reason for path, record in (self.skipped or {}).items()}
        # A name that is not UTF-8 is listed in another form, which may be the path of a document.
        gone = {op.path: reasons.get(op.path, _OTHER_FILE) for op in self.deletes}
        return {path: reason for path, reason in gone.items() if reason != _OTHER_FILE}

    @property
    def upload_bytes(self) -> int:
        return sum(op.document.bytes or 0 for op in self.of("upload", "replace") if op.document is not None)


def to_inspect(state: TargetState, selected: Iterable[Document], again: Matches = nothing) -> list[Document]:
    """The documents whose bytes must be looked at. The others are in the store, or were refused or skipped before.

    `again` is as for `make_plan`.
    """

    def is_settled(document: Document) -> bool:
        path = document.path
        settled = _unchanged(state.files.get(path), document) or _refused(state.failed.get(path), document)
        return settled and not again(path)

    return [document for document in selected if not is_settled(document) and known_skip(state, document) is None]


def known_skip(state: TargetState, document: Document) -> Skipped | None:
    """The record that these bytes cannot be a document. None when they were not looked at, or can be a document."""
    record = state.skipped.get(document.path)
    if record is None or record.blob != document.blob or record.reason not in CONTENT_REASONS:
        return None
    stored = state.files.get(document.path)
    is_pointer = record.reason == "lfs-pointer" and stored is not None  # see `is_kept_pointer`
    return None if is_pointer or _known(stored, document) else record


def is_kept_pointer(record: Entry | None, document: Document, seen: Inspected) -> TypeGuard[Entry]:
    """Whether the file of a document of the store is a Git LFS pointer now, and this checkout lacks what it stands for.

    Then the document stays. Where it must be uploaded again, its upload fails and says what is missing. A pointer that is
    not understood stands for nothing that a checkout could hold.
    """
    if seen.reason != "lfs-pointer" or record is None:
        return False
    return seen.pointer is not None or record.blob in {document.blob, UNKNOWN_BLOB}


def is_same_pointer(record: Entry, document: Document, seen: Inspected) -> bool:
    """Whether a Git LFS pointer stands for just the bytes that the store has, so that no upload is needed."""
    same = seen.pointer is not None and seen.pointer.sha256 == record.sha256
    return same and same_content_rules(record.tag, document.tag)


def _unchanged(record: Entry | None, document: Document) -> bool:
    """Whether no upload is needed. An upload that only other rules need counts with its size like any other upload."""
    if record is None or not _known(record, document) or not same_content_rules(record.tag, document.tag):
        return False
    return document.needs_text or not is_hooked(record.tag)


def _known(record: Entry | None, document: Document) -> bool:
    return record is not None and record.blob == document.blob


def _refused(record: Failure | None, document: Document) -> bool:
    return record is not None and (record.blob, record.tag) == (document.blob, document.tag)


def make_plan(
    state: TargetState,
    selected: Mapping[str, Document],
    skipped: Mapping[str, Skipped],
    scope: Collection[str] | None = None,
    again: Matches = nothing,
) -> Plan:
    """The plan that turns `state` into `selected`.

    `scope` limits the comparison to these paths (a diff); None means all paths. `selected` and `skipped` hold paths in
    scope. A path of the state that is in scope and not in `selected` is deleted. What matches `again` counts as changed:
    it is uploaded also where the store has it, or has refused it.
    """
    operations = []
    failed: dict[str, Failure] = {}
    same: dict[str, Entry] = {}
    for path, document in selected.items():
        known_failure = state.failed.get(path)
        if known_failure is not None and _refused(known_failure, document) and not again(path):
            failed[path] = known_failure
            continue
        operation = _operation(path, state.files.get(path), document, again)
        if operation is not None:
            operations.append(operation)
        elif (entry := _recorded_anew(state.files[path], document)) is not None:
            same[path] = entry
    kept_skips, kept_failures = _outside(state, scope)
    in_scope = state.files.keys() if scope is None else state.files.keys() & set(scope)
    left = [path for path in in_scope if path not in selected]
    kept = _held(state, left, {**kept_failures, **failed})
    operations += [Operation("delete", path, previous=state.files[path]) for path in left if path not in kept]
    operations.sort(key=lambda operation: operation.path)
    renamed = _renames(operations)
    outdated = frozenset(state.files.keys() & {*kept_failures, *failed})
    touched = sum(1 for operation in operations if operation.previous is not None)
    return Plan(
        operations=tuple(operations),
        renamed=tuple(renamed),
        unchanged=len(state.files) - touched - len(outdated),
        existing=len(state.files),
        skipped=dict(sorted({**kept_skips, **skipped}.items())),
        failed=dict(sorted({**kept_failures, **failed}.items())),
        held=kept,
        pending_delete=tuple(sorted(set(state.pending_delete))),
        outdated=outdated,
        same=same,
    )


def _held(state: TargetState, left: Iterable[str], failed: Mapping[str, Failure]) -> dict[str, str]:
    """Old and new names of files whose new name was refused for good. The old name stays until the new one is in the store."""
    new = {path: failure.blob for path, failure in failed.items() if path not in state.files}
    return dict(pair_renames({path: state.files[path].blob for path in left}, new))


def _operation(path: str, entry: Entry | None, document: Document, again: Matches) -> Operation | None:
    if entry is None:
        return Operation("upload", path, document)
    if not _is_sent_already(entry, document) or not same_content_rules(entry.tag, document.tag) or again(path):
        return Operation("replace", path, document, entry)
    if attributes_half(entry.tag) != attributes_half(document.tag):
        return Operation("retag", path, document, entry)
    return None


def _is_sent_already(entry: Entry, document: Document) -> bool:
    """Whether the store has just the bytes that would be sent: they count, and not those of the file."""
    if document.sha256 is not None and entry.sha256:
        return document.sha256 == entry.sha256
    return entry.blob == document.blob and is_hooked(entry.tag) == is_hooked(document.tag)


def _recorded_anew(entry: Entry, document: Document) -> Entry | None:
    """The entry as it is to be recorded of a document that needs no operation; None: as it is recorded already."""
    if (entry.blob, entry.tag) == (document.blob, document.tag):
        return None
    return entry._replace(blob=document.blob, tag=document.tag)


def _outside(state: TargetState, scope: Collection[str] | None) -> tuple[dict[str, Skipped], dict[str, Failure]]:
    """What the state says of paths that a diff does not look at."""
    if scope is None:
        return {}, {}
    looked_at = set(scope)
    return (
        {path: record for path, record in state.skipped.items() if path not in looked_at},
        {path: record for path, record in state.failed.items() if path not in looked_at},
    )


def _renames(operations: Iterable[Operation]) -> list[tuple[str, str]]:
    removed = {op.path: op.previous.blob for op in operations if op.kind == "delete" and op.previous is not None}
    added = {op.path: op.document.blob for op in operations if op.kind == "upload" and op.document is not None}
    return pair_renames(removed, added)
