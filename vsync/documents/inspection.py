"""Whether the bytes of a file can be a document: size, encoding, LFS pointers, secrets. Pure."""

from __future__ import annotations

import codecs
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vsync.documents.convert import NotConvertible, conversion_of
from vsync.documents.encoding import UTF_8, looks_binary
from vsync.documents.filetypes import file_type
from vsync.documents.lfs_pointer import LFS_HEADS, MAX_POINTER_BYTES, Pointer, parse_pointer
from vsync.documents.minified import is_minified
from vsync.documents.patterns import lazily
from vsync.documents.prepare import MAX_TEXT_BYTES, Prepared, lines_before, prepare
from vsync.documents.recipe import NO_FACTS, Facts, Recipe
from vsync.documents.secret_scan import Finding, Scanner
from vsync.documents.selection import SkipReason
from vsync.documents.templates import TemplateScan

CONTENT_REASONS = frozenset(
    {
        "empty",
        "too-large",
        "not-text",
        "unknown-encoding",
        "not-notebook",
        "template",
        "minified",
        "lfs-pointer",
        "secret",
    }
)
"""Reasons that depend on a file's bytes alone. They hold as long as the bytes and vsync's own rules are the same."""

MAX_BYTES = 512 * 1024 * 1024
"""The API's limit for one file (POST /files)."""

_EMBEDDED_MANIFEST = re.compile(
    rb'\{\n(?: "formerly": [^\n]*,\n)? "owner": "[^\n]*",\n "repository_id": [^\n]*,\n "source": [^\n]*,\n "targets": \{\n  "[^\n]*": \{\n'
    rb'   "api": "embedded",\n'
)
"""How vsync writes the manifest of an embedded store. The name of that file is any name."""

