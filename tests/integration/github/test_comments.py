"""The comment on a pull request, over real HTTP: made once, found again, edited in place, and what can go wrong."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.servers import github_api
from tests.support.servers.github_api import ACTIONS_LOGIN, GitHubApi
from tests.support.servers.recording import Answer, HttpServer, Recorded
from vsync.github import comments as comments_module
from vsync.github.comments import MAX_WAIT_S, CannotComment, Posted, Session, connect, upsert
from vsync.report.comment import marker

MARK = marker("default")
NUMBER = 7
TOKEN = "ghs_" + "t" * 36
LIST = "GET /repos/*/*/issues/*/comments"
CREATE = "POST /repos/*/*/issues/*/comments"
EDIT = "PATCH /repos/*/*/issues/comments/*"


class Actions:
    """A job with a token, whose sleep takes no time and is remembered."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api
        self.slept: list[float] = []
        self.sessions: list[Session] = []

    def session(self, token: str = TOKEN) -> Session:
        session = connect(token, self.api.url, self.api.repository, sleep=self.slept.append, clock=lambda: 1_000.0)
        self.sessions.append(session)
        return session

    def say(self, text: str, *, create: bool = True, run: int | None = None, token: str = TOKEN) -> Posted:
        return upsert(self.session(token), NUMBER, body(text, run), MARK, create=create)


def body(text: str, run: int | None = None) -> str:
    return "\n".join([MARK, *([f"<!-- vsync-run {run} -->"] if run else []), f"### {text}", ""])


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise-server"])
def api(request: pytest.FixtureRequest) -> Iterator[GitHubApi]:
    with GitHubApi(prefix=request.param) as server:
        server.token(TOKEN)
        server.pull_request(NUMBER)
        yield server


@pytest.fixture
def actions(api: GitHubApi) -> Iterator[Actions]:
    job = Actions(api)
    yield job
    for session in job.sessions:
        session.close()


def bodies(api: GitHubApi) -> list[str]:
    return [comment.body for comment in api.on(NUMBER)]


# --- One comment, edited in place -------------------------------------------------------------------------------


def test_a_comment_is_made_once_and_edited_in_place_afterwards(api: GitHubApi, actions: Actions) -> None:
    first = actions.say("one")
    second = actions.say("two")
    assert (first.action, second.action) == ("created", "updated")
    assert first.url == second.url == f"{api.root}/acme/docs/pull/7#issuecomment-1001"
    assert bodies(api) == [body("two")]


def test_the_same_text_again_is_no_write(api: GitHubApi, actions: Actions) -> None:
    actions.say("one")
    assert actions.say("one").action == "unchanged"
    assert api.on(NUMBER)[0].edits == 0


def test_a_text_that_comes_back_with_other_line_ends_is_the_same(api: GitHubApi, actions: Actions) -> None:
    api.comment(NUMBER, body("one").replace("\n", "\r\n").strip())
    assert actions.say("one").action == "unchanged"


def test_where_none_is_to_be_made_none_is_made(api: GitHubApi, actions: Actions) -> None:
    assert actions.say("one", create=False) == Posted("absent", None)
    assert bodies(api) == []


def test_where_none_is_to_be_made_one_that_is_there_is_edited(api: GitHubApi, actions: Actions) -> None:
    actions.say("one")
    assert actions.say("two", create=False).action == "updated"


def test_each_target_has_its_own_comment(api: GitHubApi, actions: Actions) -> None:
    other = marker("other")
    upsert(actions.session(), NUMBER, other + "\nother", other, create=True)
    actions.say("one")
    assert bodies(api) == [other + "\nother", body("one")]


def test_the_comment_is_found_behind_many_pages(api: GitHubApi, actions: Actions) -> None:
    for number in range(230):
        api.comment(NUMBER, f"remark {number}", "octocat")
    ours = api.comment(NUMBER, body("one"))
    assert actions.say("two").action == "updated"
    assert ours.body == body("two")
    assert [request.query["page"] for request in api.of(LIST)[1:]] == ["2", "3"]


