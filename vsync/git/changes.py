"""Parses what git writes about a tree, and about the changes between two trees. Pure: bytes in, values out.

Paths are bytes here, as git stores them. `documents/selection.py` decides whether a path is text.
Formats: https://git-scm.com/docs/git-ls-tree#_output_format and
https://git-scm.com/docs/git-diff-tree#_raw_output_format, both with `-z`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vsync.errors import GitUnavailable

FOLDER = "040000"
REGULAR = "100644"
SYMLINK = "120000"
SUBMODULE = "160000"

Status = Literal["added", "modified", "removed", "type-changed"]
_STATUSES: dict[bytes, Status] = {b"A": "added", b"M": "modified", b"D": "removed", b"T": "type-changed"}


Lost = Literal["gone", "empty", "empty but for dot files or lost+found"]
"""What became of a folder in which nothing is left."""


class TreeEntry(NamedTuple):
    """One path of a tree, with its mode as git writes it (`100644`) and the id of its blob."""

    path: bytes
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two trees. `entry` is the path's new entry; None: the path was removed."""

    status: Status
    path: bytes
    entry: TreeEntry | None


def nul_separated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The records of NUL-separated output that arrives in chunks of any size."""
    rest = b""
    for chunk in chunks:
        *records, rest = (rest + chunk).split(b"\0")
        yield from records
    if rest:
        yield rest


def parse_tree(output: Iterable[bytes]) -> Iterator[TreeEntry]:
    """The entries in the output of `git ls-tree -r -z`. Raises GitUnavailable for any other output."""
    for record in nul_separated(output):
        head, tab, path = record.partition(b"\t")
        fields = head.split(b" ")
        if not tab or len(fields) != 3:
            raise _not_understood("git ls-tree wrote a line that is not understood", record)
        yield TreeEntry(path, _word(fields[0]), _word(fields[2]))


def parse_diff(output: Iterable[bytes]) -> Iterator[Change]:
    """The changes in the output of `git diff-tree -r -z --raw --no-renames --no-abbrev`.

    Raises GitUnavailable for any other output, also for an unknown status: without an error the store would silently
    keep the old version of that file.
    """
    fields = nul_separated(output)
    for header in fields:
        parts = header.removeprefix(b":").split(b" ")
        path = next(fields, None)
        if not header.startswith(b":") or len(parts) != 5 or not path:
            raise _not_understood("git diff-tree wrote a record that is not understood", header)
        _, mode, _, blob, letter = parts
        status = _STATUSES.get(letter)
        if status is None:
            raise _not_understood(f"git reports the status {letter[:20]!r}, which vsync does not know, for", path)
        entry = None if status == "removed" else TreeEntry(path, _word(mode), _word(blob))
        yield Change(status, path, entry)


def parse_line_counts(output: Iterable[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Paths with the numbers of added and removed lines, from the output of `git diff-tree -r -z --numstat --no-renames`.

    Git counts no lines of binary files: they are left out. Raises GitUnavailable for any other output.
    """
    for record in nul_separated(output):
        fields = record.split(b"\t", 2)
        if len(fields) != 3 or not fields[2]:
            raise _not_understood("git diff-tree wrote a line that is not understood", record)
        added, removed, path = fields
        if (added, removed) == (b"-", b"-"):
            continue
        if not all(re.fullmatch(rb"[0-9]{1,15}", number) for number in (added, removed)):
            raise _not_understood("git diff-tree wrote this instead of numbers of lines", record)
        yield path, int(added), int(removed)


def _word(field: bytes) -> str:
    """A mode or an object id."""
    if not field.isalnum():
        raise _not_understood("git wrote this instead of a mode or an object id", field)
    return field.decode("ascii")


def _not_understood(what: str, record: bytes) -> GitUnavailable:
    return GitUnavailable(f"{what}: {record[:200]!r}.", "The clone may be damaged: try a fresh one, or another git.")


def show_path(path: bytes) -> str:
    """A path for people and JSON. Bytes that are not UTF-8 are escaped (`caf\\xe9.md`)."""
    return path.decode("utf-8", "backslashreplace")


def decodable(path: bytes) -> bool:
    """Whether the path is UTF-8. The store takes no other names."""
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_nameable(path: str) -> bool:
    """Whether the text can be the path of a file in a tree, so that git can be asked for it."""
    try:
        written = path.encode()
    except UnicodeEncodeError:
        return False
    return b"\0" not in written and not {b"", b".", b".."} & set(written.split(b"/"))
