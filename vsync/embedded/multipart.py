"""Reads multipart/form-data as a stream: a file never has to fit into memory, and its name survives.

Names are written in more than one way. httpx2 doubles a backslash and percent-encodes quote and control
characters; browsers percent-encode only quote, CR and LF, and leave a backslash alone; curl escapes with a
backslash. All are undone here. None of them escapes the percent sign, so a name with a literal `%22` arrives
like one with a quote, and becomes that.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

from vsync.embedded.messages import MAX_FILE_BYTES, PIECE_BYTES, ApiError, Request, invalid, too_large

MAX_HEADER_BYTES = 64 * 1024
MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 32

_BOUNDARY = re.compile(r"""(?i)multipart/form-data\s*;.*?\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))""")
_PARAMETER = re.compile(
    r""";\s*(name|filename)=(?:"((?:\\.|[^"\\])*)"|"([^"]*)"|([^\s;"]+))(?=\s*(?:;|$))""",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\(["\\])|%(22|0[0-9A-F]|1[0-9A-F])')


@dataclass(frozen=True)
class Upload:
    filename: str
    content: IO[bytes]
    size: int


@dataclass(frozen=True)
class Form:
    fields: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


@contextlib.contextmanager
def form_of(request: Request) -> Iterator[Form]:
    """The request's fields and files; the files are gone afterwards."""
    boundary = _BOUNDARY.match(request.headers.get("content-type", ""))
    if boundary is None:
        raise invalid("The request body must be multipart/form-data with a boundary.")
    form = Form()
    with contextlib.ExitStack() as spools:
        _read_parts(_Reader(request.body), (boundary[1] or boundary[2]).encode(), form, spools)
        yield form


def _read_parts(reader: _Reader, boundary: bytes, form: Form, spools: contextlib.ExitStack) -> None:
    # The reader's input begins with a line break, so that the first delimiter is found like the others.
    delimiter = b"\r\n--" + boundary
    for _ in reader.until(delimiter):
        pass
    total = 0
    for _ in range(MAX_PARTS):
        if reader.take(2) == b"--":
            return
        name, filename = _names(reader.until(b"\r\n\r\n"))
        if filename is None:
            form.fields[name] = _limited(reader.until(delimiter), MAX_FIELD_BYTES).decode(errors="replace")
        else:
            spool = tempfile.SpooledTemporaryFile(PIECE_BYTES)  # noqa: SIM115 - the stack closes it
            content = spools.enter_context(spool)
            before = total
            for piece in reader.until(delimiter):
                total += len(piece)
                if total > MAX_FILE_BYTES:  # of all files together: a request brings one
                    raise too_large(f"The file is larger than {MAX_FILE_BYTES} bytes.")
                content.write(piece)
            content.seek(0)
            form.uploads[name] = Upload(filename, content, total - before)
    raise invalid(f"The request body has more than {MAX_PARTS} parts.")


def _names(header: Iterable[bytes]) -> tuple[str, str | None]:
    for line in _limited(header, MAX_HEADER_BYTES).decode(errors="replace").split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            found: dict[str, str] = {}
            for match in _PARAMETER.finditer(line):
                value = next(group for group in match.groups()[1:] if group is not None)
                found.setdefault(match[1].lower(), _ESCAPE.sub(_unescaped, value))
            if "name" in found:
                return found["name"], found.get("filename")
    raise _malformed()


def _unescaped(match: re.Match[str]) -> str:
    return match[1] or chr(int(match[2], 16))


def _limited(pieces: Iterable[bytes], limit: int) -> bytes:
    joined = b""
    for piece in pieces:
        joined += piece
        if len(joined) > limit:
            raise invalid("The request body has a part whose headers or value are too long.")
    return joined


def _malformed() -> ApiError:
    return invalid("The request body is not well-formed multipart/form-data.")


class _Reader:
    """Finds delimiters in a stream, holding at most about two pieces of it."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._pieces = _small(body)
        self._held = b"\r\n"

    def until(self, delimiter: bytes) -> Iterator[bytes]:
        """What comes before the delimiter, which is consumed."""
        while (at := self._held.find(delimiter)) < 0:
            # The end of what is held may be the beginning of the delimiter.
            kept = len(delimiter) - 1
            if len(self._held) > kept:
                yield self._held[:-kept]
                self._held = self._held[-kept:]
            self._more()
        before, self._held = self._held[:at], self._held[at + len(delimiter) :]
        yield before

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            self._more()
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def _more(self) -> None:
        try:
            self._held += next(self._pieces)
        except StopIteration:
            raise _malformed() from None


def _small(body: Iterable[bytes]) -> Iterator[bytes]:
    for part in body:
        if len(part) <= PIECE_BYTES:
            yield part
        else:
            # An in-process client hands over a file's content in one part; copying it whole would double it.
            view = memoryview(part)
            for start in range(0, len(part), PIECE_BYTES):
                yield bytes(view[start : start + PIECE_BYTES])
