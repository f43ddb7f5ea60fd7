"""The one rule by which a seal may be taken, and the one loop that waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from vsync.errors import Interrupted, SealHeld
from vsync.state.seal import Seal
from vsync.state.waiting import Look, Rule, Waiting, judge

RULE = Rule(silent_s=180.0, old_s=600.0, dead_s=15.0, look_every_s=3.0)
SINCE = "2026-01-01T00:00:00+00:00"
OPEN = Seal("open", "holder", SINCE)
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("seal", "watched", "age", "expected"),
    [
        (None, 0, None, "free"),
        (Seal("closed", "r", SINCE), 0, 0, "free"),
        (Seal("open", "r", SINCE, released=True), 0, 0, "free"),
        (OPEN, 0, 0, "held"),
        (OPEN, 0, None, "held"),
        (OPEN, 14.9, 14.9, "held"),
        (OPEN, 15, 0, "held unless dead"),
        (OPEN, 0, 15, "held unless dead"),
        (OPEN, 15, None, "held unless dead"),
        (OPEN, 179.9, 599.9, "held unless dead"),
        (OPEN, 180, 0, "silent"),
        (OPEN, 180, -9999, "silent"),
        (OPEN, 0, 600, "silent"),
        (OPEN, 0, -600, "held"),
    ],
)
def test_a_seal_is_judged_by_what_was_watched_and_by_its_age(
    seal: Seal | None, watched: float, age: float | None, expected: str
) -> None:
    assert judge(seal, watched, age, RULE) == expected


class Remote:
    """A seal somewhere, and a clock that only the waiting run's pauses move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 0.0
        self.seal: Seal | None = OPEN
        self.renewed, self.ahead, self.renews = 0.0, 0.0, False
        self.dead: set[str] = set()
        self.asked: list[str] = []
        self.notes: list[str] = []
        monkeypatch.setattr(time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(time, "time", lambda: NOW + self.clock)
        self.waiting = Waiting(self.look, self.is_dead, lambda: RULE, self.notes.append)
        self.told: list[str] = []

    def look(self) -> Look[str]:
        return Look(self.seal, f"{self.seal} {self.renewed}", NOW + self.renewed + self.ahead, "what was found")

    def is_dead(self, seal: Seal) -> bool:
        self.asked.append(seal.run)
        return seal.run in self.dead

    def pause(self, seconds: float) -> None:
        self.clock += seconds
        if self.renews and self.clock - self.renewed >= 60:
            self.renewed = self.clock

    def wait(
        self, timeout_s: float, attempt: Callable[[Look[str], bool], object] = lambda look, silent: silent
    ) -> float:
        """Waits, and gives the seconds that it took."""
        started = self.clock
        self.waiting.until_free(timeout_s, self.told.append, self.pause, lambda look, silent: (attempt(look, silent),))
        return self.clock - started


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    return Remote(monkeypatch)


def test_a_holder_that_died_is_overtaken_after_three_minutes(remote: Remote) -> None:
    assert 180 <= remote.wait(270) <= 183
    assert len(remote.told) == 1


def test_what_was_watched_counts_in_the_next_wait_as_well(remote: Remote) -> None:
    with pytest.raises(SealHeld):
        remote.wait(100)
    assert 80 <= remote.wait(270) <= 83
    assert remote.wait(0) == 0


def test_a_sign_of_life_begins_the_watch_anew(remote: Remote) -> None:
    with pytest.raises(SealHeld):
        remote.wait(170)
    remote.renewed = remote.clock
    with pytest.raises(SealHeld):
        remote.wait(170)


def test_a_holder_that_renews_is_waited_for_until_the_time_is_over(remote: Remote) -> None:
    remote.renews = True
    with pytest.raises(SealHeld, match=r"at work on this target since 2026.* \(holder\), and 900 s have passed"):
        remote.wait(900)
    assert remote.clock == 900


def test_a_run_that_does_not_wait_says_so_and_when_the_seal_is_free(remote: Remote) -> None:
    with pytest.raises(SealHeld, match="does not wait") as caught:
        remote.wait(0)
    assert "--lock-timeout" in caught.value.remedy
    assert "3 minutes after its last sign of life" in caught.value.remedy
    assert (remote.told, remote.clock) == ([], 0)


def test_a_holder_that_is_known_to_be_dead_stays_dead_until_its_seal_changes(remote: Remote) -> None:
    """Who is asked may answer only now and then."""
    remote.dead = {"holder"}
    assert 15 <= remote.wait(270) <= 18
    remote.dead = set()
    assert remote.wait(270) == 0
    remote.renewed = remote.clock
    with pytest.raises(SealHeld):
        remote.wait(20)


def test_a_run_that_was_quicker_is_looked_at_at_once_and_named(remote: Remote) -> None:
    remote.seal = Seal("closed", "earlier", SINCE)

    def lose(look: Look[str], silent: bool) -> None:
        remote.seal = Seal("open", "winner", SINCE)

    with pytest.raises(SealHeld, match="winner"):
        remote.waiting.until_free(0, remote.told.append, remote.pause, lose)
    assert remote.clock == 0


def test_a_seal_that_is_free_and_never_to_be_had_is_given_up(remote: Remote) -> None:
    remote.seal = None
    tries: list[bool] = []
    with pytest.raises(SealHeld, match="Another run has just begun"):
        remote.waiting.until_free(0, remote.told.append, remote.pause, lambda look, silent: tries.append(silent))
    assert 1 < len(tries) < 10
    with pytest.raises(SealHeld):
        remote.waiting.until_free(30, remote.told.append, remote.pause, lambda look, silent: tries.append(silent))
    assert remote.clock == 30


def test_a_seal_that_cannot_be_read_is_told_without_a_name(remote: Remote) -> None:
    remote.seal = Seal("open", "", "")
    with pytest.raises(SealHeld, match=r"may be at work on this target \(its seal cannot be read\)"):
        remote.wait(0)


def test_a_signal_ends_the_wait(remote: Remote) -> None:
    def interrupted(seconds: float) -> None:
        raise Interrupted(15)

    with pytest.raises(Interrupted):
        remote.waiting.until_free(600, remote.told.append, interrupted, lambda look, silent: silent)


# --- Clocks that are apart ------------------------------------------------------------------------------------


def test_a_sign_of_life_from_the_future_is_told_and_only_the_watch_counts(remote: Remote) -> None:
    remote.ahead = 900
    assert 180 <= remote.wait(270) <= 183
    (note,) = remote.notes
    assert "15 minutes ahead of this machine's clock" in note
    assert "holder" in note


def test_a_renewal_that_looks_old_shows_that_the_clocks_are_apart(remote: Remote) -> None:
    """From then on the age says nothing: this holder renews, and is never overtaken."""
    remote.ahead, remote.renews = -580, True
    with pytest.raises(SealHeld):
        remote.wait(15)
    remote.renewed = remote.clock
    with pytest.raises(SealHeld):
        remote.wait(3)
    (note,) = remote.notes
    assert "10 minutes behind this machine's clock" in note
    with pytest.raises(SealHeld):
        remote.wait(900)


@pytest.mark.parametrize("ahead", [-290, 0, 290])
def test_clocks_that_are_not_minutes_apart_are_no_matter(remote: Remote, ahead: float) -> None:
    remote.ahead, remote.renews = ahead, True
    with pytest.raises(SealHeld):
        remote.wait(400)
    assert remote.notes == []


@pytest.mark.parametrize(
    ("ours_ahead", "clock"), [(660, 0), (0, 660), (400, 300)], ids=["our clock", "the holder's", "both"]
)
def test_a_seal_that_only_looks_old_is_waited_for_when_the_api_tells_the_time(
    remote: Remote, ours_ahead: int, clock: int
) -> None:
    """The holder renews. Its seal looks as if nobody had renewed it for eleven minutes."""
    remote.seal = Seal("open", "holder", SINCE, clock=clock)
    remote.ahead, remote.renews = -float(ours_ahead + clock), True
    asked: list[int] = []

    def api_ahead() -> int:
        asked.append(-ours_ahead)
        return -ours_ahead

    with pytest.raises(SealHeld):
        remote.waiting.until_free(300, remote.told.append, remote.pause, lambda look, silent: silent, api_ahead)
    assert len(asked) == 1


def test_a_seal_that_is_old_by_the_apis_clock_as_well_is_taken_at_once(remote: Remote) -> None:
    remote.ahead = -660.0
    remote.waiting.until_free(0, remote.told.append, remote.pause, lambda look, silent: (silent,), lambda: 0)
    assert remote.told == []


def test_the_api_is_not_asked_for_the_time_where_the_age_decides_nothing(remote: Remote) -> None:
    def never() -> int:
        raise AssertionError("asked")

    remote.waiting.until_free(270, remote.told.append, remote.pause, lambda look, silent: (silent,), never)
    assert 180 <= remote.clock <= 183


def test_a_seal_with_a_long_text_makes_no_long_message(remote: Remote) -> None:
    remote.seal = Seal("open", "r" * 100_000, "s" * 100_000)
    remote.ahead = 900
    with pytest.raises(SealHeld) as caught:
        remote.wait(1)
    assert len(str(caught.value)) < 1000
    assert all(len(text) < 1000 for text in (*remote.told, *remote.notes))
