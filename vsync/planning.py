"""What must be done to make the store equal to the source. Pure: values in, a sorted plan out.

The tree against the manifest is the truth. A comparison only says which paths are looked at: all of them (`full`), or
those that git reports as changed since the manifest's commit (`diff`); both give the same operations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .changes import pair_renames
from .documents import Document, same_content_rules
from .leaks import Finding
from .manifest import Entry, Failure, Skipped, TargetState
from .selection import CONTENT_REASONS

Kind = Literal["upload", "replace", "retag", "delete"]
ComparisonMode = Literal["diff", "full"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which paths were looked at, and why just those."""

    mode: ComparisonMode
    reason: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do in the store. `document` is what shall be there, `previous` what is."""

    kind: Kind
    path: str
    document: Document | None = None
    previous: Entry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The operations, sorted by path, and what stays as it is.

    `renamed` pairs a delete with an upload of the same blob. `held` are old names of renamed files that stay because
    the new one was refused for good. `failed` are earlier final refusals that nothing has changed about; `leaks` are
    the secrets found in files that are skipped for them (none: for their names); `pending_delete` are superseded ids
    whose removal was never confirmed. `existing` counts the documents that the state lists; `outdated` are the paths in
    `failed` of which the store keeps an older version.
    """

    operations: tuple[Operation, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    existing: int = 0
    skipped: Mapping[str, Skipped] | None = None
    failed: Mapping[str, Failure] | None = None
    held: tuple[str, ...] = ()
    leaks: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    pending_delete: tuple[str, ...] = ()
    outdated: frozenset[str] = frozenset()

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
    def upload_bytes(self) -> int:
        return sum(op.document.bytes or 0 for op in self.of("upload", "replace") if op.document is not None)


EMPTY_STATE = TargetState(vector_store_id="")


def choose_comparison(
    state: TargetState | None, settings: str, *, full: bool, base_known: bool, base: str | None
) -> Comparison:
    """Which comparison to make.

    `base_known` says whether the manifest's commit is in this clone; `base` is a commit the user named instead.
    """
    if state is None:
        return Comparison("full", "nothing is recorded for this target: first sync")
    if full:
        return Comparison("full", "asked for")
    if state.commit is None:
        return Comparison("full", "no run has completed yet")
    if not state.settings or state.run.get("head") != state.commit:
        # A partial run confirms documents of a newer commit or of other settings; a diff from the last complete one
        # would not show them when these are taken back.
        return Comparison("full", "the last run left documents to retry")
    if state.settings != settings:
        return Comparison("full", "the settings changed since the last sync")
    if not base_known:
        return Comparison(
            "full",
            f"the last synced commit {state.commit[:12]} is not in this clone (shallow or behind, or history was rewritten)",
        )
    if base is not None and base != state.commit:
        return Comparison("full", f"the given base {base[:12]} is not the last synced commit {state.commit[:12]}")
    return Comparison("diff", f"git diff since the last synced commit {state.commit[:12]}")


def to_inspect(state: TargetState, selected: Iterable[Document]) -> list[Document]:
    """The documents whose bytes must be looked at: not those that are in the store, were refused or were skipped before."""
    return [
        document
        for document in selected
        if not _unchanged(state.files.get(document.path), document)
        and not _refused(state.failed.get(document.path), document)
        and known_skip(state, document) is None
    ]


def known_skip(state: TargetState, document: Document) -> Skipped | None:
    """The record that these very bytes cannot be a document; None when they were not looked at, or can be one."""
    record = state.skipped.get(document.path)
    if record is None or record.blob != document.blob or record.reason not in CONTENT_REASONS:
        return None
    return None if _known(state.files.get(document.path), document) else record


def _unchanged(record: Entry | None, document: Document) -> bool:
    """Whether no upload is needed; one that is needed for other rules counts with its size like any other."""
    return _known(record, document) and record is not None and same_content_rules(record.tag, document.tag)


def _known(record: Entry | None, document: Document) -> bool:
    return record is not None and record.blob == document.blob


def _refused(record: Failure | None, document: Document) -> bool:
    return record is not None and (record.blob, record.tag) == (document.blob, document.tag)


def make_plan(
    state: TargetState,
    selected: Mapping[str, Document],
    skipped: Mapping[str, Skipped],
    scope: Collection[str] | None = None,
) -> Plan:
    """The plan that turns `state` into `selected`.

    `scope` limits the comparison to these paths (a diff); None means all. `selected` and `skipped` hold the paths in
    scope; a path of the state that is in scope and not in `selected` is deleted.
    """
    operations = []
    failed: dict[str, Failure] = {}
    for path, document in selected.items():
        known_failure = state.failed.get(path)
        if known_failure is not None and _refused(known_failure, document):
            failed[path] = known_failure
            continue
        operation = _operation(path, state.files.get(path), document)
        if operation is not None:
            operations.append(operation)
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
    )


