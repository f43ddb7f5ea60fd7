"""Asks a store for its name, where a name is given and the manifest records none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vsync.config.targets import Target
from vsync.state.manifest import TargetState
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.same_store import check_live_name, has_unknown_name

if TYPE_CHECKING:
    from vsync.store.client import Api


def name_asked(target: Target, ports: Ports, context: RunContext, state: TargetState | None) -> Mapping[str, int]:
    """The requests that it took: none where the manifest records the name, or no name is given.

    Raises ManifestError when the store has another name, and StoreGone.
    """
    if state is None or not has_unknown_name(state, target):
        return {}
    from vsync.store.session import ask
    from vsync.store.stores import Stores

    async def look(api: Api) -> Mapping[str, int]:
        info = await Stores(api).get(state.vector_store_id)
        check_live_name(state, target, info, ports.publication.title)
        return dict(api.traffic.requests)

    return ask(ports.connection(), look, context.stop)
