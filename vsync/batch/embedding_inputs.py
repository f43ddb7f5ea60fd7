"""Counts the inputs of an embedding request without building them. Pure."""

from __future__ import annotations

import re

from vsync.batch.limits import MAX_INPUTS

_SPACE = rb"[ \t\r\n]*+"
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKENS = rb'\[[^\[\]{}"]++\]'
_INPUT = re.compile(rb"%b(?:%b|%b)%b([,\]])" % (_SPACE, _TEXT, _TOKENS, _SPACE), re.DOTALL)
_NUMBER = re.compile(rb"\[%b-?[0-9][^\[\]{}\"a-df-zA-DF-Z]*+\]\Z" % _SPACE)


def count_inputs(value: bytes | memoryview) -> int | None:
    """How many texts the request embeds. `value` is the member `input` as sound JSON, without space around it.

    | value | inputs |
    | --- | --- |
    | a text | 1 |
    | a list of numbers, which are tokens | 1 |
    | a list of texts and of lists of tokens | one each; above MAX_INPUTS counting stops |
    | anything else, also an empty list | None |
    """
    if value[:1] == b'"' or _NUMBER.match(value):
        return 1
    if value[:1] != b"[":
        return None
    at, count = 1, 0
    while (found := _INPUT.match(value, at)) and count <= MAX_INPUTS:
        count += 1
        at = found.end()
        if found[1] == b"]":
            return count if at == len(value) else None
    return count if found else None
