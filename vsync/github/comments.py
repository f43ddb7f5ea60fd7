"""One comment of ours on a pull request: made once, then edited in place. By PyGithub.

A comment is ours when it begins with our hidden marker *and* the token's own account wrote it: anybody can paste a
marker. What cannot be done is `CannotComment`; a comment is never worth a run, so the caller makes it a warning.
https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, TypeVar

from vsync.report.comment import run_of
from vsync.system.redaction import printable, redacted
from vsync.system.retry import backoff, retry_after

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
"""GitHub ends a request of its own after 10 s: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts"""

_RATE_LIMIT_WAIT_S = 60.0
"""Where a secondary rate limit names no time: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class CannotComment(Exception):
    """The comment could not be written: `message` says what and why, `remedy` what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class Posted(NamedTuple):
    """What became of a comment, and where it can be read.

    `superseded`: a newer run has written it. `absent`: there is none, and none was to be made.
    """

    action: Literal["created", "updated", "unchanged", "superseded", "absent"]
    url: str | None


class _Lost(Exception):
    """A write whose answer did not come: it may have been done. `cause` is what to say when it is given up."""

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
        """A handle only: with `lazy`, nothing is asked."""
        return self._github.get_repo(self.repository).get_issue(number)

    def marked(self, number: int, marker: str) -> list[IssueComment]:
        """The comments that are ours, the oldest first, from all pages."""
        found = [item for item in self._every(number) if (item.body or "").lstrip().startswith(marker)]
        # A deleted account leaves comments without a user.
        return [item for item in found if getattr(item.user, "login", None) == self.login()]

    def _every(self, number: int) -> Iterator[IssueComment]:
        comments = self.issue(number).get_comments()
        index = 0
        # By index, since a list that failed on one page goes on from there, and an iterator would not.
        while (found := self.call("read the comments", partial(_at, comments, index))) is not None:
            yield found
            index += 1

    def login(self) -> str:
        """The account that the token writes as.

        GraphQL knows it for every kind of token, an App's installation included; `GET /user` refuses these.
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
        """Makes a request, and makes it again while that can help and there is time.

        With `once`, a request that may have been done although it failed is not made again: `_Lost`.
        """
        import requests
        from github.GithubException import BadAttributeException, GithubException

        attempt = 0
        while True:
            try:
                return request()
            except GithubException as error:
                wait, failure = self._wait_after(error, attempt), self._translated(doing, error)
                done_perhaps = error.status >= 500
            except requests.RequestException as error:
                # Its text adds nothing that a reader could use, and may hold a proxy's password.
                failure = CannotComment(
                    f"GitHub could not be reached to {doing} ({type(error).__name__}).", "Run the job again."
                )
                wait, done_perhaps = backoff(attempt), True
            except (
                AssertionError,
                AttributeError,
                BadAttributeException,
                LookupError,
                RuntimeError,
                TypeError,
                ValueError,
            ) as error:
                # What PyGithub raises on an answer that is none of GitHub's, a redirection to another host included.
                raise CannotComment(
                    f"The answer was not GitHub's when vsync tried to {doing} ({type(error).__name__}).",
                    "Check GITHUB_API_URL, and proxies on the way.",
                ) from None
            if once and done_perhaps:
                raise _Lost(failure)
            self.pause(wait, attempt, failure)
            attempt += 1

    def pause(self, seconds: float | None, attempt: int, failure: CannotComment) -> None:
        """Waits before the next try, or raises the failure when there shall be none."""
        if seconds is None or attempt + 1 >= _MAX_ATTEMPTS or self._waited + seconds > MAX_WAIT_S:
            raise failure
        self._waited += seconds
        self.sleep(seconds)

    def _wait_after(self, error: GithubException, attempt: int) -> float | None:
        """Seconds after which to ask again, as GitHub's guide has it; None when asking again is of no use."""
        headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
        if error.status >= 500:
            return backoff(attempt)
        if error.status not in {403, 429}:
            return None
        named = retry_after(headers, self.clock())
        if named is not None:
            return named
        if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
            return max(int(headers["x-ratelimit-reset"]) - self.clock(), 0.0) + 1.0
        limited = error.status == 429 or "rate limit" in _message(error).lower()
        return _RATE_LIMIT_WAIT_S if limited else None

    def _translated(self, doing: str, error: GithubException) -> CannotComment:
        said = redacted(printable(_message(error)), (self._token,))[:300]
        told = f"GitHub refused to {doing} ({error.status}{': ' + said.rstrip('.') if said else ''})."
        return CannotComment(told, _remedy(error.status, said.lower()))


