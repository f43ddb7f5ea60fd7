"""Where a repository stands, as far as its first config and its workflow depend on that. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository stands.

    | field | meaning |
    | --- | --- |
    | `store` | the name that its store gets |
    | `branch` | the branch whose pushes sync |
    | `synced` | a manifest names its store already |
    | `on_github` | its remote is on GitHub |
    """

    store: str
    branch: str = "main"
    synced: bool = False
    on_github: bool = True
