"""The targets on both sides of a pull request: each side by its own config."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vsync.config.changed import config_change
from vsync.config.config_change import ConfigChange
from vsync.config.settings import NO_CONFIG, Settings
from vsync.config.target_config import Config
from vsync.config.with_config import settings_of_targets
from vsync.errors import ConfigurationError
from vsync.source.base import Source
from vsync.sync.config_at_head import config_of


@dataclass(frozen=True, slots=True)
class Sides:
    """What the two sides say.

    | field | meaning |
    | --- | --- |
    | `head` | the settings of each target of the merge |
    | `base` | the settings of each target of the base, by name |
    | `named` | whether the config of either side has several targets, or names its one |
    | `change` | what the pull request changes in the config |
    | `unread` | why the targets of the base are not known; None: they are known |
    """

    head: tuple[Settings, ...]
    base: Mapping[str, Settings] = field(default_factory=dict)
    named: bool = False
    change: ConfigChange | None = None
    unread: str | None = None

    @property
    def removed(self) -> tuple[Settings, ...]:
        """The targets that only the base has."""
        names = {settings.target.name for settings in self.head}
        return tuple(settings for name, settings in self.base.items() if name not in names)


def read_sides(base: Source, head: Source, settings: Settings) -> Sides:
    """The targets of both trees. Raises ConfigurationError for a mistake in the config of the head.

    A mistake in the config of the base does not concern the pull request, which may be what mends it.
    """
    config = config_of(head, settings)
    targets = settings_of_targets(settings, config)
    named = config is not None and config.named
    try:
        before = _config_of_base(base, settings)
        known = _targets_of_base(settings, before)
    except ConfigurationError as error:
        return Sides(targets, named=named, unread=_unread(error))
    return Sides(
        targets,
        {found.target.name: found for found in known},
        named or (before is not None and before.named),
        config_change(before, config),
    )


def _config_of_base(base: Source, settings: Settings) -> Config | None:
    """The config of the base. A config that an input names may be one that the pull request adds."""
    if settings.config not in {None, NO_CONFIG}:
        path = posixpath.normpath(settings.config or "")
        if not base.find([path.encode("utf-8", "surrogateescape")]):
            return None
    return config_of(base, settings)


def _targets_of_base(settings: Settings, config: Config | None) -> tuple[Settings, ...]:
    """The targets of the base. A target that an input names may be one that the pull request adds."""
    if not settings.targets:
        return settings_of_targets(settings, config)
    if config is None:
        return settings_of_targets(settings, None) if len(settings.targets) == 1 else ()
    there = {target.name for target in config.targets}
    names = tuple(name for name in settings.targets if name in there)
    return settings_of_targets(replace(settings, targets=names), config) if names else ()


def _unread(error: ConfigurationError) -> str:
    first = error.message.partition("\n")[0].rstrip(".")
    return (
        "The config of the base branch cannot be used, so the plan shows all that the next sync would change, and not what "
        f"the pull request changes alone. {first}."
    )
