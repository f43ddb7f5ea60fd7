"""A document as the store should hold it: name, media type, attributes, chunking, and their fingerprint. Pure.

Limits of attributes and chunking: https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from .errors import ConfigurationError
from .filetypes import FileType, file_type

AttributeValue: TypeAlias = str | float | bool
Attributes: TypeAlias = Mapping[str, AttributeValue]

RESERVED_ATTRIBUTES = frozenset({"path", "sha256", "owner", "target", "source", "commit"})
MAX_ATTRIBUTES = 16
MAX_KEY_CHARACTERS = 64
MAX_VALUE_CHARACTERS = 256
"""The guide says 256 and the specification 512; what satisfies both is safe on either."""

_LOOKS_CUT = re.compile(r"…#[0-9a-f]{64}\Z")
_AUTO_SIZE, _AUTO_OVERLAP = 800, 400
_MIN_CHUNK, _MAX_CHUNK = 100, 4096


@dataclass(frozen=True, slots=True)
class Chunking:
    """The chunking strategy, in tokens. The server's own default (`auto`) is 800 with an overlap of 400."""

    size: int = _AUTO_SIZE
    overlap: int = _AUTO_OVERLAP

    @classmethod
    def parse(cls, size: int | None, overlap: int | None) -> Chunking:
        """The strategy for what the user gave; an overlap that is not given is half of the size."""
        if size is None and overlap is None:
            return cls()
        size = _AUTO_SIZE if size is None else size
        if not _MIN_CHUNK <= size <= _MAX_CHUNK:
            raise ConfigurationError(
                f"chunk-size is {size}; the API takes {_MIN_CHUNK} to {_MAX_CHUNK} tokens.",
                "Choose a number in that range.",
            )
        overlap = size // 2 if overlap is None else overlap
        if not 0 <= overlap <= size // 2:
            raise ConfigurationError(
                f"chunk-overlap is {overlap}; the API takes 0 to half of chunk-size, here {size // 2}.",
                "Choose a number in that range.",
            )
        return cls(size, overlap)

    def to_api(self) -> dict[str, object]:
        if self == Chunking():
            return {"type": "auto"}
        return {
            "type": "static",
            "static": {"max_chunk_size_tokens": self.size, "chunk_overlap_tokens": self.overlap},
        }

    @classmethod
    def from_api(cls, strategy: object) -> Chunking | None:
        """The strategy the server reports; None when it does not say (`other`: indexed before there was a choice)."""
        if not isinstance(strategy, Mapping):
            return None
        static = strategy.get("static")
        if isinstance(static, Mapping):
            size, overlap = static.get("max_chunk_size_tokens"), static.get("chunk_overlap_tokens")
            if isinstance(size, int) and isinstance(overlap, int):
                return cls(size, overlap)
        return cls() if strategy.get("type") == "auto" else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose documents these are: the attributes by which vsync knows its own entries in a store."""

    owner: str
    target: str
    source: str


@dataclass(frozen=True)
class Recipe:
    """What turns a path into a document, the same for all documents of a target."""

    source: str
    target: str = "default"
    attributes: Attributes = field(default_factory=dict)
    chunking: Chunking = field(default_factory=Chunking)

    @cached_property
    def attributes_tag(self) -> str:
        """The second half of every document's tag."""
        return _attributes_tag(self.source, self.attributes)


@dataclass(frozen=True, slots=True)
class Document:
    """One file as the store should hold it. `blob` is git's object id, or `sha256:…` for a plain folder.

    `bytes` is None until the size had to be known.
    """

    path: str
    blob: str
    tag: str
    bytes: int | None = None


def upload_filename(path: str) -> str:
    """The name under which a document is uploaded: its path, ending in what the store can index."""
    kind = file_type(path)
    return path + (kind.suffix if kind else "")


def media_type(path: str) -> str:
    """The media type sent with a document; never guessed from the host's tables."""
    return (file_type(path) or FileType("text/plain", "", True)).media_type


def path_attribute(path: str) -> str:
    """The `path` attribute: the path itself, or for one over the limit its beginning and its hash.

    A path that only looks like one that was cut is cut as well: no two paths have the same attribute.
    """
    if len(path) <= MAX_VALUE_CHARACTERS and not _LOOKS_CUT.search(path):
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()
    return f"{path[: MAX_VALUE_CHARACTERS - len(digest) - 2]}…#{digest}"


def entry_attributes(
    path: str, sha256: str, identity: Identity, commit: str | None, attributes: Attributes
) -> dict[str, AttributeValue]:
    """All attributes of a document's entry in the store: the user's and the reserved ones."""
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


def tag(path: str, recipe: Recipe) -> str:
    """The fingerprint of filename + chunking and of the attributes, as two halves: `12 hex.12 hex`.

    What differs in the first half needs an upload; a difference in the second alone is a retag.
    """
    return f"{_content_tag(path, recipe.chunking)}.{recipe.attributes_tag}"


def observed_tag(path: str, chunking: Chunking | None, source: str, attributes: Attributes) -> str:
    """`tag`, from what an entry in the store shows."""
    return f"{_content_tag(path, chunking)}.{_attributes_tag(source, attributes)}"


def _content_tag(path: str, chunking: Chunking | None) -> str:
    return _fingerprint([upload_filename(path), [chunking.size, chunking.overlap] if chunking else None])


def _attributes_tag(source: str, attributes: Attributes) -> str:
    return _fingerprint([source, {key: _number(value) for key, value in attributes.items()}])


def _number(value: AttributeValue) -> AttributeValue:
    """The same number the same way: a server may give 3 back as 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same_content_rules(one: str, other: str) -> bool:
    """Whether two tags differ in attributes at most, so that no upload is needed."""
    return one.partition(".")[0] == other.partition(".")[0]


def settings_fingerprint(
    recipe: Recipe, include: tuple[str, ...], exclude: tuple[str, ...], allow_secrets: tuple[str, ...] = ()
) -> str:
    """The fingerprint of all that decides which documents exist and what they contain."""
    return _fingerprint(
        [
            _RULES_VERSION,
            recipe.source,
            recipe.target,
            dict(recipe.attributes),
            [recipe.chunking.size, recipe.chunking.overlap],
            list(include),
            list(exclude),
            # Only where it is given: everybody else's whole tree would be compared once more.
            *([list(allow_secrets)] if allow_secrets else []),
        ],
        16,
    )


_RULES_VERSION = 1
"""Raised when the built-in rules (file types, defaults, names) change: the whole tree is then compared anew."""


_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def _fingerprint(value: object, length: int = 12) -> str:
    return hashlib.sha256(_JSON.encode(value).encode("ascii")).hexdigest()[:length]


def parse_attributes(lines: Mapping[str, str]) -> dict[str, AttributeValue]:
    """The user's attributes; raises ConfigurationError where the API or a reserved name forbids one.

    `true`, `false` and numbers become what they say, so that filters can compare them.
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
    if text in {"true", "false"}:
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    # "007", "1e400" and "nan" are names, not numbers: only what reads back the same is one.
    if not math.isfinite(number):
        return text
    whole = number.is_integer() and abs(number) < 2**53
    plain = str(int(number)) if whole else str(number)
    if text != plain:
        return text
    return int(number) if whole else number


def _listing(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
