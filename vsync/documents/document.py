"""A document as the store should hold it: name, media type, attributes, chunking, and their fingerprint. Pure.

Limits of attributes and chunking: https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from vsync.documents.attributes import Attributes, AttributeValue
from vsync.documents.chunking import Chunking
from vsync.documents.convert import conversion_mark
from vsync.documents.filetypes import FileType, file_type, named
from vsync.documents.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Document:
    """One file as the store should hold it. `blob` is git's object id, or `sha256:…` for a plain folder.

    | field | meaning |
    | --- | --- |
    | `bytes` | None as long as nobody has asked for the size |
    | `filename` | the name under which it is uploaded; None: what `upload_filename` makes of the path |
    | `attributes` | the user's attributes; None: those that all documents of the run have in common |
    | `recipe` | how it is described and prepared; None: as all documents of the run are |
    | `sha256` | the hash of what is sent; None: nobody has read the file yet |
    """

    path: str
    blob: str
    tag: str
    bytes: int | None = None
    filename: str | None = None
    attributes: Attributes | None = None
    recipe: Recipe | None = None
    sha256: str | None = None

    @property
    def sent_as(self) -> str:
        """The name under which it is uploaded."""
        return self.filename or upload_filename(self.path)

    @property
    def needs_text(self) -> bool:
        """Whether its text must be read to know its attributes or what is sent."""
        return self.recipe is not None and self.recipe.needs_text


def upload_filename(path: str) -> str:
    """The name under which a document is uploaded: its path, with an ending that the store can index."""
    return named(path, file_type(path))


def media_type(path: str) -> str:
    """The media type that is sent with a document. It is never taken from the tables of this machine."""
    return (file_type(path) or FileType("text/plain", "", True)).media_type


def tag(path: str, chunking: Chunking | None, attributes: str, filename: str | None = None) -> str:
    """The fingerprint of a document, as two halves: `12 hex.12 hex`.

    | half | of what | a difference needs |
    | --- | --- | --- |
    | first | upload filename, chunking, and the version of the conversion | an upload |
    | second (`attributes`) | source and attributes | only a retag |

    Where hooks have changed what is sent, a mark follows (`hooked`). `filename` is as in `Document`.
    """
    return f"{_content_tag(path, chunking, filename or upload_filename(path))}.{attributes}"


_HOOKED = ".hooked"


def hooked(tag: str) -> str:
    """The tag of a document whose text was changed before it was sent. The hash of what was sent tells how."""
    return tag + _HOOKED


def is_hooked(tag: str) -> bool:
    return tag.endswith(_HOOKED)


def attributes_half(tag: str) -> str:
    """The second half of a tag."""
    return tag.removesuffix(_HOOKED).partition(".")[2]


def observed_tag(
    path: str,
    chunking: Chunking | None,
    source: str,
    attributes: Attributes,
    filename: str | None = None,
    fixed: Collection[str] = (),
) -> str:
    """The `tag` of an entry, from the chunking and attributes that the store reports. `fixed` is as in `attributes_tag`."""
    return tag(path, chunking, attributes_tag(source, attributes, fixed), filename)


def _content_tag(path: str, chunking: Chunking | None, filename: str) -> str:
    kind = file_type(path)
    return fingerprint(
        [
            filename,
            [chunking.size, chunking.overlap] if chunking else None,
            # Only where there is one: other documents keep the fingerprints that they have.
            *([conversion_mark(kind.conversion)] if kind and kind.conversion else []),
        ]
    )


def attributes_tag(source: str, attributes: Attributes, fixed: Collection[str] = ()) -> str:
    """The second half of a tag.

    Of attributes that are `fixed` at the upload only the names count: a config that asks for other ones causes a retag, and
    another value does not.
    """
    counted = {key: _number(value) for key, value in attributes.items() if key not in fixed}
    return fingerprint([source, {**counted, **dict.fromkeys(fixed)}])


def _number(value: AttributeValue) -> AttributeValue:
    """Whole numbers as int: a server may return 3 as 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same_content_rules(one: str, other: str) -> bool:
    """Whether two tags have the same first half, so that no upload is needed."""
    return one.partition(".")[0] == other.partition(".")[0]


_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def fingerprint(value: object, length: int = 12) -> str:
    """The first hex digits of the hash of a value as JSON."""
    return hashlib.sha256(_JSON.encode(value).encode("ascii")).hexdigest()[:length]
