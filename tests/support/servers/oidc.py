"""Stand-ins, over real HTTP, for what keyless access talks to: GitHub's endpoint for identity tokens, OpenAI's token
exchange, and an API that only takes the tokens of that exchange.

The SDK knows one address for the exchange, and no setting changes it. So the stand-in is reached the way a company's
network would lead there: as the proxy of HTTPS_PROXY, with a certificate of an authority that SSL_CERT_FILE names.
"""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.servers.certificates import Authority

AUDIENCE = "https://api.openai.com/v1"
PROVIDER, ACCOUNT = "idp_0123", "svcacct_4567"
BEARER = "runner-request-token-89ab"
EXCHANGE_HOST = "auth.openai.com"


@dataclass(frozen=True)
class Answer:
    """A scripted answer. `hang` closes the connection without one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False


@dataclass
class Oidc:
    """What both endpoints know. Answers in `github` and `exchange` go first, one each; then they do what they should."""

    port: int
    ca: Path
    audience: str = AUDIENCE
    expires_in: Any = 300
    claims: Mapping[str, str] = field(
        default_factory=lambda: {
            "repository": "acme/docs",
            "ref": "refs/heads/main",
            "workflow_ref": "acme/docs/.github/workflows/vsync.yml@refs/heads/main",
        }
    )
    github: list[Answer] = field(default_factory=list)
    exchange: list[Answer] = field(default_factory=list)
    github_requests: list[Mapping[str, list[str]]] = field(default_factory=list)
    exchange_requests: list[Any] = field(default_factory=list)
    subject_tokens: list[str] = field(default_factory=list)
    access_tokens: dict[str, float] = field(default_factory=dict)
    """Issued tokens, and until when (monotonic) the API takes them."""
    closed: bool = False
    """Whether the API takes no token at all."""
    api_refusals: int = 0

    @property
    def environ(self) -> dict[str, str]:
        """What a runner gives a job with `id-token: write`, and the way to the exchange."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{self.port}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(self.ca),
        }

    @property
    def secrets(self) -> list[str]:
        return [BEARER, *self.subject_tokens, *self.access_tokens]

    def revoke(self) -> None:
        self.access_tokens = dict.fromkeys(self.access_tokens, 0.0)

    def takes(self, authorization: str) -> bool:
        """Whether the API takes a request with that header."""
        scheme, _, token = authorization.partition(" ")
        return not self.closed and scheme == "Bearer" and self.access_tokens.get(token, 0.0) > time.monotonic()

    def subject_token(self) -> str:
        number = len(self.subject_tokens) + 1
        claims = {**self.claims, "aud": self.audience, "jti": str(number)}
        parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
        head, payload = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        token = f"{head}.{payload}.signature-{number:04}"
        self.subject_tokens.append(token)
        return token

    def access_token(self, asked: Mapping[str, Any]) -> Answer:
        """What OpenAI's exchange does with a request that it was not told to answer otherwise."""
        fits = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "identity_provider_id": PROVIDER,
            "service_account_id": ACCOUNT,
        }
        wrong = [name for name, value in fits.items() if asked.get(name) != value]
        if wrong or asked.get("subject_token") != self.subject_tokens[-1]:
            return Answer(400, {"error": "invalid_grant", "error_description": f"wrong: {wrong or 'subject_token'}"})
        token = f"oat-{len(self.access_tokens) + 1:04}-secret"
        life = self.expires_in if isinstance(self.expires_in, int | float) else 300
        self.access_tokens[token] = time.monotonic() + life
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    oidc: Oidc
    tls: ssl.SSLContext

    def do_GET(self) -> None:
        """GitHub's endpoint."""
        query = parse_qs(urlsplit(self.path).query)
        self.oidc.github_requests.append(query)
        if self.oidc.github:
            return self._send(self.oidc.github.pop(0))
        if self.headers.get("Authorization") != f"Bearer {BEARER}":
            return self._send(Answer(401, {"message": "Unauthorized"}))
        if query != {"api-version": ["2.0"], "audience": [self.oidc.audience]}:
            return self._send(Answer(400, {"message": f"unexpected query {query}"}))
        return self._send(Answer(200, {"count": 1, "value": self.oidc.subject_token()}))

    def do_CONNECT(self) -> None:
        """A proxy that leads to one host only, which is itself."""
        if self.path != f"{EXCHANGE_HOST}:443":
            return self._send(Answer(403, {"message": f"no way to {self.path}"}))
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False
        return None

    def do_POST(self) -> None:
        """OpenAI's exchange."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/oauth/token":
            return self._send(Answer(404, {"error": "not_found"}))
        self.oidc.exchange_requests.append(asked)
        return self._send(self.oidc.exchange.pop(0) if self.oidc.exchange else self.oidc.access_token(asked))

    def _send(self, answer: Answer) -> None:
        if answer.hang:
            self.close_connection = True
            return
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes away, or does not trust the certificate, is its own affair."""


@contextlib.contextmanager
def oidc_server(folder: Path) -> Iterator[Oidc]:
    """Both endpoints on one port; the authority's certificate is written to the folder."""
    authority = Authority(folder)
    handler = type("Handler", (_Handler,), {"tls": authority.server(EXCHANGE_HOST)})
    with _Server(("127.0.0.1", 0), handler) as server:
        oidc = Oidc(server.server_address[1], authority.certificate)
        handler.oidc = oidc  # type: ignore[attr-defined]  # read by the handler alone
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield oidc
        finally:
            server.shutdown()
            thread.join()


def guarded(app: Any, oidc: Oidc) -> Any:
    """The app, behind a door that only opens to tokens of the exchange that have not ended."""

    async def door(scope: Any, receive: Any, send: Any) -> None:
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
        if oidc.takes(authorization):
            await app(scope, receive, send)
            return
        oidc.api_refusals += 1
        while (await receive()).get("more_body"):
            pass
        body = json.dumps({"error": {"message": f"Refused: {authorization}", "code": "invalid_token"}}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return door
