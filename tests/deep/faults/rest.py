"""The second phase of a case: the faults are over, and the system must come to rest.

| step | what must hold |
| --- | --- |
| the first run without faults | it ends well. If the store itself is gone, the run may say so; the second run ends well |
| the audit | the store is the source; manifest, seal and journal agree; no File is left that vsync can tell |
| the next run | it changes nothing and makes no request |
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence, Set

from tests.deep.faults.audit import (
    Ended,
    Others,
    Watch,
    at_rest,
    journaled,
    report_is_true,
    state_bytes,
    unattached,
)
from tests.deep.faults.results import Result
from tests.deep.faults.scenarios import Machines, Surrounded
from vsync.errors import VsyncError

MOST_RUNS = 2
"""So many runs without faults at most bring the system to rest."""


def run_once(world: Surrounded) -> Ended:
    """One run, and how it ended."""
    try:
        return Ended.of(world.sync())
    except VsyncError as error:
        return Ended.of(error)


@contextlib.contextmanager
def watched(world: Surrounded, result: Result) -> Iterator[None]:
    """Looks at the store at every request, and once more at the end unless somebody took the watch away."""
    watch = Watch(world)
    world.wire.watchers.append(watch)
    yield
    if watch in world.wire.watchers:
        watch.look("the end of the run")
    result.add(watch.violations)


def after_the_fault(world: Surrounded, result: Result, ended: Ended | None, others: Others) -> None:
    """Checks what must hold at once after a run with faults. `ended` is None when the run could not report any more."""
    world.wire.calm()
    result.add(others.touched(world))
    if ended is not None:
        result.endings.append(str(ended))
        result.add(report_is_true(world, ended))


def comes_to_rest(
    world: Surrounded, result: Result, others: Others, earlier: Sequence[Ended] = (), named: Set[str] = frozenset()
) -> None:
    """Runs without faults, audits, and runs once more.

    `earlier` are the runs with faults that could report. `named` are Files that other runs named in their notes.
    """
    ours = journaled(world)
    ended = _run_without_faults(world, result)
    reports = [*earlier, ended]
    if (ended.reason, ended.exit_code) == ("store", 3):
        _give_up_the_store(world, result)
        ended = _run_without_faults(world, result)
        reports.append(ended)
    if ended.exit_code != 0 or ended.failed:
        result.add([f"run {result.rested_after} without faults ends with {ended}"])
    result.add(report_is_true(world, ended))
    result.add(at_rest(world))
    result.add(others.touched(world))
    check_files_left(world, result, ours, set(named).union(*(ended.leftovers("listed") for ended in reports)))
    _check_next_run(world, result)


def _run_without_faults(world: Surrounded, result: Result) -> Ended:
    world.wire.calm()
    result.rested_after += 1
    assert result.rested_after <= MOST_RUNS
    with watched(world, result):
        ended = run_once(world)
    result.runs += 1
    result.endings.append(str(ended))
    return ended


def _give_up_the_store(world: Surrounded, result: Result) -> None:
    """The store is gone, and the error says what a person has to do. Here the person does that."""
    manifest = world.manifest
    if manifest is not None:
        given_up = manifest.targets["default"]
        result.excused |= {entry.file_id for entry in given_up.files.values()} | set(given_up.pending_delete)
    for store_id in world.expired_stores:
        world.ask("DELETE", f"/vector_stores/{store_id}")
    world.repairs = False
    world.settings.pop("vector_store_id", None)
    if isinstance(world, Machines):
        world.bare.git("update-ref", "-d", "refs/heads/vsync-manifest")
    else:
        world.forget_manifest()


def check_files_left(world: Surrounded, result: Result, ours: set[str], named: set[str]) -> None:
    """Checks the Files that no store lists. `ours` are those that a journal proved, `named` those that a report named."""
    left = unattached(world) - result.excused
    names = world.uploaded()
    result.named = len(left & named)
    result.add(f"the File {file_id} ({names[file_id]}) is left, and no report names it" for file_id in left - named)
    result.add(
        f"the File {file_id} ({names[file_id]}) is left, and the journal said that it is ours"
        for file_id in left & ours
    )


def _check_next_run(world: Surrounded, result: Result) -> None:
    world.wire.calm()
    world.repairs = False
    before = state_bytes(world), world.seal
    last = run_once(world)
    result.runs += 1
    if last.exit_code != 0 or last.failed:
        result.add([f"the run after it ends with {last}"])
    if world.wire.sent:
        result.add([f"the run after it makes requests: {', '.join(map(str, world.wire.sent))}"])
    if (state_bytes(world), world.seal) != before:
        result.add(["the run after it changes the manifest or the seal"])
