"""`vsync verify` where a run died on another machine: it waits by the rule of a sync, and goes on where that run ended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.shared import Shared
from tests.support.wire import Sent, die
from vsync.errors import Interrupted, SealHeld
from vsync.report.body import Orphan, Synced
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state import remote as remote_module
from vsync.state.seal import Seal
from vsync.system.stop import Stop
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run

FILES = {f"{name}.md": f"# {name}\n".encode() for name in "abcd"}
FOUR_AND_A_HALF_MINUTES = "270"


class Clock:
    """The time that a waiting run's pauses take. Each look at a remote is a process, so there are few.

    The time that really passes counts as well: the event loop needs it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waited = 0.0
        monotonic, now = time.monotonic, time.time
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + self.waited)
        monkeypatch.setattr(time, "time", lambda: now() + self.waited)
        monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 30.0)

    def stop(self) -> Stop:
        stop = Stop()

        def pause(seconds: float) -> None:
            self.waited += seconds
            stop.check()

        stop.pause_thread = pause  # type: ignore[method-assign]  # this one object's alone
        return stop


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    """Four documents that are in the store. A run that brings two new versions has died in the middle."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = Shared(tmp_path)
    made.commit(FILES)
    assert made.sync().exit_code == 0
    made.commit({"a.md": b"# A2\n", "b.md": b"# B2\n"})
    assert made.sync_and_die(lambda world: world.wire.when("POST /files", die(answered=True), skip=1))
    made.wire.calm()
    yield made
    made.wire.close()


def verify(world: Shared, clock: Clock, **given: Any) -> Report:
    wish = {name: given.pop(name) for name in ("repair", "rebuild", "yes", "take_over") if name in given}
    with world.opened(stop=given.pop("stop", None) or clock.stop(), **given) as opened:
        return run(*opened, VerifyOptions(**wish))


def orphans(report: Report) -> tuple[Orphan, ...]:
    assert isinstance(report.sync, Synced)
    return report.sync.orphans


@pytest.mark.parametrize(
    "wish",
    [{"repair": True}, {"rebuild": True}, {"repair": True, "take_over": ("*.txt",), "yes": True}],
    ids=["repair", "rebuild", "take-over"],
)
def test_a_dead_run_is_taken_over_after_three_minutes_and_not_waited_for_again(
    world: Shared, clock: Clock, wish: dict[str, Any]
) -> None:
    report = verify(world, clock, lock_timeout=FOUR_AND_A_HALF_MINUTES, **wish)
    assert report.error is None
    assert 90 <= clock.waited <= 210
    if "repair" in wish:
        assert report.exit_code == 0
        assert world.audit() == set()
        world.settled()


def test_a_comparison_alone_waits_as_long_and_changes_nothing(world: Shared, clock: Clock) -> None:
    before = world.refs()
    report = verify(world, clock, lock_timeout=FOUR_AND_A_HALF_MINUTES)
    assert 90 <= clock.waited <= 210
    assert any("did not end" in text for text in report.warnings)
    assert world.refs() == before


@pytest.mark.parametrize("wish", [{}, {"repair": True}], ids=["compare", "repair"])
def test_without_the_time_for_it_a_dead_run_is_not_taken_over(
    world: Shared, clock: Clock, wish: dict[str, Any]
) -> None:
    for timeout in ("0", "100"):
        with pytest.raises(SealHeld, match="at work") as caught:
            verify(world, clock, lock_timeout=timeout, **wish)
        assert caught.value.exit_code == 3
        assert "drift" in caught.value.remedy
        assert "3 minutes after its last sign of life" in caught.value.remedy
    assert clock.waited <= 101


def test_a_signal_ends_the_wait_of_a_verification(world: Shared, clock: Clock) -> None:
    stop = clock.stop()

    class Signalled(Observer):
        def note(self, text: str) -> None:
            stop.request(15)

    with pytest.raises(Interrupted) as caught:
        verify(world, clock, repair=True, stop=stop, observer=Signalled())
    assert caught.value.exit_code == 143
    assert clock.waited <= 30


def test_a_repair_that_dies_is_taken_over_by_a_sync_and_by_a_repair(world: Shared, clock: Clock) -> None:
    for number in range(2):
        assert world.sync_and_die(lambda world: world.wire.when("POST /files", die(answered=True)), is_dead=True), (
            number
        )
    assert verify(world, clock, repair=True, lock_timeout=FOUR_AND_A_HALF_MINUTES).exit_code == 0
    assert 90 <= clock.waited <= 210
    assert world.audit() == set()
    world.settled()


# --- Clocks that are apart ------------------------------------------------------------------------------------


@pytest.fixture
def early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    """A world whose API has a clock that is ten minutes ahead."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = Shared(tmp_path)
    made.commit(FILES)
    assert made.sync().exit_code == 0
    made.wire.clock = lambda: time.time() + 600
    yield made
    made.wire.close()


def test_a_machine_whose_clock_is_minutes_apart_is_told_so(early: Shared, clock: Clock) -> None:
    early.commit({"a.md": b"# A2\n"})
    for report in (early.sync(), verify(early, clock)):
        assert report.exit_code == 0
        (warning,) = [text for text in report.warnings if "clock" in text]
        assert warning.startswith("This machine's clock is 10 minutes behind the API's clock.")
    assert early.audit() == set()
    early.settled()


def test_a_run_at_work_is_not_overtaken_by_a_machine_whose_clock_is_ahead(
    early: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its seal looks eleven minutes old there. One request tells the API's time."""
    early.commit({"a.md": b"# A2\n"})
    early.wire.clock = time.time
    with early.opened() as opened:
        opened.ports.publication.take(Seal("open", "at work", "now"), 0, lambda _: None)
        now = time.time
        early.wire.clock = now
        monkeypatch.setattr(time, "time", lambda: now() + 660)
        early.wire.calm()
        notes: list[str] = []

        class Notes(Observer):
            def note(self, text: str) -> None:
                notes.append(text)

        with pytest.raises(SealHeld, match="at work"):
            early.sync(lock_timeout="0", observer=Notes())
        assert [str(sent) for sent in early.wire.sent] == ["GET /vector_stores"]
        assert any("11 minutes ahead of the API's clock" in note for note in notes)
        opened.ports.publication.renew()


def test_what_a_dead_run_with_a_wrong_clock_may_have_left_is_named_and_not_deleted(early: Shared) -> None:
    early.commit({"a.md": b"# A2\n", "b.md": b"# B2\n"})
    assert early.sync_and_die(lambda world: world.wire.when("POST /files", die(answered=True), skip=1))
    seal = early.seal
    assert seal is not None
    assert 595 <= seal.clock <= 605
    early.wire.calm()
    report = early.sync(is_dead=True)
    assert report.exit_code == 0
    left = early.audit()
    assert left
    assert {item.file_id for item in orphans(report)} == left
    assert {item.verdict for item in orphans(report)} == {"listed"}
    assert any("clock of its machine was 10 minutes behind" in text for text in report.warnings)


def test_a_clock_that_is_told_before_the_first_upload_costs_no_request(early: Shared) -> None:
    early.commit({"a.md": b"# A2\n"})
    seen: list[int] = []

    def look(sent: Sent) -> None:
        if sent.is_("POST /files"):
            seal = early.seal
            seen.append(seal.clock if seal is not None else 0)

    early.wire.watchers.append(look)
    assert early.sync().exit_code == 0
    assert seen
    assert all(595 <= clock <= 605 for clock in seen)


@pytest.fixture(autouse=True)
def no_grace_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is known to be dead has been so for long."""
    monkeypatch.setattr(remote_module, "_GRACE_S", 0.0)
