"""Cuts a text into overlapping chunks, as a vector store does before it indexes them.

Four bytes of UTF-8 count as one token, because a tokenizer would be a large dependency for a small gain. That is about
right for English. For scripts with three bytes a character it is closer than counting characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BYTES_PER_TOKEN = 4
MAX_TOKENS = 5_000_000
MAX_TEXT_BYTES = MAX_TOKENS * BYTES_PER_TOKEN


@dataclass(frozen=True)
class Chunking:
    max_chunk_size_tokens: int
    chunk_overlap_tokens: int

    def as_json(self) -> dict[str, object]:
        sizes = {
            "max_chunk_size_tokens": self.max_chunk_size_tokens,
            "chunk_overlap_tokens": self.chunk_overlap_tokens,
        }
        return {"type": "static", "static": sizes}


AUTO = Chunking(800, 400)


def chunks(text: str, chunking: Chunking) -> Iterator[str]:
    """Chunks of at most the given size. Each chunk begins with the end of the chunk before it: the overlap."""
    data = text.encode()
    size = chunking.max_chunk_size_tokens * BYTES_PER_TOKEN
    overlap = chunking.chunk_overlap_tokens * BYTES_PER_TOKEN
    start = 0
    while start < len(data):
        end = _cut(data, start, start + size)
        yield data[start:end].decode()
        if end == len(data):
            return
        start = _character_start(data, end - overlap)


def _cut(data: bytes, start: int, end: int) -> int:
    """The last end of a word in the last tenth before `end`, or else the last end of a character."""
    if end >= len(data):
        return len(data)
    earliest = end - (end - start) // 10
    blank = max(data.rfind(b"\n", earliest, end), data.rfind(b" ", earliest, end))
    return blank + 1 if blank >= 0 else _character_start(data, end)


def _character_start(data: bytes, index: int) -> int:
    while data[index] & 0xC0 == 0x80:
        index -= 1
    return index
