"""Asks the API for its time, where a decision needs a clock that is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.system.clocks import clock_warnings

if TYPE_CHECKING:
    from vsync.store.client import Api


def api_ahead(ports: Ports, context: RunContext) -> Callable[[], int]:
    """A function that asks, with one request, by how many seconds the API's clock is ahead of this machine's.

    It gives 0 when the two are not minutes apart, and when the API's answers have no date.
    """

    def asked() -> int:
        from vsync.store.session import ask
        from vsync.store.stores import Stores

        async def look(api: Api) -> int:
            await Stores(api).ask_anything()
            return api.traffic.ahead

        ahead = ask(ports.connection(), look, context.stop)
        for warning in clock_warnings(ahead):
            context.observer.note(warning)
        return ahead

    return asked
