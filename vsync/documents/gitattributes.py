"""What `.gitattributes` files say of paths: `linguist-vendored` and `linguist-generated`. Pure.

Read as git reads them (https://git-scm.com/docs/gitattributes), and as GitHub does, from the commit and not from the
working tree. `git check-attr --source` would do that, but needs git 2.40.

| what | which rule wins |
| --- | --- |
| files | the one in the deepest folder, then the ones above it |
| lines of a file | the last one |
| a macro (`[attr]name …`, only in the top folder) | stands for its attributes where it is set |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

NAME = ".gitattributes"
MAX_BYTES = 1024 * 1024
"""A larger file is not read. A file that people write has some kilobytes."""

_MAX_LINE = 2048
"""Git ignores longer lines."""

Mark = Literal["linguist-vendored", "linguist-generated"]
_MARKS: tuple[Mark, ...] = ("linguist-vendored", "linguist-generated")
_Value = str | bool | None
"""True: set. False: unset. None: as if nothing had been said of it."""


@dataclass(frozen=True, slots=True)
class _Line:
    pattern: re.Pattern[str]
    whole_path: bool
    states: tuple[tuple[str, _Value], ...]

    def matches(self, path: str) -> bool:
        return self.pattern.fullmatch(path if self.whole_path else path.rpartition("/")[2]) is not None


class GitAttributes:
    """The `.gitattributes` files of a tree, by the folder that they stand in ("": the top folder)."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._macros: dict[str, tuple[tuple[str, _Value], ...]] = {}
        self._lines = {folder: self._parsed(content, top=not folder) for folder, content in files.items()}

    def mark(self, path: str) -> Mark | None:
        """Which mark the path bears."""
        values = self._values(path)
        for mark in _MARKS:
            # GitHub's linguist takes every value but `false` as set.
            if values.get(mark) not in {None, False, "false"}:
                return mark
        return None

    def _values(self, path: str) -> dict[str, _Value]:
        values: dict[str, _Value] = {}
        if not self._lines:
            return values
        for folder in folders_of(path):
            inside = path[len(folder) + 1 :] if folder else path
            for line in reversed(self._lines.get(folder, ())):
                if line.matches(inside):
                    self._fill(values, line.states)
        return values

    def _fill(self, values: dict[str, _Value], states: Sequence[tuple[str, _Value]]) -> None:
        """Takes over what is not decided yet: what is read first wins."""
        for name, value in reversed(states):
            if name in values:
                continue
            values[name] = value
            if value is True:
                self._fill(values, self._macros.get(name, ()))

    def _parsed(self, content: bytes, *, top: bool) -> tuple[_Line, ...]:
        lines = []
        for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            pattern, states = _split(raw)
            if pattern is None:
                continue
            if pattern.startswith("[attr]"):
                if top:
                    self._macros[pattern.removeprefix("[attr]").strip()] = states
                continue
            line = _line(pattern, states)
            if line is not None:
                lines.append(line)
        return tuple(lines)


def folders_of(path: str) -> list[str]:
    """The folders whose `.gitattributes` may say something of the path: the deepest first, and at last the top folder."""
    folders = []
    while path:
        path = path.rpartition("/")[0]
        folders.append(path)
    return folders


# --- One line -----------------------------------------------------------------------------------------------

_BLANKS = " \t\r"


def _split(raw: bytes) -> tuple[str | None, tuple[tuple[str, _Value], ...]]:
    """The pattern of a line, and what it says of attributes. The pattern is None where the line says nothing."""
    if len(raw) > _MAX_LINE:
        return None, ()
    text = raw.decode("utf-8", "surrogateescape").strip(_BLANKS)
    if not text or text.startswith("#"):
        return None, ()
    if text.startswith('"'):
        quoted = re.match(r'"((?:[^"\\]|\\.)*)"', text)
        if quoted is None:
            return None, ()
        pattern, rest = _unquoted(quoted[1]), text[quoted.end() :]
    else:
        found = re.match(rf"(?:\[attr\])?[{_BLANKS}]*[^{_BLANKS}]+", text)
        assert found is not None
        pattern, rest = found[0], text[found.end() :]
    return pattern, tuple(_state(word) for word in re.split(rf"[{_BLANKS}]+", rest.strip(_BLANKS)) if word)


