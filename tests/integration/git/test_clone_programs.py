"""A clone that somebody else wrote: no program that its configuration or its hooks name runs, whatever vsync does with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.git.helpers import blob_id
from tests.support.command_line import World
from tests.support.gitrepo import Repo, environment
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.errors import GitUnavailable, PushRefused
from vsync.git.refs import RefUpdate
from vsync.git.repository import Repository
from vsync.sync.git_access import GitAccess
from vsync.sync.workspace import open_workspace

HOOKS = (
    *("pre-commit", "commit-msg", "post-commit", "pre-push", "pre-receive", "update", "post-receive", "post-update"),
    *("proc-receive", "push-to-checkout", "reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"),
    *("fsmonitor-watchman", "post-rewrite"),
)


class Trap:
    """A program, and whether anything has run it."""

    def __init__(self, folder: Path) -> None:
        self._marker = folder / "it ran"
        self.program = folder / "program"
        self.program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{self._marker}'\nexit 1\n")
        self.program.chmod(0o755)

    @property
    def runs(self) -> str:
        return self._marker.read_text() if self._marker.exists() else ""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    folder = tmp_path / "trap"
    folder.mkdir()
    return Trap(folder)


def programs(trap: str) -> dict[str, str]:
    """Settings that name a program, for commands that vsync might run."""
    return {
        "core.sshCommand": trap,
        "core.askPass": trap,
        "core.gitProxy": trap,
        "core.fsmonitor": trap,
        "core.editor": trap,
        "core.pager": trap,
        "core.alternateRefsCommand": trap,
        "core.hooksPath": str(Path(trap).parent),
        "credential.helper": trap,
        "credential.https://host.invalid.helper": f"!{trap}",
        "diff.external": trap,
        "diff.mine.textconv": trap,
        "diff.mine.command": trap,
        "filter.mine.clean": trap,
        "filter.mine.smudge": trap,
        "filter.mine.process": trap,
        "filter.mine.required": "true",
        "gpg.program": trap,
        "commit.gpgSign": "true",
        "push.gpgSign": "true",
        "remote.origin.uploadpack": trap,
        "remote.origin.receivepack": trap,
        "uploadpack.packObjectsHook": trap,
        "pager.ls-tree": trap,
        "pager.config": trap,
        "alias.ls-tree": f"!{trap}",
        "interactive.diffFilter": trap,
        "sequence.editor": trap,
        "submodule.sub.update": f"!{trap}",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "init.templateDir": str(Path(trap).parent),
    }


def booby_trapped(clone: Repo, trap: Trap) -> None:
    for key, value in programs(str(trap.program)).items():
        clone.git("config", key, value)
    hooks = clone.git_folder / "hooks"
    hooks.mkdir(exist_ok=True)
    for folder in (hooks, trap.program.parent):
        for name in HOOKS:
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(trap.program)
    (clone.git_folder / "info").mkdir(exist_ok=True)
    (clone.git_folder / "info" / "attributes").write_text("* diff=mine filter=mine\n")


ADDRESSES = {
    "ssh": ("ssh://host.invalid/x", {}),
    "ssh as git+ssh": ("git+ssh://host.invalid/x", {}),
    "ext": ("ext::{trap} %S", {}),
    "a path": ("{remote}", {}),
    "file": ("file://{remote}", {}),
    "git": ("git://127.0.0.1:1/x", {}),
    "a helper": ("evil::x", {}),
    "vcs": ("{remote}", {"remote.origin.vcs": "evil"}),
    "rewritten to ext": ("https://host.invalid/x", {"url.ext::{trap} %S.insteadOf": "https://host.invalid/"}),
    "https with a helper": ("https://127.0.0.1:1/x", {}),
}


@pytest.fixture
def partial(repo: Repo, tmp_path: Path) -> tuple[Repo, str]:
    """A clone that lacks its blobs, and one of its commits."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit({"a.md": b"one"})
    head = repo.commit({"a.md": b"two", "b.md": b"three"})
    return repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout"), head


