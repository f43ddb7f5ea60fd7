"""Texts with `{field}` in them, parsed once and rendered for each record. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vsync.errors import ConfigurationError
from vsync.records.change import Json
from vsync.records.fields import MISSING, Fields, Path, parse_field
from vsync.records.spelling import spelled

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """A text and the fields in it. `{{` and `}}` stand for braces."""

    text: str
    pieces: tuple[str | Path, ...]

    def render(self, fields: Fields, use: str = "the template") -> str:
        """The text with the values of the fields; null is empty. Raises BadRecord for a field that `use` lacks."""
        return "".join([piece if type(piece) is str else _value(fields, piece, use) for piece in self.pieces])


def _value(fields: Fields, path: str | Path, use: str) -> str:
    assert not isinstance(path, str)
    value: Json = fields.get(path)
    if value is MISSING:
        raise fields.missing(path, use)
    return value if type(value) is str else spelled(value)


def parse_template(text: str, where: str = "the template") -> Template:
    """The template that the text spells. Raises ConfigurationError, which names `where`."""
    pieces: list[str | Path] = []
    literal: list[str] = []
    end = 0
    for found in _PIECE.finditer(text):
        literal.append(text[end : found.start()])
        end = found.end()
        if found[0] in {"{{", "}}"}:
            literal.append(found[0][0])
        elif found[1] is None or not found[1].strip():
            line = text.count("\n", 0, found.start()) + 1
            raise ConfigurationError(
                f"Line {line} of {where} has a brace {found[0]!r} that is not part of a field.",
                "Write a field as {name}. Double a brace that is meant as a brace: {{ or }}.",
            )
        else:
            if any(literal):
                pieces.append("".join(literal))
            literal = []
            pieces.append(parse_field(found[1].strip()))
    literal.append(text[end:])
    if any(literal):
        pieces.append("".join(literal))
    return Template(text, tuple(pieces))
