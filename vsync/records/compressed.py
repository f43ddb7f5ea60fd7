"""Decompression of a stream, in pieces of a bounded size: a small file may hold very much."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 256 * 1024


class Damaged(Exception):
    """The compressed data cannot be read on. The message says why."""


class _Member(Protocol):
    """One compressed part. An input may hold several, one after the other."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def more(self, data: bytes) -> bytes: ...
    @property
    def has_more(self) -> bool: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._was_full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def has_more(self) -> bool:
        return not self._inner.eof and self._was_full

    def more(self, data: bytes) -> bytes:
        try:
            content = self._inner.decompress(self._inner.unconsumed_tail + data, PIECE_BYTES)
        except zlib.error as error:
            raise Damaged(f"it is no sound gzip data ({error})") from None
        self._was_full = len(content) == PIECE_BYTES
        return content


class _Zstd:
    def __init__(self) -> None:
        # Late: only an input that is compressed this way needs it.
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        self._inner = zstd.ZstdDecompressor()
        self._error = zstd.ZstdError

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def has_more(self) -> bool:
        return not self._inner.eof and not self._inner.needs_input

    def more(self, data: bytes) -> bytes:
        try:
            return self._inner.decompress(data, PIECE_BYTES)
        except self._error as error:
            raise Damaged(f"it is no sound zstd data ({error})") from None


_BY_ENDING: dict[str, type[_Gzip] | type[_Zstd]] = {".gz": _Gzip, ".zst": _Zstd, ".zstd": _Zstd}


def is_compressed(path: Path) -> bool:
    return path.suffix.lower() in _BY_ENDING


def decompressed(path: Path, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a compressed file. Raises Damaged where it cannot be read on, after all that could be read."""
    make = _BY_ENDING[path.suffix.lower()]
    member: _Member | None = None
    members = 0
    for piece in pieces:
        data = piece
        while data:
            if member is None:
                # Some programs fill the last block of a gzip file with zeros.
                data = data.lstrip(b"\0") if members else data
                if not data:
                    break
                member, members = make(), members + 1
            yield member.more(data)
            while member.has_more:
                yield member.more(b"")
            data = b""
            if member.eof:
                data = member.unused_data
                member = None
    if member is not None:
        raise Damaged("it ends in the middle of its compressed data")