@pytest.mark.parametrize("case", ADDRESSES)
def test_no_program_of_a_partial_clone_runs_when_a_blob_is_missing(
    case: str, partial: tuple[Repo, str], repo: Repo, trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, head = partial
    address, more = ADDRESSES[case]
    words: dict[str, str] = {"trap": str(trap.program), "remote": str(repo.root)}
    helper = tmp_path / "bin" / "git-remote-evil"
    helper.parent.mkdir()
    helper.symlink_to(trap.program)  # a program of the user: the clone must not choose it
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    booby_trapped(clone, trap)
    clone.git("config", "remote.origin.url", address.format(**words))
    for key, value in more.items():
        clone.git("config", key.format(**words), value)
    with closing(Repository(clone.root)) as repository:
        assert repository.resolve("HEAD") == head
        assert len(list(repository.tree(head))) == 2
        assert len(list(repository.diff(repository.parents(head)[0], head))) == 2
        assert repository.checked_out() == {"main"}
        assert repository.file_here(head, "a.md", 10) is None
        for reads in _reads(repository, head):
            with pytest.raises(GitUnavailable):
                reads()
        repository.push_url()
        repository.promisor_url()
    assert trap.runs == ""


def _reads(repository: Repository, head: str) -> list[Callable[[], object]]:
    return [
        lambda: repository.fetch_missing(head, [blob_id(b"two")]),
        lambda: repository.file(head, "a.md"),
        lambda: repository.sizes([blob_id(b"two")]),
        lambda: repository.line_counts(repository.parents(head)[0], head, ["a.md"]),
    ]


def test_git_itself_would_have_run_the_program(partial: tuple[Repo, str], trap: Trap) -> None:
    """What the test before would see, were the trap not one."""
    clone, head = partial
    booby_trapped(clone, trap)
    done = subprocess.run(["git", "-C", str(clone.root), "cat-file", "blob", f"{head}:a.md"], env=environment())
    assert done.returncode
    assert trap.runs != ""


def test_the_ssh_command_of_the_user_is_used_and_that_of_the_clone_is_named(
    partial: tuple[Repo, str], trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, head = partial
    clone.git("config", "core.sshCommand", str(trap.program))
    clone.git("config", "remote.origin.url", "ssh://host.invalid/x")
    used = tmp_path / "used"
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\tsshCommand = echo >> '{used}'; false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with closing(Repository(clone.root)) as repository, pytest.raises(GitUnavailable) as error:
        repository.fetch_missing(head, [blob_id(b"two")])
    assert used.exists()
    assert trap.runs == ""
    assert "core.sshcommand of the clone's own configuration" in error.value.remedy


def test_what_the_users_configuration_says_for_this_clone_alone_counts(
    partial: tuple[Repo, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, head = partial
    clone.git("config", "remote.origin.url", "ssh://host.invalid/x")
    used = tmp_path / "used"
    (tmp_path / "work").write_text(
        f"[core]\n\tsshCommand = echo >> '{used}'; false\n[url \"ssh://other.invalid/\"]\n\tinsteadOf = ssh://host.invalid/\n"
    )
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[includeIf "gitdir:{clone.root}/"]\n\tpath = {tmp_path / "work"}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with closing(Repository(clone.root)) as repository:
        assert repository.push_url() == "ssh://other.invalid/x"
        with pytest.raises(GitUnavailable):
            repository.fetch_missing(head, [blob_id(b"two")])
    assert used.exists()
    used.unlink()
    with contextlib.suppress(GitUnavailable, PushRefused):
        _push_something(clone)
    assert used.exists()


def test_a_blob_from_another_protocol_is_refused_with_what_to_do(partial: tuple[Repo, str]) -> None:
    clone, head = partial
    with closing(Repository(clone.root)) as repository, pytest.raises(GitUnavailable, match="not allowed") as error:
        repository.fetch_missing(head, [blob_id(b"two")])
    assert "https and ssh alone" in error.value.remedy


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_a_manifest_that_is_committed_starts_no_hook_of_the_clone(
    repo: Repo, tmp_path: Path, trap: Trap, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.root)
    other = Repo.make(tmp_path / "other")
    other.commit({"x.md": b"x"})
    first, second = repo.commit({"a.md": b"# A\n"}), repo.commit({"a.md": b"# B\n"})
    (repo.git_folder / "objects" / "info").mkdir(exist_ok=True)
    (repo.git_folder / "objects" / "info" / "alternates").write_text(f"{other.git_folder / 'objects'}\n")
    booby_trapped(repo, trap)
    world = World(repo, tmp_path / "store.db", capsys)
    assert world.sync("--commit", "--source", "owner/name", "--head", first)["added"] == ["a.md"]
    assert world.sync("--commit", "--source", "owner/name", "--head", second)["updated"] == ["a.md"]
    assert "vsync-manifest" in repo.git("for-each-ref", "--format=%(refname:short)")
    assert trap.runs == ""


@pytest.mark.parametrize("address", [".", "./inner.git", "file://{root}/.git", "{root}"])
def test_a_remote_that_lies_in_the_clone_runs_none_of_its_hooks(repo: Repo, trap: Trap, address: str) -> None:
    repo.commit({"a.md": b"# A\n"})
    inner = Repo.make(repo.root / "inner.git", "--bare")
    for trapped in (repo, inner):
        booby_trapped(trapped, trap)
    repo.git("config", "remote.origin.url", address.format(root=repo.root))
    _push_something(repo)
    assert trap.runs == ""


@pytest.mark.parametrize("address", ["{root}", "../repo", "file://{root}"])
def test_a_remote_that_is_another_working_tree_of_the_clone_runs_none_of_its_hooks(
    repo: Repo, tmp_path: Path, trap: Trap, address: str
) -> None:
    repo.commit({"a.md": b"# A\n"})
    repo.git("worktree", "add", "--detach", str(tmp_path / "linked"))
    booby_trapped(repo, trap)
    repo.git("config", "remote.origin.url", address.format(root=repo.root))
    _push_something(Repo(tmp_path / "linked"))
    assert trap.runs == ""


def test_a_local_remote_of_the_user_keeps_its_rules(repo: Repo, tmp_path: Path) -> None:
    """It is a repository of its own: its hooks are its rules, as on any server."""
    repo.commit({"a.md": b"# A\n"})
    bare = Repo.make(tmp_path / "remote.git", "--bare")
    hook = bare.root / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repo.git("remote", "add", "origin", str(bare.root))
    with pytest.raises(PushRefused, match="hook declined"):
        _push_something(repo)
    hook.unlink()
    _push_something(repo)
    assert "refs/vsync/x" in bare.git("for-each-ref")


@pytest.mark.parametrize("address", ["ext::{trap} %S", "evil::x", "ssh://host.invalid/x", "git://127.0.0.1:1/x"])
def test_a_push_runs_no_program_that_the_address_or_the_clone_names(
    repo: Repo, trap: Trap, tmp_path: Path, address: str
) -> None:
    repo.commit({"a.md": b"# A\n"})
    booby_trapped(repo, trap)
    repo.git("config", "remote.origin.url", address.format(trap=trap.program))
    helper = tmp_path / "bin" / "git-remote-evil"
    helper.parent.mkdir()
    helper.symlink_to(trap.program)
    with contextlib.suppress(GitUnavailable, PushRefused):
        _push_something(repo, PATH=f"{helper.parent}:{os.environ['PATH']}", GIT_SSH_COMMAND="false")
        pytest.fail("nothing can be pushed there")
    assert trap.runs == ""


def _push_something(repo: Repo, **variables: str) -> None:
    settings = resolve({"repo": str(repo.root), "push": True, "source": "owner/name"}, {})
    with closing(open_workspace(settings, Origin(), GitAccess({**os.environ, **variables}))) as workspace:
        remote = workspace.remote
        assert remote is not None
        remote._pause = lambda _: None
        before = remote.refs("refs/vsync/x").get("refs/vsync/x")
        new = remote.commit(None, "file", b"x", "message\n", date=1.0)
        assert remote.push([RefUpdate("refs/vsync/x", new, before)])
