"""The bytes of a document as they are uploaded: those of its file, or what its conversion and its recipe make of them."""

from __future__ import annotations

import codecs
import threading
from typing import IO

from vsync.documents.convert import NotConvertible, conversion_of
from vsync.documents.document import Document
from vsync.documents.filetypes import file_type
from vsync.documents.prepare import MAX_TEXT_BYTES, prepare
from vsync.errors import RepositoryError
from vsync.source.base import Source
from vsync.system.spool import CHUNK_BYTES, Content, spool

_PREPARING = threading.Lock()
"""One file at a time: while it is prepared, it takes many times its size in memory."""


def _is_plain(file: IO[bytes]) -> bool:
    """Whether the bytes are UTF-8 and nothing else: NULs and escape sequences may be text in another encoding.

    Large files are not held in memory for that.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(CHUNK_BYTES):
            if b"\0" in piece or b"\x1b" in piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def read_content(source: Source, document: Document) -> tuple[Content, str]:
    """The bytes of one document for upload, and the id of its file's bytes. Several threads may call this at once.

    Raises RepositoryError when the file cannot be read, or has changed since it was planned and cannot be a document now.
    """
    content, blob = source.read(document)
    kind = file_type(document.path)
    if (kind is not None and not kind.text) or content.bytes > MAX_TEXT_BYTES:
        return content, blob
    if blob != document.blob and document.needs_text:
        content.close()
        raise RepositoryError(f"{document.path!r} has changed since the run began.", "Run again.")
    if not document.needs_text and conversion_of(document.path) is None and _is_plain(content.file):
        return content, blob
    with _PREPARING:
        data = content.file.read()
        content.file.seek(0)
        try:
            prepared = prepare(document.path, data, document.recipe).data
        except NotConvertible as error:
            content.close()
            raise RepositoryError(f"{document.path!r} cannot be a document: {error.reason}.", "Run again.") from error
        if prepared is data:
            return content, blob
        content.close()
        return spool([prepared]), blob
