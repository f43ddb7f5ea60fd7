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
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

NAME = ".gitattributes"
MAX_BYTES = 1024 * 1024
"""A larger file is not read. A file that people write has some kilobytes."""

_MAX_LINE = 2048
"""Git ignores longer lines."""

Mark = Literal["linguist-vendored", "linguist-generated"]
_MARKS: tuple[Mark, ...] = ("linguist-vendored", "linguist-generated")
_Value = str | bool | None
"""True: set. False: unset. None: as if nothing had been said of it."""


_States = tuple[tuple[str, _Value], ...]

_MAX_WILDCARDS = 2_000
"""Of a file's marking lines with other wildcards than `*.md` and `docs/**`, no more are tried: the last ones, which win."""
_REMEMBERED = 1_000


class GitAttributes:
    """The `.gitattributes` files of a tree, by the folder that they stand in ("": the top folder)."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        top = files.get("", b"")
        macros: dict[str, _States] = {}
        if b"linguist-" in top:
            macros = {macro: states for pattern, states in _lines(top) if (macro := _macro(pattern))}
        names = _leading_to_marks(macros)
        self._macros = {name: _only(names, states) for name, states in macros.items() if name in names}
        self._states: list[_States] = []
        self._files: dict[str, _File] = {}
        for folder, content in files.items():
            if len(names) > len(_MARKS) or b"linguist-" in content:
                self._files[folder] = self._read(content, names)
        self._decided = lru_cache(_REMEMBERED)(self._decide)

    def mark(self, path: str) -> Mark | None:
        """Which mark the path bears."""
        if not self._files:
            return None
        matching: list[int] = []
        for folder in folders_of(path):
            file = self._files.get(folder)
            if file is not None:
                matching += file.matching(path[len(folder) + 1 :] if folder else path)
        return self._decided(tuple(matching)) if matching else None

    def _read(self, content: bytes, names: Set[str]) -> _File:
        file = _File()
        for pattern, states in _lines(content):
            marking = _only(names, states)
            if marking and not _macro(pattern):
                file.add(pattern, len(self._states))
                self._states.append(marking)
        return file

    def _decide(self, matching: tuple[int, ...]) -> Mark | None:
        """The mark from the lines that match, the strongest first. What is read first wins."""
        values: dict[str, _Value] = {}
        for number in matching:
            left = list(self._states[number])
            while left:
                name, value = left.pop()
                if name in values:
                    continue
                values[name] = value
                if value is True:
                    left += self._macros.get(name, ())
        for mark in _MARKS:
            # GitHub's linguist takes every value but `false` as set.
            if values.get(mark) not in {None, False, "false"}:
                return mark
        return None


def _macro(pattern: str) -> str:
    """The name of the macro that a line defines; empty: it defines none."""
    return pattern.removeprefix("[attr]").strip() if pattern.startswith("[attr]") else ""


def _leading_to_marks(macros: Mapping[str, _States]) -> Set[str]:
    """The marks, and the macros that say something of them."""
    users: dict[str, list[str]] = {}
    for macro, states in macros.items():
        for name, _ in states:
            users.setdefault(name, []).append(macro)
    found: set[str] = set(_MARKS)
    left: list[str] = [*_MARKS]
    while left:
        new = set(users.get(left.pop(), ())) - found
        found |= new
        left += new
    return found


def _only(names: Set[str], states: _States) -> _States:
    return tuple(state for state in states if state[0] in names)


def folders_of(path: str) -> list[str]:
    """The folders whose `.gitattributes` may say something of the path: the deepest first, and at last the top folder."""
    folders = []
    while path:
        path = path.rpartition("/")[0]
        folders.append(path)
    return folders


# --- One line -----------------------------------------------------------------------------------------------

_BLANKS = " \t\r"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_UNQUOTED = re.compile(rf"(?:\[attr\])?[{_BLANKS}]*[^{_BLANKS}]+")


def _lines(content: bytes) -> Iterator[tuple[str, _States]]:
    """The pattern of each line, and what it says of attributes."""
    for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        pattern, states = _split(raw)
        if pattern and states:
            yield pattern, states


def _split(raw: bytes) -> tuple[str, _States]:
    """The pattern of a line, and what it says of attributes. The pattern is empty where the line says nothing."""
    if len(raw) > _MAX_LINE:
        return "", ()
    text = raw.decode("utf-8", "surrogateescape").strip(_BLANKS)
    if not text or text.startswith("#"):
        return "", ()
    if text.startswith('"'):
        quoted = _QUOTED.match(text)
        if quoted is None:
            return "", ()
        pattern, rest = _unquoted(quoted[1]), text[quoted.end() :]
    else:
        found = _UNQUOTED.match(text)
        assert found is not None
        pattern, rest = found[0], text[found.end() :]
    return pattern, tuple(map(_state, rest.replace("\t", " ").replace("\r", " ").split(" "))) if rest else ()


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


# --- The patterns of one file -------------------------------------------------------------------------------


class _File:
    """The patterns of one file, each with a number. Most are found without trying them all: the plain and common ones."""

    def __init__(self) -> None:
        self._paths: dict[str, list[int]] = {}
        self._names: dict[str, list[int]] = {}
        self._ends: dict[str, list[int]] = {}
        self._folders: dict[str, list[int]] = {}
        self._others: deque[tuple[int, bool, str]] = deque(maxlen=_MAX_WILDCARDS)

    def add(self, pattern: str, number: int) -> None:
        if pattern.startswith("!"):
            return  # git allows no negative patterns here
        if pattern.endswith("/"):
            return  # it names folders, and attributes are those of files
        tokens = _tokens(pattern.removeprefix("/"))
        if tokens is None:
            return
        whole = "/" in pattern
        if tokens[0].kind == "deep" and all(token.kind in {"text", "one", "stars"} for token in tokens[1:]):
            tokens, whole = tokens[1:], False
        first, *rest = tokens
        if _is_text(tokens):
            _put(self._paths if whole else self._names, _text(tokens), number)
        elif first.kind == "stars" and not whole and _is_text(rest):
            _put(self._ends, _text(rest), number)
        elif tokens[-1].kind == "rest" and _is_text(tokens[:-1]):
            _put(self._folders, _text(tokens[:-1]), number)
        else:
            self._others.append((number, whole, _regex(tokens)))

    def matching(self, path: str) -> list[int]:
        """The numbers of the lines that match the path, the last line first."""
        name = path.rpartition("/")[2]
        found = [*self._paths.get(path, ()), *self._names.get(name, ())]
        if self._ends:
            for start in range(len(name) + 1):
                found += self._ends.get(name[start:], ())
        if self._folders:
            for folder in folders_of(path):
                found += self._folders.get(f"{folder}/" if folder else "", ())
        found += (number for number, pattern in self._whole if pattern(path))
        found += (number for number, pattern in self._named if pattern(name))
        return sorted(found, reverse=True)

    @cached_property
    def _whole(self) -> list[tuple[int, Callable[[str], object]]]:
        return [(number, _compiled(regex)) for number, whole, regex in self._others if whole]

    @cached_property
    def _named(self) -> list[tuple[int, Callable[[str], object]]]:
        return [(number, _compiled(regex)) for number, whole, regex in self._others if not whole]


def _compiled(regex: str) -> Callable[[str], object]:
    return re.compile(regex, re.DOTALL).fullmatch


def _put(numbers: dict[str, list[int]], text: str, number: int) -> None:
    numbers.setdefault(text, []).append(number)


# --- Wildcards ----------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    """A part of a pattern. Of a `text` and a `slash` it is the character, of `one` the regular expression.

    | kind | what |
    | --- | --- |
    | `deep` | `**/`: any folders, or none |
    | `rest` | `**` at the end: all that is inside |
    | `stars` | anything but a slash |
    | `one` | one character that is no slash |
    """

    kind: Literal["deep", "rest", "stars", "one", "slash", "text"]
    value: str = ""


_TOKEN = re.compile(
    r"(?P<deep>(?:^|(?<=/))\*{2,}+/)|(?P<rest>(?:^|(?<=/))\*{2,}+\Z)|(?P<stars>\*++)|(?P<one>\?)|\\?+(?P<text>.)",
    re.DOTALL,
)
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~",
    "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def _tokens(pattern: str) -> list[_Token] | None:
    """The parts of a pattern; None: git finds that it matches nothing, such as one with a `[` that nothing closes."""
    tokens: list[_Token] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "[":
            one = _set(pattern, at + 1)
            if one is None:
                return None
            regex, at = one
            tokens.append(_Token("one", regex))
            continue
        found = _TOKEN.match(pattern, at)
        if found is None:
            return None  # a backslash at the end
        at = found.end()
        if found["text"]:
            tokens.append(_Token("slash" if found["text"] == "/" else "text", found["text"]))
        elif found["one"]:
            tokens.append(_Token("one", "[^/]"))
        else:
            tokens.append(_Token("deep" if found["deep"] else "rest" if found["rest"] else "stars"))
    return tokens


def _set(pattern: str, at: int) -> tuple[str, int] | None:
    """The set that begins there, behind its `[`, as a regular expression, and where the pattern goes on."""
    negated = pattern[at : at + 1] in {"!", "^"}
    at += negated
    start, members, before = at, [], ""
    while pattern[at : at + 1] != "]" or at == start:
        char = pattern[at : at + 1]
        if char == "-" and before and pattern[at + 1 : at + 2] not in {"", "]"}:
            at += 1 + (pattern[at + 1] == "\\")
            last = pattern[at : at + 1]
            if before <= last:
                members.append(f"{re.escape(before)}-{re.escape(last)}")
            char = ""
        elif pattern.startswith("[:", at) and pattern[(end := pattern.find("]", at + 2)) - 1] == ":" and end > at + 2:
            named = _CLASSES.get(pattern[at + 2 : end - 1])
            if named is None:
                return None
            members.append(named)
            at, char = end, ""
        else:
            if char == "\\":
                at += 1
                char = pattern[at : at + 1]
            members.append(re.escape(char))
        if at >= len(pattern):
            return None
        before = char
        at += 1
    inside = "".join(members)
    if not inside:
        return ("[^/]" if negated else "(?!)"), at + 1
    return f"(?!/)[{'^' if negated else ''}{inside}]", at + 1


def _is_text(tokens: Sequence[_Token]) -> bool:
    return all(token.kind in {"slash", "text"} for token in tokens)


def _text(tokens: Sequence[_Token]) -> str:
    return "".join(token.value for token in tokens)


def _regex(tokens: Sequence[_Token]) -> str:
    """Git's wildmatch as a regular expression. In a pattern with a slash a star matches no slash.

    Whoever may write a `.gitattributes` could write a pattern of many stars that is tried for hours. So what stands behind a
    wildcard is taken at the first place where it fits, and no other place is tried (`(?>…)`): if another wildcard of the
    same kind follows, a later place could not match more.
    """
    chunks = _split_at(tokens, {"deep", "rest"})
    ends_deep = tokens[-1].kind == "rest" and not chunks[-1]
    if ends_deep:
        chunks.pop()
    parts = [_of_folders(chunks[0])]
    for chunk in chunks[1:-1]:
        parts.append(f"(?>(?:[^/]+/)*?{_of_folders(chunk)})")
    for chunk in chunks[1:][-1:]:
        inside = _of_folders(chunk)
        parts.append(f"(?>(?:[^/]+/)*?{inside})" if ends_deep else f"(?:[^/]+/)*{inside}")
    return "".join(parts) + (".+" if ends_deep else "")


def _of_folders(tokens: Sequence[_Token]) -> str:
    return "/".join(map(_of_name, _split_at(tokens, {"slash"})))


def _of_name(tokens: Sequence[_Token]) -> str:
    first, *chunks = ["".join(map(_translated, chunk)) for chunk in _split_at(tokens, {"stars"})]
    if not chunks:
        return first
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[:-1]) + f"[^/]*{chunks[-1]}"


def _split_at(tokens: Sequence[_Token], kinds: Set[str]) -> list[list[_Token]]:
    chunks: list[list[_Token]] = [[]]
    for token in tokens:
        if token.kind in kinds:
            chunks.append([])
        else:
            chunks[-1].append(token)
    return chunks


def _translated(token: _Token) -> str:
    return token.value if token.kind == "one" else re.escape(token.value)
