"""Git remotes as they really answer: tokens, refusals, lost answers, moved refs, and what git is shown of a secret."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo, environment, link, submodule
from tests.support.servers.git_http import GitServer
from tests.support.servers.recording import Answer, HttpServer, Recorded
from vsync.errors import GitUnavailable, ManifestError, PushRefused
from vsync.git.changes import parse_tree
from vsync.git.process import Output
from vsync.git.refs import RefUpdate
from vsync.git.remote import Remote
from vsync.git.remote_blobs import read_blobs, store_files
from vsync.git.repository import Repository

WRITER, READER, STRANGER = "ghs_writer", "ghs_reader", "ghs_stranger"
REF = "refs/vsync/default"


class Flaky(GitServer):
    """Does what it is asked, and then loses as many answers to pushes as the test wants."""

    lost = 0

    def respond(self, request: Recorded) -> Answer:
        answer = super().respond(request)
        if self.lost and request.method == "POST" and "receive-pack" in request.target:
            self.lost -= 1
            return Answer(503, b"lost")
        return answer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Flaky]:
    with Flaky(tmp_path / "served", tokens={WRITER: "write", READER: "read", STRANGER: "none"}) as running:
        running.make("acme/docs")
        yield running


class Hurried(Remote):
    """A remote that waits for nothing; `waits` says how long it would have."""

    def __init__(self, url: str, token: str | None, environ: Mapping[str, str], **given: Any) -> None:
        self.waits: list[float] = []
        super().__init__(url, token, environ, pause=self.waits.append, **given)


Made = Callable[..., Hurried]


@pytest.fixture
def made() -> Iterator[Made]:
    """Makes remotes, and closes them."""
    remotes: list[Remote] = []

    def make(
        url: str | Path, token: str | None = None, environ: Mapping[str, str] | None = None, **given: Any
    ) -> Hurried:
        remote = Hurried(str(url), token, os.environ if environ is None else environ, **given)
        remotes.append(remote)
        return remote

    yield make
    for remote in remotes:
        remote.close()


@pytest.fixture
def bare(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "remote.git", "--bare")


def commit(remote: Remote, content: bytes = b"x", parent: str | None = None) -> str:
    return remote.commit(parent, "a/file", content, "message\n")


def push(remote: Remote, ref: str = REF, expected: str | None = None, content: bytes = b"x") -> str:
    new = commit(remote, content)
    assert remote.push([RefUpdate(ref, new, expected)])
    return new


def bad_update_hook(bare: Repo, script: str) -> None:
    hook = bare.root / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


# --- Reading and writing --------------------------------------------------------------------------------------


def test_only_the_refs_that_are_asked_for_are_given(bare: Repo, made: Made) -> None:
    tip = bare.commit({"a.md": b"1"})
    for ref in (REF, "refs/heads/refs/vsync/default", "refs/vsync/default2"):
        bare.git("update-ref", ref, tip)
    remote = made(bare.root)
    assert remote.refs(REF, "refs/heads/none") == {REF: tip}
    assert remote.refs("refs/vsync/*") == {REF: tip, "refs/vsync/default2": tip}


def test_a_commit_changes_one_file_and_nothing_else(bare: Repo, made: Made) -> None:
    tip = bare.commit({"a.md": b"1", "b/c.md": b"2", "x.sh": b"3"})
    remote = made(bare.root)
    remote.fetch(tip, blobs=False)
    new = remote.commit(tip, "b/manifest.json", b"{}\n", "message\n")
    assert remote.push([RefUpdate("refs/heads/main", new, tip)])
    assert bare.git("diff", "--name-status", tip, new) == "A\tb/manifest.json"
    assert bare.git("log", "-1", "--format=%P %an <%ae>", new) == (
        f"{tip} github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    )
    bare.git("fsck", "--strict")


def test_a_commit_adds_changes_and_removes_several_files(bare: Repo, made: Made) -> None:
    tip = bare.commit({"keep": b"1", "change": b"2", "gone/x": b"3", "now a folder": b"4"})
    remote = made(bare.root)
    remote.fetch(tip, blobs=False)
    names = ("new\nline", 'with "quotes"\t', os.fsdecode(b"caf\xe9"), "now a folder/x")
    files = {name: remote.store(name.encode("utf-8", "surrogateescape")) for name in names}
    new = remote.commit_files(tip, {**files, "change": remote.store(b"5"), "gone/x": None, "now a folder": None}, "m\n")
    assert remote.push([RefUpdate("refs/heads/main", new, tip)])
    listed = {os.fsdecode(path) for path in bare.git_bytes("ls-tree", "-r", "-z", "--name-only", new).split(b"\0")}
    assert listed - {""} == {"keep", "change", *names}
    assert bare.show(new, "change") == b"5"
    assert {entry.path for entry in remote.files(new, "now a folder")} == {b"now a folder/x"}
    bare.git("fsck", "--strict")


def test_a_blob_is_made_of_a_file_and_written_to_a_file_as_it_is(bare: Repo, made: Made, tmp_path: Path) -> None:
    content = b"one\r\n$Id$\0" * 1_000_000
    (tmp_path / "file").write_bytes(content)
    habit = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.autocrlf", "GIT_CONFIG_VALUE_0": "true"}
    remote = made(bare.root, environ={**os.environ, **habit})
    with (tmp_path / "file").open("rb") as file:
        file.read(10)
        blob = remote.store(file)
    assert [b"".join(pieces) for pieces in read_blobs(remote, [blob])] == [content]


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_many_blobs_go_through_few_processes(
    tmp_path: Path, made: Made, object_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.git.remote_blobs._GROUP_BYTES", 1_000)
    monkeypatch.setattr("vsync.git.remote_blobs._SMALL_BYTES", 900)
    there = Repo.make(tmp_path / "there.git", "--bare", f"--object-format={object_format}")
    remote = made(there.root, object_format=object_format)
    contents = [
        b"",
        b"\n",
        b"x" * 899,
        b"x" * 5_000,
        b"blob\ndata 3\nabc\n",
        *(b"%d\n" % number for number in range(200)),
        b"",
    ]
    files = []
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
        files.append(((tmp_path / str(number)).open("rb"), len(content)))
    ran: list[str] = []
    run = remote._git_process.run

    def counted(arguments: tuple[str, ...], *more: Any) -> Output:
        ran.append(arguments[0])
        return run(arguments, *more)

    monkeypatch.setattr(remote._git_process, "run", counted)
    blobs = list(store_files(remote, files))
    assert [b"".join(pieces) for pieces in read_blobs(remote, blobs)] == contents
    assert len(ran) < 20
    for file, _ in files:
        file.close()
    new = remote.commit_files(None, {f"f/{number}": blob for number, blob in enumerate(blobs)}, "m\n")
    assert remote.push([RefUpdate("refs/heads/main", new, None)])
    assert there.show(new, "f/3") == contents[3]
    there.git("fsck", "--strict")


def test_a_file_that_became_shorter_is_told(bare: Repo, made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123")
    with (tmp_path / "file").open("rb") as file, pytest.raises(OSError, match="3 bytes, and had 4"):
        list(store_files(made(bare.root), [(file, 4)]))


@pytest.mark.parametrize("what", ["0" * 40, "tree"])
def test_what_is_no_blob_is_not_read(bare: Repo, made: Made, what: str) -> None:
    tip = bare.commit({"a": b"1"})
    remote = made(bare.root)
    remote.fetch(tip)
    wanted = [bare.blob(tip, "a"), bare.git("rev-parse", f"{tip}^{{tree}}") if what == "tree" else what]
    with pytest.raises(GitUnavailable, match="did not give the blob"):
        list(read_blobs(remote, wanted))


def test_blobs_that_were_not_fetched_come_in_one_fetch(bare: Repo, made: Made) -> None:
    bare.git("config", "uploadpack.allowFilter", "true")
    tip = bare.commit({"a": b"1", "b": b"2", "c": b"3"})
    remote = made(bare.root)
    remote.fetch(tip, blobs=False)
    blobs = [entry.blob for entry in parse_tree([bare.git_bytes("ls-tree", "-z", tip)])]
    remote.fetch_blobs(blobs[:2])
    assert [found is not None for found in remote.described(*blobs)] == [True, True, False]
    remote.fetch_blobs(blobs)
    assert all(remote.described(*blobs))


def test_whether_a_run_may_push_is_found_out_without_a_push(server: Flaky, made: Made) -> None:
    for token, refused in ((WRITER, False), (READER, True)):
        remote = made(server.url("acme/docs"), token)
        refusal = remote.permission(RefUpdate("refs/heads/main", commit(remote), None))
        assert (refusal is not None) == refused
    assert server.git("acme/docs", "for-each-ref") == ""


def test_a_commit_without_parent_holds_that_file_alone(bare: Repo, made: Made) -> None:
    new = push(made(bare.root))
    assert bare.git("ls-tree", "-r", "--name-only", new) == "a/file"
    assert bare.git("rev-list", "--count", new) == "1"


def test_a_blob_that_was_not_fetched_is_brought_when_it_is_read(bare: Repo, made: Made) -> None:
    bare.git("config", "uploadpack.allowFilter", "true")
    tip = bare.commit({"m": b"manifest", "big": b"x" * 100_000})
    remote = made(bare.root)
    remote.fetch(tip, blobs=False)
    assert remote.file(tip, "m") == b"manifest"
    held = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check"],
        cwd=remote.folder,
        env=environment(),
        capture_output=True,
    )
    assert b" 100000\n" not in held.stdout


@pytest.mark.parametrize("name", ["ü 日本.json", "a\nb", "*.json", ":(top)x", '"q"', "-x", "a\\b"])
def test_a_file_may_have_any_name(bare: Repo, made: Made, name: str) -> None:
    tip = bare.commit({"other.json": b"other"})
    remote = made(bare.root)
    remote.fetch(tip)
    assert remote.file(tip, name) is None
    new = remote.commit(tip, name, b"mine", "message\n")
    assert remote.file(new, name) == b"mine"


def test_what_stands_in_the_way_of_a_file_is_told_and_not_replaced(bare: Repo, made: Made) -> None:
    tip = bare.commit({"file": b"1", "link": link("file"), "folder/x": b"2", "sub": submodule()})
    remote = made(bare.root)
    remote.fetch(tip)
    for path, told in {
        "file/manifest.json": "file is not a folder",
        "link/manifest.json": "link is not a folder",
        "sub/a/manifest.json": "sub is not a folder",
        "link": "a symbolic link",
        "folder": "a folder",
        "sub": "not a file",
    }.items():
        with pytest.raises(ManifestError, match=told):
            remote.file(tip, path)


def test_the_date_is_now_whatever_the_environment_says(bare: Repo, made: Made) -> None:
    assert "2024" in os.environ["GIT_COMMITTER_DATE"]
    remote = made(bare.root)
    assert remote.date(commit(remote)) > 1_730_000_000


def test_a_repository_with_sha256_ids_is_served(tmp_path: Path, made: Made) -> None:
    bare = Repo.make(tmp_path / "remote.git", "--bare", "--object-format=sha256")
    remote = made(bare.root, object_format="sha256")
    new = push(remote)
    assert len(new) == 64
    assert made(bare.root, object_format="sha256").refs(REF) == {REF: new}


# --- Compare and swap -----------------------------------------------------------------------------------------


def test_a_push_happens_only_over_what_was_expected(bare: Repo, made: Made) -> None:
    remote = made(bare.root)
    first = push(remote)
    assert not remote.push([RefUpdate(REF, commit(remote, b"2"), None)])
    assert not remote.push([RefUpdate(REF, None, commit(remote, b"3"))])
    assert remote.refs(REF) == {REF: first}
    second = push(remote, expected=first, content=b"4")
    assert remote.refs(REF) == {REF: second}
    assert remote.push([RefUpdate(REF, None, second)])
    assert remote.refs(REF) == {}
    assert remote.waits == []


@pytest.mark.parametrize("atomic", [True, False])
def test_two_refs_move_together_or_not_at_all(bare: Repo, made: Made, atomic: bool) -> None:
    bare.git("config", "receive.advertiseAtomic", str(atomic).lower())
    remote = made(bare.root)
    both = ["refs/heads/m", REF]
    assert remote.push([RefUpdate(ref, commit(remote, b"1"), None) for ref in both])
    before = remote.refs(*both)
    moved = push(remote, REF, before[REF], b"2")
    updates = [
        RefUpdate("refs/heads/m", commit(remote, b"3"), before["refs/heads/m"]),
        RefUpdate(REF, commit(remote, b"4"), before[REF]),
    ]
    assert not remote.push(updates)
    assert remote.refs(*both) == {"refs/heads/m": before["refs/heads/m"], REF: moved}


def test_a_hook_that_refuses_one_ref_refuses_both(bare: Repo, made: Made) -> None:
    for refused in ("refs/heads/m", REF):
        bad_update_hook(bare, f'test "$1" != {refused}')
        remote = made(bare.root)
        with pytest.raises(PushRefused, match="hook declined"):
            remote.push([RefUpdate("refs/heads/m", commit(remote), None), RefUpdate(REF, commit(remote), None)])
        assert remote.refs("refs/heads/m", REF) == {}
        assert remote.waits == []


def test_without_atomic_pushes_the_refs_move_in_their_order(bare: Repo, made: Made) -> None:
    bare.git("config", "receive.advertiseAtomic", "false")
    bad_update_hook(bare, f'echo "$1" >> order; test "$1" != {REF}')
    remote = made(bare.root)
    with pytest.raises(PushRefused):
        remote.push([RefUpdate("refs/heads/m", commit(remote), None), RefUpdate(REF, commit(remote), None)])
    assert remote.refs("refs/heads/m", REF).keys() == {"refs/heads/m"}
    assert (bare.root / "order").read_text().split() == ["refs/heads/m", REF]


# --- Faults ---------------------------------------------------------------------------------------------------


def test_a_push_whose_answer_was_lost_is_done(server: Flaky, made: Made) -> None:
    remote = made(server.url("acme/docs"), WRITER)
    server.lost = 1
    new = push(remote)
    assert server.git("acme/docs", "rev-parse", REF) == new


def test_a_push_whose_answer_was_lost_is_done_though_a_branch_went_on_meanwhile(server: Flaky, made: Made) -> None:
    remote, other = made(server.url("acme/docs"), WRITER), made(server.url("acme/docs"), WRITER)
    branch = "refs/heads/main"
    mine, seal = commit(remote), commit(remote, b"seal")
    push_once = remote._push

    def push_and_move(updates: object, *more: str) -> tuple[int, str]:
        assert push_once([RefUpdate(branch, mine, None), RefUpdate(REF, seal, None)])[0] == 0
        other.fetch(mine)
        assert other.push([RefUpdate(branch, commit(other, b"theirs", mine), mine)])
        return 128, "fatal: the remote end hung up unexpectedly"

    remote._push = push_and_move  # type: ignore[method-assign]  # mypy: no method is replaced; this object alone must act so
    assert remote.push([RefUpdate(branch, mine, None), RefUpdate(REF, seal, None)])


def test_a_server_that_is_busy_is_asked_again(server: Flaky, made: Made) -> None:
    remote = made(server.url("acme/docs"), WRITER)
    server.fail(2, 503, when="GET")
    assert remote.refs(REF) == {}
    server.fail(2, 503, when="receive-pack")
    push(remote)
    assert len(remote.waits) == 4


def test_a_server_that_stays_busy_is_given_up(server: Flaky, made: Made) -> None:
    remote = made(server.url("acme/docs"), WRITER)
    server.fail(99, 503)
    with pytest.raises(GitUnavailable, match="503") as caught:
        remote.refs(REF)
    assert "run again" in caught.value.remedy
    assert len(remote.waits) == 2
    assert len(server.requests) <= 6


def test_a_server_that_stays_busy_for_pushes_is_given_up(server: Flaky, made: Made) -> None:
    remote = made(server.url("acme/docs"), WRITER)
    server.fail(99, 503, when="receive-pack")
    with pytest.raises(GitUnavailable, match=f"push to {REF}.*503"):
        remote.push([RefUpdate(REF, commit(remote), None)])
    assert len(remote.waits) == 2


def test_a_server_that_is_not_there_is_told(made: Made) -> None:
    remote = made("http://127.0.0.1:1/acme/docs", WRITER)
    with pytest.raises(GitUnavailable, match="read from"):
        remote.refs(REF)


@pytest.mark.parametrize("token", [READER, STRANGER, "revoked", None])
def test_a_push_that_is_not_permitted_says_what_to_permit(server: Flaky, made: Made, token: str | None) -> None:
    remote = made(server.url("acme/docs"), token)
    with pytest.raises(PushRefused) as caught:
        remote.push([RefUpdate(REF, commit(remote), None)])
    assert "contents: write" in caught.value.remedy
    assert "github-token" in caught.value.remedy
    assert "manifest: none" in caught.value.remedy
    assert (caught.value.exit_code, caught.value.reason) == (3, "permission")
    assert remote.waits == []


def test_a_repository_that_is_not_there_is_told(server: Flaky, made: Made) -> None:
    with pytest.raises(PushRefused, match="There is no repository"):
        made(server.url("acme/none"), WRITER).refs(REF)


# --- Secrets, and other people's configuration ------------------------------------------------------------------


def authorizations(server: GitServer) -> set[str]:
    return {request.headers["authorization"] for request in server.requests if "authorization" in request.headers}


def basic(name: str, password: str) -> str:
    return "basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_the_token_alone_speaks_for_the_run(server: Flaky, made: Made, repo: Repo, tmp_path: Path) -> None:
    url = server.url("acme/docs")
    used = tmp_path / "helper used"
    repo.git("remote", "add", "origin", url)
    repo.git("config", f"http.{server.address}/.extraheader", f"AUTHORIZATION: {basic('x-access-token', READER)}")
    repo.git("config", "credential.helper", f"!touch '{used}'; echo password={READER}; echo username=x; :")
    home = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "global")}
    (tmp_path / "global").write_text(
        f"[http]\n extraheader = AUTHORIZATION: {basic('x', 'global')}\n[credential]\n helper = \"!touch '{used}'; :\"\n"
    )
    remote = made(url, WRITER, {**os.environ, **home}, inherited=Repository(repo.root).configuration())
    push(remote)
    assert authorizations(server) == {basic("x-access-token", WRITER)}
    with pytest.raises(PushRefused):
        made(url, "revoked", {**os.environ, **home}, inherited=Repository(repo.root).configuration()).refs(REF)
    assert not used.exists()


def test_without_a_token_the_header_that_checkout_left_is_used(server: Flaky, made: Made, repo: Repo) -> None:
    repo.git("config", f"http.{server.address}/.extraheader", f"AUTHORIZATION: {basic('x-access-token', WRITER)}")
    push(made(server.url("acme/docs"), None, inherited=Repository(repo.root).configuration()))
    assert authorizations(server) == {basic("x-access-token", WRITER)}


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Where every git process writes its command line, and an environment in which it does.

    Helpers too: git looks for itself in its own folder first, so this is a copy of that folder.
    """
    real = Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip())
    log, place = tmp_path / "commands", tmp_path / "bin"
    place.mkdir()
    for tool in real.iterdir():
        if tool.name not in {"git", "git-remote-http"} and tool.is_file():
            (place / tool.name).symlink_to(tool)
    for name in ("git", "git-remote-http"):
        wrapper = place / name
        wrapper.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >> "{log}"\ncut -d= -f1 /proc/$$/environ -z >> "{log}.names"\n'
            f'exec "{real / name}" "$@"\n'
        )
        wrapper.chmod(0o755)
    return log, {**os.environ, "PATH": f"{place}:{os.environ['PATH']}", "GIT_EXEC_PATH": str(place)}


