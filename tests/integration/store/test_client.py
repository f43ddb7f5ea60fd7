"""How the API is asked: what is tried again, how long, and what a failure becomes."""

from __future__ import annotations

import asyncio
import io
import math
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.support.wire import Fault, Wire, answer, client, cut, delay, error, lose, refuse, unreachable
from vsync.auth.credentials import Credentials
from vsync.documents.chunking import Chunking
from vsync.errors import ApiUnavailable, ConfigurationError, CredentialsRefused, PermissionDenied, VsyncError
from vsync.store import client as api_module
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.breaker import Breaker
from vsync.store.client import MAX_ATTEMPTS, Api, connect
from vsync.store.entries import NewEntry
from vsync.store.stores import Stores

KEY = "sk-proj-Abc123_not-to-be-shown-0123456789"
BUSY = "Rate limit reached"


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    made = Wire(tmp_path / "store.db")
    yield made
    made.close()


class Asked:
    """One question, what came of it, and how often and how long it was asked."""

    def __init__(self, wire: Wire, *, once: bool = False, breaker: Breaker | None = None) -> None:
        self.failure: Exception | None = None
        self.answer: Any = None
        self.log: list[str] = []
        self.waits: list[float] = []
        self._wire = wire
        self._breaker = breaker

        async def ask(api: Api) -> Any:
            files = api.client.files
            upload = lambda: files.create(file=("a.md", b"# A", "text/markdown"), purpose="assistants")  # noqa: E731 - one of several calls of one shape
            return await api.ask("uploading a.md", upload, once=once)

        asyncio.run(self._run(ask))

    async def _run(self, ask: Callable[[Api], Awaitable[Any]]) -> None:
        async with client(self._wire, key=KEY, log=self.log.append, breaker=self._breaker) as (api, waits):
            self.waits = waits
            self.traffic = api.traffic
            try:
                self.answer = await ask(api)
            except (VsyncError, Refused, AnswerLost) as failure:
                self.failure = failure

    @property
    def requests(self) -> int:
        return len(self._wire.sent)

    @property
    def told(self) -> str:
        """All that anybody gets to read."""
        failure = self.failure
        parts = [str(failure), repr(failure), *self.log]
        if isinstance(failure, VsyncError):
            parts += [failure.message, failure.remedy]
        return "\n".join(parts)


def faulty(wire: Wire, *faults: Fault) -> None:
    """The first requests meet these faults, one each."""
    for number, fault in enumerate(faults):
        wire.when(lambda sent, number=number: sent.number == number + 1, fault)  # type: ignore[misc]  # mypy: a lambda with a default has no type; the default binds the loop's value


# What is tried again


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(wire: Wire, status: int) -> None:
    faulty(wire, refuse(status, BUSY))
    asked = Asked(wire)
    assert asked.failure is None
    assert asked.answer.filename == "a.md"
    assert asked.requests == 2
    assert "uploading a.md" in asked.log[0]


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
def test_a_refusal_for_its_content_is_final(wire: Wire, status: int) -> None:
    wire.when("POST /files", refuse(status, "no such thing", "some_code"))
    asked = Asked(wire)
    assert isinstance(asked.failure, Refused)
    assert (asked.failure.status, asked.failure.code) == (status, "some_code")
    assert "no such thing" in asked.failure.message
    assert asked.requests == 1
    assert asked.waits == []


def test_the_server_may_ask_for_another_try_of_a_refusal(wire: Wire) -> None:
    faulty(wire, refuse(400, "odd", headers={"x-should-retry": "true"}))
    assert Asked(wire).failure is None


@pytest.mark.parametrize(
    ("status", "failure"), [(500, Refused), (503, ApiUnavailable), (409, Refused), (429, ApiUnavailable)]
)
def test_the_server_may_forbid_another_try(wire: Wire, status: int, failure: type[Exception]) -> None:
    wire.when("POST /files", refuse(status, BUSY, headers={"x-should-retry": "false"}))
    asked = Asked(wire)
    assert isinstance(asked.failure, failure)
    assert asked.requests == 1


