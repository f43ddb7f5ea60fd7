"""The way to the OpenAI API: one client. Every request is counted, tried again within limits, and its errors are translated.

The SDK's own retries are off, for three reasons (https://github.com/openai/openai-python, `_base_client.py`):

- It does not retry when a server asks for a wait of more than two minutes.
- It does not tell an exhausted quota from a rate limit.
- It sends no idempotency key, so a create request that it sends twice makes two objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from vsync.auth.api_address import base_url
from vsync.auth.credentials import Credentials
from vsync.auth.token_exchange import Exchange
from vsync.errors import ConfigurationError
from vsync.network.redirects import RedirectNotFollowed, to_another_method, to_another_origin
from vsync.store.breaker import Breaker
from vsync.store.failed_try import (
    FailedTry,
    StoppedInFlight,
    answer_lost,
    for_request,
    hopeless_error,
    read_failure,
    too_late_error,
)
from vsync.store.poll_times import SERVER, PollTimes
from vsync.store.request_body import joined
from vsync.store.response_limit import limit_size
from vsync.store.traffic import Traffic
from vsync.system.retry import Sleep, backoff
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop
from vsync.system.wording import sentence

if TYPE_CHECKING:
    import ssl

    import httpx2
    import openai

T = TypeVar("T")

MAX_ATTEMPTS = 8
RETRY_BUDGET_S = 300.0


class Patience(NamedTuple):
    """How often a request is sent at most, and how many seconds it may wait for its retries in all.

    A longer Retry-After is not obeyed. `answer_s` is for how many seconds the API may be silent in the middle of an answer or
    before it; the time of tries without success counts for the budget then. None: for as long as a run waits, and it does not
    count.
    """

    attempts: int = MAX_ATTEMPTS
    budget_s: float = RETRY_BUDGET_S
    answer_s: float | None = None


GRACE_S = 3.0
"""How long a request may still wait for its answer after the run was told to stop. GitHub kills the run after 10 s."""

_STRANGE_ANSWERS = 3
"""How many answers of one request may be unreadable. After a truncated answer comes a good one; a wrong address never has one."""

_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S = 10.0, 120.0
_LONGEST_S = 1_200.0
"""How long one try may take in all, its wait for the rate limit included. A server could send one byte every two minutes."""


_MAX_REDIRECTS = 3
"""A server that wants a slash at the end, or another path of its own, needs one."""
_BASE_URL = "OPENAI_BASE_URL (in a workflow: the input openai-base-url)"


class Api:
    """The SDK's client, and how a request is made with it."""

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        traffic: Traffic,
        *,
        sleep: Sleep = asyncio.sleep,
        log: Callable[[str], None] = lambda _: None,
        secrets: Secrets | None = None,
        exchange: Exchange | None = None,
        stop: Stop | None = None,
        breaker: Breaker | None = None,
        poll_times: PollTimes = SERVER,
        patience: Patience = Patience(),  # noqa: B008 - ruff does not see that a NamedTuple never changes
    ) -> None:
        self._patience = patience
        self.client = client
        self.poll_times = poll_times
        self.traffic = traffic
        self.sleep = sleep
        self.secrets = Secrets(client.api_key) if secrets is None else secrets
        self._log = log
        self._exchange = exchange
        self._stop = stop
        self._grace_over: asyncio.Task[None] | None = None
        self._breaker = Breaker() if breaker is None else breaker

    async def ask(
        self,
        what: str,
        send: Callable[[], Awaitable[T]],
        *,
        once: bool = False,
        of_document: bool = False,
        limited: Callable[[], None] = lambda: None,
        longest_s: float | None = None,
    ) -> T:
        """The answer to one request. The request is sent again while another try may succeed.

        | argument | meaning |
        | --- | --- |
        | `what` | words for messages (`uploading docs/a.md`); the breaker counts by the first word |
        | `once` | the request makes something each time it is sent. AnswerLost says that it may have been made |
        | `of_document` | the request carries a document, or is about one: something before the API may refuse it alone |
        | `limited` | called at each 429 |
        | `longest_s` | how many seconds one try may take in all; None: 20 minutes |

        Raises Refused when the request itself is the problem, and a VsyncError when the run cannot go on.
        """
        kind = what.partition(" ")[0]
        waited, strange = 0.0, 0
        for attempt in range(self._patience.attempts):
            began = time.monotonic()
            try:
                answer = await self._in_time(send, longest_s or _LONGEST_S)
            except Exception as error:
                failed = self._read_failure(what, error, of_document=of_document)
                if failed is None:
                    raise
            else:
                self._breaker.succeeded(kind)
                return answer
            strange += failed.strange
            # A try may have waited for the rate limit first. That is not the API's fault, so it counts only up to a limit.
            waited += min(time.monotonic() - began, self._patience.answer_s or 0.0)
            if failed.status == 429:
                limited()
            hopeless = failed.may_pass and not failed.told_when_to_return and self._breaker.failed(kind)
            if once and failed.ambiguous:
                raise answer_lost(failed, hopeless=hopeless)
            if not failed.may_pass:
                raise failed.error
            wait = backoff(attempt) if failed.wait_s is None else failed.wait_s
            if waited + wait > self._patience.budget_s:
                raise too_late_error(failed.error, failed.wait_s)
            if attempt + 1 == self._patience.attempts or strange == _STRANGE_ANSWERS:
                raise failed.error
            if hopeless:
                raise hopeless_error(failed.error)
            message = sentence(failed.error.message)
            self._log(f"{message if what in message else f'{what}: {message}'} Trying again in {wait:.1f} s.")
            await self.sleep(wait)
            waited += wait
        raise AssertionError("the last attempt returns or raises")

    def _read_failure(self, what: str, error: Exception, *, of_document: bool) -> FailedTry | None:
        keyless = self._exchange is not None
        failed = read_failure(what, error, secrets=self.secrets, keyless=keyless, now=time.time())
        if failed is not None and failed.detail:
            self._log(f"{what}: {failed.detail}")
        return failed and for_request(failed, what, of_document=of_document)

    async def _in_time(self, send: Callable[[], Awaitable[T]], longest_s: float) -> T:
        """The result of `send`. Raises TimeoutError, or StoppedInFlight soon after the run was told to stop."""
        if self._stop is None:
            async with asyncio.timeout(longest_s):
                return await self._authenticated(send)
        if self._grace_over is None:
            self._grace_over = asyncio.ensure_future(_end_of_grace(self._stop))
        request = asyncio.ensure_future(self._authenticated(send))
        try:
            await asyncio.wait({request, self._grace_over}, timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            request.cancel()
            # It ends before its caller, who may close the connections next. What it still raises is of no use.
            await asyncio.gather(request, return_exceptions=True)
            raise
        if not request.done():
            request.cancel()
            await asyncio.wait({request})
        if request.cancelled() and not self._grace_over.done():
            raise TimeoutError(f"not answered in {longest_s:.0f} s")
        if request.cancelled():
            raise StoppedInFlight(self._stop.signum or 0)
        return request.result()

    def close(self) -> None:
        """Ends the task that waits for a signal."""
        if self._grace_over is not None:
            self._grace_over.cancel()

    async def _authenticated(self, send: Callable[[], Awaitable[T]]) -> T:
        """The result of `send`. An error of the token exchange is raised as such, not as an error of the API."""
        try:
            return await send()
        except Exception as error:
            explained = self._exchange.explain(error) if self._exchange else None
            if explained is None or explained is error:
                raise
            raise explained from error


async def _end_of_grace(stop: Stop) -> None:
    await stop.wait()
    await asyncio.sleep(max(0.0, GRACE_S - (stop.requested_for or 0.0)))


@contextlib.asynccontextmanager
async def connect(
    credentials: Credentials,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    concurrency: int = 16,
    log: Callable[[str], None] = lambda _: None,
    sleep: Sleep | None = None,
    stop: Stop | None = None,
    subject_token: Callable[[], str] | None = None,
    secrets: Secrets | None = None,
    poll_times: PollTimes = SERVER,
    patience: Patience = Patience(),  # noqa: B008 - ruff does not see that a NamedTuple never changes
    traffic: Traffic | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Api]:
    """A client for the API; with the embedded store's `transport`, a client for that store.

    `subject_token` returns a new identity token of this job; credentials with a workload identity need it.
    New tokens are added to `secrets`. `poll_times` says when the store is asked whether it has indexed Files. `traffic`
    counts the requests. `tls`: several clients may share it, since making it takes 15 ms.
    """
    import openai

    traffic, secrets = Traffic() if traffic is None else traffic, Secrets() if secrets is None else secrets
    address = "http://embedded.invalid/v1" if transport else base_url(credentials)
    secrets.add(credentials.api_key)
    exchange = _exchange(credentials, subject_token, secrets) if transport is None else None
    async with _http_client(transport, address, concurrency, traffic, exchange, tls, patience.answer_s) as http_client:
        client = openai.AsyncOpenAI(
            api_key=None if exchange else "embedded" if transport else credentials.api_key,
            workload_identity=exchange.for_sdk() if exchange else None,
            base_url=address,
            organization=credentials.organization,
            project=credentials.project,
            http_client=http_client,
            max_retries=0,
        )
        api = Api(
            client,
            traffic,
            sleep=sleep or asyncio.sleep,
            log=log,
            secrets=secrets,
            exchange=exchange,
            stop=stop,
            poll_times=poll_times,
            patience=patience,
        )
        try:
            yield api
        finally:
            api.close()


def _http_client(
    transport: httpx2.AsyncBaseTransport | None,
    address: str,
    concurrency: int,
    traffic: Traffic,
    exchange: Exchange | None,
    tls: ssl.SSLContext | None,
    answer_s: float | None,
) -> httpx2.AsyncClient:
    """The HTTP client below the SDK. It counts requests, and tells the exchange which token a request used."""
    import httpx2

    prefix = urlsplit(address).path.rstrip("/")

    async def before(request: httpx2.Request) -> None:
        # This hook is called for each redirection as well, with the address that the request would go to.
        if transport is None and request.url.origin != origin:
            raise RedirectNotFollowed(to_another_origin(address, str(request.url), _BASE_URL))
        traffic.count(request.method, request.url.path.removeprefix(prefix))
        if transport is None and isinstance(request.stream, httpx2.SyncByteStream):
            request.stream = joined(request.stream)
        if exchange is not None:
            exchange.used(request.headers.get("Authorization", ""))

    async def after(response: httpx2.Response) -> None:
        traffic.answered(response.headers.get("date", ""), time.time())
        if response.has_redirect_location:
            asked = response.request
            fault = to_another_method(asked.method, response.status_code, str(asked.url), _BASE_URL)
            try:
                asked.url.join(response.headers["location"])
            except httpx2.InvalidURL:
                fault = to_another_origin(address, "", _BASE_URL)
            if fault is not None:
                raise RedirectNotFollowed(fault)

    try:
        origin = httpx2.URL(address).origin
        return httpx2.AsyncClient(
            transport=transport,
            verify=True if tls is None else tls,
            timeout=httpx2.Timeout(answer_s or _READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S, pool=None),
            limits=httpx2.Limits(max_connections=concurrency + 4, max_keepalive_connections=concurrency + 4),
            event_hooks={"request": [before], "response": [after, limit_size]},
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
        )
    except (httpx2.InvalidURL, ImportError, OSError, ValueError) as error:
        # `check_network` names the variable of the faults that it knows.
        raise ConfigurationError(
            f"The environment lets no connection be made ({type(error).__name__}).",
            "Check OPENAI_BASE_URL, the proxies (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) and the certificates (SSL_CERT_FILE, "
            "SSL_CERT_DIR).",
        ) from error


def _exchange(credentials: Credentials, subject_token: Callable[[], str] | None, secrets: Secrets) -> Exchange | None:
    if credentials.identity is None:
        return None
    assert subject_token is not None
    return Exchange(credentials.identity, subject_token, secrets)
