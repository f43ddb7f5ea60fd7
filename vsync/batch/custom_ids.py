"""Remembers custom_ids by their digests, so that memory is bounded whatever the custom_ids are. Pure."""

from __future__ import annotations

import hashlib

DIGEST_BYTES = 16


def digest(custom_id: str) -> bytes:
    """The digest that stands for a custom_id: DIGEST_BYTES bytes. Nobody can make two custom_ids with one digest."""
    # An answer of the API may hold half of a surrogate pair. A checked request file never does.
    return hashlib.blake2b(custom_id.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


class FirstLines:
    """The line of the first request with each custom_id. It remembers `most` custom_ids, and no more after that."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: dict[bytes, int] = {}

    def earlier(self, custom_id: str, line: int) -> int | None:
        """The line that has this custom_id already. None: there is none, and the custom_id is remembered as that of `line`."""
        key = digest(custom_id)
        found = self._lines.get(key)
        if found is None and len(self._lines) < self._most:
            self._lines[key] = line
        return found