class Endless(HttpServer):
    """Says of every page of comments that there is another one."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def respond(self, request: Recorded) -> Answer:
        number = len(self.requests)
        comments = [
            {"id": number * 1_000 + at, "body": "a", "user": {"login": "x"}, "url": f"{self.address}/c"}
            for at in range(self._size)
        ]
        links = {"Link": f'<{self.address}{request.path}?page={number + 2}>; rel="next"'}
        return Answer(200, json.dumps(comments).encode(), {"Content-Type": "application/json", **links})


@pytest.mark.parametrize(("size", "asked"), [(0, 1), (20, 5)])
def test_comments_without_end_are_given_up(size: int, asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments_module, "_MAX_PAGES", 5)
    with Endless(size) as server:
        with connect(TOKEN, server.address, "acme/docs") as session:
            if size:
                with pytest.raises(CannotComment, match="more than 5 pages"):
                    upsert(session, NUMBER, body("one"), MARK, create=False)
            else:
                assert upsert(session, NUMBER, body("one"), MARK, create=False) == Posted("absent", None)
        assert len(server.requests) == asked


def test_two_runs_that_both_made_one_leave_one_comment(api: GitHubApi, actions: Actions) -> None:
    api.comment(NUMBER, body("one"))
    api.comment(NUMBER, body("also one"))
    assert actions.say("two").action == "updated"
    assert bodies(api) == [body("two")]


@pytest.mark.parametrize("fault", [github_api.answer(404, "Not Found"), github_api.answer(410, "Gone")])
def test_a_second_comment_that_is_gone_already_is_no_matter(
    api: GitHubApi, actions: Actions, fault: github_api.Fault
) -> None:
    api.comment(NUMBER, body("one"))
    api.comment(NUMBER, body("also one"))
    api.when("DELETE /repos/*/*/issues/comments/*", fault)
    assert actions.say("two").action == "updated"


DELETE = "DELETE /repos/*/*/issues/comments/*"


def test_a_second_comment_that_cannot_be_deleted_does_not_hide_that_the_first_was_edited(
    api: GitHubApi, actions: Actions
) -> None:
    api.comment(NUMBER, body("one"))
    api.comment(NUMBER, body("also one"))
    api.when(DELETE, github_api.answer(403, "Resource not accessible by integration"))
    posted = actions.say("two")
    assert posted.action == "updated"
    assert posted.left is not None
    assert "delete a second comment (403" in posted.left.message
    assert bodies(api) == [body("two"), body("also one")]


@pytest.mark.parametrize(
    ("what", "fault", "perhaps"),
    [
        (EDIT, github_api.answer(502, "Bad Gateway"), True),
        (EDIT, github_api.answer(403, "Resource not accessible by integration"), False),
        (LIST, github_api.answer(502, "Bad Gateway"), False),
    ],
    ids=["edit-lost", "edit-refused", "list-lost"],
)
def test_a_failure_says_whether_the_comment_may_have_been_written(
    api: GitHubApi, actions: Actions, what: str, fault: github_api.Fault, perhaps: bool
) -> None:
    api.comment(NUMBER, body("one"))
    api.when(what, fault, times=99)
    with pytest.raises(CannotComment) as caught:
        actions.say("two")
    assert caught.value.perhaps is perhaps


def test_a_comment_whose_making_was_never_answered_may_have_been_written(api: GitHubApi, actions: Actions) -> None:
    api.when(CREATE, github_api.answer(502, "Bad Gateway"), times=99)
    with pytest.raises(CannotComment) as caught:
        actions.say("one")
    assert caught.value.perhaps


def test_a_session_can_be_used_in_a_with_statement(api: GitHubApi) -> None:
    with connect(TOKEN, api.url + "/", api.repository) as session:
        assert upsert(session, NUMBER, body("one"), MARK, create=True).action == "created"


def test_a_body_without_its_marker_is_refused(api: GitHubApi, actions: Actions) -> None:
    with pytest.raises(ValueError, match="marker"):
        upsert(actions.session(), NUMBER, "one", MARK, create=True)
    assert api.received == []


def test_a_run_that_a_newer_one_has_overtaken_leaves_its_text(api: GitHubApi, actions: Actions) -> None:
    actions.say("new", run=12)
    assert actions.say("old", run=9).action == "superseded"
    assert actions.say("newest", run=100).action == "updated"
    assert bodies(api) == [body("newest", 100)]


# --- Whose comment it is ----------------------------------------------------------------------------------------


def test_a_marker_that_somebody_else_pasted_is_never_taken_over(api: GitHubApi, actions: Actions) -> None:
    theirs = api.comment(NUMBER, body("pasted"), "mallory")
    assert actions.say("one").action == "created"
    assert theirs.body == body("pasted")
    assert actions.say("two").action == "updated"
    assert theirs.body == body("pasted")


def test_a_comment_that_only_quotes_ours_is_not_ours(api: GitHubApi, actions: Actions) -> None:
    quoting = api.comment(NUMBER, f"> {MARK}\n> one\n\nthanks")
    assert actions.say("one").action == "created"
    assert quoting.edits == 0


def test_a_comment_of_a_deleted_account_is_nobodys(api: GitHubApi, actions: Actions) -> None:
    api.comment(NUMBER, body("pasted"), None)
    assert actions.say("one").action == "created"


@pytest.mark.parametrize("login", ["octocat", "acme-writer[bot]"])
def test_another_tokens_comment_is_found_by_its_own_account(api: GitHubApi, actions: Actions, login: str) -> None:
    token = api.token("another", login)
    theirs = api.comment(NUMBER, body("of the Actions token"))
    actions.say("one", token=token)
    assert actions.say("two", token=token).action == "updated"
    assert [comment.login for comment in api.on(NUMBER)] == [ACTIONS_LOGIN, login]
    assert theirs.edits == 0


@pytest.mark.parametrize(("login", "expected"), [(ACTIONS_LOGIN, "updated"), ("octocat", "updated")])
def test_without_graphql_the_account_is_found_all_the_same(
    api: GitHubApi, actions: Actions, login: str, expected: str
) -> None:
    token = api.token("another", login)
    api.when("POST /graphql", github_api.answer(404, "Not Found"), times=None)
    actions.say("one", token=token)
    assert actions.say("two", token=token).action == expected


def test_nobody_is_asked_who_we_are_while_there_is_no_marker(api: GitHubApi, actions: Actions) -> None:
    api.comment(NUMBER, "hello", "octocat")
    actions.say("one")
    assert [str(request) for request in api.received] == [
        "GET /repos/acme/docs/issues/7/comments",
        "POST /repos/acme/docs/issues/7/comments",
    ]


# --- What goes wrong and is mended ------------------------------------------------------------------------------


def test_a_comment_deleted_before_the_edit_is_made_again(api: GitHubApi, actions: Actions) -> None:
    actions.say("one")
    api.when(EDIT, github_api.call(api.comments.clear))
    assert actions.say("two").action == "created"
    assert bodies(api) == [body("two")]


def test_a_comment_deleted_before_the_edit_stays_away_where_none_is_to_be_made(
    api: GitHubApi, actions: Actions
) -> None:
    actions.say("one")
    api.when(EDIT, github_api.call(api.comments.clear))
    assert actions.say("two", create=False).action == "absent"


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_rate_limit_is_waited_for_as_long_as_it_says(api: GitHubApi, actions: Actions, status: int) -> None:
    api.when(CREATE, github_api.secondary_rate_limit(status, retry_after=17))
    assert actions.say("one").action == "created"
    assert actions.slept == [17.0]


def test_a_secondary_rate_limit_that_names_no_time_is_waited_for_a_minute(api: GitHubApi, actions: Actions) -> None:
    api.when(LIST, github_api.secondary_rate_limit(403))
    assert actions.say("one").action == "created"
    assert actions.slept == [60.0]


def test_a_used_up_rate_limit_is_waited_for_until_its_reset(api: GitHubApi, actions: Actions) -> None:
    """By GitHub's clock, which its answers tell: this job's own stands at 1970."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{time.time() + 30:.0f}"}
    api.when(LIST, github_api.answer(403, "API rate limit exceeded for installation ID 1.", headers))
    assert actions.say("one").action == "created"
    (slept,) = actions.slept
    assert 25 < slept <= 32


