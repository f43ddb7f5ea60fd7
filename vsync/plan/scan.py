"""From a source and a known state to a plan: which paths to compare, what stands there now, what it means.

Asks the source in as few calls as possible, and leaves every decision to `plan`. Nothing is uploaded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.documents.document import Document, is_hooked
from vsync.documents.gitignore import matcher
from vsync.documents.inspection import CONTENT_REASONS
from vsync.documents.selection import Selector
from vsync.git.changes import TreeEntry, decodable, show_path
from vsync.plan.advice import Advice
from vsync.plan.arrived import without_arrived
from vsync.plan.comparison import Comparison, choose_comparison
from vsync.plan.look import Found, look
from vsync.plan.lost_folders import lost_folders
from vsync.plan.not_followed import not_followed
from vsync.plan.not_here import not_deletable, of_missing_submodules, with_held_pointers
from vsync.plan.plan import Matches, Plan, make_plan, nothing
from vsync.plan.selected import Watch, is_attributes, select
from vsync.source.base import Source
from vsync.state.manifest import EMPTY_STATE, Entry, TargetState

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
    observed: bool = False,
    lenient: bool = False,
) -> Scan:
    """The plan for a source and the state that its manifest records (None: no manifest yet).

    `full` asks for a full comparison, `base` is a commit that the user named, `because` a comparison that is decided
    already. Documents that match `reindex` (gitignore patterns) count as changed; to find them takes the whole tree.
    `observed`: the tags of the state are what the store shows. `lenient`: documents of a submodule that is not in this
    checkout stay. Else they are an error.
    """
    selector = Selector(target.rules)
    again = _matching("reindex", reindex, target) if reindex else nothing
    comparison = because or _comparison(source, state, target, full=full or bool(reindex), base=base)
    known, arrived = without_arrived(source, _judged_alike(state or EMPTY_STATE, target))
    entries: Iterable[TreeEntry] | None = None
    scope: set[str] | None = None
    added: set[bytes] | None = None
    if comparison.mode == "diff" and known.commit is not None:
        comparison, changed = _since(source, known.commit, target, comparison)
        if changed is not None:
            entries, scope, added = changed.entries, changed.paths, changed.added
            if more := arrived - scope:
                entries, scope = [*entries, *source.find([path.encode() for path in sorted(more)])], scope | more
            known = _without_skips(known, changed.unreadable)
    watch = Watch.of(target, added)
    found = look(source, known, entries, target, selector, watch, again, observed=observed)
    plan = _plan(known, found, scope, again)
    missing = of_missing_submodules(source, known, plan)
    if missing and not lenient:
        raise not_deletable(*min(missing.items()))
    plan = replace(plan, operations=tuple(op for op in plan.operations if op.path not in missing))
    plan = replace(
        plan,
        leaks=found.leaks,
        faults=found.faults,
        converted=found.converted,
        missing=tuple(operation.path for operation in plan.of("replace") if operation.path in found.missing),
        advice=_advice(source, watch, known, scope, not_followed(source, found.skipped)),
        lost=lost_folders([operation.path for operation in plan.deletes], source.lost),
        bare=source.head is None and state is None and not found.documents,
    )
    return Scan(plan, comparison, base or known.commit, _unmatched(reindex, found.documents, target))


def _plan(known: TargetState, found: Found, scope: set[str] | None, again: Matches = nothing) -> Plan:
    return with_held_pointers(make_plan(known, found.documents, found.skipped, scope, again), found.pointers)


def _matching(setting: str, patterns: Sequence[str], target: Target) -> Matches:
    """Whether a path matches patterns that count from the target's root."""
    matches, inside = matcher(setting, patterns), target.rules.inside

    def matching(path: str) -> bool:
        counted = inside(path)
        return counted is not None and matches(counted)

    return matching


def _unmatched(patterns: Sequence[str], paths: Iterable[str], target: Target) -> tuple[str, ...]:
    """The patterns that match none of the paths. A pattern that only takes others back is left out."""
    return tuple(
        pattern
        for pattern in patterns
        if not pattern.startswith("!") and not any(map(_matching("reindex", [pattern], target), paths))
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
    base: Source,
    head: Source,
    target: Target,
    state: TargetState | None,
    because: Comparison,
    *,
    full: bool = False,
    base_target: Target | None = None,
) -> Difference:
    """How the documents of the head differ from those of the base, whether or not the base is in the store already.

    `target` describes the documents of the head, and `base_target` those of the base (None: the same target). `state` is
    what is recorded of the store. All numbers of the plan count the base as synced.
    """
    assert base.head is not None
    described = base_target or target
    lacks = scan(base, state, described, full=full, lenient=True).plan
    synced = state_with(state or EMPTY_STATE, lacks, commit=base.head, settings=described.fingerprint)
    if described.fingerprint != target.fingerprint:
        because = Comparison("full", because.reason)  # other settings reach files that git does not report as changed
    return Difference(lacks, synced, scan(head, synced, target, because=because).plan)


def state_with(state: TargetState, plan: Plan, *, commit: str, settings: str) -> TargetState:
    """The state as if the plan were carried out, and nothing failed."""
    files = dict(state.files)
    for operation in plan.operations:
        document, previous = operation.document, operation.previous
        if document is None:
            del files[operation.path]
        elif operation.kind == "retag" and previous is not None:
            files[operation.path] = previous._replace(blob=document.blob, tag=document.tag)
        else:
            sha256, size = document.sha256 or "", document.bytes or 0
            files[operation.path] = Entry(document.blob, sha256, size, _NO_FILE, document.tag)
    files |= plan.same
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


