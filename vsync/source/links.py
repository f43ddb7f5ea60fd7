"""Where symbolic links of a tree lead. Pure: a tree and the texts of its links in, files under the links' paths out.

A link is followed in the tree alone, component by component, so it never leads out of the tree.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from vsync.documents.secret_formats import is_secret_name
from vsync.documents.selection import is_own
from vsync.errors import RepositoryError
from vsync.git.changes import SUBMODULE, SYMLINK, decodable

MOST_LINKS = 40
"""So many links may lead to one file. Linux has the same limit."""
MOST_FILES = 100_000
"""So many files may all links of a tree lead to: links to folders full of links multiply."""
MOST_PATH_BYTES = 4096

OUTSIDE = "it leads out of the repository"
DANGLING = "it leads to nothing"
CIRCLE = "it leads in a circle"
UNREADABLE = "where it leads cannot be read"
OWN = "it leads to a file of git, GitHub or vsync"
NAMED_LIKE_ONE = "it leads to a file whose name says that it holds a secret"
UNDECODABLE = "it leads to a file whose name is not UTF-8"
SUBMODULES = "it leads into a submodule that is not here"


class Followed(NamedTuple):
    """A path that a link makes.

    `real` is the path in the tree: of the file that stands there, or of what cannot be followed. `why` says why it cannot
    be followed; empty: it is a file.
    """

    path: bytes
    real: bytes
    why: str = ""


class _Refused(Exception):
    """A link is not followed; the text says why."""


class Links:
    """The links of one tree. `modes` has the mode of every file, link and submodule by its path.

    `text` gives the text of the link at a path; None: it cannot be read.
    """

    def __init__(self, modes: Mapping[bytes, str], text: Callable[[bytes], bytes | None]) -> None:
        self._modes = modes
        self._text = text
        self._sorted = sorted(modes)
        self._folders = {folder for path in modes for folder in _above(path)}
        self._left = MOST_FILES

    def follow(self, links: Iterable[bytes]) -> Iterator[Followed]:
        """What these links lead to. Raises RepositoryError when that is too much."""
        for link in links:
            yield from self._expand(link, link, ())

    def _expand(self, shown: bytes, link: bytes, chain: tuple[bytes, ...]) -> Iterator[Followed]:
        """What one link leads to. `chain` are the folders through which other links have led here."""
        self._left -= 1
        if self._left < 0:
            raise RepositoryError(
                f"The symbolic links of this commit or folder lead to more than {MOST_FILES:,} files.",
                "Remove the links that lead to folders with links, or sync without `symlinks: true`.",
            )
        if len(shown) > MOST_PATH_BYTES or len(chain) >= MOST_LINKS:
            yield Followed(shown, link, CIRCLE)
            return
        try:
            target = self._resolve(link)
            if target not in self._folders:
                yield Followed(shown, self._checked(shown, target))
                return
            self._check_folder(target, link, chain)
        except _Refused as refused:
            yield Followed(shown, link, str(refused))
            return
        prefix = target + b"/"
        for path in self._below(prefix):
            inside = shown + b"/" + path.removeprefix(prefix)
            if is_own(_text_of(path)):
                continue
            if self._modes[path] == SYMLINK:
                yield from self._expand(inside, path, (*chain, target))
            elif self._modes[path] == SUBMODULE:
                yield Followed(inside, path, SUBMODULES)
            else:
                self._left -= 1
                yield Followed(inside, path)

    def _checked(self, shown: bytes, target: bytes) -> bytes:
        """The file at the end of a link. A link must not hide what its name says."""
        if self._modes[target] == SUBMODULE:
            raise _Refused(SUBMODULES)
        if is_own(_text_of(target)):
            raise _Refused(OWN)
        if is_secret_name(_text_of(target)) and not is_secret_name(_text_of(shown)):
            raise _Refused(NAMED_LIKE_ONE)
        if not decodable(target):
            raise _Refused(UNDECODABLE)
        return target

    def _check_folder(self, target: bytes, link: bytes, chain: tuple[bytes, ...]) -> None:
        if is_own(_text_of(target)):
            raise _Refused(OWN)
        if any(_is_in(place, target) for place in (link, *chain)):
            raise _Refused(CIRCLE)

    def _below(self, prefix: bytes) -> Iterator[bytes]:
        for path in self._sorted[bisect_left(self._sorted, prefix) :]:
            if not path.startswith(prefix):
                return
            yield path

    def _resolve(self, path: bytes) -> bytes:
        """The path without links that a path with links leads to: of a file, a submodule or a folder. The top folder is empty."""
        done: list[bytes] = []
        todo = deque(path.split(b"/"))
        followed = 0
        while todo:
            part = todo.popleft()
            if part in {b"", b"."}:
                continue
            if part == b"..":
                if not done:
                    raise _Refused(OUTSIDE)
                done.pop()
                continue
            here = b"/".join((*done, part))
            mode = self._modes.get(here)
            if mode == SYMLINK:
                followed += 1
                if followed > MOST_LINKS:
                    raise _Refused(CIRCLE)
                todo.extendleft(reversed(self._target(here)))
                continue
            if mode == SUBMODULE and any(todo):
                raise _Refused(SUBMODULES)
            if here not in self._folders and (mode is None or any(todo)):
                raise _Refused(DANGLING)
            done.append(part)
        if not done:
            raise _Refused(CIRCLE)
        return b"/".join(done)

    def _target(self, link: bytes) -> list[bytes]:
        text = self._text(link)
        if not text or b"\0" in text:
            raise _Refused(UNREADABLE)
        if text.startswith(b"/"):
            raise _Refused(OUTSIDE)
        return text.split(b"/")


def _above(path: bytes) -> Iterator[bytes]:
    while path := posixpath.dirname(path):
        yield path


def _is_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder + b"/")


def _text_of(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
