"""A fault at one request of a cycle of batches, and what must hold afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.deep.faults.kinds import Kind, put
from tests.support.batch_cycle import CYCLE, CycleWorld, Step, check_cycle, check_inputs, go_on
from vsync.batch.batch_report import BatchReport
from vsync.errors import VsyncError


def number_of_requests(begun: CycleWorld, step: Step, folder: Path) -> int:
    tried = begun.copy(folder)
    step.run(tried)
    return len(tried.wire.sent)


def try_fault(begun: CycleWorld, step: Step, kind: Kind, at: int, folder: Path) -> None:
    """Does the step with this fault at its request of that number, and goes on to the end of the cycle."""
    world = begun.copy(folder)
    met = put(world, kind, at)  # type: ignore[arg-type]  # mypy: it takes any world with a wire
    error, report = None, None
    try:
        report = step.run(world)
        error = report.error
    except VsyncError as raised:
        error = raised
    place = f"{step.name}: {kind.name} at request {at}: {met[0] if met else 'none'}"
    if error is not None:
        assert not kind.passes, (place, error)
        assert error.exit_code == 3, (place, error)
    else:
        assert report is not None
        _tells(report, step, place, passes=kind.passes)
    try:
        finish(world, step)
    except AssertionError as wrong:
        raise AssertionError(place) from wrong


def finish(world: CycleWorld, step: Step) -> None:
    """The faults are over: the run is started once more, and the cycle goes on."""
    world.wire.calm()
    if step.name == "clean":
        check_inputs(world)
    report = step.run(world)
    assert (report.error, report.exit_code) == (None, step.exit_code), report
    go_on(world, CYCLE[CYCLE.index(step) + 1 :])
    check_cycle(world)
    world.close()


def _tells(report: BatchReport, step: Step, place: str, *, passes: bool) -> None:
    """The report of a run that came to its end."""
    if passes:
        assert (report.exit_code, report.failed) == (step.exit_code, []), place
        assert not [warning for warning in report.warnings if "second batch" in warning], place
    elif report.failed:
        assert report.exit_code == 1, place
        assert all(failed.message and failed.remedy for failed in report.failed), place
    else:
        assert report.exit_code == step.exit_code, place