_HEAD_BYTES = 1024
_LARGE = 1024 * 1024
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_VISIBLE = lazily(
    r"[^\s\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""A character that shows something. The others are blanks, marks of order and direction, and fillers of no width."""


def size_reason(size: int) -> SkipReason | None:
    """Why a file of that size cannot be a document; None when it can."""
    if size == 0:
        return "empty"
    return "too-large" if size > MAX_BYTES else None


def may_be_piecemeal(path: str, size: int, looks: Looks, recipe: Recipe | None) -> bool:
    """Whether a file of that size is looked at piece by piece: it is large, and nobody needs its text as a whole."""
    whole = looks.templates is not None or conversion_of(path) is not None or (recipe is not None and recipe.needs_text)
    return size > _LARGE and not whole


def needs_reading(path: str, size: int) -> bool:
    """Whether the bytes must be read to know if this is a document.

    A file of a binary kind is read only when it is small enough to be an LFS pointer.
    """
    kind = file_type(path)
    return kind is None or kind.text or size < MAX_POINTER_BYTES


class Inspected(NamedTuple):
    """What the bytes of a file tell.

    | field | meaning |
    | --- | --- |
    | `reason` | why they cannot be a document; None when they can |
    | `findings` | the secrets in them |
    | `bytes` | the size of what is sent, where that is not the file's own size |
    | `sha256` | the hash of what is sent, where that is known |
    | `encoding` | the encoding of the file, where it is not sent as it is |
    | `facts` | what its text says, as far as the recipe wants it |
    | `hooked` | whether the recipe has changed its text |
    | `pointer` | what they say, if they are a Git LFS pointer that is understood |
    """

    reason: SkipReason | None
    findings: tuple[Finding, ...] = ()
    bytes: int | None = None
    sha256: str | None = None
    encoding: str | None = None
    facts: Facts = NO_FACTS
    hooked: bool = False
    pointer: Pointer | None = None


class Looks(NamedTuple):
    """What a text is searched for. None, and False: that is allowed, or cannot be there."""

    secrets: Scanner | None = None
    templates: TemplateScan | None = None
    minified: bool = False


def inspect_content(
    path: str, chunks: Iterable[bytes], looks: Looks, recipe: Recipe | None = None, *, piecemeal: bool = False
) -> Inspected:
    """What the bytes of the file at that path tell.

    What is sent is what counts: of a file that is converted, the converted text must be text without secrets. May leave
    some of the chunks unread. `piecemeal`: the text is never held as a whole, so its encoding must be a common one.
    """
    iterator = iter(chunks)
    head = _head(iterator)
    if head.startswith(LFS_HEADS):
        return Inspected("lfs-pointer", pointer=parse_pointer(head))
    if path.endswith(".json") and _EMBEDDED_MANIFEST.match(head):
        return Inspected("unsupported-type")
    kind = file_type(path)
    if kind is not None and not kind.text:
        return Inspected(None)
    # UTF-16 is sent as UTF-8, so what is sent must be made.
    if piecemeal and not head.startswith(_UTF16_MARKS):
        return _inspect_large(itertools.chain([head], iterator), looks)
    data = bytearray(head)
    for piece in iterator:
        data += piece
        if len(data) > MAX_TEXT_BYTES:
            break
    else:
        return _inspect_prepared(path, bytes(data), looks, recipe)
    if conversion_of(path) is not None:
        return Inspected("not-notebook")
    found = _inspect_large(itertools.chain([bytes(data)], iterator), looks)
    return found._replace(facts=_TOO_LARGE) if recipe is not None and recipe.needs_text else found


_TOO_LARGE = Facts(
    faults=(f"it is larger than {MAX_TEXT_BYTES >> 20} MiB, so nothing is read from its text or changed in it",)
)


def _head(iterator: Iterator[bytes]) -> bytes:
    """So many of the first bytes that they tell whether this is an LFS pointer or a manifest."""
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head


def _inspect_prepared(path: str, data: bytes, looks: Looks, recipe: Recipe | None) -> Inspected:
    try:
        prepared = prepare(path, data, recipe)
    except NotConvertible as error:
        return Inspected(error.reason)
    text = prepared.text
    if text is None:
        return Inspected("not-text" if looks_binary(data) else "unknown-encoding")
    reason, findings = _inspect_text(path, text, looks)
    if reason is None and looks.secrets is not None:
        findings = _in_attributes(prepared.facts)
        reason = "secret" if findings else None
    else:
        findings = tuple(_placed(findings, prepared, data))
    if reason is not None:
        return Inspected(reason, findings)
    return Inspected(
        None,
        bytes=None if prepared.data is data else len(prepared.data),
        sha256=hashlib.sha256(prepared.data).hexdigest(),
        encoding=None if prepared.encoding == UTF_8 else prepared.encoding,
        facts=prepared.facts,
        hooked=prepared.hooked,
    )


def _in_attributes(facts: Facts) -> tuple[Finding, ...]:
    """The secrets in what becomes attributes: nobody has searched it, where hooks leave it out of the text."""
    texts = [facts.title, *facts.front_matter.values()]
    scanner = Scanner()
    scanner.feed("\n".join(text for text in texts if isinstance(text, str)))
    return tuple({finding._replace(line=1, part="its attributes"): None for finding in scanner.close()})


def _placed(findings: Iterable[Finding], prepared: Prepared, data: bytes) -> Iterator[Finding]:
    """The findings with their places in the file, as far as these are known."""
    before = lines_before(data, prepared)
    for finding in findings:
        if prepared.parts:
            yield finding._replace(part=prepared.part_at(finding.line))
        elif before is None:
            yield finding._replace(part=f"line {finding.line} of what would be sent")
        else:
            yield finding._replace(line=finding.line + before)


def _inspect_text(path: str, text: str, looks: Looks) -> tuple[SkipReason | None, tuple[Finding, ...]]:
    """Why a text cannot be a document, and the secrets in it."""
    if not _VISIBLE().search(text):
        return "empty", ()
    if looks.templates is not None:
        looks.templates.feed(text)
        if looks.templates.found:
            return "template", ()
    if looks.minified and is_minified(path, text):
        return "minified", ()
    if looks.secrets is not None:
        looks.secrets.feed(text)
        findings = looks.secrets.close()
        if findings:
            return "secret", findings
    return None, ()


def _inspect_large(pieces: Iterable[bytes], looks: Looks) -> Inspected:
    """What the bytes of a large file tell, which are sent as they are. They must be UTF-8, or UTF-16 with a byte order mark.

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
            for scan in (looks.secrets, looks.templates):
                if scan is not None:
                    scan.feed(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return Inspected("not-text" if looks_binary(first) else "unknown-encoding")
    if blank:
        return Inspected("empty")
    if looks.templates is not None and looks.templates.found:
        return Inspected("template")
    findings = looks.secrets.close() if looks.secrets is not None else ()
    return Inspected("secret", findings) if findings else Inspected(None)
