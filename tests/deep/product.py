"""How the deep tests start a run in this process: the only file of theirs that knows how a run is put together.

When the product puts a run together in another way, change this file, and nothing else below `tests/deep`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from tests.support.wire import World
from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.report.report import Report
from vsync.store.client import Api, connect
from vsync.store.rate_limit import Rates
from vsync.sync.assemble import Assembled
from vsync.system.stop import Stop
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

MODULES_THAT_READ_THE_TIME = ("vsync.system.stop",)
"""Modules whose `time` becomes the clock of the model's event loop."""

MODULES_THAT_DRAW = (
    "vsync.embedded.api",
    "vsync.embedded.database",
    "vsync.state.journal",
    "vsync.sync.lock",
    "vsync.state.remote_refs",
    "vsync.store.stores",
)
"""Modules whose `secrets` becomes the model's chance."""


class Hurried(World):
    """A world whose runs wait a thousandth of the time, for rates too."""

    key = ""
    """The API key that runs send to a server."""

    over: str | None = None
    """The address of a server, where requests go over HTTP. None: requests go over the world's wire."""

    repairs = False
    """Whether a run is `vsync verify --repair`. Else it is `vsync sync`."""

    @contextlib.contextmanager
    def opened(self, **given: Any) -> Iterator[Assembled]:
        with super().opened(**given) as made:
            rates = Rates(sleep=made.context.stop.pause, clock=lambda: time.monotonic() * 1000)
            yield made._replace(ports=dataclasses.replace(made.ports, rates=rates))

    def sync(self, *, stop: Stop | None = None, origin: Origin | None = None, **given: Any) -> Report:
        if not self.repairs:
            return super().sync(stop=stop, origin=origin, **given)
        with self.opened(stop=stop, origin=origin, **given) as opened:
            return verify(*opened, VerifyOptions(repair=True))

    def connect(self, stop: Stop) -> AbstractAsyncContextManager[Api]:
        if self.over is None:
            return super().connect(stop)
        return connect(Credentials(self.key, self.over), sleep=stop.pause)


class _Ticking(Protocol):
    now: int


class Timed:
    """Mixed into a world: the clocks of its machines are the server's clock."""

    clock: _Ticking

    @contextlib.contextmanager
    def opened(self, **given: Any) -> Iterator[Assembled]:
        stop = given.pop("stop", None) or Stop()
        with super().opened(stop=stop, **given) as made:  # type: ignore[misc]  # mypy: the class has no base here; the world that it is mixed into has `opened`
            yield made._replace(ports=dataclasses.replace(made.ports, now=self._now))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)
