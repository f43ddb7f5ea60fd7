"""Where pieces of JSX and JavaScript end, as far as brackets, strings and comments tell. Pure.

Hostile text may open brackets that nothing closes. So all searches of one text share a budget of characters. When it is
used up, nothing more is found.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from vsync.documents.patterns import lazily


class Budget:
    """How many characters may still be read in vain."""

    def __init__(self, text: str) -> None:
        self._left = 4 * len(text) + 10_000

    def spend(self, characters: int) -> None:
        self._left -= max(1, characters)

    @property
    def spent(self) -> bool:
        return self._left < 0


class Tag(NamedTuple):
    """One tag. A fragment (`<>`) has the name "". `attributes` are those whose values are strings."""

    kind: Literal["open", "close", "whole"]
    name: str
    end: int
    attributes: tuple[tuple[str, str], ...] = ()


_SPACE = lazily(r"\s*+")
_NAME = lazily(r"[A-Za-z_$][\w$-]*+(?:[.:][A-Za-z_$][\w$-]*+)*+(?=[\s/>])")
_CLOSE = lazily(r"</\s{0,20}([A-Za-z_$][\w$.:-]{0,200})?\s{0,20}>")
_WHOLE = lazily(r"/\s{0,20}>")
_ATTRIBUTE = lazily(r"([A-Za-z_$@:][\w$.:@-]*+)(\s{0,100}=\s{0,100})?")
_BLANK_LINE = lazily(r"\n[^\S\n]*+\n")

_TOKEN = lazily(r"[\"'`{}()\[\]\n]|//|/\*")
_STRINGS = {
    '"': lazily(r"(?:[^\"\\\n]|\\.)*+"),
    "'": lazily(r"(?:[^'\\\n]|\\.)*+"),
    "`": lazily(r"(?:[^`\\]|\\[\s\S])*+"),
}
_OPENS = {"{": 0, "(": 1, "[": 2}
_CLOSES = {"}": 0, ")": 1, "]": 2}


def end_of_expression(text: str, at: int, budget: Budget) -> int:
    """Where the expression ends whose `{` is at that place; -1: nowhere."""
    depth, start = 0, at
    while not budget.spent:
        token = _TOKEN().search(text, at)
        if not token:
            break
        mark, at = token[0], token.end()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if not depth:
                return at
        elif mark in "\"'`///*":
            at = _behind(text, token.start(), mark, budget)
    budget.spend(len(text) - start)
    return -1


_IMPORT = lazily(
    r"import\s{1,20}(?:[\w$*,\s]{0,2000}(?:\{[^{}]{0,20000}\}\s{0,20})?(?<=[\s}])from\s{0,20})?(?:\"[^\"\n]*+\"|'[^'\n]*+')"
    r"(?:[ \t]{1,20}(?:with|assert)[ \t]{0,20}\{[^{}\n]*+\})?[ \t]*+;?[ \t\r]*+(?://[^\n]*+)?(?:\n|\Z)"
)
_GOES_ON = lazily(r"[ \t]+\S|[.?:+)\]}&|=,]|\*(?!\*)|</")
_OPEN_ENDED = lazily(r"(?:[=,+?:&|]|=>)[ \t\r]*\Z")


def end_of_module_code(text: str, at: int, budget: Budget) -> int:
    """Where the import or export ends that begins at that place, with its line's end; -1: it is none, or has no end."""
    if text.startswith("import", at):
        found = _IMPORT().match(text, at)
        budget.spend(0 if found else 2000)
        return found.end() if found and not budget.spent else -1
    depths, start, line = [0, 0, 0], at, at
    while not budget.spent:
        token = _TOKEN().search(text, at)
        if not token:
            at = len(text)
            return -1 if any(depths) else at
        mark, at = token[0], token.end()
        if mark in _OPENS:
            depths[_OPENS[mark]] += 1
        elif mark in _CLOSES:
            depths[_CLOSES[mark]] -= 1
        elif mark != "\n":
            at = _behind(text, token.start(), mark, budget)
        elif any(depths):
            line = at
        elif not _GOES_ON().match(text, at) and not _OPEN_ENDED().search(text[line : at - 1][-20:]):
            return at
        else:
            line = at
    budget.spend(len(text) - start)
    return -1


def _behind(text: str, at: int, mark: str, budget: Budget) -> int:
    """The place behind a string or a comment. One without an end is a mere character: text of JSX may hold it."""
    if mark == "//":
        newline = text.find("\n", at)
        return at + 2 if at and text[at - 1] == ":" else newline if newline >= 0 else len(text)
    if mark == "/*":
        end = text.find("*/", at + 2)
        if end < 0:
            budget.spend(len(text) - at)
        return end + 2 if end >= 0 else at + 2
    body = _STRINGS[mark]().match(text, at + 1)
    end = body.end() if body else at + 1
    if text[end : end + 1] == mark:
        return end + 1
    budget.spend(end - at)
    return at + 1


def tag_at(text: str, at: int, budget: Budget) -> Tag | None:
    """The tag whose `<` is at that place. None: what is there is no tag of JSX."""
    if close := _CLOSE().match(text, at):
        return Tag("close", close[1] or "", close.end())
    if text.startswith("<>", at):
        return Tag("open", "", at + 2)
    name = _NAME().match(text, at + 1)
    if not name:
        return None
    tag = _attributes(text, name.end(), name[0], budget)
    if not tag:
        budget.spend(name.end() - at)
    return tag


def _attributes(text: str, at: int, name: str, budget: Budget) -> Tag | None:
    """The rest of a tag behind its name."""
    found: list[tuple[str, str]] = []
    start = at
    while not budget.spent:
        space = _SPACE().match(text, at)
        at = space.end() if space else at
        if text.startswith(">", at):
            return Tag("open", name, at + 1, tuple(found))
        if whole := _WHOLE().match(text, at):
            return Tag("whole", name, whole.end(), tuple(found))
        if text.startswith("{", at):
            at = end_of_expression(text, at, budget)
            if at < 0:
                break
            continue
        attribute = _ATTRIBUTE().match(text, at)
        if not attribute:
            break
        at = attribute.end()
        if attribute[2]:
            quote = text[at : at + 1]
            end = text.find(quote, at + 1) + 1 if quote in ("'", '"') else 0
            if quote == "{":
                end = end_of_expression(text, at, budget)
            elif end:
                value = text[at + 1 : end - 1]
                if _BLANK_LINE().search(value):
                    end = 0
                found.append((attribute[1], value))
            if end <= 0:
                budget.spend(len(text) - at)
                return None
            at = end
    budget.spend(at - start)
    return None