@pytest.mark.parametrize("status", [429, 500])
def test_waits_grow_to_eight_seconds_and_end_after_some_tries(wire: Wire, status: int) -> None:
    wire.when("POST /files", refuse(status, BUSY))
    asked = Asked(wire)
    assert asked.requests == MAX_ATTEMPTS
    ceilings = [0.5, 1, 2, 4, 8, 8, 8]
    assert len(asked.waits) == len(ceilings)
    for wait, most in zip(asked.waits, ceilings, strict=True):
        assert 0.75 * most <= wait <= most


# How long it waits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1250"}, 1.25),
        ({"retry-after-ms": "250", "retry-after": "60"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after": "200"}, 200.0),  # the SDK would give up at 120
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_the_server_asks_for_is_kept(
    wire: Wire, status: int, headers: Mapping[str, str], seconds: float
) -> None:
    faulty(wire, refuse(status, BUSY, headers=headers))
    asked = Asked(wire)
    assert asked.failure is None
    assert asked.waits == [seconds]


def test_the_wait_may_be_a_date(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("vsync.store.client.time.time", lambda: now)
    faulty(wire, refuse(429, BUSY, headers={"retry-after": formatdate(now + 90, usegmt=True)}))
    assert Asked(wire).waits == [90.0]


@pytest.mark.parametrize("text", ["", "-5", "nan", "inf", "1e999", "tomorrow", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_replaced_by_our_own(wire: Wire, text: str) -> None:
    faulty(wire, refuse(429, BUSY, headers={"retry-after": text}))
    asked = Asked(wire)
    assert asked.failure is None
    (wait,) = asked.waits
    assert math.isfinite(wait)
    assert 0.375 <= wait <= 0.5


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_beyond_the_budget_ends_the_run_at_once(wire: Wire, status: int) -> None:
    wire.when("POST /files", refuse(status, BUSY, headers={"retry-after": "301"}))
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert asked.failure.remedy
    assert "asks to wait for 301 s" in asked.failure.message
    assert (asked.requests, asked.waits) == (1, [])


@pytest.mark.parametrize(("status", "requests"), [(503, 1), (429, 3)])
def test_only_a_rate_limit_that_says_when_to_come_back_is_no_failure_of_the_server(
    wire: Wire, status: int, requests: int
) -> None:
    wire.when("POST /files", refuse(status, BUSY, headers={"retry-after": "140"}))
    asked = Asked(wire, breaker=Breaker(failures=1, seconds=0.0))
    assert isinstance(asked.failure, ApiUnavailable)
    assert asked.requests == requests


def test_a_try_that_failed_is_told_once(wire: Wire) -> None:
    faulty(wire, unreachable())
    asked = Asked(wire)
    (line,) = asked.log
    assert line.count("uploading a.md") == 1
    assert ". Trying again" in line


def test_waits_count_together_against_the_budget(wire: Wire) -> None:
    wire.when("POST /files", refuse(429, BUSY, headers={"retry-after": "140"}))
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert asked.waits == [140.0, 140.0]


# What ends the run


@pytest.mark.parametrize(
    "said", [{"code": "insufficient_quota", "type": "requests"}, {"code": None, "type": "insufficient_quota"}]
)
def test_an_exhausted_quota_is_final_and_says_so(wire: Wire, said: dict[str, Any]) -> None:
    wire.when("POST /files", answer(429, {"error": {"message": "You exceeded your current quota.", **said}}))
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert "quota" in asked.failure.message
    assert "credit" in asked.failure.remedy
    assert asked.requests == 1


@pytest.mark.parametrize(
    ("status", "message", "kind", "reason"),
    [
        (401, "Incorrect API key provided.", CredentialsRefused, "credentials"),
        (
            401,
            "You have insufficient permissions for this operation. Missing scopes: api.vector_stores.write.",
            PermissionDenied,
            "permission",
        ),
        (403, "Country not supported", PermissionDenied, "permission"),
    ],
)
def test_a_refused_key_is_told_from_a_missing_permission(
    wire: Wire, status: int, message: str, kind: type[VsyncError], reason: str
) -> None:
    wire.when("POST /files", refuse(status, message))
    asked = Asked(wire)
    assert type(asked.failure) is kind
    assert (asked.failure.exit_code, asked.failure.reason) == (3, reason)
    assert message in asked.failure.message
    assert asked.failure.remedy
    assert asked.requests == 1


def test_a_connection_that_is_never_made_ends_the_run(wire: Wire) -> None:
    wire.when("POST /files", unreachable())
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert "cannot be reached" in asked.failure.message
    assert "All connection attempts failed" in asked.failure.message
    assert asked.requests == MAX_ATTEMPTS


def test_a_port_where_nobody_listens_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "backoff", lambda _: 0.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def ask() -> None:
        async with connect(Credentials(KEY, f"http://127.0.0.1:{port}/v1")) as api:
            await Stores(api).list()

    with pytest.raises(ApiUnavailable, match="cannot be reached") as failure:
        asyncio.run(ask())
    assert "OPENAI_BASE_URL" in failure.value.remedy


# Answers that are not the API's


def test_a_proxys_error_page_is_told_in_one_short_line(wire: Wire) -> None:
    page = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>" + "<p>nginx</p>\n" * 500 + "</body></html>"
    wire.when("POST /files", answer(502, page))
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert "502" in asked.failure.message
    assert len(asked.failure.message) < 400
    assert not set(asked.failure.message) & {"<", ">", "\n"}


@pytest.mark.parametrize(
    "wrong",
    [
        answer(200, b'{"id": "file-1", "obj'),
        answer(200, b""),
        answer(200, b"[]"),
        answer(200, b"null"),
        answer(200, b'"ok"'),
        answer(200, b"{}"),
        answer(200, b"\xff\xfe"),
        answer(200, "<html>Please log in</html>"),
    ],
    ids=["cut", "empty", "list", "null", "text", "object", "bytes", "page"],
)
@pytest.mark.parametrize(
    "question", ["list stores", "get store", "create store", "upload", "attach", "batch", "progress", "list entries"]
)
def test_an_answer_that_makes_no_sense_is_not_taken_for_one(wire: Wire, wrong: Fault, question: str) -> None:
    wire.when(lambda _: True, wrong)
    entry = NewEntry("file-1", {}, Chunking())

    async def ask() -> Any:
        async with client(wire, key=KEY) as (api, _):
            stores = Stores(api)
            store = stores.open("vs_1")
            questions: dict[str, Callable[[], Awaitable[Any]]] = {
                "list stores": stores.list,
                "get store": lambda: stores.get("vs_1"),
                "create store": lambda: stores.create("docs"),
                "upload": lambda: store.upload("a.md", io.BytesIO(b"# A"), 3, "text/markdown"),
                "attach": lambda: store.attach(entry),
                "batch": lambda: store.attach_batch([entry]),
                "progress": lambda: store.batch_progress("vsfb_1"),
                "list entries": store.entries,
            }
            return await questions[question]()

    try:
        answered = asyncio.run(ask())
    except (ApiUnavailable, Refused, AnswerLost):
        return
    # An empty object is an empty page to the SDK; a poll may find nothing to read.
    assert answered == [] or answered.readable is False


# Idempotency, secrets, counting


def test_no_idempotency_key_is_sent_that_no_server_honours(wire: Wire) -> None:
    faulty(wire, refuse(503, BUSY))
    Asked(wire)
    assert len(wire.sent) == 2
    assert not [name for sent in wire.sent for name in sent.headers if "idempotency" in name.lower()]


@pytest.mark.parametrize(
    "fault",
    [
        refuse(401, f"Incorrect API key provided: {KEY}."),
        refuse(403, f"{KEY} may not do that"),
        refuse(400, f"bad header: Bearer {KEY}"),
        refuse(429, f"{KEY} asks too often"),
        refuse(429, f"no quota left for {KEY}", "insufficient_quota"),
        answer(502, f"<html>upstream refused Authorization: Bearer {KEY}</html>"),
        unreachable(),
    ],
    ids=["401", "403", "400", "429", "quota", "502", "unreachable"],
)
def test_the_key_never_stands_in_any_message(wire: Wire, fault: Fault) -> None:
    wire.when("POST /files", fault)
    asked = Asked(wire)
    assert asked.failure is not None
    assert KEY in wire.sent[0].headers["authorization"]
    assert KEY not in asked.told
    assert KEY[8:] not in asked.told


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        (lose(), True),
        (cut(), True),
        (refuse(500, "oops"), True),
        (refuse(408, "too slow"), True),
        (answer(502, "<html>"), True),
        (answer(200, b"{"), True),
        (unreachable(), False),
        (refuse(429, BUSY), False),
        (refuse(409, BUSY), False),
    ],
    ids=["lost", "cut", "500", "408", "502", "truncated", "unreachable", "429", "409"],
)
def test_what_makes_something_is_not_sent_again_when_it_may_have_been_made(
    wire: Wire, fault: Fault, lost: bool
) -> None:
    faulty(wire, fault)
    asked = Asked(wire, once=True)
    assert isinstance(asked.failure, AnswerLost) is lost
    assert asked.requests == (1 if lost else 2)


def test_a_question_whose_answer_is_lost_is_asked_again(wire: Wire) -> None:
    faulty(wire, lose(), answer(200, b"{"))
    asked = Asked(wire)
    assert asked.failure is None
    assert asked.requests == 3


def test_an_address_that_is_none_of_the_api_is_not_tried_for_long(wire: Wire) -> None:
    wire.when("POST /files", answer(200, b"{"))
    asked = Asked(wire)
    assert isinstance(asked.failure, ApiUnavailable)
    assert "OPENAI_BASE_URL" in asked.failure.remedy
    assert asked.requests == 3


@pytest.mark.parametrize(
    "base_url", ["http://gateway.test/v1", "http://gateway.test/openai/v1/", "http://gateway.test"]
)
def test_every_request_is_counted_under_its_endpoint(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(f"{request.method} {request.url.path}")
        if len(seen) == 1:
            return httpx2.Response(503, json=error(BUSY))
        if request.url.path.endswith("/vs_1"):
            return httpx2.Response(200, json={"id": "vs_1", "object": "vector_store", "status": "completed"})
        return httpx2.Response(404, json=error("It was not found"))

    class Client(httpx2.AsyncClient):
        def __init__(self, **given: Any) -> None:
            super().__init__(**{**given, "transport": httpx2.MockTransport(handle)})

    monkeypatch.setattr(httpx2, "AsyncClient", Client)
    monkeypatch.setattr(api_module, "backoff", lambda _: 0.0)

    async def ask() -> Mapping[str, int]:
        async with connect(Credentials(KEY, base_url)) as api:
            store = Stores(api).open("vs_1")
            await store.remove("file-1")
            with pytest.raises((VsyncError, Refused)):
                await store.batch_entries("vsfb_1")
            return api.traffic.requests

    requests = asyncio.run(ask())
    assert sum(requests.values()) == len(seen) == 5
    assert requests == {
        "DELETE /vector_stores/{id}/files/{id}": 2,
        "GET /vector_stores/{id}": 1,
        "DELETE /files/{id}": 1,
        "GET /vector_stores/{id}/file_batches/{id}/files": 1,
    }


@pytest.mark.parametrize("base_url", ["api.openai.com/v1", "ftp://api.openai.com/v1", "https:///v1", "file:///etc"])
def test_a_base_url_that_is_no_web_address_is_a_configuration_error(base_url: str) -> None:
    async def ask() -> None:
        async with connect(Credentials(KEY, base_url)):
            pass

    with pytest.raises(ConfigurationError, match="base URL"):
        asyncio.run(ask())


def test_the_sdk_is_never_left_to_retry_by_itself() -> None:
    async def retries() -> tuple[int, type[openai.AsyncOpenAI]]:
        async with connect(Credentials(KEY)) as api:
            return api.client.max_retries, type(api.client)

    assert asyncio.run(retries()) == (0, openai.AsyncOpenAI)


def test_an_answer_that_never_ends_is_given_up_and_asked_for_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "_LONGEST_S", 0.5)
    faulty(wire, delay(30.0))
    asked = Asked(wire)
    assert asked.failure is None
    assert asked.requests == 2
