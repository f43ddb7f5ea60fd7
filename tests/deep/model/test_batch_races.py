"""Two runs of `vsync batch` at the same time: one comes between any two requests of the other. Nothing is paid twice."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.batch_cycle import (
    ATTEMPTS,
    RESULTS,
    A,
    CycleWorld,
    check_inputs,
    worlds_in,
)
from tests.support.batches import requests_named, sha256
from tests.support.wire import QuickStop, call
from vsync.batch import fetch, submit
from vsync.batch.fetch import FetchOptions
from vsync.batch.submit import SubmitOptions

Run = Callable[[CycleWorld], Any]

RUNS: dict[str, Run] = {
    "submit": lambda world: world.submit(),
    "submit again": lambda world: world.submit(again=("a.jsonl",)),
    "fetch": lambda world: world.fetch(),
    "resubmit": lambda world: world.fetch(resubmit_failed=True),
    "clean": lambda world: world.fetch(clean=True),
}
PAIRS = [
    ("submit", "submit", "submit"),
    ("submit", "submit", "resubmit"),
    ("submit", "resubmit", "submit"),
    ("fetch", "fetch", "fetch"),
    ("fetch", "resubmit", "fetch"),
    ("resubmit", "resubmit", "resubmit"),
    ("resubmit", "submit", "resubmit"),
    ("resubmit", "clean", "resubmit"),
    ("fetch again", "clean", "submit"),
    ("fetch again", "resubmit", "clean"),
    ("fetch again", "fetch", "clean"),
    ("fetch again", "clean", "clean"),
]
"""When in the cycle, which run, and which one comes between."""


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here machines do not die."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CycleWorld]:
    return worlds_in(tmp_path_factory.mktemp("batches"))


def _world(begun: CycleWorld, folder: Path) -> CycleWorld:
    """A world in which every request file has the content that is run."""
    world = begun.copy(folder)
    for path in ("batches/a.jsonl", "batches/c.jsonl"):
        world.write(path, RESULTS[path])
    return world


def _in_thread(work: Callable[[], object]) -> None:
    """A run has an event loop of its own."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def _reported(reports: list[Any], run: Run, world: CycleWorld) -> None:
    reports.append(run(world))


def _between(world: CycleWorld, number: int, work: Callable[[], object]) -> list[bool]:
    """Has the work done before the request of that number is carried. The list tells whether it was."""
    done: list[bool] = []

    def once() -> None:
        done.append(True)
        _in_thread(work)

    world.wire.when(lambda sent: not done and sent.number == number, call(once))
    return done


def _to_the_end(world: CycleWorld) -> None:
    """All that is left to do on one machine."""
    world.wire.calm()
    for _ in range(3):
        assert world.submit().error is None
        world.pass_time(25 * 3600)
        assert world.fetch(resubmit_failed=True).error is None
    world.pass_time()
    assert world.fetch().error is None


def _is_complete(world: CycleWorld, path: str) -> bool:
    try:
        world.check_results(world.place(path), RESULTS[path])
    except (AssertionError, FileNotFoundError):
        return False
    return True


def _check_paid_once(world: CycleWorld) -> None:
    """Of each attempt of a content one batch stayed. What was made twice was cancelled."""
    stayed = Counter(
        (batch["metadata"]["sha256"], int(batch["metadata"]["attempt"]))
        for batch in world.own_batches()
        if batch["status"] not in {"cancelled", "cancelling"}
    )
    assert stayed == Counter(
        (sha256(content), attempt) for content, most in ATTEMPTS.items() for attempt in range(1, most + 1)
    )


@pytest.mark.parametrize(("when", "first", "second"), [pytest.param(*pair, id=" | ".join(pair)) for pair in PAIRS])
def test_a_run_on_another_machine_comes_between_any_two_requests(
    worlds: dict[str, CycleWorld], tmp_path: Path, when: str, first: str, second: str
) -> None:
    for number in range(1, 100):
        world = _world(worlds[when], tmp_path / f"{number}")
        other = world.elsewhere()
        reports: list[Any] = []
        between = _between(world, number, partial(_reported, reports, RUNS[second], other))
        report = RUNS[first](world)
        place = f"{second} at request {number} of {first}"
        if not between:
            break
        assert (report.error, reports[0].error) == (None, None), place
        _to_the_end(world)
        _check_paid_once(world)
        world.check_strangers()
        if "clean" in (first, second):
            # Who cleans has the results: the other one may have come too late for them.
            for path in RESULTS:
                assert any(_is_complete(each, path) for each in (world, other)), (place, path)
        else:
            assert other.fetch().error is None
            for path, content in RESULTS.items():
                world.check_results(world.place(path), content)
                other.check_results(other.place(path), content)
        world.close()
    assert number > 1


@pytest.mark.parametrize("first", ["submit", "fetch", "resubmit"])
def test_a_second_run_in_the_same_folder_waits_or_says_why_it_does_not(
    worlds: dict[str, CycleWorld], tmp_path: Path, first: str
) -> None:
    when = "submit" if first == "submit" else "fetch"
    for number in range(1, 100):
        world = _world(worlds[when], tmp_path / f"{number}")
        errors: list[Any] = []

        def second(world: CycleWorld = world, errors: list[Any] = errors) -> None:
            job = world.job(stop=QuickStop(), lock_wait_s=0.0)
            errors.append(submit.run(job, SubmitOptions()).error)
            errors.append(fetch.run(job, FetchOptions(resubmit_failed=True)).error)

        between = _between(world, number, second)
        report = RUNS[first](world)
        if not between:
            break
        assert report.error is None
        assert all(error is None or error.exit_code == 3 for error in errors)
        _to_the_end(world)
        _check_paid_once(world)
        check_inputs(world)
        world.check_strangers()
        for path, content in RESULTS.items():
            world.check_results(world.place(path), content)
        world.close()
    assert number > 2


class PassingStop(QuickStop):
    """The server's clock goes on while the run sleeps."""

    def __init__(self, world: CycleWorld) -> None:
        super().__init__()
        self._world = world

    async def sleep(self, seconds: float) -> None:
        self._world.wire.now += seconds
        await super().sleep(seconds)


def test_files_that_are_submitted_while_another_run_waits_are_fetched_by_the_next_one(
    worlds: dict[str, CycleWorld], tmp_path: Path
) -> None:
    late = requests_named(["late"])
    for number in range(1, 100):
        world = worlds["submit"].copy(tmp_path / f"{number}")
        assert world.submit().error is None
        world.wire.calm()

        def second(world: CycleWorld = world) -> None:
            world.write("batches/late.jsonl", late)
            assert world.submit().error is None

        between = _between(world, number, second)
        report = world.fetch(stop=PassingStop(world), wait=True, paths=["a.jsonl", "c.jsonl"])
        if not between:
            break
        assert report.error is None
        world.check_results("batch-results/a.jsonl", A, complete=False)
        world.pass_time()
        assert world.fetch().error is None
        world.check_results("batch-results/late.jsonl", late)
        world.close()
    assert number > 2
