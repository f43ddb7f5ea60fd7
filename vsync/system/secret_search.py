"""Looks for secrets in the bytes of a file, piece by piece. Pure.

A secret is found as it is, as a literal of a program or of JSON, and encoded as a whole (`redaction.forms`). One that is escaped
character by character is not found: that would take far longer than a large file may take.
"""

from __future__ import annotations

from collections.abc import Iterable

from vsync.system.redaction import forms

MIN_BYTES = 8
"""Other text may hold what is shorter by chance, and then a good file would count as one with a secret."""


def needles(secrets: Iterable[str]) -> tuple[bytes, ...]:
    """What stands in a file that holds one of the secrets, the shortest first."""
    found = {form.encode("utf-8", "surrogatepass") for secret in secrets for form in forms(secret)}
    return tuple(sorted((each for each in found if len(each) >= MIN_BYTES), key=lambda each: (len(each), each)))


class SecretSearch:
    """Whether one of the needles stands in the pieces of a file, also across two or more pieces."""

    def __init__(self, wanted: tuple[bytes, ...]) -> None:
        self.found = False
        self._wanted = wanted
        self._kept = max(map(len, wanted), default=1) - 1
        self._end = b""

    def add(self, piece: bytes) -> None:
        """Takes the next piece."""
        data = self._end + piece
        self.found = self.found or any(each in data for each in self._wanted)
        self._end = data[-self._kept :] if self._kept else b""
