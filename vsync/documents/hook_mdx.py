"""Leaves out what is code in MDX: imports, exports, JSX tags and expressions. The text between tags stays. Pure.

| MDX | what stays |
| --- | --- |
| `import …`, `export …` | nothing |
| `<Note>text</Note>`, `<>text</>` | the text |
| `<TabItem label="npm">`, `<Card title="A" description="B">`, `<img alt="C">` | what readers see of the attributes |
| `{"text"}`, `{5}` | the literal |
| `{props.x}`, `{/* comment */}` | nothing |
| a tag without its partner, or that is no JSX | itself |

Code, comments (`<!-- -->`), formulas between `$`, and lines of `:::` stay as they are.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import NamedTuple

from vsync.documents.cuts import Cut, without
from vsync.documents.jsx import Budget, Tag, end_of_expression, end_of_module_code, tag_at
from vsync.documents.markdown_blocks import blocks
from vsync.documents.markup_pieces import NextEnds, markdown_pieces
from vsync.documents.patterns import lazily

_MARK = lazily(
    r"(?m)\\[!-/:-@\[-`{-~]|\$\$|\$[^\s$](?:[^$\n]*+(?<=\S))?\$(?!\d)|[<{]"
    r"|^(?:import(?=\s+[\w*{$\"'])|export(?=\s+(?:default|const|let|var|async|function|class)\b|\s*[{*]))"
    r"|^[ \t]{0,12}:::[^\n]*+"
)
_LINE_START = lazily(r"(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t]){0,40}\Z")
_LITERAL = lazily(r"\{\s*+(?:\"([^\"\\\n]*+)\"|'([^'\\\n]*+)'|`([^`\\$]*+)`|(-?\d{1,30}(?:\.\d{1,30})?))\s*+\}")
_TO_ESCAPE = lazily(r"[<>{}\\`$]")
_SEEN = ("title", "label", "heading", "summary", "caption", "alt", "description")
_SIMPLE = lazily(r"[^<>{}\\`$]*\w[^<>{}\\`$]*")
_INLINE = frozenset(
    "a abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup u var".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


_COMPONENT = lazily(r"(?m)^ {0,3}</?[A-Z][\w.]{0,100}(?=[\s/>])")


def has_components(text: str) -> bool:
    """Whether Markdown is written as MDX: a line outside of code begins with a component, such as `<Note>`.

    Many sites read their `.md` files as MDX.
    """
    if _COMPONENT().search(text) is None:
        return False
    pieces = (piece for piece in markdown_pieces(text, mdx=True) if piece.kind == "prose")
    return any(_COMPONENT().search(text, piece.start, piece.end) for piece in pieces)


class _Found(NamedTuple):
    """What was found: a tag, or something else with what stays of it."""

    start: int
    end: int
    tag: Tag | None
    stays: str = ""


def without_jsx(text: str) -> str:
    """The text of MDX without its code."""
    if not any(mark in text for mark in ("<", "{", "import", "export")):
        return text
    found = list(_Scan(text).found())
    partnerless = _without_partner(found)
    return without(text, _cuts(text, [one for index, one in enumerate(found) if index not in partnerless]))


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._budget = Budget(text)
        self._pieces = markdown_pieces(text, mdx=True)
        self._fences = [block.start for block in blocks(text, mdx=True) if block.kind != "prose"]
        self._starts = [piece.start for piece in self._pieces]
        self._paragraph_ends = {piece.block: piece.end for piece in self._pieces}
        self._ends = NextEnds(text)

    def found(self) -> Iterator[_Found]:
        """What is found, in its order and without overlaps."""
        at = 0
        for piece in self._pieces:
            at = max(at, piece.start)
            if piece.kind != "prose":
                at = max(at, piece.end)
                continue
            limit = self._paragraph_ends[piece.block]
            while at < piece.end and not self._budget.spent and (mark := _MARK().search(self._text, at, piece.end)):
                at = mark.end()
                one = self._one(mark.start(), mark[0], limit)
                if one and self._whole(one):
                    yield one
                    at = one.end
                elif mark[0] == "$$":
                    at = max(at, self._ends.of("$$", at) + 2)

    def _one(self, start: int, mark: str, limit: int) -> _Found | None:
        """What begins with a mark. Within a line it ends in the same paragraph."""
        text = self._text
        if mark in ("import", "export"):
            end = end_of_module_code(text, start, self._budget)
            return _Found(start, end, None) if end >= 0 else None
        if mark not in ("<", "{"):
            return None
        line = text[max(text.rfind("\n", 0, start) + 1, start - 200) : start]
        tag: Tag | None = None
        stays = ""
        if mark == "<":
            tag = tag_at(text, start, self._budget)
            end = tag.end if tag else -1
        elif literal := _LITERAL().match(text, start):
            stays = _TO_ESCAPE().sub(r"\\\g<0>", " ".join((literal[literal.lastindex or 0]).split("\n")))
            end = literal.end()
        else:
            end = end_of_expression(text, start, self._budget)
        if end < 0 or (end > limit and line.strip()):
            return None
        return _Found(start, end, tag, stays)

    def _whole(self, one: _Found) -> bool:
        """Whether it holds no block of code, and no piece of code in part."""
        if bisect.bisect_left(self._fences, one.start) < bisect.bisect_left(self._fences, one.end):
            return False
        last = self._pieces[bisect.bisect_left(self._starts, one.end) - 1]
        return last.kind == "prose" or last.end <= one.end


def _without_partner(found: list[_Found]) -> set[int]:
    """The tags that open without being closed, or close without having been opened, by their places in the list."""
    lone: set[int] = set()
    stack: list[int] = []
    names: list[str] = []
    counts: dict[str, int] = {}
    for index, one in enumerate(found):
        if not one.tag or one.tag.kind == "whole":
            continue
        name = one.tag.name
        if one.tag.kind == "open":
            stack.append(index)
            names.append(name)
            counts[name] = counts.get(name, 0) + 1
        elif not counts.get(name):
            lone.add(index)
        else:
            while True:
                opened, last = stack.pop(), names.pop()
                counts[last] -= 1
                if last == name:
                    break
                lone.add(opened)
    lone.update(stack)
    return {index for index in lone if not _is_void(found[index].tag)}


def _is_void(tag: Tag | None) -> bool:
    return tag is not None and tag.name in _VOID


def _cuts(text: str, found: list[_Found]) -> Iterator[Cut]:
    """What is cut out. Words that only a tag kept apart stay apart."""
    index = 0
    while index < len(found):
        last = index
        while last + 1 < len(found) and found[last + 1].start == found[last].end:
            last += 1
        group = found[index : last + 1]
        shown = [_shown(text, one) for one in group]
        before, behind = text[group[0].start - 1 : group[0].start], text[group[-1].end : group[-1].end + 1]
        if _is_word(before) and _is_word(behind) and not any(shown) and not all(map(_is_inline, group)):
            shown[0] = " "
        # Of two blanks around what goes, one stays.
        blank = before == behind == " " and not any(shown)
        for one, stays in zip(group, shown, strict=True):
            yield Cut(one.start, one.end + (blank and one is group[-1]), stays)
        index = last + 1


def _shown(text: str, one: _Found) -> str:
    """What stays of it."""
    tag = one.tag
    if not tag:
        return one.stays
    if tag.name == "br":
        return " "
    line = text[max(text.rfind("\n", 0, one.start) + 1, one.start - 200) : one.start]
    first = _LINE_START().match(line) is not None
    if tag.kind == "close" or not (first or tag.name in ("img", "Image")):
        return ""
    values = dict(tag.attributes)
    shown = [
        " ".join(values[name].split())
        for name in (_SEEN if first else ("alt",))
        if name in values and _SIMPLE().fullmatch(values[name])
    ]
    rest = text[one.end : one.end + 1] not in ("", "\n", "\r")
    return " — ".join(dict.fromkeys(shown)) + (": " if rest and first and shown else "")


def _is_word(char: str) -> bool:
    return char.isalnum()


def _is_inline(one: _Found) -> bool:
    return one.tag is not None and one.tag.name in _INLINE
