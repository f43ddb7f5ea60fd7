"""Reads the curl commands of the documentation, so that a test can send what they would send."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass
class Call:
    """What one curl command sends. `body` None: it sends none."""

    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


def calls(script: str, variables: Mapping[str, str]) -> Iterator[Call]:
    """The calls of a shell script that consists of curl commands and comments. Raises ValueError for anything else."""
    for line in re.sub(r"\\\n", " ", script).splitlines():
        if line.strip() and not line.startswith("#"):
            yield call(re.sub(r"\$(\w+)", lambda found: variables[found[1]], line))


def call(command: str) -> Call:
    """The call of one command, in which no variable is left."""
    words = iter(shlex.split(command))
    if next(words) != "curl":
        raise ValueError(f"not a curl command: {command}")
    found = Call()
    for word in words:
        match word:
            case "-X":
                found.method = next(words)
            case "-H":
                name, _, value = next(words).partition(":")
                found.headers[name.lower()] = value.strip()
            case "--json":
                found.body = next(words)
                found.headers |= {"content-type": "application/json", "accept": "application/json"}
            case _ if word.startswith("http://") and not found.url:
                found.url = word
            case _:
                raise ValueError(f"what does {word} mean? {command}")
    return found
