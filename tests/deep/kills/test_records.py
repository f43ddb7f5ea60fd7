"""A stream that dies at any request, and at any write of its state, goes on as if nothing had happened."""

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
from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import DEAD, die
from vsync.records.acks import Acks
from vsync.records.index import Index
from vsync.state import journal

FIRST = [record(f"key-{number}", f"text {number}", number) for number in range(4)]
THEN = [
    record("key-0", "changed", 10),
    record("new-1", "new", 11),
    record("key-1", None, 12),
    record("key-2", "text 2", 13),
    record("new-2", {"a": 1}, 14, operation="snapshot"),
    record("new-1", "newer", 15),
    record("key-3", "changed", 16, representation="base64"),
    record("key-3", "changed again", 17),
    record("new-3", "short-lived", 18),
    record("new-3", None, 19),
]
ALL = [*FIRST, *THEN]

HOW: list[Any] = [
    pytest.param({"batch_size": 3, "workers": 1}, id="small batches"),
    pytest.param({}, id="one batch"),
]


class Prepare(Protocol):
    """Lets a process die at the moment of that number: when it has come, or when it is over."""

    __name__: str

    def __call__(self, world: StreamWorld, number: int, over: bool) -> object: ...


def at_a_request(world: StreamWorld, number: int, over: bool) -> None:
    """It is over when the server has done what it is asked."""
    world.wire.when(lambda sent: sent.number == number, die(answered=over))


def at_a_write_of_the_index(world: StreamWorld, number: int, over: bool) -> None:
    writing, numbers = Index._writing, itertools.count(1)

    @contextlib.contextmanager
    def mortal(index: Index, **given: bool) -> Iterator[Any]:
        mine = next(numbers)
        if mine == number and not over:
            os._exit(DEAD)
        with writing(index, **given) as database:
            yield database
        if mine == number and over:
            os._exit(DEAD)

    Index._writing = mortal  # type: ignore[method-assign, assignment]  # mypy: a method is replaced, by a function of looser types; this process dies with it


def at_a_write_of_the_journal(world: StreamWorld, number: int, over: bool) -> None:
    journal._write_journal = _mortal(journal._write_journal, number, over)


def at_acknowledgements(world: StreamWorld, number: int, over: bool) -> None:
    Acks.write = _mortal(Acks.write, number, over)  # type: ignore[method-assign]  # mypy: a method is replaced; this process dies with it


def _mortal(function: Callable[..., Any], number: int, over: bool) -> Callable[..., Any]:
    numbers = itertools.count(1)

    def mortal(*given: Any) -> Any:
        mine = next(numbers)
        if mine == number and not over:
            os._exit(DEAD)
        result = function(*given)
        if mine == number and over:
            os._exit(DEAD)
        return result

    return mortal


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> StreamWorld:
    """A world in which a stream ran before, beside strangers who use the same names. Nobody changes it."""
    world = StreamWorld(tmp_path_factory.mktemp("records") / "begun")
    assert world.run(FIRST).error is None
    world.plant(b"text 1", path="key-1", owner="f" * 16, target=world.target, source=world.source, sha256="0" * 64)
    world.plant(b"text 2", path="key-2", sha256="0" * 64)
    world.leave("key-3.txt", b"changed and more")
    assert world.run([]).error is None  # it has seen the strangers
    world.acks_path.unlink()
    return world


def _deaths(
    begun: StreamWorld, folder: Path, given: dict[str, Any], at: Prepare = at_a_request, *, over: bool
) -> Iterator[StreamWorld]:
    """Worlds whose stream died, each at another moment."""
    deaths = 0
    for number in moments(3, f"{at.__name__}, {given}, {over}"):
        world = begun.copy(folder / f"{number}")
        if not world.run_and_die(partial(at, number=number, over=over), THEN, **given):
            break
        yield world
        deaths += 1
        world.wire.close()
    assert deaths > 0