def _held(state: TargetState, left: Iterable[str], failed: Mapping[str, Failure]) -> tuple[str, ...]:
    """Old names of renamed files whose new one was refused for good: they stay until the new one is in the store."""
    new = {path: failure.blob for path, failure in failed.items() if path not in state.files}
    return tuple(old for old, _ in pair_renames({path: state.files[path].blob for path in left}, new))


def _operation(path: str, entry: Entry | None, document: Document) -> Operation | None:
    if entry is None:
        return Operation("upload", path, document)
    if entry.blob != document.blob or not same_content_rules(entry.tag, document.tag):
        return Operation("replace", path, document, entry)
    if entry.tag != document.tag:
        return Operation("retag", path, document, entry)
    return None


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


# --- Limits -------------------------------------------------------------------------------------------------

DEFAULT_MAX_UPLOADS = 2_000
DEFAULT_MAX_UPLOAD_BYTES = 500_000_000
_SHARE_FROM = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may do. None means the default; `max_delete_percent` is of the documents the manifest lists."""

    max_deletes: int | None = None
    max_delete_percent: float | None = None
    max_uploads: int | None = None
    max_upload_bytes: int | None = None
    force: bool = False


def refusal(plan: Plan, limits: Limits) -> str | None:
    """Why the plan must not be carried out, with its numbers, the limit and the option that overrides it; or None."""
    if limits.force:
        return None
    problems = [text for text in (_too_many_deletes(plan, limits), _too_many_uploads(plan, limits)) if text]
    return " ".join(problems) or None


def _too_many_deletes(plan: Plan, limits: Limits) -> str | None:
    deletes, existing = len(plan.deletes), plan.existing
    if not deletes:
        return None
    what = f"The plan deletes {deletes} of {existing} document{'' if existing == 1 else 's'}"
    if limits.max_deletes is not None:
        allowed = limits.max_deletes
        return f"{what}; max-delete allows {allowed}. {_delete_remedy(deletes)}" if deletes > allowed else None
    if limits.max_delete_percent is not None:
        percent = limits.max_delete_percent
        too_many = deletes * 100 > percent * existing
        return f"{what}; max-delete allows {percent:g}%. {_delete_remedy(deletes)}" if too_many else None
    if deletes == existing and len(plan.operations) == deletes:
        why = "no file is selected any more: check the include and exclude patterns"
        return f"{what}, which is all of them, because {why}. {_delete_remedy(deletes)}"
    if deletes == existing:
        return f"{what}, which is all of them. {_delete_remedy(deletes)}"
    if existing >= _SHARE_FROM and deletes * 2 > existing:
        return f"{what}, which is more than half. {_delete_remedy(deletes)}"
    return None


def _amount(size: int) -> str:
    return f"{size:,} bytes" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _delete_remedy(deletes: int) -> str:
    return f"If that is meant, allow it with --max-delete {deletes} (input max-delete) or --force (input force)."


def _too_many_uploads(plan: Plan, limits: Limits) -> str | None:
    uploads, size = len(plan.of("upload", "replace")), plan.upload_bytes
    max_uploads = DEFAULT_MAX_UPLOADS if limits.max_uploads is None else limits.max_uploads
    max_bytes = DEFAULT_MAX_UPLOAD_BYTES if limits.max_upload_bytes is None else limits.max_upload_bytes
    problems, allowed = [], []
    if uploads > max_uploads:
        problems.append(f"{uploads} document{'' if uploads == 1 else 's'}; the limit is {max_uploads}")
        allowed.append(str(uploads))
    if size > max_bytes:
        problems.append(f"{_amount(size)}; the limit is {_amount(max_bytes)}")
        allowed.append(f"{-(-size // 1_000_000)}MB")
    if not problems:
        return None
    return (
        f"The plan uploads {', and '.join(problems)}. "
        f"If that is meant, allow it with --max-upload {','.join(allowed)} (input max-upload) or --force (input force)."
    )
