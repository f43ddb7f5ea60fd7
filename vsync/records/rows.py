"""What the index knows of a key, and what a listing shows of an entry. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What the index knows of a key: the value of its attribute `path`. `file_id` empty: it was deleted."""

    key: str
    file_id: str
    sha256: str
    tag: str
    position: str


class Listed(NamedTuple):
    """An entry of the stream that a listing of the store shows."""

    file_id: str
    key: str
    owner: str
    status: str
    sha256: str
    tag: str
    position: str
    created_at: int

    @property
    def row(self) -> Row:
        return Row(self.key, self.file_id, self.sha256, self.tag, self.position)
