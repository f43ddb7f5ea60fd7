"""What options, variables and inputs say of the targets. It counts for every target of a run, before its config. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vsync.config.limits import Limits
from vsync.documents.attributes import Attributes
from vsync.documents.selection import Types


@dataclass(frozen=True, slots=True)
class Overrides:
    """What was given of a target. None, and an empty mapping: it was not given.

    | field | meaning |
    | --- | --- |
    | `limits` | each limit that was given; a limit that was not given is the config's |
    | `default_root` | the root where neither an option nor the config names one: in the action its `working-directory` |
    """

    vector_store_id: str | None = None
    vector_store_name: str | None = None
    branch: str | None = None
    root: str | None = None
    types: Types | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    allow_secrets: tuple[str, ...] | None = None
    attributes: Attributes = field(default_factory=dict)
    chunk_size: int | None = None
    chunk_overlap: int | None = None
    limits: Limits = field(default_factory=Limits)
    default_root: str = ""

    @property
    def store(self) -> Mapping[str, str]:
        """The given settings that name one store, by the names of their options."""
        given = {"vector-store-id": self.vector_store_id, "vector-store-name": self.vector_store_name}
        return {name: value for name, value in given.items() if value is not None}


NOTHING_GIVEN = Overrides()
