"""A stand-in for GitHub's REST API, over real HTTP: what vsync asks of it, with state, rights and faults.

At the root as on github.com, or below `/api/v3` as on GitHub Enterprise Server. Answers follow
https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api.
"""

from __future__ import annotations

import fnmatch
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

Rights = Literal["read", "write", "none"]

MAX_BODY = 65_536
"""Characters of one comment."""

ACTIONS_LOGIN = "github-actions[bot]"
_DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Token:
    """Who speaks, and what it may. An installation's token (GITHUB_TOKEN is one) may not ask for its user."""

    login: str = ACTIONS_LOGIN
    rights: Rights = "write"

    @property
    def installation(self) -> bool:
        return self.login.endswith("[bot]")


@dataclass
class Comment:
    id: int
    issue: int
    body: str
    login: str | None
    """None: the account was deleted."""
    edits: int = 0


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    """Without the prefix."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def is_(self, what: str) -> bool:
        """Whether the request is of that kind: `PATCH /repos/*/*/issues/comments/*`; a star is one part of the path."""
        method, _, path = what.partition(" ")
        parts, wanted = self.path.split("/"), path.split("/")
        return (
            fnmatch.fnmatchcase(self.method, method)
            and len(parts) == len(wanted)
            and all(want in {"*", part} for part, want in zip(parts, wanted, strict=True))
        )


@dataclass(frozen=True)
class Answer:
    """`body`: JSON, or HTML when it is a string. `cut` breaks the connection instead of sending it."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Fault = Callable[[Received, Callable[[], Answer]], Answer]
"""Gets the request and the way to let it be done."""


@dataclass
class _Rule:
    what: str
    fault: Fault
    skip: int
    times: int | None


