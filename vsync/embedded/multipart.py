"""Reads multipart/form-data as a stream, so that a file need not fit into memory.

Clients escape the names of files in different ways. All of them are undone here.

| client | what it escapes |
| --- | --- |
| httpx2 | doubles a backslash; percent-encodes quote and control characters |
| browsers | percent-encode quote, CR and LF; leave a backslash as it is |
| curl | puts a backslash before a quote or backslash |

No client escapes the percent sign. So a literal `%22` in a name cannot be told from a quote, and becomes a quote.
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
    """The request's fields and files. The files exist only inside this context."""
    boundary = _BOUNDARY.match(request.headers.get("content-type", ""))
    if boundary is None:
        raise invalid("The request body must be multipart/form-data with a boundary.")
    form = Form()
    with contextlib.ExitStack() as spools:
        _read_parts(_Reader(request.body), (boundary[1] or boundary[2]).encode(), form, spools)
        yield form


def _read_parts(reader: _Reader, boundary: bytes, form: Form, spools: contextlib.ExitStack) -> None:
    # The reader puts a line break before the input, so that the first delimiter looks like the others.
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
                if total > MAX_FILE_BYTES:  # the limit is for all files together; a normal request has one
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
    """Finds delimiters in a stream. It holds about two pieces of the stream at most."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._pieces = _small(body)
        self._held = b"\r\n"

    def until(self, delimiter: bytes) -> Iterator[bytes]:
        """The bytes before the delimiter. The delimiter itself is skipped."""
        while (at := self._held.find(delimiter)) < 0:
            # The delimiter may begin at the end of the held bytes, and go on in the next piece.
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
            # An in-process client sends a file in one part. A copy of the whole part would need as much memory again.
            view = memoryview(part)
            for start in range(0, len(part), PIECE_BYTES):
                yield bytes(view[start : start + PIECE_BYTES])
