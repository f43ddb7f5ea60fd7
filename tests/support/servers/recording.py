"""What every test server here shares: the requests it got, kept for the test, and a thread that serves."""

from __future__ import annotations

import base64
import binascii
import gzip
import ssl
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived, and the status of its answer; None when there was none. Header names are in lower case."""

    method: str
    target: str
    """Path and query."""
    headers: dict[str, str]
    body: bytes
    """As sent, but joined where it came in chunks."""
    status: int | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query

    @property
    def content(self) -> bytes:
        """The body, unpacked where it was compressed."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body

    @property
    def basic_password(self) -> str | None:
        """The password of Basic authentication."""
        return basic_password(self.headers.get("authorization", ""))

    def without_authorization(self) -> bytes:
        """All of the request but its Authorization header: where no secret may stand."""
        headers = "".join(f"{name}: {text}\n" for name, text in self.headers.items() if name != "authorization")
        return f"{self.method} {self.target}\n{headers}\n".encode() + self.content


@dataclass(frozen=True)
class Answer:
    """`cut`: so many bytes of the body leave, then the connection breaks, whatever Content-Length has promised."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Interception = Callable[[Recorded, Callable[[], Answer]], Answer | None]
"""Is given a request, and what has it answered. Without an answer the connection breaks."""


def basic_password(header: str) -> str | None:
    scheme, _, code = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(code, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


class Log:
    """A list of requests that threads may write at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Recorded] = []

    def add(self, request: Recorded) -> None:
        with self._lock:
            self._requests.append(request)

    def all(self) -> list[Recorded]:
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()


@dataclass
class _Fault:
    times: int
    answer: Answer
    when: str


class HttpServer(ABC):
    """A server on a port of its own, in threads, as a context manager. Subclasses say what is answered."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._log = Log()
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self.intercept: Interception | None = None
        """Stands between a request and its answer. Called in a thread for each connection."""
        self._http = _Server((host, port), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @abstractmethod
    def respond(self, request: Recorded) -> Answer:
        """The answer to a request, whose own status is not known yet. Called in a thread for each connection."""

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def address(self) -> str:
        scheme = "https" if isinstance(self._http.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from now on. Call it before the server starts."""
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, in the order of the answers."""
        return self._log.all()

    def forget(self) -> None:
        """Forgets the requests so far."""
        self._log.clear()

    def fail(self, times: int, status: int = 503, body: bytes = b"Service unavailable\n", *, when: str = "") -> None:
        """Answers the next `times` requests whose `METHOD path?query` contains `when` with this, in place of its own."""
        with self._lock:
            self._faults.append(_Fault(times, Answer(status, body, {"Content-Type": "text/plain"}), when))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _fault(self, request: Recorded) -> Answer | None:
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.when in f"{request.method} {request.target}":
                    fault.times -= 1
                    return fault.answer
        return None

    def _answered(self, request: Recorded) -> Answer | None:
        answer = self._fault(request)
        if answer is not None or self.intercept is None:
            return answer or self.respond(request)
        return self.intercept(request, lambda: self.respond(request))

    def _handler(self) -> type[_Handler]:
        server = self

        class Bound(_Handler):
            def exchange(self) -> None:
                headers = {name.lower(): text for name, text in self.headers.items()}
                request = Recorded(self.command, self.path, headers, self.body())
                answer = server._answered(request)
                server._log.add(replace(request, status=answer.status if answer else None))
                if answer is None:
                    self.close_connection = True
                else:
                    self.send(answer)

        return Bound


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True  # a port may be reserved for servers that follow one another
    request_queue_size = 256  # many clients may connect at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is nothing to tell of: tests end them while they wait."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request however its body is sent."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # an answer leaves in one piece: Nagle's algorithm would hold the body back for 40 ms

    def exchange(self) -> None:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # The base class looks for `do_GET`, `do_POST` and so on.
        if name.startswith("do_"):
            return self.exchange
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Tests read the recorded requests instead."""

    def body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()  # the end of the chunk, or of the body
        return data

    def send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, text in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True
