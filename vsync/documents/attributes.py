"""The attributes of a document's entry in the store: reserved attributes and the user's. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from vsync.errors import ConfigurationError

AttributeValue: TypeAlias = str | float | bool

Attributes: TypeAlias = Mapping[str, AttributeValue]

RESERVED_ATTRIBUTES = frozenset({"path", "sha256", "owner", "target", "source", "commit"})

MAX_ATTRIBUTES = 16

MAX_KEY_CHARACTERS = 64

MAX_VALUE_CHARACTERS = 256

"""OpenAI's guide says 256 and its specification 512. The lower limit satisfies both."""

_LOOKS_CUT = re.compile(r"…#[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Identity:
    """The attributes by which vsync recognises its own entries in a store.

    `formerly` are earlier names of the source: an entry that was not written since the repository was renamed shows one.
    """

    owner: str
    target: str
    source: str
    formerly: tuple[str, ...] = ()

    def is_source(self, name: object) -> bool:
        """Whether that is the name of this source, now or before."""
        return name == self.source or name in self.formerly


def path_attribute(path: str) -> str:
    """The `path` attribute: the path itself, or for a path over the limit its beginning and its hash.

    A path that looks like such a shortened path is shortened as well, so that no two paths have the same attribute.
    """
    if len(path) <= MAX_VALUE_CHARACTERS and not _LOOKS_CUT.search(path):
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()
    return f"{path[: MAX_VALUE_CHARACTERS - len(digest) - 2]}…#{digest}"


def entry_attributes(
    path: str, sha256: str, identity: Identity, commit: str | None, attributes: Attributes
) -> dict[str, AttributeValue]:
    """All attributes of a document's entry in the store: the user's and the reserved attributes."""
    reserved: dict[str, AttributeValue] = {
        "path": path_attribute(path),
        "sha256": sha256,
        "owner": identity.owner,
        "target": identity.target,
        "source": identity.source,
    }
    if commit:
        reserved["commit"] = commit
    return {**attributes, **reserved}


def parse_attributes(lines: Mapping[str, str]) -> dict[str, AttributeValue]:
    """The user's attributes. Raises ConfigurationError for a reserved name, and beyond the limits of the API.

    `true`, `false` and numbers become booleans and numbers, so that filters can compare them.
    """
    parsed: dict[str, AttributeValue] = {}
    for key, text in lines.items():
        if key in RESERVED_ATTRIBUTES:
            raise ConfigurationError(
                f"The attribute {key!r} is set by vsync itself.",
                f"Choose a name other than {_listing(RESERVED_ATTRIBUTES)}.",
            )
        if not key or len(key) > MAX_KEY_CHARACTERS:
            raise ConfigurationError(
                f"The attribute name {key!r} has {len(key)} characters; the API takes 1 to {MAX_KEY_CHARACTERS}.",
                "Rename it.",
            )
        if len(text) > MAX_VALUE_CHARACTERS:
            raise ConfigurationError(
                f"The value of the attribute {key!r} has {len(text)} characters; the API takes {MAX_VALUE_CHARACTERS}.",
                "Shorten it.",
            )
        parsed[key] = parse_attribute_value(text)
    if len(parsed) > MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES):
        raise ConfigurationError(
            f"{len(parsed)} attributes are given; {MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES)} fit beside vsync's own.",
            "Remove some.",
        )
    return parsed


def parse_attribute_value(text: str) -> AttributeValue:
    """The boolean or number that the text spells; else the text."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    # "007", "1e400" and "nan" are names. A number is only a text that is written the same again.
    if not math.isfinite(number):
        return text
    whole = number.is_integer() and abs(number) < 2**53
    plain = str(int(number)) if whole else str(number)
    if text != plain:
        return text
    return int(number) if whole else number


def _listing(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
