"""Types of values in options, which several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # no generic class before click 8.3


class Parsed(_ParamType):
    """A value in a form of its own. `parse` raises ValueError with what is allowed."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ValueError("write it as name=value")
    return name.strip(), value.strip()


def _word(text: str) -> str:
    """A text that is not empty: an empty one is most often a variable of a script that is not set."""
    if not text.strip():
        raise ValueError("it is empty")
    return text


WORD = Parsed("word", _word)
PAIR = Parsed("pair", _pair)
