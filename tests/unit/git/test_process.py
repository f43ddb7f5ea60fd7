"""Which variables of the environment git may inherit. That it is ended at a deadline is tried with real processes."""

from __future__ import annotations

import pytest

from vsync.git.process import inheritable


@pytest.mark.parametrize(
    "name",
    ["INPUT_OPENAI-API-KEY", "OPENAI_API_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "VSYNC_GITHUB_TOKEN"],
)
def test_git_gets_no_secret_of_the_run(name: str) -> None:
    assert inheritable({name: "secret", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_COMMITTER_DATE"])
def test_git_gets_nothing_that_leads_it_elsewhere(name: str) -> None:
    assert inheritable({name: "x", "HOME": "/home/someone"}) == {"HOME": "/home/someone"}


@pytest.mark.parametrize("name", ["GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "HTTPS_PROXY", "SSH_AUTH_SOCK"])
def test_git_keeps_what_it_needs_to_reach_the_remote(name: str) -> None:
    assert inheritable({name: "x"}) == {name: "x"}
