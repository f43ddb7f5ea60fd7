"""Runs without threads, real time or chance, so that the same history takes the same course on every machine.

The event loop does the work of other threads in its own thread. Its clock moves only by timers: when there is nothing else
to do, the next timer is due.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
import selectors
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar, TypeVarTuple, Unpack

import pytest

from tests.deep.product import MODULES_THAT_DRAW, MODULES_THAT_READ_THE_TIME
from vsync.store.breaker import Breaker
from vsync.store.polling import wait_until_indexed
from vsync.store.rate_limit import Rates, SlidingWindow
from vsync.system.retry import backoff
from vsync.transfer.transfer import transfer

_Given = TypeVarTuple("_Given")
_Made = TypeVar("_Made")


class _Waiting(selectors.DefaultSelector):
    """Does not wait. Instead its clock goes forward by the time that it would have waited."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if found:
            return found
        if timeout is None:  # nothing is due, ever: only another thread could wake it
            found = super().select(60)
            assert found, "the run waits for nothing"
            return found
        self.passed += max(0.0, timeout)
        return found


class Clockwork(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.passed

    def run_in_executor(
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[[Unpack[_Given]], _Made],
        *args: *_Given,
    ) -> asyncio.Future[_Made]:
        future: asyncio.Future[_Made] = self.create_future()
        try:
            future.set_result(func(*args))
        except StopIteration as error:  # no future takes it
            future.set_exception(RuntimeError(str(error)))
        except Exception as error:
            future.set_exception(error)
        return future


def now() -> float:
    """Seconds by the clock of the running event loop, or by the machine's clock when no loop runs."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


class _Time:
    """Stands in for the module `time`, with this clock."""

    monotonic = staticmethod(now)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Chance:
    """Stands in for `secrets`: after `begin` with the same seed it gives the same bytes."""

    def __init__(self) -> None:
        self._random = random.Random(0)

    def begin(self, *seed: object) -> None:
        self._random.seed(repr(seed))

    def token_hex(self, size: int) -> str:
        return self._random.randbytes(size).hex()

    def choice(self, items: Sequence[str]) -> str:
        return self._random.choice(items)

    def random(self) -> float:
        return self._random.random()


chance = Chance()
_DEFAULTS: list[tuple[Any, str, Any]] = [
    (Breaker.__init__, "clock", now),
    (Rates.__init__, "clock", now),
    (SlidingWindow.__init__, "clock", now),
    (backoff, "jitter", chance.random),
    (transfer, "clock", now),
    (wait_until_indexed, "clock", now),
]


def _run(main: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=Clockwork) as runner:
        return runner.run(main)


def install(patch: pytest.MonkeyPatch) -> None:
    """Every run of this process goes so, until the patch is undone."""
    patch.setattr(asyncio, "run", _run)
    for module in MODULES_THAT_READ_THE_TIME:
        patch.setattr(f"{module}.time", _Time())
    for module in MODULES_THAT_DRAW:
        patch.setattr(f"{module}.secrets", chance)
    for made, name, put in _DEFAULTS:
        patch.setitem(made.__kwdefaults__, name, put)
