"""Takes secrets out of lines of JSON, so that they stay JSON whatever the secret is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from vsync.system.redaction import forms

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|-?[0-9][0-9.eE+-]*')
_OWN = {'"line"', '"outcome"', '"code"'}
"""The values of these names are vsync's own words and numbers. A secret may be such a word by chance."""


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Lines without secrets. All lines are looked at together, since there are millions and nearly none has a secret."""
    there = [secret for secret in secrets if any(form in text for form in forms(secret))]
    if not there:
        return text
    # A form of JSON stands in the line, and another one in the string that the line means.
    every = sorted({form for secret in there for form in forms(secret)}, key=len, reverse=True)
    return "\n".join(_hidden(line, every) if any(form in line for form in every) else line for line in text.split("\n"))


def _hidden(line: str, found: Sequence[str]) -> str:
    """One line. Hidden are strings and numbers; not the names of the line itself, and no `null`, `true` and `false`."""
    depth, name, done, parts = 0, "", 0, list[str]()
    for token in _TOKEN.finditer(line):
        text = token[0]
        if text in "{[":
            depth += 1
        elif text in "}]":
            depth -= 1
        elif depth == 1 and line.startswith(":", token.end()):
            name = text
        elif depth > 1 or name not in _OWN:
            parts += [line[done : token.start()], _without(text, found)]
            done = token.end()
    return "".join([*parts, line[done:]])


def _without(token: str, found: Sequence[str]) -> str:
    """A string or a number without the secrets."""
    if not token.startswith('"'):
        return '"***"' if any(form in token for form in found) else token
    value = hidden = json.loads(token)
    for form in found:
        hidden = hidden.replace(form, "***")
    return token if hidden == value else json.dumps(hidden)
