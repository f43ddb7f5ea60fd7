"""vsync's comment on a pull request: made once, then edited. By PyGithub.

A comment is ours when it begins with our hidden marker *and* the token's own account wrote it: anybody can paste a
marker. Every failure is a `CannotComment`. The caller turns it into a warning, because a comment must not fail a run.
https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from vsync.github.unreachable import unreachable
from vsync.network.address import shown
from vsync.report.comment import run_of
from vsync.system.redaction import printable, redacted
from vsync.system.retry import backoff, retry_after, server_time

if TYPE_CHECKING:
    from github import Github
    from github.GithubException import GithubException
    from github.Issue import Issue
    from github.IssueComment import IssueComment

T = TypeVar("T")

MAX_WAIT_S = 60.0
"""How long one `upsert` may wait for its retries in all."""

ACTIONS_LOGIN = "github-actions[bot]"

_MAX_ATTEMPTS = 6
_TIMEOUT_S = 15
"""GitHub itself ends a request after 10 s: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts"""

_RATE_LIMIT_WAIT_S = 60.0
"""The wait after a secondary rate limit that names no time: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

_MAX_PAGES = 300
"""GitHub allows 2,500 comments, which are 25 pages."""
_LEAST_PAGE = 20
"""A page of fewer comments is the last one. A server of another make may put fewer into a page than were asked for."""

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class CannotComment(Exception):
    """The comment could not be written: `message` says what and why, `remedy` what to do.

    `perhaps`: GitHub may have written it all the same, because its answer was lost or could not be read.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.perhaps = False

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class Posted(NamedTuple):
    """What happened to the comment, and its page.

    `superseded`: a newer run has written it. `absent`: there is no comment, and none was wanted. `left` says why a second
    comment of ours could not be deleted.
    """

    action: Literal["created", "updated", "unchanged", "superseded", "absent"]
    url: str | None
    left: CannotComment | None = None


class _Lost(Exception):
    """A write without an answer: GitHub may have done it. `cause` is the error to raise when vsync gives up."""

    def __init__(self, cause: CannotComment) -> None:
        super().__init__()
        self.cause = cause


@dataclass
class Session:
    """A connection to GitHub's API for one repository. Close it, or use it as a context manager."""

    repository: str
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    _github: Github
    _token: str = field(repr=False)
    _host: str
    _waited: float = 0.0
    _login: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._github.close()

    # --- What `upsert` asks for -------------------------------------------------------------------------------

    def begin(self) -> None:
        self._waited = 0.0

    def issue(self, number: int) -> Issue:
        """A handle. It makes no request, because the client is lazy."""
        return self._github.get_repo(self.repository).get_issue(number)

    def marked(self, number: int, *markers: str) -> list[IssueComment]:
        """The comments that are ours, the oldest first, from all pages."""
        marked = [item for item in self._every(number) if (item.body or "").lstrip().startswith(markers)]
        # A deleted account leaves comments without a user.
        return [item for item in marked if getattr(item.user, "login", None) == self.login()]

    def _every(self, number: int) -> Iterator[IssueComment]:
        comments = self.issue(number).get_comments()
        first = 0
        # By number, and not by the links to the next page: a server could give such links without end.
        for page in range(_MAX_PAGES):
            found = self.call("read the comments", partial(comments.get_page, page))
            yield from found
            first = first or len(found)
            if len(found) < max(first, _LEAST_PAGE):
                return
        raise CannotComment(f"The pull request has more than {_MAX_PAGES} pages of comments.", "Check GITHUB_API_URL.")

    def login(self) -> str:
        """The account that the token writes as.

        GraphQL answers for every kind of token. `GET /user` refuses the token of an App's installation.
        """
        if self._login is None:
            try:
                self._login = self.call("ask whose the token is", self._viewer)
            except CannotComment:
                # A server without GraphQL, or a token that may not use it.
                self._login = self._user_or_actions()
        return self._login

    def _viewer(self) -> str:
        _, answer = self._github.requester.graphql_query("query { viewer { login } }", {})
        return str(answer["data"]["viewer"]["login"])

    def _user_or_actions(self) -> str:
        try:
            return self.call("ask whose the token is", lambda: self._github.get_user().login)
        except CannotComment:
            return ACTIONS_LOGIN

    # --- Calls, their retries and their errors ----------------------------------------------------------------

    def call(self, doing: str, request: Callable[[], T], *, once: bool = False) -> T:
        """Makes a request, and repeats it while that can help and there is time.

        With `once` a failed request that GitHub may have done is not repeated: this raises `_Lost`.
        """
        from github.GithubException import GithubException

        attempt, done_before = 0, False
        while True:
            try:
                return request()
            except GithubException as error:
                wait, failure = self._wait_after(error, attempt), self._translated(doing, error)
                done_perhaps = error.status >= 500
            except OSError as error:  # what requests raises
                message, remedy, may_pass = unreachable(doing, error, self._host)
                failure = CannotComment(message, remedy)
                wait, done_perhaps = backoff(attempt) if may_pass else None, may_pass
            except _not_githubs() as error:
                strange = CannotComment(
                    f"The answer was not GitHub's when vsync tried to {doing} ({type(error).__name__}).",
                    "Check GITHUB_API_URL, and proxies on the way.",
                )
                strange.perhaps = True
                raise strange from None
            failure.perhaps = done_before = done_before or done_perhaps
            if once and done_perhaps:
                raise _Lost(failure)
            self.pause(wait, attempt, failure)
            attempt += 1

    def pause(self, seconds: float | None, attempt: int, failure: CannotComment) -> None:
        """Waits before the next try. Raises the failure when there is no next try."""
        if seconds is None or attempt + 1 >= _MAX_ATTEMPTS or self._waited + seconds > MAX_WAIT_S:
            raise failure
        self._waited += seconds
        self.sleep(seconds)

    def _wait_after(self, error: GithubException, attempt: int) -> float | None:
        """Seconds to wait before the next try, as GitHub's guide says. None: another try cannot help."""
        headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
        if error.status >= 500:
            return backoff(attempt)
        if error.status not in {403, 429}:
            return None
        named = retry_after(headers, self.clock())
        if named is not None:
            return named
        if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
            return max(int(headers["x-ratelimit-reset"]) - server_time(headers, self.clock()), 0.0) + 1.0
        limited = error.status == 429 or "rate limit" in _message(error).lower()
        return _RATE_LIMIT_WAIT_S if limited else None

    def _translated(self, doing: str, error: GithubException) -> CannotComment:
        said = redacted(printable(_message(error)), (self._token,))[:300]
        message = f"GitHub refused to {doing} ({error.status}{': ' + said.rstrip('.') if said else ''})."
        return CannotComment(message, _remedy(error.status, said.lower()))


