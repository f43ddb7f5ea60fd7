"""What became of a config between two commits, as values. Pure data."""

from __future__ import annotations

from typing import Literal, NamedTuple

How = Literal["new", "changed", "removed"]

_NAMED = 12
"""Keys that a sentence names. The others are counted."""


class ChangedKey(NamedTuple):
    """A key of the config, as `exclude` or `targets.api.exclude`, and what became of it."""

    key: str
    how: How


class ConfigChange(NamedTuple):
    """What became of the config at `path`, and of its keys. `how` is of the file."""

    path: str
    how: How
    keys: tuple[ChangedKey, ...]

    @property
    def sentence(self) -> str:
        """What changed, in a sentence. Names stand in backticks."""
        shown = self.keys[:_NAMED]
        left = len(self.keys) - len(shown)
        more = [f"{left:,} more"] if left else []
        if self.how != "changed":
            verb = "sets" if self.how == "new" else "set"
            keys = ", ".join([*(f"`{item.key}`" for item in shown), *more])
            return f"The config `{self.path}` is {self.how}.{f' It {verb} {keys}.' if keys else ''}"
        keys = ", ".join([*(f"`{item.key}` {item.how}" for item in shown), *more])
        return f"The config `{self.path}` changed: {keys}."

    def to_json(self) -> dict[str, object]:
        return {"path": self.path, "change": self.how, "keys": [item._asdict() for item in self.keys]}
