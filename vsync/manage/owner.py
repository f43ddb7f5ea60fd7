"""Whose a store or an entry is: the source and target whose sync put it there, as its metadata or attributes show. Pure.

Whoever may write to the project can write these as well. So they say whose something is, as far as the project's own
writers are honest.
"""

from __future__ import annotations

from typing import NamedTuple

from vsync.documents.attributes import Attributes
from vsync.store.entries import METADATA_SOURCE, METADATA_TARGET, StoreEntry, StoreInfo

_DEFAULT_TARGET = "default"
_SIGNS = ("owner", "target", "source", "path", "sha256")
"""The attributes that every entry of vsync has."""


class Owner(NamedTuple):
    source: str
    target: str

    def __str__(self) -> str:
        return self.source if self.target == _DEFAULT_TARGET else f"{self.source} ({self.target})"

    def to_json(self) -> dict[str, str]:
        return {"source": self.source, "target": self.target}


def owner_of_store(info: StoreInfo) -> Owner | None:
    """The owner of a store that vsync made; None for any other store."""
    if info.owner is None:
        return None
    source, target = info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)
    return Owner(source, target) if source and target else None


def owner_of_entry(entry: StoreEntry) -> Owner | None:
    """The owner of an entry that vsync made; None for any other entry."""
    return owner_in(entry.attributes)


def owner_in(attributes: Attributes) -> Owner | None:
    signs = [attributes.get(name) for name in _SIGNS]
    if not all(isinstance(sign, str) and sign for sign in signs):
        return None
    return Owner(str(attributes["source"]), str(attributes["target"]))


class Whose(NamedTuple):
    """Which owners are meant. `owned`: True for anything of vsync, False for anything else; None: both."""

    owned: bool | None = None
    source: str | None = None
    target: str | None = None

    @property
    def is_any(self) -> bool:
        return self == Whose()

    @property
    def is_vsyncs(self) -> bool:
        """Whether only what is vsync's is meant."""
        return self.owned is True or self.source is not None or self.target is not None

    def matches(self, owner: Owner | None) -> bool:
        if self.owned is not None and self.owned != (owner is not None):
            return False
        if self.source is not None and (owner is None or owner.source != self.source):
            return False
        return self.target is None or (owner is not None and owner.target == self.target)
