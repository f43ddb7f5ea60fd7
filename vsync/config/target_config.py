"""What a config says of its targets, as values. None: the config does not say it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vsync.config.limits import Limits
from vsync.documents.describing import NOTHING_SAID, Check, Describing, Rule
from vsync.documents.selection import Types

MOST_BYTES = 1_048_576
"""A larger config is not read."""


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """One target of a config.

    | field | meaning |
    | --- | --- |
    | `description`, `metadata`, `expires_after_days` | of the store that vsync makes |
    | `says` | how its documents are described, before its rules |
    | `convert` | endings that are text, each with the ending under which such a file is sent |
    | `submodules`, `symlinks` | whether files of submodules, and behind links, are documents |
    | `line` | the line of the config where it begins |
    """

    name: str = "default"
    vector_store_id: str | None = None
    vector_store_name: str | None = None
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_after_days: int | None = None
    branch: str | None = None
    root: str | None = None
    types: Types | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    allow_secrets: tuple[str, ...] | None = None
    says: Describing = NOTHING_SAID
    convert: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    submodules: bool = False
    symlinks: bool = False
    rules: tuple[Rule, ...] = ()
    checks: tuple[Check, ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True)
class Config:
    """A config. `path` is its path in the repository. `named`: its targets have names; else the one target is `default`."""

    path: str
    targets: tuple[TargetConfig, ...] = (TargetConfig(),)
    named: bool = False
