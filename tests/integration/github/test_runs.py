"""Whether another run has ended, asked of GitHub's API over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers.github_api import GitHubApi, html
from vsync.github.runs import run_is_over

TOKEN = "ghs_" + "t" * 36
ASK = "GET /repos/*/*/actions/runs/*"


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise-server"])
def api(request: pytest.FixtureRequest) -> Iterator[GitHubApi]:
    with GitHubApi(prefix=request.param) as server:
        server.token(TOKEN)
        server.runs[100] = {"status": "completed", "conclusion": "cancelled"}
        server.runs[101] = {"status": "in_progress", "conclusion": None}
        yield server


def test_a_run_that_ended_is_told_from_one_that_goes_on(api: GitHubApi) -> None:
    told: list[str] = []
    over = run_is_over(TOKEN, api.url, api.repository, told.append)
    assert over("100")
    assert not over("101")
    assert len(told) == 1
    assert "Run 100 has ended" in told[0]


def test_nobody_is_asked_about_what_is_no_run_of_githubs(api: GitHubApi) -> None:
    over = run_is_over(TOKEN, api.url, api.repository, lambda text: None)
    for run in ("", "4f1c", "-1", "1/../2", "9" * 40, "²"):
        assert not over(run)
    assert not run_is_over(None, api.url, api.repository, lambda text: None)("100")
    assert not run_is_over(TOKEN, api.url, None, lambda text: None)("100")
    assert api.received == []


def test_the_same_run_is_asked_about_twice_a_minute_at_most(api: GitHubApi) -> None:
    now = [0.0]
    over = run_is_over(TOKEN, api.url, api.repository, lambda text: None, clock=lambda: now[0])
    for second in range(0, 91, 3):
        now[0] = float(second)
        over("101")
    assert len(api.of(ASK)) == 4


def test_what_cannot_be_asked_is_not_known(api: GitHubApi) -> None:
    told: list[str] = []
    api.when(ASK, html(502))
    assert not run_is_over(TOKEN, api.url, api.repository, told.append)("100")
    assert not run_is_over("ghs_unknown", api.url, api.repository, told.append)("100")
    assert not run_is_over(TOKEN, "http://127.0.0.1:1", api.repository, told.append)("100")
    assert len(told) == 3
    assert "ghs_" not in "".join(told)
