"""Whether the bytes of a file can be a document: size, encoding, LFS pointers, secrets. Pure."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Callable, Iterable

from vsync.documents.filetypes import file_type
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import SkipReason

CONTENT_REASONS = frozenset({"empty", "too-large", "not-text", "lfs-pointer", "secret"})
"""Reasons that depend on a file's bytes alone. They hold as long as the bytes are the same."""

MAX_BYTES = 512 * 1024 * 1024
"""The API's limit for one file (POST /files)."""

LFS_POINTER_MAX_BYTES = 1024
"""A pointer file is smaller than this: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""

_LFS_HEADS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_HEAD_BYTES = max(map(len, _LFS_HEADS))
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def size_reason(size: int) -> SkipReason | None:
    """Why a file of that size cannot be a document; None when it can."""
    if size == 0:
        return "empty"
    return "too-large" if size > MAX_BYTES else None


def needs_reading(path: str, size: int) -> bool:
    """Whether the bytes must be read to know if this is a document.

    A file of a binary kind is read only when it is small enough to be an LFS pointer.
    """
    kind = file_type(path)
    return kind is None or kind.text or size < LFS_POINTER_MAX_BYTES


def _ignore(text: str) -> None:
    return None


def content_reason(path: str, chunks: Iterable[bytes], watch: Callable[[str], None] = _ignore) -> SkipReason | None:
    """Why these bytes cannot be a document of that path; None when they can.

    Text must be UTF-8, UTF-16 with a byte order mark, or ASCII: the API indexes no other encoding. `watch` gets the
    text piece by piece, so that the bytes are read only once.
    """
    kind = file_type(path)
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if head.startswith(_LFS_HEADS):
        return "lfs-pointer"
    if kind is not None and not kind.text:
        return None
    decoder = codecs.getincrementaldecoder("utf-16" if head.startswith(_UTF16_MARKS) else "utf-8")()
    try:
        for chunk in itertools.chain([head], iterator):
            text = decoder.decode(chunk)
            # Text holds no NUL in any encoding. UTF-32 read as UTF-16 is full of NULs.
            if "\0" in text:
                return "not-text"
            watch(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "not-text"
    return None


def inspect_content(
    path: str, chunks: Iterable[bytes], scanner: Scanner | None
) -> tuple[SkipReason | None, tuple[Finding, ...]]:
    """Why these bytes cannot be a document, and the secrets found in them. `scanner` None: secrets are allowed."""
    if scanner is None:
        return content_reason(path, chunks), ()
    reason = content_reason(path, chunks, scanner.feed)
    if reason is not None:
        return reason, ()
    findings = scanner.close()
    return ("secret", findings) if findings else (None, ())