@pytest.mark.parametrize("what", [LIST, EDIT, CREATE])
@pytest.mark.parametrize("fault", [github_api.html(500), github_api.html(502), github_api.cut])
def test_a_server_that_fails_for_a_moment_is_asked_again(
    api: GitHubApi, actions: Actions, what: str, fault: github_api.Fault
) -> None:
    if what == EDIT:
        api.comment(NUMBER, body("one"))
    api.when(what, fault, times=2)
    assert actions.say("two").action in {"created", "updated"}
    assert bodies(api) == [body("two")]
    assert len(actions.slept) == 2


def test_a_list_that_fails_on_a_later_page_goes_on_from_there(api: GitHubApi, actions: Actions) -> None:
    for number in range(150):
        api.comment(NUMBER, f"remark {number}", "octocat")
    api.when(LIST, github_api.html(502), skip=1)
    actions.say("one")
    assert [request.query.get("page") for request in api.of(LIST)] == [None, "2", "2"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_create_whose_answer_was_lost_makes_no_second_comment(api: GitHubApi, actions: Actions, times: int) -> None:
    api.when(CREATE, github_api.lost, times=times)
    assert actions.say("one").action == "unchanged"
    assert bodies(api) == [body("one")]


# --- What goes wrong and is told --------------------------------------------------------------------------------


def told(say: Callable[[], Posted]) -> CannotComment:
    with pytest.raises(CannotComment) as raised:
        say()
    assert TOKEN not in str(raised.value)
    return raised.value


def test_a_token_that_only_reads_is_told_which_permission_it_lacks(api: GitHubApi, actions: Actions) -> None:
    token = api.token("reader", rights="read")
    error = told(lambda: actions.say("one", token=token))
    assert "refused to write the comment (403: Resource not accessible by integration)" in error.message
    assert "pull-requests: write" in error.remedy
    assert actions.slept == []


def test_a_token_that_only_reads_cannot_edit_either(api: GitHubApi, actions: Actions) -> None:
    token = api.token("reader", rights="read")
    ours = api.comment(NUMBER, body("one"))
    error = told(lambda: actions.say("two", token=token))
    assert "edit the comment (403" in error.message
    assert ours.edits == 0


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (401, "Bad credentials", "github-token"),
        (403, "Unable to create comment because issue is locked.", "job summary"),
        (404, "Not Found", "pull-requests: write"),
        (410, "This issue was deleted", "removed"),
        (422, "Validation Failed", "job summary"),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_a_remedy(
    api: GitHubApi, actions: Actions, status: int, message: str, remedy: str
) -> None:
    api.when(CREATE, github_api.answer(status, message))
    error = told(lambda: actions.say("one"))
    assert f"({status}: {message.rstrip('.')})" in error.message
    assert remedy in error.remedy
    assert actions.slept == []


def test_a_body_that_is_too_long_is_told_in_githubs_words(actions: Actions) -> None:
    error = told(lambda: actions.say("x" * github_api.MAX_BODY))
    assert "body is too long (maximum is 65536 characters)" in error.message


def test_a_wait_that_would_take_too_long_is_not_made(api: GitHubApi, actions: Actions) -> None:
    api.when(CREATE, github_api.secondary_rate_limit(403, retry_after=3600))
    error = told(lambda: actions.say("one"))
    assert "rate limit" in error.message
    assert "later" in error.remedy
    assert actions.slept == []


@pytest.mark.parametrize("what", [LIST, CREATE])
def test_a_server_that_keeps_failing_is_given_up_in_bounded_time(api: GitHubApi, actions: Actions, what: str) -> None:
    api.when(what, github_api.html(502), times=None)
    error = told(lambda: actions.say("one"))
    assert "(502)" in error.message
    assert "Whoa" not in error.message
    assert sum(actions.slept) <= MAX_WAIT_S
    assert len(api.of(what)) == 6


def test_a_server_that_keeps_breaking_connections_is_given_up(api: GitHubApi, actions: Actions) -> None:
    api.when(LIST, github_api.cut, times=None)
    assert "could not be reached" in told(lambda: actions.say("one")).message


@pytest.mark.parametrize("page", [github_api.html(200), github_api.answer(200, "hello")])
def test_an_answer_that_is_not_githubs_is_told(api: GitHubApi, actions: Actions, page: github_api.Fault) -> None:
    api.when(LIST, page)
    assert "not GitHub's" in told(lambda: actions.say("one")).message


def test_a_token_that_the_server_repeats_is_not_told(api: GitHubApi, actions: Actions) -> None:
    api.when(CREATE, github_api.answer(422, f"bad token {TOKEN}"))
    assert "bad token ***" in told(lambda: actions.say("one")).message


@pytest.mark.parametrize(
    ("token", "url", "repository", "word"),
    [
        ("", "https://api.github.com", "acme/docs", "token"),
        (TOKEN, "ftp://x", "acme/docs", "GITHUB_API_URL"),
        (TOKEN, "https://[bad", "acme/docs", "GITHUB_API_URL"),
        (TOKEN, "https://h:99999", "acme/docs", "GITHUB_API_URL"),
        (TOKEN, "", "acme/docs", "GITHUB_API_URL"),
        (TOKEN, "https://api.github.com", "acme/docs/../other", "GITHUB_REPOSITORY"),
    ],
)
def test_a_connection_is_not_made_from_nonsense(token: str, url: str, repository: str, word: str) -> None:
    with pytest.raises(CannotComment, match=word):
        connect(token, url, repository)


def test_nothing_is_printed_and_no_log_holds_the_token(
    api: GitHubApi, actions: Actions, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.when(LIST, github_api.html(502))
    with caplog.at_level(logging.DEBUG):
        actions.say("one")
    assert capsys.readouterr() == ("", "")
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(actions.sessions)
