"""When files of a commit were last changed, and by whom. It takes one walk through the history for any number of files.

A file was last changed by the newest commit that gave its path the bytes and the mode that it has now. So a change that a
merge threw away does not count, and a merge counts only where it made bytes that none of its parents has. A rename counts
as a change: it gave the path its bytes.

The time is the committer's: when the change became part of this history. A rebase or a squash keeps the author's time,
and a file that was written long ago and merged today is new to its readers. The walk goes by the same time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from vsync.git.changes import TreeEntry, nul_separated
from vsync.git.deadlines import command_of
from vsync.git.local import LocalGit, failed, not_understood
from vsync.system.regular_file import read_file

MOST_AUTHOR_CHARACTERS = 256
_LATEST = 253_402_300_799
"""The end of the year 9999. A commit may name any time."""
_FETCH_NOTHING = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Git before 2.44 knows only the second one."""
_FEW_PATHS = 64
"""So many paths are given to git, which then opens only their folders. Of more, git gets the folder that all are in."""
_HEADER = re.compile(rb"([0-9a-f]{40,64}) ([0-9]+) (.*)", re.DOTALL)
_MOST_SHALLOW_BYTES = 16 * 1024 * 1024


class LastChange(NamedTuple):
    """When a file was last changed, in seconds since 1970, and by whom: empty where the commit names nobody."""

    when: int
    author: str


class History(NamedTuple):
    """What is known of the last changes of files, by path.

    `shallow`: facts are missing, because the clone has not the whole history. The remedy: `fetch-depth: 0`.
    """

    facts: Mapping[str, LastChange]
    shallow: bool


NO_HISTORY = History({}, shallow=False)


class _Commit(NamedTuple):
    id: str
    change: LastChange


class _Record(NamedTuple):
    """A path that a commit changed: what stands there after it."""

    path: bytes
    mode: str
    blob: str


def last_changes(
    git: LocalGit, head: str, entries: Iterable[TreeEntry], boundary: Collection[str], *, partial: bool = False
) -> History:
    """The last changes of these entries of the head.

    `boundary` are the commits at which a shallow clone ends. What such a commit changed is not known: files that have not
    changed since are left out. `partial`: the clone may lack trees of older commits, at which the walk then ends.
    """
    wanted = {entry.path: (entry.mode, entry.blob) for entry in entries}
    found: dict[str, LastChange] = {}
    unknown = False
    if not wanted:
        return NO_HISTORY
    arguments = _arguments(head, wanted)
    # Git must fetch nothing: of a clone without trees it would fetch the trees of the whole history, one by one.
    stream = git.start(*arguments, more=_FETCH_NOTHING)
    try:
        for commit, record in parse_log(stream.pieces()):
            if wanted.get(record.path) != (record.mode, record.blob):
                continue
            del wanted[record.path]
            if commit.id in boundary:
                unknown = True
            elif commit.change.when <= _LATEST:
                found[record.path.decode("utf-8", "surrogateescape")] = commit.change
            if not wanted:
                break
    except BaseException:
        stream.kill()
        raise
    if not wanted:  # the rest of the history is not needed
        stream.kill()
        return History(found, shallow=unknown)
    status, _ = stream.finish()
    if status and not partial:
        raise failed(command_of(arguments), stream.stderr().decode("utf-8", "replace").strip()[-500:])
    return History(found, shallow=unknown or bool(status))


def boundary_of(common_dir: Path) -> frozenset[str]:
    """The commits at which a shallow clone ends. None are known where the file that names them cannot be read."""
    try:
        lines = read_file(common_dir / "shallow", _MOST_SHALLOW_BYTES)
    except OSError:
        return frozenset()
    return frozenset(line.decode("ascii", "replace") for line in lines.split())


def _arguments(head: str, paths: Collection[bytes]) -> list[str]:
    """The walk, with each commit's changes. Settings of the user that would change the output do not count.

    Names are as the commit's own `.mailmap` has them.
    """
    few = [path.decode("utf-8", "surrogateescape") for path in sorted(paths)] if len(paths) <= _FEW_PATHS else []
    folder = _common_folder(paths)
    return [
        *("-c", "log.showRoot=true", "-c", f"mailmap.blob={head}:.mailmap", "-c", "mailmap.file="),
        *("--literal-pathspecs", "log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-follow", "--no-relative"),
        *("--no-ext-diff", "--no-notes", "--no-show-signature", "--no-decorate", "--no-color", "--encoding=UTF-8"),
        *("-O/dev/null", "--ignore-submodules=none", "--full-history", "--format=tformat:%H %ct %aN", head, "--"),
        *(few or ([folder] if folder else [])),
    ]  # fmt: skip


def _common_folder(paths: Collection[bytes]) -> str:
    """The deepest folder that all paths are in; empty: the top folder."""
    folders = [path.split(b"/")[:-1] for path in (min(paths), max(paths))]
    common = []
    for one, other in zip(*folders, strict=False):
        if one != other:
            break
        common.append(one)
    return b"/".join(common).decode("utf-8", "surrogateescape")


def parse_log(output: Iterable[bytes]) -> Iterator[tuple[_Commit, _Record]]:
    """The changes in the output of `git log -z --raw -c --no-abbrev --no-renames --format=tformat:"%H %ct %aN"`.

    Removed paths are among them, with the mode `000000`. Raises GitUnavailable for any other output.
    """
    fields = nul_separated(output)
    commit: _Commit | None = None
    for field in fields:
        text = field.removeprefix(b"\n")
        if not text:  # between two commits
            continue
        if not text.startswith(b":"):
            commit = _commit(text)
            continue
        path = next(fields, None)
        if commit is None or not path:
            raise not_understood("log", repr(text[:200]))
        yield commit, _record(text, path)


def _commit(header: bytes) -> _Commit:
    match = _HEADER.fullmatch(header)
    if match is None:
        raise not_understood("log", repr(header[:200]))
    when = int(match[2]) if len(match[2]) <= len(str(_LATEST)) else _LATEST + 1
    return _Commit(match[1].decode(), LastChange(when, shown_name(match[3].decode("utf-8", "replace"))))


def _record(text: bytes, path: bytes) -> _Record:
    """One changed path. Of a merge with N parents there are N colons, N modes and N blobs, and then those of the merge."""
    parents = len(text) - len(text.lstrip(b":"))
    fields = text[parents:].split(b" ")
    if len(fields) != 2 * parents + 3:
        raise not_understood("log", repr(text[:200]))
    mode, blob = fields[parents], fields[2 * parents + 1]
    if not (mode.isalnum() and blob.isalnum()):
        raise not_understood("log", repr(text[:200]))
    return _Record(path, mode.decode("ascii"), blob.decode("ascii"))


def shown_name(name: str) -> str:
    """An author's name as one line without control characters and marks of direction, of at most 256 characters."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" and char != "\u200d" else char for char in name)
    text = " ".join(visible.split())
    return text if len(text) <= MOST_AUTHOR_CHARACTERS else text[: MOST_AUTHOR_CHARACTERS - 1] + "…"