class GitHubApi:
    """One repository with its comments. Use as a context manager; `url` is what GITHUB_API_URL would be."""

    def __init__(self, repository: str = "acme/docs", *, prefix: str = "") -> None:
        self.repository = repository
        self.tokens: dict[str, Token] = {}
        self.comments: dict[int, Comment] = {}
        self.issues: set[int] = set()
        self.pulls: dict[int, dict[str, Any]] = {}
        self.runs: dict[int, dict[str, Any]] = {}
        self.branches: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.details: dict[str, Any] = {"default_branch": "main", "private": False}
        self.received: list[Received] = []
        self._prefix = prefix
        self._faults: list[_Rule] = []
        self._next_id = 1_000
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def do_GET(self) -> None:
                api._serve(self)

            do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of the base class

            def log_message(self, *_: object) -> None:
                """Tests read `received`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return self.root + self._prefix

    # --- What tests arrange and look at -----------------------------------------------------------------------

    def token(self, secret: str, login: str = ACTIONS_LOGIN, rights: Rights = "write") -> str:
        """Makes a token known, and gives it back."""
        self.tokens[secret] = Token(login, rights)
        return secret

    def pull_request(self, number: int, **details: Any) -> int:
        """Makes a pull request known: its number is an issue's too."""
        self.issues.add(number)
        self.pulls[number] = {"number": number, "state": "open", "merged": False, **details}
        return number

    def comment(self, issue: int, body: str, login: str | None = ACTIONS_LOGIN) -> Comment:
        """Writes a comment as somebody."""
        with self._lock:
            return self._add(issue, body, login)

    def on(self, issue: int) -> list[Comment]:
        return [comment for comment in self.comments.values() if comment.issue == issue]

    def of(self, what: str) -> list[Received]:
        return [received for received in self.received if received.is_(what)]

    def when(self, what: str, fault: Fault, *, skip: int = 0, times: int | None = 1) -> None:
        """Lets a fault answer requests of that kind: after the first `skip`, `times` in all. The newest goes first."""
        self._faults.insert(0, _Rule(what, fault, skip, times))

    # --- Serving ----------------------------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        length = int(handler.headers.get("content-length") or 0)
        raw = handler.rfile.read(length)
        graphql = self._prefix.removesuffix("/v3") + "/graphql"
        known = url.path == graphql or url.path.startswith(self._prefix + "/")
        request = Received(
            handler.command,
            "/graphql" if url.path == graphql else unquote(url.path.removeprefix(self._prefix)),
            {name: values[-1] for name, values in parse_qs(url.query).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            json.loads(raw) if raw else None,
        )
        with self._lock:
            self.received.append(request)
            fault = self._fault(request)
        answer = fault(request, lambda: self._answer(request)) if known else Answer(404, "<html>no API here</html>")
        if answer.cut:
            handler.close_connection = True
            return
        html = isinstance(answer.body, str)
        content = b"" if answer.body is None else answer.body.encode() if html else json.dumps(answer.body).encode()
        handler.send_response(answer.status)
        handler.send_header("content-type", "text/html" if html else "application/json; charset=utf-8")
        handler.send_header("content-length", str(len(content)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _fault(self, request: Received) -> Fault:
        for rule in self._faults:
            if not request.is_(rule.what):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.times is None or rule.times > 0:
                rule.times = None if rule.times is None else rule.times - 1
                return rule.fault
        return lambda _, carry: carry()

    def _answer(self, request: Received) -> Answer:
        with self._lock:
            token = self.tokens.get(request.headers.get("authorization", "").partition(" ")[2])
            if token is None:
                return _error(401, "Bad credentials")
            return self._graphql(token) if request.path == "/graphql" else self._rest(request, token)

    def _graphql(self, token: Token) -> Answer:
        return Answer(200, {"data": {"viewer": {"login": token.login}}})

    def _rest(self, request: Received, token: Token) -> Answer:
        if request.path == "/user":
            return NOT_FOR_INTEGRATIONS if token.installation else Answer(200, _user(token.login))
        home = f"/repos/{self.repository}"
        if token.rights == "none" or not (request.path + "/").startswith(home + "/"):
            return _error(404, "Not Found")
        if request.method != "GET" and token.rights != "write":
            return NOT_FOR_INTEGRATIONS
        match request.path.removeprefix(home).strip("/").split("/"):
            case [""]:
                return Answer(200, {"full_name": self.repository, **self.details})
            case ["issues", "comments", number] if number.isdigit():
                return self._one_comment(request, int(number))
            case ["issues", number, "comments"] if number.isdigit():
                return self._comments_of(request, int(number), token)
            case ["pulls", number]:
                return _found(self.pulls.get(int(number)))
            case ["actions", "runs", number]:
                return _found(self.runs.get(int(number)))
            case ["branches", *name]:
                return _found(self.branches.get("/".join(name)), "Branch not found")
            case ["rules", "branches", *name]:
                return Answer(200, self.rules.get("/".join(name), []))
        return _error(404, "Not Found")

    def _comments_of(self, request: Received, issue: int, token: Token) -> Answer:
        if issue not in self.issues:
            return _error(404, "Not Found")
        if request.method == "POST":
            refusal = _refused_body(request.body)
            return refusal or Answer(201, self._shown(self._add(issue, request.body["body"], token.login)))
        size = min(int(request.query.get("per_page", 30)), 100)
        page = max(int(request.query.get("page", 1)), 1)
        every = self.on(issue)
        pages = max(-(-len(every) // size), 1)
        here = f"{self.url}{quote(request.path)}?per_page={size}&page="
        links = [f'<{here}{page + 1}>; rel="next"', f'<{here}{pages}>; rel="last"'] if page < pages else []
        links += [f'<{here}{page - 1}>; rel="prev"', f'<{here}1>; rel="first"'] if page > 1 else []
        shown = [self._shown(comment) for comment in every[(page - 1) * size : page * size]]
        return Answer(200, shown, {"link": ", ".join(links)} if links else {})

    def _one_comment(self, request: Received, number: int) -> Answer:
        comment = self.comments.get(number)
        if comment is None:
            return _error(404, "Not Found")
        if request.method == "DELETE":
            del self.comments[number]
            return Answer(204)
        if request.method == "PATCH":
            refusal = _refused_body(request.body)
            if refusal:
                return refusal
            comment.body = request.body["body"]
            comment.edits += 1
        return Answer(200, self._shown(comment))

    def _add(self, issue: int, body: str, login: str | None) -> Comment:
        self._next_id += 1
        self.comments[self._next_id] = Comment(self._next_id, issue, body, login)
        return self.comments[self._next_id]

    def _shown(self, comment: Comment) -> dict[str, Any]:
        home = f"{self.url}/repos/{self.repository}"
        return {
            "id": comment.id,
            "url": f"{home}/issues/comments/{comment.id}",
            "html_url": f"{self.root}/{self.repository}/pull/{comment.issue}#issuecomment-{comment.id}",
            "issue_url": f"{home}/issues/{comment.issue}",
            "body": comment.body,
            "user": _user(comment.login) if comment.login else None,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": sum(login.encode()), "type": "Bot" if login.endswith("[bot]") else "User"}


def _error(status: int, message: str, **more: Any) -> Answer:
    return Answer(status, {"message": message, "documentation_url": _DOCS, "status": str(status), **more})


def _found(value: dict[str, Any] | None, otherwise: str = "Not Found") -> Answer:
    return _error(404, otherwise) if value is None else Answer(200, value)


def _refused_body(body: Any) -> Answer | None:
    text = body.get("body") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        return _error(422, "Validation Failed", errors=[{"resource": "IssueComment", "code": "missing_field"}])
    if len(text) > MAX_BODY:
        problem = f"body is too long (maximum is {MAX_BODY} characters)"
        return _error(
            422, "Validation Failed", errors=[{"resource": "IssueComment", "code": "custom", "message": problem}]
        )
    return None


# --- Faults -----------------------------------------------------------------------------------------------------

NOT_FOR_INTEGRATIONS = _error(403, "Resource not accessible by integration")


def answer(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Fault:
    """A refusal in the API's own form."""
    given = _error(status, message)
    return lambda _, __: Answer(given.status, given.body, headers or {})


def html(status: int) -> Fault:
    """What a proxy or an overloaded front end sends."""
    return lambda _, __: Answer(status, "<html><body><h1>Whoa there!</h1></body></html>")


def secondary_rate_limit(status: int = 403, retry_after: int | None = None) -> Fault:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return answer(status, message, {} if retry_after is None else {"retry-after": str(retry_after)})


def lost(_: Received, carry: Callable[[], Answer]) -> Answer:
    """The request is done, and the connection breaks before its answer."""
    carry()
    return Answer(0, cut=True)


def cut(_: Received, __: Callable[[], Answer]) -> Answer:
    """The connection breaks before anything is done."""
    return Answer(0, cut=True)


def call(action: Callable[[], object]) -> Fault:
    """Does something in the moment before a request is carried out."""

    def fault(_: Received, carry: Callable[[], Answer]) -> Answer:
        action()
        return carry()

    return fault