@pytest.mark.parametrize("by", ["token", "address", "rule"])
def test_no_secret_stands_on_a_command_line(
    server: Flaky, made: Made, watched: tuple[Path, dict[str, str]], by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, environ = watched
    monkeypatch.setenv("PATH", environ["PATH"])
    url, token = server.url("acme/docs"), None
    with_password = url.replace("://", f"://x-access-token:{WRITER}@")
    if by == "token":
        token = WRITER
    elif by == "address":
        url = with_password
    else:
        count = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{with_password.removesuffix('acme/docs')}.insteadOf",
        }
        environ = {**environ, **count, "GIT_CONFIG_VALUE_0": server.url("")}
        token = WRITER
    remote = made(url, token, environ)
    push(remote)
    remote.fetch(remote.refs(REF)[REF])
    assert WRITER not in remote.shown
    commands = log.read_text()
    assert "git-remote-http" in commands
    assert "push" in commands
    assert WRITER not in commands
    assert basic("x-access-token", WRITER).split()[1] not in commands


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_no_password_is_shown_when_it_goes_wrong(server: Flaky, made: Made, status: int) -> None:
    server.fail(99, status)
    remote = made(server.url("acme/docs").replace("://", f"://name:{WRITER}@"))
    with pytest.raises((PushRefused, GitUnavailable)) as caught:
        remote.refs(REF)
    assert WRITER not in str(caught.value)
    assert "acme/docs" in str(caught.value)


