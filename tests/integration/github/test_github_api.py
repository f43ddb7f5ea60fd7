"""The stand-in for GitHub's API answers as GitHub does, where other tests rely on it without seeing it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.servers import github_api
from tests.support.servers.github_api import GitHubApi


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise-server"])
def api(request: pytest.FixtureRequest) -> Iterator[GitHubApi]:
    with GitHubApi(prefix=request.param) as server:
        server.token("actions")
        server.token("person", "octocat")
        server.token("stranger", "mallory", "none")
        yield server


def ask(api: GitHubApi, what: str, token: str = "actions") -> tuple[int, Any]:
    method, _, path = what.partition(" ")
    request = urllib.request.Request(api.url + path, method=method, headers={"authorization": f"token {token}"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_only_a_person_may_ask_who_it_is(api: GitHubApi) -> None:
    assert ask(api, "GET /user") == (403, github_api.NOT_FOR_INTEGRATIONS.body)
    assert ask(api, "GET /user", "person")[1]["login"] == "octocat"
    assert ask(api, "GET /user", "nobody")[0] == 401


def test_facts_of_the_repository_are_given_to_those_who_may_read_it(api: GitHubApi) -> None:
    api.pull_request(3, merged=True)
    api.runs[9] = {"id": 9, "status": "completed"}
    api.branches["release/1"] = {"name": "release/1", "protected": True}
    api.rules["main"] = [{"type": "pull_request"}]
    asked = {
        "": "default_branch",
        "/pulls/3": "merged",
        "/actions/runs/9": "status",
        "/branches/release/1": "protected",
    }
    for path, fact in asked.items():
        status, found = ask(api, f"GET /repos/acme/docs{path}")
        assert status == 200
        assert fact in found
    assert ask(api, "GET /repos/acme/docs/rules/branches/main") == (200, [{"type": "pull_request"}])
    assert ask(api, "GET /repos/acme/docs/rules/branches/other") == (200, [])
    assert ask(api, "GET /repos/acme/docs/branches/other")[0] == 404
    assert ask(api, "GET /repos/acme/docs", "stranger")[0] == 404
    assert ask(api, "GET /repos/acme/docs-2")[0] == 404


def test_a_fault_comes_as_often_as_it_is_told(api: GitHubApi) -> None:
    api.when("GET /repos/*/*", github_api.answer(410, "gone"), skip=1, times=2)
    assert [ask(api, "GET /repos/acme/docs")[0] for _ in range(4)] == [200, 410, 410, 200]
    assert [str(request) for request in api.received] == ["GET /repos/acme/docs"] * 4
