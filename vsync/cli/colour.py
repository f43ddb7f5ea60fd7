"""Whether a stream shows colours, and text in colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import IO

from vsync.report.text import Line, Tone

_CODES: Mapping[Tone, str] = MappingProxyType(
    {"good": "32", "bad": "31", "warn": "35", "added": "32", "changed": "35", "removed": "31", "faint": "2"}
)
"""The ANSI codes of the tones. Yellow cannot be read on white, nor blue on black, so changes and warnings are magenta.

https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters
"""


def wants_colour(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Whether to write colours: in a terminal that can show them, or where FORCE_COLOR asks for them.

    NO_COLOR overrides everything: https://no-color.org. FORCE_COLOR overrides the rest: https://force-color.org.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()


def painted(lines: Iterable[Line], *, colour: bool) -> str:
    """The lines as one text. Nothing in the text itself acts in a terminal, so only our own codes do."""
    return "\n".join(_painted(line) if colour else line.text for line in lines)


def _painted(line: Line) -> str:
    code = _CODES.get(line.tone)
    return line.text if code is None or not line.text else f"\x1b[{code}m{line.text}\x1b[0m"
