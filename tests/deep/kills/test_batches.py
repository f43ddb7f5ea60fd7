"""A run that dies at any request, at any change of a file, or while it publishes: the next runs go on as if nothing had happened."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.deep.seeds import moments, some
from tests.support.batch_cycle import (
    CYCLE,
    RESULTS,
    CycleWorld,
    Step,
    check_cycle,
    check_inputs,
    go_on,
    worlds_in,
)
from tests.support.gitrepo import Repo
from tests.support.wire import DEAD, die
from vsync.batch.results_branch import DEFAULT_RESULTS_BRANCH, ResultsBranch
from vsync.git.remote import Remote


class Prepare(Protocol):
    """Lets a process die at the moment of that number."""

    __name__: str

    def __call__(self, world: CycleWorld, number: int) -> object: ...


def before_a_request(world: CycleWorld, number: int) -> None:
    world.wire.when(lambda sent: sent.number == number, die(answered=False))


def after_a_request(world: CycleWorld, number: int) -> None:
    """The server has done what it is asked."""
    world.wire.when(lambda sent: sent.number == number, die(answered=True))


def before_a_change_of_a_file(world: CycleWorld, number: int) -> None:
    """Files that are written, renamed or removed, and folders that are made."""
    numbers = itertools.count(1)
    for name in ("fsync", "replace", "unlink", "mkdir"):
        setattr(os, name, _mortal(getattr(os, name), numbers, number))


def after_a_step_of_git(world: CycleWorld, number: int) -> None:
    """A run talks to the remote, or writes into its scratch repository."""
    numbers = itertools.count(1)
    for name in ("refs", "fetch", "fetch_blobs", "store", "commit_files", "push"):
        setattr(Remote, name, _mortal(getattr(Remote, name), numbers, number, over=True))


def _mortal(
    function: Callable[..., Any], numbers: Iterator[int], number: int, *, over: bool = False
) -> Callable[..., Any]:
    def mortal(*given: Any, **named: Any) -> Any:
        mine = next(numbers)
        if mine == number and not over:
            os._exit(DEAD)
        result = function(*given, **named)
        if mine == number and over:
            os._exit(DEAD)
        return result

    return mortal


MOMENTS: list[Prepare] = [before_a_request, after_a_request, before_a_change_of_a_file]


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CycleWorld]:
    return worlds_in(tmp_path_factory.mktemp("batches"))


def _deaths(begun: CycleWorld, folder: Path, step: Step, at: Prepare) -> Iterator[tuple[int, CycleWorld]]:
    """Worlds whose run died, each at another moment, and the number of that."""
    for number in moments(4, f"{step.name}, {at.__name__}"):
        world = begun.copy(folder / f"{number}")
        if not world.run_and_die(partial(at, number=number), step.run):
            break
        yield number, world


def _finish(world: CycleWorld, step: Step) -> None:
    world.wire.calm()
    world.let_temporaries_age()
    if step.name == "clean":
        check_inputs(world)
    report = step.run(world)
    assert (report.error, report.exit_code) == (None, step.exit_code), report
    go_on(world, CYCLE[CYCLE.index(step) + 1 :])
    check_cycle(world)
    world.close()


@pytest.mark.parametrize("step", CYCLE, ids=lambda step: step.name)
@pytest.mark.parametrize("at", MOMENTS)
def test_a_run_that_died_anywhere_is_made_up_for_by_the_next_one(
    worlds: dict[str, CycleWorld], tmp_path: Path, at: Prepare, step: Step
) -> None:
    deaths = 0
    for number, world in _deaths(worlds[step.name], tmp_path, step, at):
        deaths += 1
        try:
            _finish(world, step)
        except AssertionError as wrong:
            raise AssertionError(f"{step.name}: died at the moment {number}") from wrong
    assert deaths > 0


@pytest.mark.parametrize("seed", some(8))
def test_runs_that_die_again_and_again_are_made_up_for(
    worlds: dict[str, CycleWorld], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    world = worlds["submit"].copy(tmp_path / "world")
    for number, step in enumerate(CYCLE):
        if number:
            step.before(world)
        if step.name == "clean":
            check_inputs(world)
        for _ in range(chance.randint(1, 3)):
            at = partial(chance.choice(MOMENTS), number=chance.randint(1, 14))
            world.wire.calm()
            world.run_and_die(at, step.run)
        world.wire.calm()
        world.let_temporaries_age()
        report = step.run(world)
        assert (report.error, report.exit_code) == (None, step.exit_code), report
    check_cycle(world)
    world.close()


# --- Publishing -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _branch(bare: Repo) -> Iterator[ResultsBranch]:
    remote = Remote(str(bare.root), None, os.environ, pause=lambda seconds: None)
    with ResultsBranch(remote, DEFAULT_RESULTS_BRANCH, "batch-results", shared=False) as branch:
        yield branch


def _fetched(world: CycleWorld, bare: Repo, **options: Any) -> Any:
    with _branch(bare) as branch:
        return world.fetch(branch=branch, **options)


def _published(bare: Repo) -> dict[str, bytes]:
    names = bare.git("ls-tree", "-r", "--name-only", DEFAULT_RESULTS_BRANCH).splitlines()
    return {name: bare.show(DEFAULT_RESULTS_BRANCH, name) for name in names}


@pytest.mark.parametrize("at", [before_a_request, before_a_change_of_a_file, after_a_step_of_git])
def test_a_run_that_died_while_it_published_is_made_up_for_on_another_machine(
    worlds: dict[str, CycleWorld], tmp_path: Path, at: Prepare
) -> None:
    begun = worlds["clean"]
    deaths = 0
    for number in moments(3, at.__name__):
        bare = Repo.make(tmp_path / f"{number}.git", "--bare")
        bare.commit({"README.md": b"# Docs\n"})
        world = begun.copy(tmp_path / f"{number}")
        (world.root / "batch-results/a.jsonl").unlink()  # so there is something to fetch
        if not world.run_and_die(partial(at, number=number), partial(_fetched, bare=bare)):
            break
        deaths += 1
        other = world.elsewhere()
        report = _fetched(other, bare)
        assert (report.error, report.exit_code) == (None, 0), (number, report)
        for path, content in RESULTS.items():
            other.check_results(other.place(path), content)
        files = {f"batch-results/{path}": (other.root / "batch-results" / path).read_bytes() for path in other.results}
        assert _published(bare) == files, number
        other.wire.calm()
        report = _fetched(other, bare, clean=True)
        assert (report.error, report.published) == (None, None)
        other.check_strangers()
        # The first machine, which died, agrees. It may have published less than it has.
        for _ in range(2):
            report = _fetched(world, bare)
            assert (report.error, report.exit_code) == (None, 0), (number, report)
        assert report.published is None
        assert {path: content for path, content in _published(bare).items() if path in files} == files
        world.close()
    assert deaths > 0
