"""Checks a request file before it is uploaded. It touches nothing but the file that it is given.

The API checks a file only once the batch is made, and then refuses all of it. Here every mistake is found at once.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from vsync.batch.batch_report import Mistake
from vsync.batch.custom_ids import FirstLines
from vsync.batch.kept_mistakes import KeptMistakes
from vsync.batch.limits import MAX_BYTES, MAX_INPUTS, MAX_REQUESTS
from vsync.batch.request_faults import Fault, quoted, too_many_inputs
from vsync.batch.request_line import RequestLine, RequestReader
from vsync.batch.request_lines import LineBytes, LineCount, lines_of, read_on
from vsync.system.wording import count

MOST_MISTAKES = 1_000
"""Of one file. Later ones are only counted."""

MAX_FAULTY_LINES = 50_000
"""Of one file. A file with so many is no file of requests, or all of them have the same mistake."""

_BOM = b"\xef\xbb\xbf"
_EMPTY_LINE = Fault("empty-line")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request file holds, and what is wrong with it.

    | field | meaning |
    | --- | --- |
    | `sha256` | of the whole file; empty when the file is too large, and was not read to its end |
    | `bytes` | the size of the file |
    | `requests` | the lines that are not blank |
    | `endpoint` | to which all requests go; None: no line names one |
    | `model` | that all requests name; None: no line names one |
    | `mistakes` | those of the file as a whole first, then those of its lines, in order; at most MOST_MISTAKES |
    | `more` | how many mistakes there are beside these |
    """

    sha256: str
    bytes: int
    requests: int
    endpoint: str | None
    model: str | None
    mistakes: tuple[Mistake, ...] = ()
    more: int = 0


def check_requests(
    file: IO[bytes], *, endpoint: str | None = None, stop: Callable[[], object] = lambda: None
) -> Checked:
    """Checks a file that can seek, from its beginning to its end. `endpoint`: to which the requests must go.

    Memory is bounded: by the longest line, by MAX_REQUESTS custom_ids and by MOST_MISTAKES mistakes. Time is too: lines behind
    the first MAX_REQUESTS requests, or behind MAX_FAULTY_LINES faulty lines, are counted and not checked, since the file is
    refused for them.
    Raises OSError when the file cannot be read, and what `stop` raises: it is called before each piece of the file is checked.
    """
    whole = file.seek(0, io.SEEK_END)
    file.seek(0)
    if whole > MAX_BYTES:
        return _too_large(whole)
    digest = hashlib.sha256()
    check = _Check(endpoint)
    requests = LineCount()
    done = 0

    def saw(piece: bytes) -> None:
        nonlocal done
        stop()
        digest.update(piece)
        requests.add(piece if done else piece.removeprefix(_BOM))
        done += len(piece)
        if done > MAX_BYTES:
            raise _Grown

    try:
        for number, line in lines_of(file, saw):
            if check.says_enough:
                check.leave(number)
                read_on(file, saw)
                break
            check.line(number, line)
            del line  # Else there are two in memory while the next one is gathered.
    except _Grown:
        return _too_large(done)
    return check.result(digest.hexdigest(), done, requests.lines)


class _Grown(Exception):
    """The file has become too large while it was read."""


def _too_large(found: int) -> Checked:
    message = f"The file has {found:,} bytes. A batch takes {MAX_BYTES // 1024**2} MiB ({MAX_BYTES:,} bytes): make several files of it."
    return Checked("", found, 0, None, None, (Mistake(None, "file-too-large", message),))


