"""A document as the store should hold it: name, media type, attributes, chunking, and their fingerprint. Pure.

Limits of attributes and chunking: https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from vsync.documents.attributes import Attributes, AttributeValue
from vsync.documents.chunking import Chunking
from vsync.documents.filetypes import FileType, file_type


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


def tag(path: str, chunking: Chunking | None, attributes: str) -> str:
    """The fingerprint of filename + chunking and of the attributes, as two halves: `12 hex.12 hex`.

    What differs in the first half needs an upload; a difference in the second alone is a retag. `attributes` is
    the second half, which all documents of a target share.
    """
    return f"{_content_tag(path, chunking)}.{attributes}"


def observed_tag(path: str, chunking: Chunking | None, source: str, attributes: Attributes) -> str:
    """`tag`, from what an entry in the store shows."""
    return tag(path, chunking, attributes_tag(source, attributes))


def _content_tag(path: str, chunking: Chunking | None) -> str:
    return fingerprint([upload_filename(path), [chunking.size, chunking.overlap] if chunking else None])


def attributes_tag(source: str, attributes: Attributes) -> str:
    """The second half of a tag."""
    return fingerprint([source, {key: _number(value) for key, value in attributes.items()}])


def _number(value: AttributeValue) -> AttributeValue:
    """The same number the same way: a server may give 3 back as 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same_content_rules(one: str, other: str) -> bool:
    """Whether two tags differ in attributes at most, so that no upload is needed."""
    return one.partition(".")[0] == other.partition(".")[0]


_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def fingerprint(value: object, length: int = 12) -> str:
    """The first hex digits of the hash of a value as JSON."""
    return hashlib.sha256(_JSON.encode(value).encode("ascii")).hexdigest()[:length]
