"""The bytes of a document as they are uploaded: those of its file, or what a conversion makes of them."""

from __future__ import annotations

import threading

from vsync.documents.convert import NotConvertible, conversion_of
from vsync.documents.document import Document
from vsync.errors import RepositoryError
from vsync.source.base import Source
from vsync.system.spool import CHUNK_BYTES, Content, spool

_CONVERTING = threading.Lock()
"""One file at a time: while it is converted, it takes many times its size in memory."""


def read_content(source: Source, document: Document) -> tuple[Content, str]:
    """The bytes of one document for upload, and the id of its file's bytes. Several threads may call this at once.

    Raises RepositoryError when the file cannot be read, or has changed since it was planned and cannot be a document now.
    """
    content, blob = source.read(document)
    conversion = conversion_of(document.path)
    if conversion is None:
        return content, blob
    try:
        with _CONVERTING:
            converted = conversion.of(iter(lambda: content.file.read(CHUNK_BYTES), b""))
    except NotConvertible as error:
        raise RepositoryError(f"{document.path!r} cannot be a document: {error.reason}.", "Run again.") from error
    finally:
        content.close()
    return spool([converted.data]), blob
