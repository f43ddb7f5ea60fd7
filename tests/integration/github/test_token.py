"""The job's token goes to the server that the environment names and to no other, whatever the clone says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.github import KEY, REPOSITORY, TOKEN, GitHub, Step
from tests.support.gitrepo import Repo
from tests.support.servers.git_http import GitServer
from tests.support.servers.recording import Answer, Recorded
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.git.refs import RefUpdate
from vsync.sync.git_access import GitAccess
from vsync.sync.workspace import open_workspace

PUSH = {"ref": "refs/heads/main", "before": "1" * 40, "repository": {"default_branch": "main"}}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as running:
        running.commit({"a.md": b"# A\n"})
        yield running


class Elsewhere(GitServer):
    """Another host. It does what it is asked, whoever asks."""

    def sees_token(self) -> bool:
        return any(request.basic_password == TOKEN or TOKEN in str(request.headers) for request in self.requests)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path / "elsewhere", tokens={TOKEN: "write"}, anonymous="write") as running:
        running.make(REPOSITORY)
        yield running


def run(github: GitHub, *settings: tuple[str, str], dry_run: bool = False, token: str = TOKEN) -> Step:
    """A job whose clone has these settings besides."""
    workspace = github.checkout(github.tip())
    for key, value in settings:
        Repo(workspace).git("config", key, value)
    given = {"openai-api-key": KEY, "dry-run": str(dry_run).lower(), "github-token": token}
    return github.run("push", PUSH, workspace, given, GITHUB_REF="refs/heads/main")


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("key", ["remote.origin.url", "remote.origin.pushurl"])
def test_a_remote_on_another_host_is_told_and_gets_nothing(
    github: GitHub, elsewhere: Elsewhere, key: str, dry_run: bool
) -> None:
    step = run(github, (key, elsewhere.url(REPOSITORY)), dry_run=dry_run)
    assert step.code == 2
    assert step.outputs["failure-reason"] == "config"
    assert "goes to no other server" in step.log
    assert elsewhere.requests == []
    assert github.git.requests == []


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "key",
    [
        "url.{there}/.insteadOf",
        "url.{there}/.pushInsteadOf",
        "http.proxy",
        "http.{here}/.proxy",
        "remote.origin.proxy",
        "http.curloptResolve",
    ],
)
def test_other_ways_that_the_clone_names_are_set_aside(
    github: GitHub, elsewhere: Elsewhere, key: str, dry_run: bool
) -> None:
    here, there = github.git.address, elsewhere.address
    value = f"{here}/" if key.startswith("url.") else there
    step = run(github, (key.format(here=here, there=there), value), dry_run=dry_run)
    assert step.code == 0, step.log
    assert elsewhere.requests == []
    assert any(request.basic_password == TOKEN for request in github.git.requests)


def test_without_a_token_another_host_is_used_with_the_clones_own_credentials(
    github: GitHub, elsewhere: Elsewhere
) -> None:
    elsewhere.anonymous = "none"
    elsewhere.tokens = {"theirs": "write"}
    url = elsewhere.url(REPOSITORY)
    credentials = (f"http.{elsewhere.address}/.extraheader", "AUTHORIZATION: basic eDp0aGVpcnM=")
    step = run(github, ("remote.origin.url", url), credentials, token="")
    assert step.code == 0, step.log
    assert elsewhere.git(REPOSITORY, "for-each-ref", "refs/vsync")
    assert not elsewhere.sees_token()


def test_a_server_that_sends_elsewhere_sends_no_token_there(
    github: GitHub, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def redirected(request: Recorded) -> Answer:
        return Answer(302, b"", {"Location": elsewhere.address + request.target})

    monkeypatch.setattr(github.git, "respond", redirected)
    step = run(github)
    assert step.code == 3
    assert "redirects git to another address, and vsync does not follow that" in step.log
    assert elsewhere.requests == []


def test_the_blobs_that_a_partial_clone_lacks_come_from_another_host_without_the_token(
    github: GitHub, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.repo.give(Repo(elsewhere.repository(REPOSITORY)))
    workspace = github.folder / "partial" / "workspace"
    remote = Repo(elsewhere.repository(REPOSITORY))
    clone = remote.clone(workspace, "--filter=blob:none", "--no-checkout")
    clone.git("config", "remote.origin.url", elsewhere.url(REPOSITORY))
    inputs = {"openai-api-key": KEY, "commit": "false"}
    step = github.run("push", PUSH, workspace, inputs, GITHUB_REF="refs/heads/main")
    assert step.code == 0, step.log
    assert step.outputs["added"] == "1"
    assert elsewhere.requests != []
    assert not elsewhere.sees_token()


def test_the_users_own_rules_come_before_the_check(
    github: GitHub, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule of the user sends git to another address than the clone says: there the token does not go."""
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "{elsewhere.address}/"]\n\tpushInsteadOf = {github.git.address}/\n')
    workspace = github.checkout(github.tip())
    given = {"openai-api-key": KEY}
    step = github.run("push", PUSH, workspace, given, GITHUB_REF="refs/heads/main", GIT_CONFIG_GLOBAL=str(settings))
    assert step.code == 2
    assert elsewhere.requests == []


@pytest.mark.parametrize("name", ["ssh://git@host.invalid/x", "{path}"])
def test_a_remote_that_takes_no_token_gets_none(tmp_path: Path, repo: Repo, name: str) -> None:
    repo.commit({"a.md": b"x"})
    bare = Repo.make(tmp_path / "remote.git", "--bare")
    repo.git("remote", "add", "origin", name.format(path=bare.root))
    settings = resolve({"repo": str(repo.root), "push": True}, {})
    with closing(open_workspace(settings, Origin(), GitAccess({"GIT_SSH_COMMAND": "false"}, TOKEN))) as workspace:
        assert workspace.remote is not None
        assert TOKEN not in str(workspace.remote.environment)
        if name == "{path}":
            new = workspace.remote.commit(None, "file", b"x", "message\n")
            assert workspace.remote.push([RefUpdate("refs/vsync/x", new, None)])
