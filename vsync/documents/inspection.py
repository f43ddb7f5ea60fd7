"""Whether the bytes of a file can be a document: size, encoding, LFS pointers, secrets. Pure."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vsync.documents.convert import NotConvertible, conversion_of
from vsync.documents.filetypes import file_type
from vsync.documents.patterns import lazily
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import SkipReason
from vsync.documents.templates import TemplateScan

CONTENT_REASONS = frozenset({"empty", "too-large", "not-text", "not-notebook", "template", "lfs-pointer", "secret"})
"""Reasons that depend on a file's bytes alone. They hold as long as the bytes and vsync's own rules are the same."""

MAX_BYTES = 512 * 1024 * 1024
"""The API's limit for one file (POST /files)."""

LFS_POINTER_MAX_BYTES = 1024
"""A pointer file is smaller than this: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""

_LFS_HEADS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_EMBEDDED_MANIFEST = re.compile(
    rb'\{\n(?: "formerly": [^\n]*,\n)? "owner": "[^\n]*",\n "repository_id": [^\n]*,\n "source": [^\n]*,\n "targets": \{\n  "[^\n]*": \{\n'
    rb'   "api": "embedded",\n'
)
"""How vsync writes the manifest of an embedded store. The name of that file is any name."""

_HEAD_BYTES = 1024
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_VISIBLE = lazily(
    r"[^\s\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""A character that shows something. The others are blanks, marks of order and direction, and fillers of no width."""

_PIECE = 256 * 1024


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


class Inspected(NamedTuple):
    """What the bytes of a file tell.

    | field | meaning |
    | --- | --- |
    | `reason` | why they cannot be a document; None when they can |
    | `findings` | the secrets in them |
    | `bytes` | the size of what is uploaded, where that is not the file's own size |
    """

    reason: SkipReason | None
    findings: tuple[Finding, ...] = ()
    bytes: int | None = None


def inspect_content(
    path: str, chunks: Iterable[bytes], scanner: Scanner | None, templates: TemplateScan | None = None
) -> Inspected:
    """What the bytes of the file at that path tell.

    `scanner` None: secrets are allowed. `templates` None: templates are allowed, or this is no HTML.

    What is uploaded is what counts: of a file that is converted, the converted text must be text without secrets. May
    leave some of the chunks unread.
    """
    iterator = iter(chunks)
    head = _head(iterator)
    if head.startswith(_LFS_HEADS):
        return Inspected("lfs-pointer")
    if path.endswith(".json") and _EMBEDDED_MANIFEST.match(head):
        return Inspected("unsupported-type")
    kind = file_type(path)
    if kind is not None and not kind.text:
        return Inspected(None)
    pieces = itertools.chain([head], iterator)
    conversion = conversion_of(path)
    if conversion is None:
        return _inspect_text(pieces, scanner, templates)
    try:
        converted = conversion.of(pieces)
    except NotConvertible as error:
        return Inspected(error.reason)
    found = _inspect_text((converted.data[at : at + _PIECE] for at in range(0, len(converted.data), _PIECE)), scanner)
    findings = tuple(finding._replace(part=converted.part_at(finding.line)) for finding in found.findings)
    return Inspected(found.reason, findings, len(converted.data))


def _head(iterator: Iterator[bytes]) -> bytes:
    """So many of the first bytes that they tell whether this is an LFS pointer or a manifest."""
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head


def _inspect_text(pieces: Iterable[bytes], scanner: Scanner | None, templates: TemplateScan | None = None) -> Inspected:
    """What bytes tell that must be text: UTF-8, UTF-16 with a byte order mark, or ASCII. The API indexes no other encoding.

    The bytes are read only once.
    """
    iterator = iter(pieces)
    first = next(iterator, b"")
    decoder = codecs.getincrementaldecoder("utf-16" if first.startswith(_UTF16_MARKS) else "utf-8")()
    blank = True
    try:
        for piece in itertools.chain([first], iterator):
            text = decoder.decode(piece)
            # Text holds no NUL in any encoding. UTF-32 read as UTF-16 is full of NULs.
            if "\0" in text:
                return Inspected("not-text")
            blank = blank and not _VISIBLE().search(text)
            for looks in (scanner, templates):
                if looks is not None:
                    looks.feed(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return Inspected("not-text")
    if blank:
        return Inspected("empty")
    if templates is not None and templates.found:
        return Inspected("template")
    findings = scanner.close() if scanner is not None else ()
    return Inspected("secret", findings) if findings else Inspected(None)
