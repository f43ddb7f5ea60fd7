"""Extracts the text to index from a file's bytes, in bounded time and memory: the bytes are hostile.

Text files are decoded, and the words of Word and PowerPoint files are read. There is no parser for PDF and old Word
files: only their names are indexed.
"""

from __future__ import annotations

import codecs
import html
import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO

from vsync.embedded.chunking import MAX_TEXT_BYTES
from vsync.embedded.messages import PIECE_BYTES

TEXT_EXTENSIONS = frozenset(
    {
        *(".c", ".cpp", ".cs", ".css", ".go", ".html", ".java", ".js", ".json", ".md", ".php", ".py", ".rb"),
        *(".sh", ".tex", ".ts", ".txt"),
    }
)
OFFICE_PARTS = {".docx": re.compile(r"word/document\.xml"), ".pptx": re.compile(r"ppt/slides/slide\d+\.xml")}
NAME_ONLY_EXTENSIONS = frozenset({".doc", ".pdf"})
EXTENSIONS = TEXT_EXTENSIONS | OFFICE_PARTS.keys() | NAME_ONLY_EXTENSIONS

MAX_ENCODED_BYTES = 2 * MAX_TEXT_BYTES + 2  # UTF-16 of ASCII text, the least dense encoding there is
MAX_XML_BYTES = 64 * 1024 * 1024
MAX_DIRECTORY_BYTES = 1024 * 1024

_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_64 = b"PK\x06\x07"
# Each alternative ends at the next "<" at the latest, so the search takes linear time on any text.
_RUN_OR_PARAGRAPH_END = re.compile(r"<[aw]:t(?:\s[^<>]*)?>([^<]*)</[aw]:t>|</[aw]:p>|<w:tab/>")
_BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class UnindexableError(Exception):
    """A file that cannot be indexed. `code` and `message` become the `last_error` of its entry."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def text_of(filename: str, pieces: Iterable[bytes]) -> str:
    extension = posixpath.splitext(filename)[1].lower()
    if extension in NAME_ONLY_EXTENSIONS:
        return ""
    parts = OFFICE_PARTS.get(extension)
    text = _office_text(pieces, parts) if parts else _plain_text(pieces)
    if len(text) > MAX_TEXT_BYTES or len(text.encode()) > MAX_TEXT_BYTES:
        raise _too_large()
    return text


def _plain_text(pieces: Iterable[bytes]) -> str:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_ENCODED_BYTES:
            raise _too_large()
    if not data:
        raise UnindexableError("invalid_file", "The file could not be parsed because it is empty.")
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnindexableError("unsupported_file", "The file type is not supported.") from error
    if "\0" in text:
        raise UnindexableError("unsupported_file", "The file type is not supported.")
    return text


def _office_text(pieces: Iterable[bytes], parts: re.Pattern[str]) -> str:
    with tempfile.SpooledTemporaryFile(PIECE_BYTES) as spool:
        for piece in pieces:
            spool.write(piece)
        try:
            return _archive_text(spool, parts)
        except _BROKEN_ARCHIVE as error:
            raise UnindexableError("invalid_file", "The file could not be parsed.") from error


def _archive_text(spool: IO[bytes], parts: re.Pattern[str]) -> str:
    _check_directory(spool)
    texts, left = [], MAX_XML_BYTES
    with zipfile.ZipFile(spool) as archive:
        names = [name for name in archive.namelist() if parts.fullmatch(name)]
        for name in sorted(names, key=lambda name: (len(name), name)):
            # zipfile does not limit how much the other methods unpack at once. Office never uses them.
            if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile
            # An archive may state false sizes, so the unpacked bytes are counted.
            with archive.open(name) as part:
                xml = part.read(left + 1)
            left -= len(xml)
            if left < 0:
                raise _too_large()
            texts.append(_words(xml.decode()))
    if not texts:
        raise UnindexableError("invalid_file", "The file could not be parsed.")
    return "\n".join(texts)


def _check_directory(spool: IO[bytes]) -> None:
    """Refuses a table of contents that would fill gigabytes of memory when zipfile reads it."""
    size = spool.seek(0, 2)
    spool.seek(max(0, size - 66_000))
    tail = spool.read()
    at = tail.rfind(_DIRECTORY_END)
    if at < 0 or _DIRECTORY_END_64 in tail:
        raise zipfile.BadZipFile
    (directory_bytes,) = struct.unpack_from("<L", tail, at + 12)
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile


def _words(xml: str) -> str:
    # Not an XML parser: that would expand entities which the document itself declares.
    found = _RUN_OR_PARAGRAPH_END.finditer(xml)
    return "".join(html.unescape(match[1]) if match[1] is not None else "\n" for match in found)


def _too_large() -> UnindexableError:
    return UnindexableError("invalid_file", "The file could not be parsed because it is too large.")