def _remedy(status: int, said: str) -> str:
    if "rate limit" in said:
        return "Run the job again later."
    if "locked" in said or "archived" in said:
        return "The plan stands in the job summary."
    return _REMEDIES.get(status, "Run the job again.")


_REDIRECTED = "vsync follows no redirection with a token: check GITHUB_API_URL, and any proxy on the way."
_REMEDIES = {
    **dict.fromkeys((302, 303, 307, 308), _REDIRECTED),
    401: "Check the input github-token: it is expired, revoked or mistyped.",
    403: "Give the job `permissions: pull-requests: write`. The token of a pull request from a fork only reads; the "
    "plan stands in the job summary.",
    404: "The token does not see this pull request: give the job `permissions: pull-requests: write`, and check the "
    "input github-token.",
    410: "The pull request or its comments were removed.",
    422: "The plan stands in the job summary.",
}


def connect(
    token: str,
    api_url: str,
    repository: str,
    *,
    verify: str | bool = True,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Session:
    """A session for one repository (`owner/name`). `api_url` is GITHUB_API_URL, GitHub Enterprise Server's included.

    Makes no request. `verify` is the path of the certificates to trust, or True. `clock` gives Unix time in seconds.
    """
    if not token:
        raise CannotComment("There is no token to comment with.", "Leave the input github-token to its default.")
    if not _REPOSITORY.fullmatch(repository):
        raise CannotComment(f"{repository!r} is not a repository's name (owner/name).", "Check GITHUB_REPOSITORY.")
    host = _host_of(api_url)
    if host is None or not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", api_url):
        raise CannotComment(f"GITHUB_API_URL is not the address of an API ({shown(api_url)}).", "Correct it.")
    import github

    # vsync does its own retries and pauses: PyGithub would sleep for minutes, and would repeat a POST that was done.
    # PyGithub's log (level DEBUG, token masked) is not shown, because its loggers have no handler.
    client = github.Github(
        auth=github.Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=_TIMEOUT_S,
        user_agent="vsync",
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        verify=verify,
    )
    return Session(repository, sleep, clock, client, token, host)


def _host_of(address: str) -> str | None:
    """The host in an address; None when the text is no address with a host."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    return parts.hostname if port != 0 else None


def upsert(
    session: Session, number: int, body: str, marker: str, *, create: bool, also: tuple[str, ...] = ()
) -> Posted:
    """Writes `body` into the pull request's comment with that marker. The body begins with the marker.

    A comment with one of the markers in `also` is the same comment, written under another marker. Without such a comment,
    one is made if `create`. Two runs at once may have made several: all but one are deleted.
    Nothing is written when the body is the same, or when a newer run wrote the comment. Raises `CannotComment`.
    """
    if not body.startswith(marker):
        raise ValueError("a comment without its marker would never be found again")
    session.begin()
    attempt = 0
    while True:
        try:
            return _attempt(session, number, body, (marker, *also), create=create)
        except _Lost as lost:
            # GitHub may have made the comment: look for it before making another.
            session.pause(backoff(attempt), attempt, lost.cause)
            attempt += 1
        except CannotComment as error:
            error.perhaps = error.perhaps or attempt > 0
            raise


def _attempt(session: Session, number: int, body: str, markers: tuple[str, ...], *, create: bool) -> Posted:
    ours = _found(session, number, markers)
    for index, comment in enumerate(ours):
        posted = _edit(session, comment, body)
        if posted is not None:
            return posted._replace(left=_without_twins(session, ours[index + 1 :]))
    if not create:
        return Posted("absent", None)
    made = session.call("write the comment", partial(session.issue(number).create_comment, body), once=True)
    return Posted("created", _url(made))


def _found(session: Session, number: int, markers: tuple[str, ...]) -> list[IssueComment]:
    try:
        return session.marked(number, *markers)
    except CannotComment as error:
        error.perhaps = False  # a question writes nothing
        raise


def _without_twins(session: Session, twins: Iterable[IssueComment]) -> CannotComment | None:
    """Deletes the second comments. The comment itself is right by now, so a failure is only told."""
    try:
        for twin in twins:
            _delete(session, twin)
    except CannotComment as error:
        return error
    return None


def _url(comment: IssueComment) -> str | None:
    """The comment's page. PyGithub asks once more for an address that an answer lacks, and that may fail."""
    from github.GithubException import GithubException

    failures: tuple[type[Exception], ...] = (GithubException, OSError, *_not_githubs())
    try:
        return comment.html_url
    except failures:
        return None


def _edit(session: Session, comment: IssueComment, body: str) -> Posted | None:
    """Edits the comment. None: somebody deleted it meanwhile."""
    if _normal(comment.body) == _normal(body):
        return Posted("unchanged", _url(comment))
    if run_of(comment.body) > run_of(body):
        return Posted("superseded", _url(comment))
    from github.GithubException import GithubException

    def edit() -> bool:
        try:
            comment.edit(body)
        except GithubException as error:
            if error.status in {404, 410}:
                return False
            raise
        return True

    return Posted("updated", _url(comment)) if session.call("edit the comment", edit) else None


def _delete(session: Session, comment: IssueComment) -> None:
    from github.GithubException import GithubException

    def delete() -> None:
        try:
            comment.delete()
        except GithubException as error:
            if error.status not in {404, 410}:
                raise

    session.call("delete a second comment", delete)


def _not_githubs() -> tuple[type[Exception], ...]:
    """What PyGithub raises when another server answers, or when GitHub's answer redirects to another host."""
    from github.GithubException import BadAttributeException

    return (
        AssertionError,
        AttributeError,
        BadAttributeException,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    )


def _normal(body: str | None) -> str:
    """The text without the differences that GitHub makes when it stores a comment."""
    return (body or "").replace("\r\n", "\n").strip()


def _message(error: GithubException) -> str:
    """The message in the API's answer. It is empty for a page that the API did not write."""
    data = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    details = (
        [item["message"] for item in errors if isinstance(item, dict) and "message" in item]
        if isinstance(errors, list)
        else []
    )
    said = data.get("message")
    return ": ".join([said if isinstance(said, str) else "", *map(str, details)]).strip(": ")
