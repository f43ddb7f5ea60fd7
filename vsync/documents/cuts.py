"""Cutting pieces out of a text, so that neither holes nor double blank lines stay behind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vsync.documents.patterns import lazily

_BLANK_LINES = lazily(r"(?:[^\S\n]*+\n)++")


class Cut(NamedTuple):
    """What is cut out: `start` to `end` of the text. `instead` comes in its place, and holds no line break."""

    start: int
    end: int
    instead: str = ""


def without(text: str, cuts: Iterable[Cut]) -> str:
    """The text without the cuts, which are in order and do not overlap.

    A line of which the cuts leave nothing goes. Between two lines with text a blank line stays, so that they do not
    become one paragraph.
    """
    result = _Result()
    at = 0
    line: list[str] = []
    line_end = -1
    for cut in cuts:
        if line and cut.start < line_end:
            line.append(text[at : cut.start])
        else:
            if line:
                result.cut_line("".join(line), text[at:line_end])
                at = line_end
            line_start = max(at, text.rfind("\n", at, cut.start) + 1)
            result.kept(text[at:line_start])
            line = [text[line_start : cut.start]]
        line.append(cut.instead)
        at = cut.end
        newline = text.find("\n", at)
        line_end = newline + 1 if newline >= 0 else len(text)
    if line:
        result.cut_line("".join(line), text[at:line_end])
        at = line_end
    result.kept(text[at:])
    return result.text()


class _Result:
    """Whole lines in their order. `_gone` says that lines went after the last one."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._gone = False

    def cut_line(self, line: str, rest: str) -> None:
        """A line up to its last cut, and the rest of it."""
        if rest.strip():
            self.kept(line + rest)
        elif line.strip():
            self.kept(line.rstrip(" \t") + rest.lstrip(" \t"))
        else:
            self._gone = True

    def kept(self, lines: str) -> None:
        blank = _BLANK_LINES().match(lines)
        if self._gone and self._after_blank():
            lines = lines[blank.end() :] if blank else lines
        elif self._gone and lines and not blank:
            self._found.append("\r\n" if self._found[-1].endswith("\r\n") else "\n")
        if lines:
            self._found.append(lines)
            self._gone = False

    def text(self) -> str:
        text = "".join(self._found)
        if not self._gone or not text:
            return text
        whole = text.rstrip()
        return whole + ("\r\n" if text.endswith("\r\n") else "\n") if whole else ""

    def _after_blank(self) -> bool:
        """Whether a blank line, or nothing, is before."""
        if not self._found:
            return True
        last = self._found[-1]
        return last.endswith("\n") and not last[last.rfind("\n", 0, -1) + 1 :].strip()
