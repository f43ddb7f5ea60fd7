"""How much of a source is in a store. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vsync.plan.plan import Plan
from vsync.state.manifest import Entry


class StoreSize(NamedTuple):
    """The number of documents, and their bytes as they were sent."""

    documents: int
    bytes: int


class StoreSizes(NamedTuple):
    """The size before a change, and after it."""

    before: StoreSize
    after: StoreSize


def size_of(files: Mapping[str, Entry]) -> StoreSize:
    """The size that a manifest's record gives."""
    return StoreSize(len(files), sum(entry.bytes for entry in files.values()))


def size_after(before: StoreSize, plan: Plan) -> StoreSize:
    """The size when the plan is carried out."""
    documents, size = before
    for operation in plan.operations:
        if operation.kind == "retag":
            continue
        if operation.previous is not None:
            documents, size = documents - 1, size - operation.previous.bytes
        if operation.document is not None:
            documents, size = documents + 1, size + (operation.document.bytes or 0)
    return StoreSize(documents, size)
