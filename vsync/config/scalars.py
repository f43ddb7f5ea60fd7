"""What a scalar of the config means. Pure.

Parsers of YAML disagree about words without quotes: for some `no` is false, `012` is ten and `12:30` is 750. Here a word
has a meaning only where all of them agree. A text is taken as it is written.
"""

from __future__ import annotations

import math
import re

from vsync.config.config_mistakes import shown_text
from vsync.config.yaml_nodes import Items, Node, Pairs, Scalar
from vsync.documents.attributes import AttributeValue

_NULLS = {"", "~", "null", "Null", "NULL"}
_SWITCHES = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_SWITCHES = {"yes", "no", "on", "off"}
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ODD_NUMBER = re.compile(
    r"[-+]?(?:0[xob]?[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9][0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.Zz+ -]*)?")
_MOST_DIGITS = 15
"""Numbers with more digits are not exact in JSON."""
_LONGEST_WORD = 64
"""A longer word is no number."""


class Unfit(Exception):
    """A value that is not of the expected kind. `expected` completes "expected …"; `hint` is a sentence."""

    def __init__(self, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.hint = hint


def is_nothing(node: Node) -> bool:
    """Whether no value is given."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULLS


def switch_of(node: Node) -> bool | None:
    """The value of `true` and `false`; None: it is another value."""
    return _SWITCHES.get(node.text) if isinstance(node, Scalar) and node.plain else None


def text_of(node: Node, expected: str) -> str:
    """The text. Raises Unfit for a list, a mapping, nothing, and for true and false without quotes."""
    if not isinstance(node, Scalar) or is_nothing(node):
        raise Unfit(expected, _brace_hint(node))
    if switch_of(node) is not None:
        raise Unfit(expected, f'Put it in quotes if it is a text: "{node.text}".')
    return node.text


def whole_of(node: Node, least: int, most: int, expected: str) -> int:
    """The whole number. Raises Unfit."""
    if isinstance(node, Scalar) and len(node.text) <= _LONGEST_WORD and _WHOLE.fullmatch(node.text):
        if not node.plain:
            raise Unfit(expected, "Remove the quotes.")
        if least <= int(node.text) <= most:
            return int(node.text)
    raise Unfit(expected)


def value_of(node: Node) -> AttributeValue:
    """The text, number or boolean. Raises Unfit, also for a word that parsers of YAML read differently."""
    expected = "a text, a number, or true or false"
    if not isinstance(node, Scalar) or is_nothing(node):
        raise Unfit(expected, _brace_hint(node))
    switch = switch_of(node)
    if switch is not None:
        return switch
    if not node.plain or len(node.text) > _LONGEST_WORD:
        return node.text
    if node.text.lower() in _OLD_SWITCHES:
        raise Unfit(expected, f'Write true or false, or put it in quotes if it is a text: "{node.text}".')
    if _NUMBER.fullmatch(node.text):
        return _number(node.text, expected)
    if _is_odd(node.text):
        raise Unfit(expected, f'Not every parser reads this as a text. Put it in quotes: "{node.text}".')
    return node.text


def _number(text: str, expected: str) -> AttributeValue:
    if sum(character.isdigit() for character in re.split("[eE]", text)[0]) > _MOST_DIGITS:
        raise Unfit(expected, f"A number has at most {_MOST_DIGITS} digits. Put it in quotes if it is a text.")
    number = float(text)
    if not math.isfinite(number):
        raise Unfit(expected, "The number is too large. Put it in quotes if it is a text.")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _brace_hint(node: Node) -> str:
    """`{directory}` without quotes is a mapping with one key and no value."""
    if isinstance(node, Pairs) and len(node.pairs) == 1:
        key, value = node.pairs[0]
        if isinstance(key, Scalar) and key.plain and is_nothing(value) and len(key.text) <= _LONGEST_WORD:
            return "A text that begins with { is put in quotes."
    return ""


def described(node: Node) -> str:
    """What was found, as messages say it. Never what looks like a secret."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Pairs):
        return "a mapping"
    if is_nothing(node):
        return "nothing"
    return (
        node.text if node.plain and len(node.text) <= _LONGEST_WORD and _may_be_other(node) else shown_text(node.text)
    )


def _may_be_other(node: Scalar) -> bool:
    """Whether a word without quotes is a number, true or false, or is one for some parsers of YAML."""
    return switch_of(node) is not None or node.text.lower() in _OLD_SWITCHES or _is_odd(node.text)


def _is_odd(text: str) -> bool:
    """Whether a word is for some parsers a number or a date. Every number of today's YAML is among them."""
    return any(form.fullmatch(text) for form in (_NUMBER, _ODD_NUMBER, _DATE))