class _Check:
    """What the lines so far have in common, and what is wrong with them."""

    def __init__(self, endpoint: str | None) -> None:
        self._wanted = endpoint
        self._reader = RequestReader()
        self._ids = FirstLines(MAX_REQUESTS)
        self._mistakes = KeptMistakes(MOST_MISTAKES)
        self._requests = self._inputs = self._faulty = 0
        self._left: int | None = None
        self._first_elsewhere: tuple[str, int] | None = None
        self._elsewhere = 0
        self._endpoint: tuple[str, int] | None = None
        self._model: tuple[str, int] | None = None
        self._other_format: Mistake | None = None
        """The file is no JSON Lines at all: its lines are not worth a mistake each."""

    @property
    def says_enough(self) -> bool:
        """Whether the file is refused, and its other lines would say nothing new."""
        return self._other_format is not None or self._requests > MAX_REQUESTS or self._faulty >= MAX_FAULTY_LINES

    def leave(self, number: int) -> None:
        """The lines from this one on are not checked."""
        self._left = number

    def line(self, number: int, line: LineBytes | None) -> None:
        before = self._mistakes.all
        self._line(number, line)
        self._faulty += self._mistakes.all > before

    def _line(self, number: int, line: LineBytes | None) -> None:
        if line is None:
            self._requests += 1
            self._mistakes.add(number, Fault("line-too-long"))
            return
        if number == 1:
            line = self._without_mark(line)
        if not line or line.isspace():
            self._mistakes.add(number, _EMPTY_LINE)
            return
        self._requests += 1
        if self._requests == 1:
            self._other_format = self._other_format or _other_format(number, line)
        if self._other_format is None and self._requests <= MAX_REQUESTS:
            request = self._reader.parse(line)
            for fault in request.faults:
                self._mistakes.add(number, fault)
            self._compare(number, request)

    def _without_mark(self, line: LineBytes) -> LineBytes:
        if line.startswith(_UTF_16):
            message = "The file is UTF-16, not UTF-8. Save it as UTF-8."
            self._other_format = Mistake(None, "not-utf-8", message)
        elif line.startswith(_BOM):
            self._mistakes.add(1, Fault("byte-order-mark"))
            return line[len(_BOM) :]
        return line

    def _compare(self, number: int, request: RequestLine) -> None:
        """Finds what the line has in common with others and should not, or should have and has not."""
        self._inputs += request.inputs
        if request.custom_id is not None and (first := self._ids.earlier(request.custom_id, number)):
            self._mistakes.add_clash(
                number,
                "duplicate-custom-id",
                f"The custom_id {quoted(request.custom_id)}",
                f"is that of line {first:,} too. Give each request its own.",
            )
        if request.endpoint is not None:
            self._endpoint = self._endpoint or (request.endpoint, number)
            self._compare_endpoint(number, request.endpoint, *self._endpoint)
        if request.model is not None:
            self._model = self._model or (request.model, number)
            model, first = self._model
            if request.model != model:
                self._mistakes.add_clash(
                    number,
                    "other-model",
                    f"The model is {quoted(request.model)}, but line {first:,} names {quoted(model)}.",
                    "A file has one model: move the line to another file.",
                )

    def _compare_endpoint(self, number: int, found: str, endpoint: str, first: int) -> None:
        if self._wanted is not None:
            if found != self._wanted:
                self._first_elsewhere = self._first_elsewhere or (found, number)
                self._elsewhere += 1
        elif found != endpoint:
            self._mistakes.add_clash(
                number,
                "other-url",
                f"The url is {found}, but line {first:,} has {endpoint}.",
                "All requests of a file go to one endpoint: move the line to another file.",
            )

    def result(self, sha256: str, done: int, requests: int) -> Checked:
        """What was found. `requests`: how many lines of the whole file are not blank."""
        endpoint = self._endpoint[0] if self._endpoint else None
        model = self._model[0] if self._model else None
        if self._other_format is not None:
            return Checked(sha256, done, requests, None, None, (self._other_format,))
        whole = self._of_the_whole_file(done, requests)
        kept = (*whole, *self._mistakes.kept)
        more = self._mistakes.more + max(len(kept) - MOST_MISTAKES, 0)
        return Checked(sha256, done, requests, endpoint, model, kept[:MOST_MISTAKES], more)

    def _of_the_whole_file(self, done: int, requests: int) -> list[Mistake]:
        found: list[Mistake] = []
        if not done:
            found.append(
                Mistake(None, "empty-file", "The file is empty. Write one request a line, or delete the file.")
            )
        if self._first_elsewhere is not None:
            url, line = self._first_elsewhere
            message = (
                f"{count(self._elsewhere, 'request')} of the file {'has' if self._elsewhere == 1 else 'have'} another url than "
                f"{self._wanted}, which was asked for: the first one is line {line:,} with {url}. Correct the file, or ask for "
                "another endpoint."
            )
            found.append(Mistake(None, "other-url", message))
        if requests > MAX_REQUESTS:
            message = (
                f"The file has {count(requests, 'request')}. A batch takes {MAX_REQUESTS:,}: make several files of it. "
                "The others were not checked."
            )
            found.append(Mistake(None, "too-many-requests", message))
        if self._faulty >= MAX_FAULTY_LINES and self._left is not None:
            message = (
                f"{self._faulty:,} lines have mistakes, so the lines from {self._left:,} on were not checked. "
                "Correct these first. Or is it no file of requests?"
            )
            found.append(Mistake(None, "too-many-mistakes", message))
        if self._inputs > MAX_INPUTS:
            found.append(Mistake(None, "too-many-inputs", too_many_inputs(self._inputs)))
        return found


def _other_format(number: int, line: LineBytes) -> Mistake | None:
    """What the file is, if its first request shows that it is no JSON Lines."""
    start = bytes(line[:100]).strip()
    if start.startswith(b"["):
        message = "This is a JSON array, not JSON Lines. Write each request on one line, without brackets and commas between them."
        return Mistake(number, "json-array", message)
    if start == b"{":
        message = "A request is spread over several lines. Write each request on one line: this is JSON Lines."
        return Mistake(number, "spread-over-lines", message)
    return None
