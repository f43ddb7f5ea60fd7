"""Which keys of a config differ between two commits. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from vsync.config.config_change import ChangedKey, ConfigChange, How
from vsync.config.target_config import Config, TargetConfig


def config_change(before: Config | None, after: Config | None) -> ConfigChange | None:
    """What became of a config. None on one side: there is no config. None as the answer: it says the same as before."""
    keys = changed_keys(before, after)
    if before is None or after is None:
        config = before or after
        return None if config is None else ConfigChange(config.path, "new" if before is None else "removed", keys)
    return ConfigChange(after.path, "changed", keys) if keys else None


def changed_keys(before: Config | None, after: Config | None) -> tuple[ChangedKey, ...]:
    """The keys that differ, in the order of the config after the change. None: there is no config.

    The keys of a new or removed target are not named. The order of targets, and the lines of the file, have no effect.
    """
    if before is not None and after is not None and not before.named and not after.named:
        return tuple(_of_target(before.targets[0], after.targets[0], ""))
    old = {target.name: target for target in before.targets} if before is not None and before.named else {}
    new = {target.name: target for target in after.targets} if after is not None and after.named else {}
    changed = [*_of_unnamed(before, None), *_of_unnamed(None, after)]
    for name, target in new.items():
        key = f"targets.{name}"
        changed += _of_target(old[name], target, f"{key}.") if name in old else [ChangedKey(key, "new")]
    changed += [ChangedKey(f"targets.{name}", "removed") for name in old if name not in new]
    return tuple(changed)


def _of_unnamed(before: Config | None, after: Config | None) -> list[ChangedKey]:
    """The keys at the top of a config without named targets, where the other side has no such keys."""
    config = before or after
    if config is None or config.named:
        return []
    nothing = TargetConfig()
    return _of_target(config.targets[0], nothing, "") if before else _of_target(nothing, config.targets[0], "")


def _of_target(before: TargetConfig, after: TargetConfig, prefix: str) -> list[ChangedKey]:
    old, new = _values(before), _values(after)
    return [ChangedKey(f"{prefix}{key}", _how(old[key], new[key])) for key in new if old[key] != new[key]]


def _how(before: object, after: object) -> How:
    if _is_said(before) and _is_said(after):
        return "changed"
    return "new" if _is_said(after) else "removed"


def _is_said(value: object) -> bool:
    """Whether the config says something. An empty list of patterns is something that it says."""
    return value is not None and value is not False and value != {}


def _values(target: TargetConfig) -> Mapping[str, object]:
    """What a target says, by the keys of the config. A value that a key has when it is left out is None or empty."""
    says = target.says
    nothing = TargetConfig()
    return {
        "vector-store-name": target.vector_store_name,
        "vector-store-id": target.vector_store_id,
        "description": target.description,
        "metadata": dict(target.metadata),
        "expires-after-days": target.expires_after_days,
        "branch": target.branch,
        "root": target.root,
        "types": target.types,
        "include": target.include,
        "exclude": target.exclude,
        "allow-secrets": target.allow_secrets,
        "chunking": says.chunking,
        "attributes": dict(says.attributes),
        "front-matter": None if says.front_matter is None else dict(says.front_matter),
        "git": says.git,
        "url": says.url,
        "directory": says.directory,
        "content": None if says.content == nothing.says.content else says.content,
        "convert": dict(target.convert),
        "submodules": target.submodules,
        "symlinks": target.symlinks,
        "limits": None if target.limits == nothing.limits else target.limits,
        "rules": target.rules or None,
        "checks": target.checks or None,
    }
