"""The git remote for tests behaves as a remote: real git clones from it, pushes to it, and is refused."""

from __future__ import annotations

import base64
import http.client
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo, environment
from tests.support.servers.git_http import GitServer, Rights

WRITER, READER, STRANGER = "ghs_writer", "ghs_reader", "ghs_stranger"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    tokens: dict[str, Rights] = {WRITER: "write", READER: "read", STRANGER: "none"}
    with GitServer(tmp_path / "served", tokens=tokens) as running:
        running.make("acme/docs")
        yield running


@pytest.fixture
def local(server: GitServer, repo: Repo) -> Repo:
    """A repository with a commit, its remote the server's."""
    repo.commit({"a.md": b"# A\n"})
    repo.git("remote", "add", "origin", server.url("acme/docs"))
    return repo


def header(token: str) -> str:
    code = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return f"http.extraHeader=Authorization: Basic {code}"


def git(where: Path, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["-c", header(token)] if token else []
    return subprocess.run(
        ["git", *options, *arguments],
        cwd=where,
        env=environment(GIT_TERMINAL_PROMPT="0"),
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_writer_pushes_and_a_reader_clones(server: GitServer, local: Repo, tmp_path: Path) -> None:
    assert git(local.root, WRITER, "push", "origin", "main").returncode == 0
    assert server.git("acme/docs", "rev-parse", "main") == local.git("rev-parse", "main")
    assert git(tmp_path, READER, "clone", "-q", server.url("acme/docs"), "copy").returncode == 0
    assert (tmp_path / "copy/a.md").read_text() == "# A\n"


def test_the_address_may_end_in_git(server: GitServer, local: Repo) -> None:
    assert git(local.root, WRITER, "push", server.url("acme/docs.git"), "main").returncode == 0


def test_a_large_push_comes_in_chunks_and_a_pack_is_taken_whole(server: GitServer, local: Repo) -> None:
    commit = local.commit({"big.md": bytes(range(256)) * 10_000})
    done = git(local.root, WRITER, "-c", "http.postBuffer=65536", "-c", "core.compression=0", "push", "origin", "main")
    assert done.returncode == 0, done.stderr
    assert server.git("acme/docs", "rev-parse", "main") == commit
    assert any(request.headers.get("transfer-encoding") == "chunked" for request in server.requests)


def test_a_clone_is_shallow_when_it_is_asked_to_be_and_any_commit_can_be_fetched(
    server: GitServer, local: Repo, tmp_path: Path
) -> None:
    first = local.git("rev-parse", "main")
    second = local.commit({"b.md": b"# B\n"})
    git(local.root, WRITER, "push", "origin", "main")
    copy = Repo.make(tmp_path / "copy")
    assert git(copy.root, READER, "fetch", "-q", "--depth=1", server.url("acme/docs"), second).returncode == 0
    assert copy.git("rev-list", "--count", "FETCH_HEAD") == "1"
    options = ["--depth=1", "--filter=blob:none"]
    assert git(copy.root, READER, "fetch", "-q", *options, server.url("acme/docs"), first).returncode == 0
    assert copy.git("rev-parse", "FETCH_HEAD") == first


def test_protocol_version_2_is_spoken(server: GitServer, local: Repo) -> None:
    git(local.root, WRITER, "push", "origin", "main")
    server.forget()
    assert git(local.root, READER, "ls-remote", "origin").stdout.endswith("refs/heads/main\n")
    assert [request.headers.get("git-protocol") for request in server.requests] == ["version=2", "version=2"]
    assert b"command=ls-refs" in server.requests[1].content


def test_compressed_bodies_are_taken_and_recorded_readable(server: GitServer, local: Repo, tmp_path: Path) -> None:
    for number in range(30):
        local.commit({"a.md": b"%d\n" % number})
    git(local.root, WRITER, "push", "origin", "main")
    copy = Repo.make(tmp_path / "copy")
    wanted = local.git("rev-list", "main").splitlines()
    server.forget()
    assert git(copy.root, READER, "fetch", "-q", server.url("acme/docs"), *wanted).returncode == 0
    packed = [request for request in server.requests if request.headers.get("content-encoding") == "gzip"]
    assert packed
    assert all(wanted[0].encode() in request.content for request in packed)


@pytest.mark.parametrize("token", ["", "ghs_unknown"])
def test_missing_and_unknown_credentials_are_asked_for(server: GitServer, local: Repo, token: str) -> None:
    assert git(local.root, token, "ls-remote", "origin").returncode == 128
    assert {request.status for request in server.requests} == {401}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/acme/docs/info/refs?service=git-upload-pack")
    response = connection.getresponse()
    assert response.getheader("WWW-Authenticate") == 'Basic realm="GitHub"'
    connection.close()


def test_who_may_only_read_may_not_push(server: GitServer, local: Repo) -> None:
    done = git(local.root, READER, "push", "origin", "main")
    assert done.returncode == 128
    assert "remote: Write access to repository not granted." in done.stderr
    assert "403" in done.stderr
    assert server.git("acme/docs", "for-each-ref") == ""


def test_a_token_without_rights_reads_only_what_everyone_may_read(server: GitServer, local: Repo) -> None:
    assert "403" in git(local.root, STRANGER, "ls-remote", "origin").stderr
    server.anonymous = "read"
    assert git(local.root, STRANGER, "ls-remote", "origin").returncode == 0
    assert git(local.root, "", "ls-remote", "origin").returncode == 0
    assert git(local.root, "", "push", "origin", "main").returncode == 128


def test_a_repository_that_is_not_there_is_not_found(server: GitServer, tmp_path: Path) -> None:
    done = git(tmp_path, READER, "ls-remote", server.url("acme/other"))
    assert "repository" in done.stderr
    assert "not found" in done.stderr
    assert server.requests[-1].status == 404


def test_every_request_is_recorded_with_its_credentials_apart(server: GitServer, local: Repo) -> None:
    git(local.root, WRITER, "push", "origin", "main")
    sent = [request for request in server.requests if request.status == 200]
    assert [(request.method, request.path, request.query) for request in sent] == [
        ("GET", "/acme/docs/info/refs", "service=git-receive-pack"),
        ("POST", "/acme/docs/git-receive-pack", ""),
    ]
    assert {request.basic_password for request in sent} == {WRITER}
    assert b"refs/heads/main" in sent[1].body
    code = base64.b64encode(f"x-access-token:{WRITER}".encode())
    assert not any(code in request.without_authorization() for request in sent)


def test_requests_fail_as_often_as_told(server: GitServer, local: Repo) -> None:
    server.fail(2, 503, when="GET")
    codes = [git(local.root, READER, "ls-remote", "origin").returncode for _ in range(3)]
    assert codes == [128, 128, 0]


def test_a_push_to_some_refs_is_refused_and_to_others_taken(server: GitServer, local: Repo) -> None:
    server.refuse_push("acme/docs", "refs/heads/*", "GH006: Protected branch update failed for refs/heads/main.")
    done = git(local.root, WRITER, "push", "origin", "main", "main:refs/vsync/default")
    assert done.returncode == 1
    assert "remote: GH006: Protected branch" in done.stderr
    assert server.git("acme/docs", "for-each-ref", "--format=%(refname)") == "refs/vsync/default"
    assert git(local.root, WRITER, "push", "--atomic", "origin", "main", "main:refs/vsync/b").returncode == 1
    assert server.git("acme/docs", "for-each-ref", "--format=%(refname)") == "refs/vsync/default"


def test_a_branch_can_move_between_a_clients_look_and_its_push(server: GitServer, local: Repo) -> None:
    git(local.root, WRITER, "push", "origin", "main", "main:other")
    first = local.git("rev-parse", "main")
    other = local.commit({"b.md": b"# B\n"}, branch="side")
    git(local.root, WRITER, "push", "origin", "side")
    local.commit({"c.md": b"# C\n"})
    server.before_push(lambda: server.git("acme/docs", "update-ref", "refs/heads/main", other, first))
    assert "! [remote rejected] main -> main" in git(local.root, WRITER, "push", "origin", "main").stderr
    assert server.git("acme/docs", "rev-parse", "main") == other
    assert git(local.root, WRITER, "push", "--force", "origin", "main").returncode == 0


def test_a_server_may_lack_atomic_pushes(server: GitServer, local: Repo) -> None:
    server.make("acme/old", atomic=False)
    done = git(local.root, WRITER, "push", "--atomic", server.url("acme/old"), "main")
    assert "does not support --atomic" in done.stderr
