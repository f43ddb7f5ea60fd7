"""How much of a source is in a store. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vsync.documents.chunking import Chunking
from vsync.documents.filetypes import file_type
from vsync.documents.token_estimate import BYTES_PER_TOKEN, stored_bytes
from vsync.plan.plan import Plan
from vsync.state.manifest import Entry


class StoreSize(NamedTuple):
    """The number of documents, their bytes as they were sent, and about what the store keeps of them."""

    documents: int
    bytes: int
    stored: int


EMPTY = StoreSize(0, 0, 0)


class StoreSizes(NamedTuple):
    """The size before a change, and after it."""

    before: StoreSize
    after: StoreSize


def size_of(files: Mapping[str, Entry], chunking: Chunking) -> StoreSize:
    """The size that a manifest's record gives. The record does not say how each document is cut: `chunking` stands in."""
    size = sum(entry.bytes for entry in files.values())
    # A document of one chunk has no overlap. Most are, and there may be 100,000.
    one_chunk = chunking.size * BYTES_PER_TOKEN
    long = [(path, entry.bytes) for path, entry in files.items() if entry.bytes > one_chunk]
    return StoreSize(len(files), size, size + sum(stored(path, length, chunking) - length for path, length in long))


def stored(path: str, size: int, chunking: Chunking) -> int:
    """About how many bytes a store keeps of a document. Only a text's chunks can be told from its size."""
    return stored_bytes(size, chunking) if is_text(path) else size


def is_text(path: str) -> bool:
    """Whether what is sent is text, so that its size tells its tokens: not PDF, and not Office."""
    kind = file_type(path)
    return kind is None or kind.text


def size_after(before: StoreSize, plan: Plan, chunking: Chunking) -> StoreSize:
    """The size when the plan is carried out. A document with a recipe is cut as the recipe says, all others by `chunking`.

    The record does not say how a document was cut that is replaced or deleted: `chunking` stands in, as in `before`.
    """
    documents, size, kept = before
    for operation in plan.operations:
        if operation.kind == "retag":
            continue
        if operation.previous is not None:
            length = operation.previous.bytes
            documents, size, kept = documents - 1, size - length, kept - stored(operation.path, length, chunking)
        if operation.document is not None:
            length = operation.document.bytes or 0
            recipe = operation.document.recipe
            cut = recipe.chunking if recipe else chunking
            documents, size, kept = documents + 1, size + length, kept + stored(operation.path, length, cut)
    return StoreSize(documents, size, kept)
