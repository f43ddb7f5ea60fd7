"""Documents that a plan deletes only because their content is not in this checkout. They must stay in the store.

| content | what becomes of its documents |
| --- | --- |
| the file of a Git LFS pointer under a new name | they are held under their old names |
| a submodule | the plan is refused |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vsync.errors import RepositoryError
from vsync.plan.plan import Plan
from vsync.plan.renames import pair_renames
from vsync.source.base import Source
from vsync.source.links import SUBMODULES
from vsync.source.submodules import NO_COMMIT, NOT_HERE
from vsync.state.manifest import TargetState


def with_held_pointers(plan: Plan, pointers: Mapping[str, str]) -> Plan:
    """The plan that deletes no document whose file goes on under another name, as a Git LFS pointer without its file.

    `pointers` are the SHA-256 that skipped pointers name, as far as they were looked at.
    """
    left = {op.path: op.previous for op in plan.deletes if op.previous is not None}
    taken = {*left, *plan.held.values()}
    new = {
        path: record.blob
        for path, record in (plan.skipped or {}).items()
        if record.reason == "lfs-pointer" and path not in taken
    }
    held = dict(pair_renames({path: entry.blob for path, entry in left.items()}, new))
    others = {path: entry.sha256 for path, entry in left.items() if path not in held}
    named = {path: pointers[path] for path in new.keys() & pointers.keys() - set(held.values())}
    held |= pair_renames(others, named)
    if not held:
        return plan
    return replace(
        plan,
        operations=tuple(op for op in plan.operations if op.path not in held),
        held={**plan.held, **held},
        unchanged=plan.unchanged + len(held),
    )


def of_missing_submodules(source: Source, state: TargetState, plan: Plan) -> dict[str, str]:
    """The documents that a plan deletes and that are, or may be, of a submodule that is not in this checkout.

    The value is the submodule's path.
    """
    missing = [path for path in plan.skipped or {} if source.why(path) in {NOT_HERE, NO_COMMIT, SUBMODULES}]
    found = {}
    for operation in plan.of("delete") if missing else []:
        above = _above(operation.path, missing)
        if above is not None:
            found[operation.path] = above
    deletes = [operation.path for operation in plan.deletes if operation.path not in found]
    return {**found, **_of_moved(source, state, missing, deletes)}


def _of_moved(source: Source, state: TargetState, missing: Iterable[str], deletes: list[str]) -> dict[str, str]:
    """The deleted documents that may be of a missing submodule under its former path.

    Only a submodule that is new since the last sync has a former path. The last synced commits tell which links and
    submodules have left. Without these commits each deleted document may be of such a submodule.
    """
    new = [path for path in missing if path not in state.skipped] if deletes else []
    if not new or source.head is None:
        return {}
    commits: set[str | None] = {state.commit, state.run.get("head") or state.commit}
    known = [commit for commit in commits if commit is not None and source.knows(commit)]
    if len(known) < len(commits):
        return dict.fromkeys(deletes, new[0])
    before = {_text(path) for commit in known for path in source.links_at(commit)}
    now = {_text(path) for path in source.links_at(source.head)}
    new = [path for path in new if path not in before]
    found = {}
    for former in before:
        # What has left, and a submodule that has one in itself that is new: nobody knows what was in it.
        moved = new if former not in now else [path for path in new if _above(path, [former])]
        if moved:
            found.update(dict.fromkeys((path for path in deletes if _above(path, [former])), moved[0]))
    return found


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _above(path: str, submodules: Iterable[str]) -> str | None:
    """The submodule that a path is in."""
    return next((one for one in submodules if path == one or path.startswith(f"{one}/")), None)


def not_deletable(path: str, submodule: str) -> RepositoryError:
    """The error for the first of these documents."""
    check_out = (
        "Check out with `submodules: true` (actions/checkout), or run `git submodule update --init --recursive`."
    )
    if _above(path, [submodule]):
        return RepositoryError(
            f"The store has documents of the submodule {submodule!r}, such as {path!r}, and the submodule is not in this checkout.",
            f"{check_out} To remove these documents, exclude that path.",
        )
    return RepositoryError(
        f"The submodule {submodule!r} is new since the last sync, and is not in this checkout. The store has documents, such as "
        f"{path!r}, that may be of this submodule under its former path.",
        f"{check_out} To remove these documents, exclude {submodule!r}.",
    )