class Redirecting(HttpServer):
    """A git host that redirects every request to another one."""

    def __init__(self, status: int, to: HttpServer) -> None:
        super().__init__()
        self._status = status
        self._to = to

    def respond(self, request: Recorded) -> Answer:
        return Answer(self._status, b"", {"Location": f"{self._to.address}{request.target}"})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("habit", ["http.followRedirects", "http.{address}/.followRedirects"])
def test_git_takes_the_token_to_no_other_host(server: Flaky, made: Made, status: int, habit: str) -> None:
    with Redirecting(status, server) as first:
        inherited = [(habit.format(address=first.address), "true")]
        remote = made(f"{first.address}/acme/docs", WRITER, inherited=inherited)
        with pytest.raises(GitUnavailable, match="redirects git to another address") as caught:
            remote.refs(REF)
        assert server.requests == []
        assert first.address in caught.value.message
        assert "set-url" in caught.value.remedy


def test_what_the_run_keeps_from_others_git_is_not_told(made: Made, bare: Repo) -> None:
    secrets = {
        "INPUT_OPENAI-API-KEY": "s",
        "OPENAI_API_KEY": "s",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s",
        "VSYNC_X": "s",
    }
    leading = {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere"}
    remote = made(bare.root, None, {**os.environ, **secrets, **leading})
    assert not (secrets.keys() | leading.keys()) & remote.environment.keys()
    push(remote)


def test_no_hook_runs_and_no_habit_of_the_user_matters(made: Made, server: Flaky, tmp_path: Path) -> None:
    hooks, ran = tmp_path / "hooks", tmp_path / "ran"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-index-change", "pre-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "global"
    settings.write_text(
        f"[core]\n hooksPath = {hooks}\n[push]\n pushOption = x\n gpgSign = true\n followTags = true\n"
        '[remote "origin"]\n url = /nowhere\n mirror = true\n[log]\n showSignature = true\n'
        "[commit]\n gpgSign = true\n[submodule]\n recurse = true\n[fetch]\n prune = true\n"
    )
    remote = made(server.url("acme/docs"), WRITER, {**os.environ, "GIT_CONFIG_GLOBAL": str(settings)})
    new = push(remote)
    second = push(remote, expected=new, content=b"2")
    assert remote.date(second) > 0
    assert server.git("acme/docs", "for-each-ref", "--format=%(refname) %(objectname)") == f"{REF} {second}"
    assert not ran.exists()


def test_two_threads_may_push_at_once(made: Made, bare: Repo) -> None:
    start, won = threading.Barrier(3), []

    def take(number: int) -> None:
        remote = made(bare.root)
        new = commit(remote, b"%d" % number)
        start.wait()
        won.append(remote.push([RefUpdate(REF, new, None)]))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, True]


def test_a_blob_is_brought_though_the_server_is_busy(server: Flaky, made: Made, repo: Repo) -> None:
    tip = repo.commit({"m": b"manifest"})
    repo.git("push", "-q", server.repository("acme/docs").as_uri(), "main")
    remote = made(server.url("acme/docs"), WRITER)
    remote.fetch(tip, blobs=False)
    server.fail(2, 503)
    assert remote.file(tip, "m") == b"manifest"
    assert len(remote.waits) == 2
