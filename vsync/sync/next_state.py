"""The state that a run publishes: what the plan asked for, as far as the store confirmed it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vsync.plan.plan import Plan
from vsync.state.manifest import Entry, Failure, TargetState


@dataclass(frozen=True, slots=True)
class Results:
    """What was confirmed in the store, what was finally refused, and uploaded Files that no document uses.

    `complete` is False when something is left to retry. `unindexed` are the documents that the server failed to index, and that the
    next run tries once more.
    """

    confirmed: Mapping[str, Entry]
    refused: Mapping[str, Failure]
    discarded: Collection[str]
    complete: bool
    unindexed: Mapping[str, Failure] = field(default_factory=dict)


def next_state(
    state: TargetState,
    plan: Plan,
    results: Results,
    *,
    head: str | None,
    settings: str,
    run: Mapping[str, Any],
) -> TargetState:
    """The state to publish: only confirmed facts, and under `pending_delete` every id that is to be deleted.

    The commit advances only when nothing is left to retry. Until then no settings are recorded, so that the next run
    compares in full. The old name of a rename stays until the store confirms the new name.
    """
    files = dict(state.files)
    pending = {*plan.pending_delete, *results.discarded}
    gone = deletable(plan, results.confirmed)
    for path in gone:
        del files[path]
        pending.add(state.files[path].file_id)
    for path, entry in results.confirmed.items():
        previous = state.files.get(path)
        if previous is not None and previous.file_id != entry.file_id:
            pending.add(previous.file_id)
        files[path] = entry
    files |= plan.same
    complete = results.complete and not (plan.held or plan.awaited) and len(gone) == len(plan.of("delete"))
    kept = {entry.file_id for entry in files.values()}
    return replace(
        state,
        commit=head if complete else state.commit,
        settings=settings if complete else "",
        serial=state.serial + 1,
        run=run,
        files=files,
        failed={**(plan.failed or {}), **results.refused},
        unindexed=dict(results.unindexed),
        skipped=dict(plan.skipped or {}),
        pending_delete=tuple(sorted(pending - kept)),
    )


def rebuilt_state(
    state: TargetState, plan: Plan, *, head: str | None, settings: str, serial: int, run: Mapping[str, Any]
) -> TargetState:
    """The state of a manifest that was made again from its store. It names the head only where nothing is left to do."""
    if plan.is_empty and not plan.held and not plan.failed:
        return replace(
            state,
            commit=head,
            settings=settings,
            serial=serial,
            run=run,
            skipped=dict(plan.skipped or {}),
            failed={},
            unindexed={},
        )
    return replace(state, commit=None, settings="", serial=serial, run=run)


def deletable(plan: Plan, confirmed: Collection[str]) -> list[str]:
    """The paths whose documents may be deleted. The old name of a rename is one only when the store confirmed the new name."""
    new_name = dict(plan.renamed)
    return [op.path for op in plan.of("delete") if op.path not in new_name or new_name[op.path] in confirmed]
