"""Which targets the config of a run describes, and whether the repository may have others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vsync.config.settings import DEFAULT_CONFIG
from vsync.config.target_config import Config
from vsync.config.targets import Target
from vsync.sync.store_name import store_name


@dataclass(frozen=True, slots=True)
class ConfigTargets:
    """The targets that are known to belong to the repository.

    | field | meaning |
    | --- | --- |
    | `names` | of the targets that run, and of all others of the config |
    | `are_all` | whether no other target is described elsewhere, and all of them run |
    | `stores` | the id, else the name, of the store of each target that runs, as far as it is known before the API is asked |
    """

    names: frozenset[str]
    are_all: bool
    stores: frozenset[str] = frozenset()


def config_targets(config: Config | None, running: Sequence[Target], *, chosen: bool) -> ConfigTargets:
    """The targets of `.vsync.yml` are all. With another config, or without one, a run may be one of several steps.

    `chosen`: an option says which targets run.
    """
    names = {target.name for target in running} | {entry.name for entry in (config.targets if config else ())}
    are_all = config is not None and config.path == DEFAULT_CONFIG and not chosen
    return ConfigTargets(frozenset(names), are_all, stores_of(running))


def stores_of(targets: Sequence[Target]) -> frozenset[str]:
    return frozenset(target.vector_store_id or store_name(target) for target in targets)
