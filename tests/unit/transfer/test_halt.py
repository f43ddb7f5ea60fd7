"""When a run must end: the reason that is reported, who is woken, and what a stop allows for a moment."""

from __future__ import annotations

import asyncio
import signal

import pytest

from vsync.errors import ApiUnavailable, CredentialsRefused, Interrupted
from vsync.store.api_errors import AnswerLost, Refused
from vsync.system.stop import Stop
from vsync.transfer.halt import Halt

AWAY = ApiUnavailable("The API is away.")


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def halt(stop: Stop) -> Halt:
    return Halt(stop)


def do(halt: Halt, *errors: Exception) -> None:
    """Parts of a run, each of which fails."""

    async def fails(error: Exception) -> None:
        raise error

    async def all_parts() -> None:
        for error in errors:
            await halt.guarded(fails(error))

    asyncio.run(all_parts())


def test_a_run_goes_on_until_something_ends_it(halt: Halt) -> None:
    assert (halt.requested, halt.may_attach, halt.cause, halt.defect) == (False, True, None, None)


def test_the_first_cause_is_reported_and_whoever_waits_is_woken(halt: Halt) -> None:
    event = asyncio.Event()
    halt.wakes(event)
    assert not halt.requested
    halt.end(AWAY)
    halt.end(CredentialsRefused("No."))
    assert halt.requested
    assert not halt.may_attach
    assert event.is_set()
    assert halt.cause is AWAY


def test_a_stop_ends_the_run_and_is_the_cause(halt: Halt, stop: Stop) -> None:
    stop.request(signal.SIGTERM)
    assert halt.requested
    assert halt.may_attach  # for half a second
    assert isinstance(halt.cause, Interrupted)
    assert halt.cause.exit_code == 143


def test_an_error_before_the_stop_stays_the_cause(halt: Halt, stop: Stop) -> None:
    halt.end(AWAY)
    stop.request(signal.SIGTERM)
    assert halt.cause is AWAY


def test_an_error_after_the_stop_is_reported_as_the_stop(halt: Halt, stop: Stop) -> None:
    stop.request(signal.SIGTERM)
    halt.end(AWAY)
    assert isinstance(halt.cause, Interrupted)
    assert "The API is away." in halt.cause.message


def test_a_stop_wakes_whoever_waits(halt: Halt, stop: Stop) -> None:
    async def waiting() -> None:
        event = asyncio.Event()
        halt.wakes(event)
        async with halt.listening_to_stop():
            await asyncio.sleep(0)
            stop.request(signal.SIGINT)
            async with asyncio.timeout(5):
                await event.wait()

    asyncio.run(waiting())


def test_an_unforeseen_error_in_one_part_ends_the_run_and_is_kept(halt: Halt) -> None:
    do(halt, KeyError("x"), ValueError("y"))
    assert isinstance(halt.defect, KeyError)
    assert "KeyError('x')" in str(halt.cause)


@pytest.mark.parametrize("error", [AWAY, AnswerLost(AWAY)])
def test_an_error_that_ends_the_run_is_no_defect(halt: Halt, error: Exception) -> None:
    do(halt, error)
    assert halt.cause is AWAY
    assert halt.defect is None


def test_a_question_that_the_api_refuses_ends_the_run(halt: Halt) -> None:
    do(halt, Refused(400, "bad", "Not now."))
    assert isinstance(halt.cause, ApiUnavailable)
    assert halt.cause.message == "Not now."
