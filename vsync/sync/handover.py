"""Documents that go from one target of a run to another one in the same store.

The target that gets a document runs first. The other one deletes it only when that one has recorded it, so that no search
lacks it meanwhile, and a failure leaves it where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.plan.handover import hand_over
from vsync.plan.plan import Plan
from vsync.plan.scan import scan_paths
from vsync.source.base import Source
from vsync.state.manifest import EMPTY_STATE, Manifest


class Taker(NamedTuple):
    """Another target of the same store, with the source that shows its documents. `runs`: it runs as this one does."""

    target: Target
    source: Source
    runs: bool


def handed_over(plan: Plan, takers: Sequence[Taker], manifest: Manifest | None, *, dry_run: bool) -> Plan:
    """The plan whose deletes wait for the takers, as far as these have not recorded the documents.

    A dry run counts on it that each taker of the same run gets what it selects.
    """
    going = {operation.path for operation in plan.of("delete")}
    if not going or not takers or manifest is None:
        return plan
    taken: dict[str, str] = {}
    there: set[str] = set()
    for target, source, runs in takers:
        state = manifest.targets.get(target.name, EMPTY_STATE)
        entries = source.find([path.encode() for path in sorted(going)])
        own = scan_paths(source, state, target, going, entries)
        gets = {operation.path for operation in own.of("upload")}
        has = going & state.files.keys() - {operation.path for operation in own.of("delete")}
        lacking = {path for path, record in (own.skipped or {}).items() if record.reason == "lfs-pointer"}
        refused = going & {*(own.failed or {}), *lacking}
        taken |= dict.fromkeys(gets | has | refused, target.name)
        there |= has | gets if dry_run and runs else has
    return hand_over(plan, taken, there)


def in_order(moves: Sequence[tuple[int, int]], count: int) -> list[int]:
    """The numbers below `count`, so that of each pair the second comes first. Where that goes in a circle: as they stand."""
    if not moves:
        return list(range(count))
    from graphlib import CycleError, TopologicalSorter

    before: dict[int, set[int]] = {number: set() for number in range(count)}
    for giver, taker in moves:
        before[giver].add(taker)
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError:
        return list(range(count))
