"""What a bulk delete must not take away unasked: the stores and documents that this repository's manifest names. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Protected:
    """The targets of each store by its id, and the document of each File by its id, as words for people."""

    stores: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


NOTHING = Protected()