def _acknowledged(world: StreamWorld) -> int:
    """The last line that was acknowledged. None before it was left out."""
    acked = world.acks[-1]["line"] if world.acks else 0
    world.check_acks(THEN[:acked])
    return acked


OVER = pytest.mark.parametrize("over", [False, True], ids=["before", "after"])


@OVER
@pytest.mark.parametrize("given", HOW)
@pytest.mark.parametrize("at", [at_a_request, at_a_write_of_the_index, at_a_write_of_the_journal, at_acknowledgements])
def test_a_stream_that_died_anywhere_is_resumed(
    begun: StreamWorld, tmp_path: Path, at: Prepare, given: dict[str, Any], over: bool
) -> None:
    for world in _deaths(begun, tmp_path, given, at, over=over):
        acked = _acknowledged(world)
        left = THEN[acked:]
        assert world.run(left, **given).error is None
        assert [ack["line"] for ack in world.acks[acked:]] == list(range(1, len(left) + 1))
        world.check(ALL)
        world.is_quiet(THEN, **given)
        world.check(ALL)


@OVER
@pytest.mark.parametrize("at", [at_a_request, at_a_write_of_the_index, at_acknowledgements])
def test_a_stream_that_died_anywhere_goes_on_in_its_file_without_a_gap(
    begun: StreamWorld, tmp_path: Path, at: Prepare, over: bool
) -> None:
    given = {"batch_size": 3, "resume": True}
    for world in _deaths(begun, tmp_path, given, at, over=over):
        acked = _acknowledged(world)
        assert world.run(THEN, **given).error is None
        again = [ack["line"] for ack in world.acks[acked:]]
        first = again[0] if again else len(THEN) + 1
        assert again == [*range(first, len(THEN) + 1)]
        assert first <= acked + 1
        world.check(ALL)
        assert world.run(THEN, **given).read == 0


@OVER
def test_a_stream_that_died_anywhere_is_resumed_without_its_state(
    begun: StreamWorld, tmp_path: Path, over: bool
) -> None:
    given = {"batch_size": 3}
    for world in _deaths(begun, tmp_path, given, over=over):
        left = THEN[_acknowledged(world) :]
        world.lose_state()
        assert world.run(left, **given).error is None
        # Nothing tells whose the Files are that were uploaded and not attached.
        world.check(ALL, left=len(THEN))
        world.is_quiet(THEN[:8], **given)


@OVER
def test_a_stream_that_died_twice_is_resumed(begun: StreamWorld, tmp_path: Path, over: bool) -> None:
    given = {"batch_size": 3}
    for number, world in enumerate(_deaths(begun, tmp_path, given, over=over)):
        left = THEN[_acknowledged(world) :]
        acked = len(world.acks)
        world.wire.sent.clear()
        world.run_and_die(partial(at_a_request, number=number % 7 + 1, over=not over), left, **given)
        left = left[len(world.acks) - acked :]
        assert world.run(left, **given).error is None
        world.check(ALL)
        world.is_quiet(THEN, **given)
        world.check(ALL)


MOMENTS: list[Prepare] = [at_a_request, at_a_write_of_the_index, at_a_write_of_the_journal, at_acknowledgements]


@pytest.mark.parametrize("seed", some(6))
def test_a_stream_that_dies_again_and_again_is_resumed(begun: StreamWorld, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    given = {"batch_size": chance.choice([1, 3, 500]), "workers": chance.choice([1, 4])}
    world = begun.copy(tmp_path / "world")
    for _ in range(chance.randint(2, 4)):
        left = THEN[len(world.acks) :]
        at, number, over = chance.choice(MOMENTS), chance.randint(1, 17), chance.random() < 0.5
        world.wire.calm()
        world.run_and_die(partial(at, number=number, over=over), left, **given)
    world.wire.calm()
    assert world.run(THEN[len(world.acks) :], **given).error is None
    world.check(ALL)
    world.is_quiet(THEN, **given)
    world.check(ALL)
    world.wire.close()