def scan_path(source: Source, state: TargetState | None, target: Target, path: str, entry: TreeEntry | None) -> Plan:
    """The plan for one path. `entry` is what the source holds there; None: there is no such file.

    A document whose file is gone may go on under another name, which decides what becomes of it.
    """
    known, _ = without_arrived(source, _judged_alike(state or EMPTY_STATE, target))
    record = known.files.get(path)
    entries = [] if entry is None else [entry]
    if entry is None and record is not None:
        entries = [other for other in source.entries() if other.blob == record.blob]
    found = look(source, known, entries, target, Selector(target.rules))
    return _plan(known, found, {path, *found.documents, *found.skipped})


def scan_paths(
    source: Source, state: TargetState | None, target: Target, paths: set[str], entries: Sequence[TreeEntry]
) -> Plan:
    """The plan for these paths alone. `entries` are what the source holds there."""
    known, _ = without_arrived(source, _judged_alike(state or EMPTY_STATE, target))
    return _plan(known, look(source, known, entries, target, Selector(target.rules)), paths)


def list_documents(source: Source, target: Target) -> dict[str, Document]:
    """Every path of the head that the rules select, whatever the file holds."""
    selected = select(source, source.entries(), Selector(target.rules), target, whole=True)
    return {document.path: document for document in selected.documents}


def _comparison(
    source: Source, state: TargetState | None, target: Target, *, full: bool, base: str | None
) -> Comparison:
    if source.head is None and state is not None:
        return Comparison("full", "a plain folder has no history: compared by SHA-256")
    base_known = state is not None and state.commit is not None and source.knows(state.commit)
    return choose_comparison(state, target.fingerprint, full=full, base_known=base_known, base=base)


@dataclass(frozen=True, slots=True)
class _Changed:
    """What differs from another commit.

    | field | meaning |
    | --- | --- |
    | `entries` | what stands now at the paths that differ |
    | `paths` | these paths |
    | `added` | the paths among them where nothing stood before |
    | `unreadable` | the names among them that are not text |
    | `attributes` | a `.gitattributes` among them; empty: there is none |
    """

    entries: list[TreeEntry]
    paths: set[str]
    added: set[bytes]
    unreadable: set[str]
    attributes: str


def _changed(source: Source, base: str) -> _Changed:
    changes = list(source.changes(base))
    return _Changed(
        entries=[change.entry for change in changes if change.entry is not None],
        paths={change.path.decode() for change in changes if decodable(change.path)},
        added={change.path for change in changes if change.status == "added"},
        unreadable={show_path(change.path) for change in changes if not decodable(change.path)},
        attributes=next((show_path(change.path) for change in changes if is_attributes(change.path)), ""),
    )


def _since(source: Source, base: str, target: Target, comparison: Comparison) -> tuple[Comparison, _Changed | None]:
    """What differs from another commit. None: that does not tell which documents have changed, and the comparison says why."""
    why = source.why_full(base)
    if why is not None:
        return Comparison("full", why), None
    changed = _changed(source, base)
    if target.rules.documentation_only and changed.attributes:
        return Comparison("full", f"{changed.attributes} changed, which decides what is documentation"), None
    return comparison, changed


def _advice(
    source: Source, watch: Watch, known: TargetState, scope: set[str] | None, left_out: tuple[str, ...]
) -> Advice:
    """The plan's advice. Of a diff (`scope`) the other paths must be known: the recorded ones first, then the whole tree.

    Listing a tree of 10,000 files takes about 50 ms. It is listed only for a pattern that matches no recorded path.
    """
    unmatched = watch.unmatched
    if scope is not None:
        for path in (*known.files, *known.skipped):
            if path not in scope:
                unmatched.see(path)
    paths = []
    if unmatched.left:
        for entry in source.entries():
            paths.append(entry.path.decode("utf-8", "surrogateescape"))
            unmatched.see(paths[-1], entry.mode)
    warnings = unmatched.warnings(paths, "the commit" if source.head else "the folder")
    return Advice((*warnings, *left_out), watch.others.hints())


def _judged_alike(state: TargetState, target: Target) -> TargetState:
    """The state with what was judged under the same settings: without skips, and refusals of changed text, under others.

    Vsync's own rules and the config's hooks decide whether a file can be a document. After a run that left something to
    retry no settings are recorded. A refused document whose text hooks have changed is tried again: its tag does not
    tell how they changed it.
    """
    if state.settings == target.fingerprint:
        return state
    skipped = {path: record for path, record in state.skipped.items() if record.reason not in CONTENT_REASONS}
    failed = {path: record for path, record in state.failed.items() if not (state.settings and is_hooked(record.tag))}
    return replace(state, skipped=skipped, failed=failed)


def _without_skips(state: TargetState, unreadable: set[str]) -> TargetState:
    """The state without its records of names that are not text. As shown, such a name may look like a document's path."""
    kept = {
        path: record
        for path, record in state.skipped.items()
        if not (path in unreadable and record.reason == "undecodable-name")
    }
    return replace(state, skipped=kept)
