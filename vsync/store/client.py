"""The way to the OpenAI API: one client, every request counted, retried within a budget, its errors translated.

The SDK's own retries are off. It stops retrying when a server asks for more than two minutes, it cannot tell an
exhausted quota from a rate limit, and a create call that it silently sends twice leaves a twin behind: no idempotency
key is ever sent (https://github.com/openai/openai-python, `_base_client.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from vsync.auth.credentials import Credentials
from vsync.auth.token_exchange import Exchange, NoTokenYet
from vsync.errors import ApiUnavailable, CredentialsRefused, Interrupted, PermissionDenied, VsyncError
from vsync.store.breaker import Breaker
from vsync.store.poll_times import SERVER, PollTimes
from vsync.store.response_limit import TooLarge, bounded
from vsync.system.redaction import one_line
from vsync.system.retry import Sleep, backoff, retry_after
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

if TYPE_CHECKING:
    import httpx2
    import openai

T = TypeVar("T")

MAX_ATTEMPTS = 8
RETRY_BUDGET_S = 300.0
"""How long one request may wait for its retries in all, and so the longest Retry-After that is obeyed."""

GRACE_S = 3.0
"""How long a request that is in the air may go on when the run is told to stop; GitHub ends it 10 s after that."""

_STRANGE_ANSWERS = 3
"""How often an answer that is none of the API may come: a truncated one is followed by a good one, a wrong address is not."""

_RETRIED = {408, 409, 429}
_NEVER = {501, 505}
"""What a server cannot do it will not do on the next try either."""

_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S = 10.0, 120.0
_LONGEST_S = 1_200.0
"""How long a request may take in all, with its wait for its rate: a server could send one byte every two minutes."""

_CODE = re.compile(r"(?!sk-)[A-Za-z0-9_.-]{1,64}")
_WRITE_BYTES = 64 * 1024
_COLLECTIONS = {"files", "vector_stores", "file_batches", "batches", "uploads"}
_ACTIONS = {"search", "content", "cancel"}


class Refused(Exception):
    """The API refused one request for its content: it concerns what was asked for, not the run."""

    def __init__(self, status: int, code: str, message: str, *, by_api: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.code = code if _CODE.fullmatch(code) else f"http_{status}"
        self.by_api = by_api
        self.message = message


class AnswerLost(Exception):
    """A request that makes something was sent, and what became of it is not known.

    `cause` is what to raise when it is not sent again, which is of no use when `again` is False; `wait_s` is how long the
    server asks to wait before.
    """

    def __init__(self, cause: VsyncError | Refused, wait_s: float | None = None, *, again: bool = True) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.wait_s = wait_s
        self.again = again

    @property
    def error(self) -> VsyncError:
        """The cause as what a run ends with."""
        if isinstance(self.cause, VsyncError):
            return self.cause
        return ApiUnavailable(f"{self.cause.message}", "Run again later: it continues from here.")


@dataclass
class Traffic:
    """What was sent, by method and endpoint. `date` is the server's time of its last answer, in seconds since the epoch."""

    requests: Counter[str] = field(default_factory=Counter)
    bytes_uploaded: int = 0
    date: int | None = None

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[int], None]] = []

    def at_next_answer(self, told: Callable[[int], None]) -> None:
        """Tells the server's time at its next answer that has one."""
        self._listeners.append(told)

    def heard(self, date: str) -> None:
        """An answer came, with that `Date`."""
        try:
            self.date = int(parsedate_to_datetime(date).timestamp())
        except (ValueError, OverflowError):
            return
        listeners, self._listeners = self._listeners, []
        for told in listeners:
            told(self.date)