def _remedy(status: int, said: str) -> str:
    if "rate limit" in said:
        return "Run the job again later."
    if "locked" in said or "archived" in said:
        return "The plan stands in the job summary."
    return _REMEDIES.get(status, "Run the job again.")


_REMEDIES = {
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
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Session:
    """A session for one repository (`owner/name`). `api_url` is GITHUB_API_URL, GitHub Enterprise Server's included.

    Makes no request. `clock` gives Unix time in seconds.
    """
    if not token:
        raise CannotComment("There is no token to comment with.", "Leave the input github-token to its default.")
    if not _REPOSITORY.fullmatch(repository):
        raise CannotComment(f"{repository!r} is not a repository's name (owner/name).", "Check GITHUB_REPOSITORY.")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", api_url):
        raise CannotComment(f"{api_url!r} is not the address of an API.", "Check GITHUB_API_URL.")
    import github

    # Retries and pauses are ours: PyGithub's own would sleep for minutes, and retry a POST that was done. Nothing it
    # logs (level DEBUG, its token masked) is shown, since nobody gives its loggers a handler.
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
    )
    return Session(repository, sleep, clock, client, token)


def upsert(session: Session, number: int, body: str, marker: str, *, create: bool) -> Posted:
    """Makes the pull request's comment with that marker say `body`, which begins with the marker.

    Without such a comment one is made when `create`; several (two runs at once) become one. The same body again is no
    write, and neither is one of a run that a newer one has overtaken (`run_of`). Raises `CannotComment`.
    """
    if not body.startswith(marker):
        raise ValueError("a comment without its marker would never be found again")
    session.begin()
    attempt = 0
    while True:
        try:
            return _attempt(session, number, body, marker, create=create)
        except _Lost as lost:
            # The comment may be there after all: look before making another.
            session.pause(backoff(attempt), attempt, lost.cause)
            attempt += 1


def _attempt(session: Session, number: int, body: str, marker: str, *, create: bool) -> Posted:
    ours = session.marked(number, marker)
    for index, comment in enumerate(ours):
        posted = _edit(session, comment, body)
        if posted is not None:
            for twin in ours[index + 1 :]:
                _delete(session, twin)
            return posted
    if not create:
        return Posted("absent", None)
    made = session.call("write the comment", partial(session.issue(number).create_comment, body), once=True)
    return Posted("created", made.html_url)


def _edit(session: Session, comment: IssueComment, body: str) -> Posted | None:
    """None: the comment was deleted meanwhile."""
    if _normal(comment.body) == _normal(body):
        return Posted("unchanged", comment.html_url)
    if run_of(comment.body) > run_of(body):
        return Posted("superseded", comment.html_url)
    from github.GithubException import GithubException

    def edit() -> bool:
        try:
            comment.edit(body)
        except GithubException as error:
            if error.status in {404, 410}:
                return False
            raise
        return True

    return Posted("updated", comment.html_url) if session.call("edit the comment", edit) else None


def _delete(session: Session, comment: IssueComment) -> None:
    from github.GithubException import GithubException

    def delete() -> None:
        try:
            comment.delete()
        except GithubException as error:
            if error.status not in {404, 410}:
                raise

    session.call("delete a second comment", delete)


def _at(comments: object, index: int) -> IssueComment | None:
    try:
        return comments[index]  # type: ignore[index,no-any-return]  # PyGithub's list, fetched page by page
    except IndexError:
        return None


def _normal(body: str | None) -> str:
    """The text as GitHub may give it back."""
    return (body or "").replace("\r\n", "\n").strip()


def _message(error: GithubException) -> str:
    """The API's own words; of a page that is none of the API's, nothing."""
    data = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    details = (
        [item["message"] for item in errors if isinstance(item, dict) and "message" in item]
        if isinstance(errors, list)
        else []
    )
    said = data.get("message")
    return ": ".join([said if isinstance(said, str) else "", *map(str, details)]).strip(": ")
