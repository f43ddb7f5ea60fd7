"""How the server cuts a document into chunks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vsync.errors import ConfigurationError

_AUTO_SIZE, _AUTO_OVERLAP = 800, 400

MIN_CHUNK, MAX_CHUNK = 100, 4096


@dataclass(frozen=True, slots=True)
class Chunking:
    """The chunking strategy, in tokens. The server's default (`auto`) is a size of 800 with an overlap of 400."""

    size: int = _AUTO_SIZE
    overlap: int = _AUTO_OVERLAP

    @classmethod
    def parse(cls, size: int | None, overlap: int | None) -> Chunking:
        """The strategy that the user gave. The default overlap is half of the size."""
        if size is None and overlap is None:
            return cls()
        size = _AUTO_SIZE if size is None else size
        if not MIN_CHUNK <= size <= MAX_CHUNK:
            raise ConfigurationError(
                f"chunk-size is {size}; the API takes {MIN_CHUNK} to {MAX_CHUNK} tokens.",
                "Choose a number in that range.",
            )
        overlap = size // 2 if overlap is None else overlap
        if not 0 <= overlap <= size // 2:
            raise ConfigurationError(
                f"chunk-overlap is {overlap}; the API takes 0 to half of chunk-size, here {size // 2}.",
                "Choose a number in that range.",
            )
        return cls(size, overlap)

    @property
    def said(self) -> GivenChunking:
        """Both halves, as if the user had given them."""
        return GivenChunking(self.size, self.overlap)

    def to_api(self) -> dict[str, object]:
        if self == Chunking():
            return {"type": "auto"}
        return {
            "type": "static",
            "static": {"max_chunk_size_tokens": self.size, "chunk_overlap_tokens": self.overlap},
        }

    @classmethod
    def from_api(cls, strategy: object) -> Chunking | None:
        """The strategy that the server reports; None when it does not say (`other`: indexed before strategies existed)."""
        if not isinstance(strategy, Mapping):
            return None
        static = strategy.get("static")
        if isinstance(static, Mapping):
            size, overlap = static.get("max_chunk_size_tokens"), static.get("chunk_overlap_tokens")
            if isinstance(size, int) and isinstance(overlap, int):
                return cls(size, overlap)
        return cls() if strategy.get("type") == "auto" else None


@dataclass(frozen=True, slots=True)
class GivenChunking:
    """The halves of a strategy that a config gives for some documents. None: it does not give this one."""

    size: int | None = None
    overlap: int | None = None

    def after(self, before: Chunking) -> Chunking:
        """The strategy with these halves in the place of those before. An overlap that is too long becomes half of the size.

        The server's default says nothing of an overlap: after it half of the size is meant, as everywhere.
        """
        size = before.size if self.size is None else self.size
        overlap = self.overlap
        if overlap is None:
            overlap = size if before == Chunking() else before.overlap
        return Chunking(size, min(overlap, size // 2))