def _state(word: str) -> tuple[str, _Value]:
    if word.startswith(("-", "!")):
        return word[1:], False if word[0] == "-" else None
    name, equals, value = word.partition("=")
    return name, value if equals else True


_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}


def _unquoted(text: str) -> str:
    """A pattern that git wrote in quotes, as a string of C."""

    def byte(found: re.Match[bytes]) -> bytes:
        code = found[1].decode("latin-1")
        return bytes([int(code, 8) & 0xFF if code[0] in "01234567" else _ESCAPES.get(code, ord(code))])

    raw = re.sub(rb"(?s)\\([0-7]{3}|.)", byte, text.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _line(pattern: str, states: tuple[tuple[str, _Value], ...]) -> _Line | None:
    if pattern.startswith("!"):
        return None  # git allows no negative patterns here
    if pattern.endswith("/"):
        return None  # it names folders, and attributes are those of files
    whole = "/" in pattern
    try:
        return _Line(re.compile(_regex(pattern.removeprefix("/")), re.DOTALL), whole, states)
    except re.error:
        return None


# --- Wildcards ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
    (?P<deep>(?:^|(?<=/))\*{2,}/)          # any folders, or none
    | (?P<rest>(?:^|(?<=/))\*{2,}$)          # all that is inside
    | (?P<stars>\*+)
    | (?P<one>\?)
    | (?P<set>\[(?P<not>[!^]?)(?P<inside>\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*)\])
    | \\(?P<escaped>.)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~",
    "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def _regex(pattern: str) -> str:
    """Git's wildmatch as a regular expression. In a pattern with a slash a star matches no slash.

    Whoever may write a `.gitattributes` could write a pattern of many stars that is tried for hours. So what stands behind a
    wildcard is taken at the first place where it fits, and no other place is tried (`(?>…)`): if another wildcard of the
    same kind follows, a later place could not match more.
    """
    chunks = _split_at(list(_TOKEN.finditer(pattern)), lambda token: bool(token["deep"] or token["rest"]))
    ends_deep = pattern.endswith("**") and len(chunks) > 1 and not chunks[-1]
    if ends_deep:
        chunks.pop()
    parts = [_of_folders(chunks[0])]
    for chunk in chunks[1:-1]:
        parts.append(f"(?>(?:[^/]+/)*?{_of_folders(chunk)})")
    for chunk in chunks[1:][-1:]:
        inside = _of_folders(chunk)
        parts.append(f"(?>(?:[^/]+/)*?{inside})" if ends_deep else f"(?:[^/]+/)*{inside}")
    return "".join(parts) + (".+" if ends_deep else "")


def _of_folders(tokens: list[re.Match[str]]) -> str:
    names = _split_at(tokens, lambda token: "/" in {token["plain"], token["escaped"]})
    return "/".join(map(_of_name, names))


def _of_name(tokens: list[re.Match[str]]) -> str:
    first, *chunks = [
        "".join(map(_translated, chunk)) for chunk in _split_at(tokens, lambda token: bool(token["stars"]))
    ]
    if not chunks:
        return first
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[:-1]) + f"[^/]*{chunks[-1]}"


def _split_at(tokens: list[re.Match[str]], ends: Callable[[re.Match[str]], bool]) -> list[list[re.Match[str]]]:
    chunks: list[list[re.Match[str]]] = [[]]
    for token in tokens:
        if ends(token):
            chunks.append([])
        else:
            chunks[-1].append(token)
    return chunks


def _translated(token: re.Match[str]) -> str:
    if token["one"]:
        return "[^/]"
    if token["set"]:
        inside = re.sub(r"\[:([a-z]+):\]|\\(.)|([\[\]&|~^])", _in_set, token["inside"])
        return f"(?!/)[{'^' if token['not'] else ''}{inside}]"
    return re.escape(token["escaped"] or token["plain"])


def _in_set(found: re.Match[str]) -> str:
    if found[1]:
        return _CLASSES.get(found[1], "")
    return "\\" + (found[2] or found[3])
