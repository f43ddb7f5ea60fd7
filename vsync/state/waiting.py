"""When a seal may be taken, and the wait for it. Every command that waits for another run waits here.

`judge` is the rule, and is pure. `Waiting` looks, and waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from vsync.errors import SealHeld
from vsync.state.seal import Seal
from vsync.system.clocks import apart, in_words

S = TypeVar("S")
T = TypeVar("T")

_MAX_LOST = 5
"""How often in a row a run looks again at once, because another run was quicker at a seal that was free."""
_MOST_SHOWN = 80
"""Whoever may push can write a seal."""


@dataclass(frozen=True, slots=True)
class Rule:
    """After how many seconds another run's open seal may be taken.

    | field | counted from |
    | --- | --- |
    | `silent_s` | the moment since which this run has watched the seal, and seen no sign of life of the holder |
    | `old_s` | the holder's last sign of life, by the clocks of both machines |
    | `dead_s` | the later of the two, when the holder is known to be dead |
    | `look_every_s` | the last look: the pause between two looks |
    """

    silent_s: float
    old_s: float
    dead_s: float
    look_every_s: float


@dataclass(frozen=True, slots=True)
class Look(Generic[S]):
    """What one look at a target's seal shows.

    `sign` is different after each sign of life of the holder. `seen` is the time of the last sign, by the holder's clock;
    None: it is not known. `found` is what else was read with it.
    """

    seal: Seal | None
    sign: str | None
    seen: float | None
    found: S


Verdict = Literal["free", "silent", "held", "held unless dead"]


def judge(seal: Seal | None, watched_s: float, age_s: float | None, rule: Rule) -> Verdict:
    """Whether a run may take the seal. Pure.

    `watched_s` is how long this run has watched it without a sign of life. `age_s` is how old the last sign of life is by
    the clocks; None: they do not tell.

    | answer | when |
    | --- | --- |
    | `free` | nobody holds the seal |
    | `silent` | the holder gave no sign of life for so long that it must have ended, or been stopped |
    | `held unless dead` | the holder may be at work; when it is known to be dead, the seal may be taken |
    | `held` | the same, but even a holder that is known to be dead may still have a request under way |
    """
    if seal is None or seal.state == "closed" or seal.released:
        return "free"
    if watched_s >= rule.silent_s or (age_s is not None and age_s >= rule.old_s):
        return "silent"
    return "held unless dead" if max(watched_s, age_s or 0.0) >= rule.dead_s else "held"


class Waiting(Generic[S]):
    """Waits until the seal of one target may be taken.

    | argument | meaning |
    | --- | --- |
    | `look` | looks at the seal once |
    | `is_dead` | whether the holder of this seal is known to be dead |
    | `rule` | the rule as it is now |
    | `note` | gets messages for the user |

    A run has one of these for each target. What it has watched counts in its later waits as well: `verify --repair` waits
    before it compares, and once more before it repairs.
    """

    def __init__(
        self,
        look: Callable[[], Look[S]],
        is_dead: Callable[[Seal], bool],
        rule: Callable[[], Rule],
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._look = look
        self._is_dead = is_dead
        self._rule = rule
        self._note = note
        self._sign: str | None = None
        self._watched_since = self._looked = 0.0
        self._known_dead = False
        self._clocks_differ = False
        self._api_ahead: int | None = None

    def until_free(
        self,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None],
        attempt: Callable[[Look[S], bool], T | None],
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> T:
        """Waits until the seal may be taken, and returns what `attempt` makes of it.

        `attempt` gets the look, and whether a holder is overtaken that was only silent. It gives None when another run was
        quicker. `api_ahead` asks by how many seconds the API's clock is ahead of this machine's. It is called when a seal
        could be taken for its age alone: clocks that are apart make the seal of a run at work look old.

        While another run holds the seal, `pause` waits, and `waiting` gets one message. Raises SealHeld when that run
        still holds the seal after `timeout_s`.
        """
        rule, deadline = self._rule(), time.monotonic() + timeout_s
        announced, lost = False, 0
        while True:
            look = self._look()
            verdict = self._verdict(look, rule, api_ahead)
            if verdict in {"free", "silent"}:
                done = attempt(look, verdict == "silent")
                if done is not None:
                    return done
                lost += 1
                if lost % _MAX_LOST:
                    continue
            left_s = deadline - time.monotonic()
            holder = look.seal if verdict == "held" else None  # of the run that was quicker nothing is known yet
            if left_s <= 0:
                raise held(holder, timeout_s, rule)
            if not announced:
                waiting(_announcement(holder, timeout_s))
                announced = True
            pause(min(rule.look_every_s, max(0.1, left_s)))

    def _verdict(self, look: Look[S], rule: Rule, api_ahead: Callable[[], int]) -> Verdict:
        watched_s = self._watched_for(look)
        verdict = judge(look.seal, watched_s, self._age(look), rule)
        if verdict == "silent" and watched_s < rule.silent_s and self._api_ahead is None:
            self._api_ahead = api_ahead()
            verdict = judge(look.seal, watched_s, self._age(look), rule)
        if verdict != "held unless dead":
            return verdict
        self._known_dead = self._known_dead or (look.seal is not None and self._is_dead(look.seal))
        return "silent" if self._known_dead else "held"

    def _age(self, look: Look[S]) -> float | None:
        """How old the last sign of life is; None: it cannot be told. By the API's clock, as far as the two runs know it."""
        if look.seen is None or self._clocks_differ:
            return None
        seen, now = look.seen, time.time()
        if self._api_ahead is not None and look.seal is not None:
            seen, now = seen + look.seal.clock, now + self._api_ahead
        return now - seen

    def _watched_for(self, look: Look[S]) -> float:
        """For how many seconds this run has watched the seal since it first saw this sign of life."""
        now = time.monotonic()
        if look.sign != self._sign or look.sign is None:
            self._compare_clocks(look, now - self._looked if self._sign is not None else None)
            self._sign, self._watched_since, self._known_dead = look.sign, now, False
        self._looked = now
        return now - self._watched_since

    def _compare_clocks(self, look: Look[S], looked_s_ago: float | None) -> None:
        """Finds out whether the holder's clock is minutes apart: then the age of its last sign of life says nothing.

        A sign that is new since the last look was given between the two looks. Of the first sign it is only known that it
        does not lie in the future.
        """
        seal = look.seal
        if look.seen is None or seal is None or seal.state == "closed" or seal.released or self._clocks_differ:
            return
        now = time.time()
        ahead = apart(look.seen, float("-inf") if looked_s_ago is None else now - looked_s_ago, now)
        if ahead:
            self._clocks_differ = True
            self._note(
                f"The clock of the machine of the run {seal.run[:_MOST_SHOWN] or 'that holds the seal'} is {in_words(ahead)} "
                f"{'ahead of' if ahead > 0 else 'behind'} this machine's clock. How old its last sign of life is cannot be told, so "
                "only the time counts that this run watches it. Set the clock that is wrong."
            )


def held(seal: Seal | None, timeout_s: float, rule: Rule) -> SealHeld:
    """The error of a run that has waited in vain."""
    passed = "and this run does not wait (--lock-timeout 0)" if timeout_s <= 0 else f"and {timeout_s:g} s have passed"
    remedy = "Run again when it has ended, or wait longer with --lock-timeout (input lock-timeout)."
    if timeout_s < rule.silent_s:
        remedy += (
            f" If that run does not go on, its seal is free {in_words(rule.silent_s)} after its last sign of life."
        )
    return SealHeld(f"{_at_work(seal)}, {passed}.", remedy)


def _announcement(seal: Seal | None, timeout_s: float) -> str:
    return f"{_at_work(seal)}; waiting up to {timeout_s:g} s for it. A run that was killed is taken over after three minutes."


def _at_work(seal: Seal | None) -> str:
    if seal is None:
        return "Another run has just begun to work on this target"
    if not seal.run:
        return "Another run may be at work on this target (its seal cannot be read)"
    return f"Another run is at work on this target since {seal.since[:_MOST_SHOWN]} ({seal.run[:_MOST_SHOWN]})"
