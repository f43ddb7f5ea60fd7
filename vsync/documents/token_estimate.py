"""About how many tokens and chunks a text becomes in a store, and how many bytes these have. Pure arithmetic on sizes.

Four bytes of UTF-8 count as one token, because a tokenizer would be a large dependency for a small gain. The server cuts a
text into chunks of equal size, each of which begins with the end of the chunk before it. It prefers to cut between words,
so its chunks are a little shorter.
"""

from __future__ import annotations

from vsync.documents.chunking import Chunking

BYTES_PER_TOKEN = 4

METHOD = "4 bytes of UTF-8 count as one token"


def tokens(size: int) -> int:
    """The tokens of a text of `size` bytes."""
    return -(-size // BYTES_PER_TOKEN)


def chunk_count(size: int, chunking: Chunking) -> int:
    """The chunks of a text of `size` bytes."""
    if size <= 0:
        return 0
    first = chunking.size * BYTES_PER_TOKEN
    step = first - chunking.overlap * BYTES_PER_TOKEN
    return 1 + max(0, -((first - size) // step))


def stored_bytes(size: int, chunking: Chunking) -> int:
    """The bytes of the chunks of a text of `size` bytes: where chunks overlap, the text is stored twice."""
    return size + max(0, chunk_count(size, chunking) - 1) * chunking.overlap * BYTES_PER_TOKEN
