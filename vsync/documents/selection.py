"""Which paths are documents, and why the others are not. Pure.

Two questions, asked in this order and never mixed: is the path *selected* (rules of the user), and can what stands
there be a document (its mode, its kind, its bytes)? A path that is selected and cannot be a document is *skipped*,
with one of the reasons below; the report lists it, because its reader would otherwise miss it in the store.
"""

from __future__ import annotations

import codecs
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vsync.documents.filetypes import DOCUMENTATION_EXTENSIONS, extension_of, file_type
from vsync.documents.secret_scan import Finding, Scanner, is_secret_name
from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, SYMLINK, decodable, show_path

SkipReason = Literal[
    "empty",
    "too-large",
    "unsupported-type",
    "not-text",
    "undecodable-name",
    "symlink",
    "submodule",
    "lfs-pointer",
    "secret",
]

CONTENT_REASONS = frozenset({"empty", "too-large", "not-text", "lfs-pointer", "secret"})
"""Reasons that lie in a file's bytes, and so hold as long as these are the same."""

MAX_BYTES = 512 * 1024 * 1024
"""The API's limit for one file (POST /files)."""

LFS_POINTER_MAX_BYTES = 1024
"""A pointer file is smaller than this: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""

_LFS_HEADS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_HEAD_BYTES = max(map(len, _LFS_HEADS))
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user asked for: gitignore patterns.

    `allow_secrets` are files that are uploaded although they seem to hold secrets; `reserved` are vsync's own files
    inside the repository.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow_secrets: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one path. `path` is set when it is selected, `skipped` when it cannot be a document."""

    path: str | None = None
    skipped: SkipReason | None = None


NOT_SELECTED = Verdict()


class Selector:
    """The rules, compiled. Decides by path and mode alone; `content_reason` looks at the bytes later."""

    def __init__(self, rules: Rules) -> None:
        self._reserved = frozenset(rules.reserved)
        self._include = _compile("include", rules.include) if rules.include else None
        self._exclude = _compile("exclude", rules.exclude) if rules.exclude else None
        self._allowed = _compile("allow-secrets", rules.allow_secrets) if rules.allow_secrets else None

    def decide(self, path: bytes, mode: str) -> Verdict:
        text = path.decode("utf-8", "surrogateescape")
        if _never(text) or text in self._reserved or not self._selected(text, mode):
            return NOT_SELECTED
        if not decodable(path):
            return Verdict(show_path(path), "undecodable-name")
        if mode == SYMLINK:
            return Verdict(text, "symlink")
        if mode == SUBMODULE:
            return Verdict(text, "submodule")
        if is_secret_name(text) and not self.allows_secrets(text):
            return Verdict(text, "secret")
        if file_type(text) is None:
            return Verdict(text, "unsupported-type")
        return Verdict(text)

    def allows_secrets(self, path: str) -> bool:
        """Whether the user wants the file uploaded whatever secrets it seems to hold."""
        return self._allowed is not None and self._allowed.match_file(path)

    def _selected(self, text: str, mode: str) -> bool:
        # A submodule stands for a folder: it is listed where its files could have been documents.
        candidates = (text, f"{text}/") if mode == SUBMODULE else (text,)
        if self._exclude is not None and any(self._exclude.match_file(name) for name in candidates):
            return False
        if self._include is not None:
            return any(self._include.match_file(name) for name in candidates)
        return mode == SUBMODULE or extension_of(text) in DOCUMENTATION_EXTENSIONS


def _never(path: str) -> bool:
    """Never documents, even when included: git's and GitHub's own files, and vsync's."""
    return any(part.startswith(".git") or part in {".vsync", ".vsync.yml"} for part in path.split("/"))


class _Spec:
    """A set of gitignore patterns (pathspec is imported only where there is one to match)."""

    def __init__(self, lines: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        with warnings.catch_warnings():
            # Python warns of sets in regular expressions ("[[a]") that it may read otherwise one day.
            warnings.simplefilter("ignore", FutureWarning)
            self._spec = GitIgnoreSpec.from_lines(lines)

    def match_file(self, path: str) -> bool:
        return self._spec.match_file(path)


def _compile(name: str, patterns: Iterable[str]) -> _Spec:
    lines = list(patterns)
    for line in lines:
        try:
            _Spec([line])
        except (ValueError, re.error) as error:
            raise ConfigurationError(
                f"The {name} pattern {line!r} is not a gitignore pattern: {error}",
                "See https://git-scm.com/docs/gitignore#_pattern_format.",
            ) from error
    return _Spec(lines)


def matcher(name: str, patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path matches gitignore patterns; `name` is how messages call them. Raises ConfigurationError."""
    return _compile(name, patterns).match_file


def size_reason(size: int) -> SkipReason | None:
    """Why a file of that many bytes cannot be a document, or None."""
    if size == 0:
        return "empty"
    return "too-large" if size > MAX_BYTES else None


def needs_reading(path: str, size: int) -> bool:
    """Whether the bytes must be looked at to know if this is a document.

    A binary kind is only read when it is small enough to be an LFS pointer.
    """
    kind = file_type(path)
    return kind is None or kind.text or size < LFS_POINTER_MAX_BYTES


def _unwatched(text: str) -> None:
    return None


def content_reason(path: str, chunks: Iterable[bytes], watch: Callable[[str], None] = _unwatched) -> SkipReason | None:
    """Why these bytes cannot be a document of that path, or None.

    Text must be UTF-8, UTF-16 with a byte order mark, or ASCII: the API indexes no other encoding. `watch` is shown
    the text piece by piece, so that one reading serves every question.
    """
    kind = file_type(path)
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if head.startswith(_LFS_HEADS):
        return "lfs-pointer"
    if kind is not None and not kind.text:
        return None
    decoder = codecs.getincrementaldecoder("utf-16" if head.startswith(_UTF16_MARKS) else "utf-8")()
    try:
        for chunk in itertools.chain([head], iterator):
            text = decoder.decode(chunk)
            # A NUL is no text in any encoding; UTF-32 read as UTF-16 is full of them.
            if "\0" in text:
                return "not-text"
            watch(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "not-text"
    return None


def inspect_content(
    path: str, chunks: Iterable[bytes], scanner: Scanner | None
) -> tuple[SkipReason | None, tuple[Finding, ...]]:
    """Why these bytes cannot be a document, and the secrets in them if that is why. No scanner: secrets are allowed."""
    if scanner is None:
        return content_reason(path, chunks), ()
    reason = content_reason(path, chunks, scanner.feed)
    if reason is not None:
        return reason, ()
    findings = scanner.close()
    return ("secret", findings) if findings else (None, ())
