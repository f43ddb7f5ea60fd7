"""Front matter: the block of YAML or TOML with which a document may begin, and what its values say as attributes. Pure.

| format | first line | last line |
| --- | --- | --- |
| YAML | `---` | `---` or `...` |
| TOML | `+++` | `+++` |

A scalar without quotes is a number only where the number is written the same again: `007` and `1.10` are texts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Literal, NamedTuple

from vsync.documents.attributes import parse_attribute_value
from vsync.documents.front_matter_values import value_of
from vsync.documents.front_matter_yaml import MAX_DEPTH, TOO_DEEP, NotFrontMatter, line_at, read_yaml

__all__ = ["MAX_CHARACTERS", "Block", "NotFrontMatter", "find", "parse", "value_of"]

MAX_CHARACTERS = 64 * 1024
"""A longer block is no front matter."""

_FIRST_LINE = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n")
_YAML_END = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_TOML_END = re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_YAML_KEY = re.compile(r"^[ \t]*(?![ \t#]|-[ \t])[^\n]*?:(?=[ \t\r\n]|\Z)", re.MULTILINE)
_TOML_KEY = re.compile(r"^[ \t]*(?![ \t#])[^\n=]*=", re.MULTILINE)

# tomllib takes seconds for a key of thousands of parts.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_TOML_DEEP = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_DEPTH}}}")


class Block(NamedTuple):
    """The text between the first and the last line, and where in the document the body begins."""

    format: Literal["yaml", "toml"]
    raw: str
    end: int


def find(text: str) -> Block | None:
    """The block with which the text begins. None: it begins with none.

    A first line without a last line, and a block without any `key:` line, are none: `---` is also a line across the page.
    """
    first = _FIRST_LINE.match(text)
    if first is None:
        return None
    yaml = first[1] == "---"
    last = (_YAML_END if yaml else _TOML_END).search(text, first.end())
    if last is None:
        return None
    if not (_YAML_KEY if yaml else _TOML_KEY).search(text, first.end(), last.start()):
        return None
    return Block("yaml" if yaml else "toml", text[first.end() : last.start()], last.end())


def parse(block: Block) -> Mapping[str, object]:
    """The keys of the block with texts, numbers, booleans, None, dates, lists and mappings. Raises NotFrontMatter."""
    if len(block.raw) > MAX_CHARACTERS:
        raise NotFrontMatter(f"it has {len(block.raw):,} characters; {MAX_CHARACTERS:,} are the most", 1)
    return read_yaml(block.raw) if block.format == "yaml" else _toml(block.raw)


def _toml(raw: str) -> Mapping[str, object]:
    deep = _TOML_DEEP.search(raw)
    if deep:
        raise NotFrontMatter(TOO_DEEP, line_at(raw, deep.start()))
    try:
        return tomllib.loads(raw.replace("\r\n", "\n"), parse_float=parse_attribute_value)
    except RecursionError:
        raise NotFrontMatter(TOO_DEEP, 1) from None
    except tomllib.TOMLDecodeError as error:
        raise NotFrontMatter("it is not valid TOML", _toml_line(error)) from None
    except ValueError:
        # A number with thousands of digits.
        raise NotFrontMatter("a number in it has too many digits", 1) from None


def _toml_line(error: tomllib.TOMLDecodeError) -> int:
    at = re.search(r"\(at line (\d+), column \d+\)\Z", str(error))
    return int(at[1]) + 1 if at else 1