class Api:
    """The client and how it is asked."""

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
    ) -> None:
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
        limited: Callable[[], None] = lambda: None,
    ) -> T:
        """The answer to one request, sent again while it may succeed.

        `what` is for messages (`uploading docs/a.md`); its first word is what the breaker counts by. Raises Refused when
        the request itself is the problem, and a VsyncError when the run cannot go on. `once` marks a request that makes
        something each time it is sent: AnswerLost tells that it may have. `limited` is told of each 429.
        """
        kind = what.partition(" ")[0]
        waited, strange = 0.0, 0
        for attempt in range(MAX_ATTEMPTS):
            try:
                answer = await self._in_time(send)
            except Exception as error:
                trial = self._trial(what, error)
            else:
                self._breaker.succeeded(kind)
                return answer
            strange += trial.strange
            failure = trial.failure
            if trial.status == 429:
                limited()
            hopeless = isinstance(failure, _Again) and not trial.of_what_works and self._breaker.failed(kind)
            if once and trial.ambiguous:
                raise _lost(trial, hopeless=hopeless)
            if not isinstance(failure, _Again):
                raise failure
            wait = backoff(attempt) if trial.wait_s is None else trial.wait_s
            if waited + wait > RETRY_BUDGET_S:
                raise _too_long(failure.final, trial.wait_s)
            if attempt + 1 == MAX_ATTEMPTS or strange == _STRANGE_ANSWERS:
                raise failure.final
            if hopeless:
                raise _hopeless(failure.final)
            told = failure.final.message
            told = told if what in told else f"{what}: {told}"
            self._log(f"{told} Trying again in {wait:.1f} s.")
            await self.sleep(wait)
            waited += wait
        raise AssertionError("the last attempt returns or raises")

    def _trial(self, what: str, error: Exception) -> _Trial:
        """What a failed try means. What is no failure of the request is raised as it is."""
        import openai

        if isinstance(error, NoTokenYet):
            return _Trial(_Again(error.final), error.wait_s)
        if isinstance(error, _GivenUp):
            return _Trial(Interrupted(error.signum), ambiguous=True)
        if isinstance(error, TooLarge) or isinstance(error.__cause__, TooLarge):
            self._log(f"{what}: {error.__cause__ or error}")
            return _Trial(not_of_the_api(what), ambiguous=True)  # the same again would be no better
        if isinstance(error, TimeoutError):
            return _Trial(_Again(_unreachable(what, str(error) or "no answer")), ambiguous=True)
        if isinstance(error, openai.APIStatusError):
            failure = _judge(error, self._words(error), keyless=self._exchange is not None)
            return _Trial(
                failure, _asked_wait(error), ambiguous=_is_ambiguous(error.status_code), status=error.status_code
            )
        if isinstance(error, openai.APIConnectionError):
            words = self._words(error.__cause__ or error)
            return _Trial(_Again(_unreachable(what, words)), ambiguous=not _never_sent(error))
        if isinstance(
            error, openai.OpenAIError | ValueError | AttributeError | TypeError | RecursionError | LookupError
        ):
            # The SDK takes whatever comes with status 200 for an answer, and stumbles over it.
            self._log(f"{what}: {self._words(error)}")
            return _Trial(_Again(not_of_the_api(what)), ambiguous=True, strange=True)
        raise error

    async def _in_time(self, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` gives, but not for longer than the time of grace once the run is told to stop."""
        if self._stop is None:
            async with asyncio.timeout(_LONGEST_S):
                return await self._authenticated(send)
        if self._grace_over is None:
            self._grace_over = asyncio.ensure_future(_grace(self._stop))
        request = asyncio.ensure_future(self._authenticated(send))
        try:
            await asyncio.wait({request, self._grace_over}, timeout=_LONGEST_S, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            request.cancel()
            raise
        if not request.done():
            request.cancel()
            await asyncio.wait({request})
        if request.cancelled() and not self._grace_over.done():
            raise TimeoutError(f"not answered in {_LONGEST_S:.0f} s")
        if request.cancelled():
            raise _GivenUp(self._stop.signum or 0)
        return request.result()

    def close(self) -> None:
        """Ends what waits for a signal."""
        if self._grace_over is not None:
            self._grace_over.cancel()

    async def _authenticated(self, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` gives; where it fails for the want of a token, that is told apart from the API's own errors."""
        try:
            return await send()
        except Exception as error:
            explained = self._exchange.explain(error) if self._exchange else None
            if explained is None or explained is error:
                raise
            raise explained from error

    def _words(self, error: BaseException) -> str:
        """An error's own words on one line, without the key."""
        said = _said(getattr(error, "body", None)) or getattr(error, "message", None) or str(error)
        return one_line(str(said), self.secrets) or type(error).__name__


def _said(body: object) -> str:
    """What an error's body says, in OpenAI's form or in that of other frameworks."""
    if isinstance(body, dict):
        for key in ("message", "detail", "error", "msg"):
            if isinstance(body.get(key), str) and body[key].strip():
                return str(body[key])
    return body if isinstance(body, str) else json.dumps(body, default=str) if body else ""


async def _grace(stop: Stop) -> None:
    await stop.wait()
    await asyncio.sleep(max(0.0, GRACE_S - (stop.requested_for or 0.0)))


class _GivenUp(Exception):
    """A request was in the air when the run was told to stop, and did not end in time."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class _Again(Exception):
    """A failure that may pass; `final` is what it becomes when it does not."""

    def __init__(self, final: VsyncError | Refused) -> None:
        super().__init__(str(final))
        self.final = final


@dataclass(frozen=True, slots=True)
class _Trial:
    """A try that failed. `ambiguous`: the server may have done what it was asked; `strange`: the answer was none of the API."""

    failure: VsyncError | Refused | _Again
    wait_s: float | None = None
    ambiguous: bool = False
    strange: bool = False
    status: int | None = None

    @property
    def of_what_works(self) -> bool:
        """Whether it is told when to come back, by a rate limit or an exchange that has limits of its own."""
        return self.wait_s is not None and self.status in {429, None}


def _is_ambiguous(status: int) -> bool:
    """Whether the server may have done what it answers with an error."""
    return (status >= 500 and status not in _NEVER) or status == 408


def _lost(trial: _Trial, *, hopeless: bool) -> AnswerLost:
    if not isinstance(trial.failure, _Again):
        return AnswerLost(trial.failure, again=False)
    final = trial.failure.final
    return AnswerLost(_hopeless(final) if hopeless else final, trial.wait_s, again=not hopeless)


def _hopeless(final: VsyncError | Refused) -> ApiUnavailable:
    """What a failure becomes when no request of its kind has succeeded for long."""
    return ApiUnavailable(
        f"The API has failed at every try for some time: {final.message}",
        "Run again later: it continues from here.",
    )


def _judge(error: openai.APIStatusError, text: str, *, keyless: bool) -> VsyncError | Refused | _Again:
    """What an error status means: the run must end, the request was refused, or it is worth another try."""
    status, code = error.status_code, str(error.code or "")
    by_api = isinstance(error.body, dict)  # a proxy's page says nothing of what was asked for
    should_retry = error.response.headers.get("x-should-retry")
    if status == 401:
        if re.search(r"missing scopes|insufficient permissions", text, re.IGNORECASE):
            return _permission(text, keyless=keyless)
        return _refused(text, keyless=keyless)
    if status == 403:
        return _permission(text, keyless=keyless)
    if "insufficient_quota" in {code, str(error.type or "")}:
        return ApiUnavailable(
            f"The OpenAI account has no quota left: {text}", "Add credit or raise its limit, then run again."
        )
    outage = _outage(status, text)
    if should_retry == "false":
        return outage or Refused(status, code or f"http_{status}", text, by_api=by_api)
    if status in _RETRIED or (status >= 500 and status not in _NEVER) or should_retry == "true":
        return _Again(outage or Refused(status, code or "server_error", f"The API answers {status}: {text}"))
    return Refused(status, code or f"http_{status}", text, by_api=by_api)


def _outage(status: int, text: str) -> ApiUnavailable | None:
    """What a status says of the API as a whole; a 500 may be about one document, 502 to 504 never are."""
    if status == 429:
        return ApiUnavailable(f"The API refuses for its rate limit: {text}", "Run again later, or lower the rates.")
    if status in {502, 503, 504}:
        return ApiUnavailable(
            f"The API is not available ({status}): {text}", "Run again later: it continues from here."
        )
    return None


def _too_long(final: VsyncError | Refused, asked_s: float | None) -> VsyncError:
    """What a failure becomes when another try would come too late."""
    if isinstance(final, VsyncError) and (asked_s is None or not isinstance(final, ApiUnavailable)):
        return final
    asks = "" if asked_s is None else f" It asks to wait for {asked_s:.0f} s."
    remedy = final.remedy if isinstance(final, VsyncError) else "Run again later: it continues from here."
    return ApiUnavailable(f"{final.message}{asks}", remedy)


def _refused(text: str, *, keyless: bool) -> CredentialsRefused:
    if keyless:
        return CredentialsRefused(
            f"The API refused the service account's token: {text}",
            "Check that the service account is still there, and that openai-organization and openai-project are its own.",
        )
    return CredentialsRefused(
        f"The API refused the key: {text}", "Check the secret that holds it: it may be revoked, or of another project."
    )


def _permission(text: str, *, keyless: bool) -> PermissionDenied:
    if keyless:
        return PermissionDenied(
            f"The service account may not do this: {text}",
            "Let its role in the project, and the permissions of the mapping if it names any, read and write Files and "
            "Vector Stores.",
        )
    return PermissionDenied(
        f"The key may not do this: {text}",
        "Give it write access to Files and Vector Stores, or use an unrestricted key.",
    )


def _unreachable(what: str, words: str) -> ApiUnavailable:
    return ApiUnavailable(
        f"The API cannot be reached ({what}: {words}).",
        "Check the network, the proxy and OPENAI_BASE_URL, then run again: it continues from here.",
    )


def not_of_the_api(what: str) -> ApiUnavailable:
    """The error for an answer that no OpenAI API gives."""
    return ApiUnavailable(
        f"The answer to {what} is not one of the OpenAI API.", "Check OPENAI_BASE_URL and any proxy between."
    )


def _never_sent(error: Exception) -> bool:
    """Whether the request surely did not reach the server, so that no answer can have been lost."""
    import httpx2

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _asked_wait(error: openai.APIStatusError) -> float | None:
    return retry_after(dict(error.response.headers), time.time())


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
) -> AsyncIterator[Api]:
    """A client for the API, or for the embedded store when its transport is given.

    `subject_token` gives a new identity token of this job; with credentials that hold a workload identity it must be
    there. Tokens that come are added to `secrets`. `poll_times` says when the store is asked whether it has indexed Files.
    """
    import httpx2
    import openai

    traffic = Traffic()
    base_url = "http://embedded.invalid/v1" if transport else credentials.base_url or "https://api.openai.com/v1"
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).netloc:
        from vsync.errors import ConfigurationError

        raise ConfigurationError(f"The base URL {base_url!r} is not an http(s) address.", "Correct OPENAI_BASE_URL.")
    prefix = urlsplit(base_url).path.rstrip("/")
    secrets = Secrets() if secrets is None else secrets
    secrets.add(credentials.api_key)
    exchange = _exchange(credentials, subject_token, secrets) if transport is None else None

    async def before(request: httpx2.Request) -> None:
        traffic.requests[f"{request.method} {endpoint(request.url.path.removeprefix(prefix))}"] += 1
        if transport is None and isinstance(request.stream, httpx2.SyncByteStream):
            request.stream = joined(request.stream)
        if exchange is not None:
            exchange.used(request.headers.get("Authorization", ""))

    async def after(response: httpx2.Response) -> None:
        traffic.heard(response.headers.get("date", ""))

    http_client = httpx2.AsyncClient(
        transport=transport,
        timeout=httpx2.Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S, pool=None),
        limits=httpx2.Limits(max_connections=concurrency + 4, max_keepalive_connections=concurrency + 4),
        event_hooks={"request": [before], "response": [after, bounded]},
        follow_redirects=True,
    )
    async with http_client:
        client = openai.AsyncOpenAI(
            api_key=None if exchange else "embedded" if transport else credentials.api_key,
            workload_identity=exchange.for_sdk() if exchange else None,
            base_url=base_url,
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
        )
        try:
            yield api
        finally:
            api.close()


def _exchange(credentials: Credentials, subject_token: Callable[[], str] | None, secrets: Secrets) -> Exchange | None:
    if credentials.identity is None:
        return None
    assert subject_token is not None
    return Exchange(credentials.identity, subject_token, secrets)


def joined(stream: Iterable[bytes]) -> httpx2.AsyncByteStream:
    """A body in pieces of 64 KiB or more. A multipart body comes in ten pieces, each a packet and a system call."""
    import httpx2

    class Joined(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            held: list[bytes] = []
            for piece in stream:
                held.append(piece)
                if sum(map(len, held)) >= _WRITE_BYTES:
                    yield b"".join(held)
                    held.clear()
            if held:
                yield b"".join(held)

    return Joined()


def endpoint(path: str) -> str:
    """A request's path with its ids replaced: `/vector_stores/{id}/files/{id}`."""
    parts = path.strip("/").split("/")
    for index in range(1, len(parts)):
        if parts[index - 1] in _COLLECTIONS and parts[index] not in _COLLECTIONS | _ACTIONS:
            parts[index] = "{id}"
    return "/" + "/".join(parts)


def plain(value: Any) -> Any:
    """An SDK model as plain data; what is plain already stays."""
    return value.model_dump(mode="json", warnings=False) if hasattr(value, "model_dump") else value
