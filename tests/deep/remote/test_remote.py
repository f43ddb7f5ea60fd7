"""Manifest and seal on a git remote: what is pushed, what is left alone, and what others do to it meanwhile.

What holds for every publication: test_publication.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import File, Repo, link
from tests.support.servers.git_http import GitServer
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.errors import ConfigurationError, GitUnavailable, ManifestError, PushRefused, RepositoryError, SealHeld
from vsync.state import remote as remote_module
from vsync.state.manifest import blob_id
from vsync.state.publication import ManifestMoved, Published
from vsync.state.remote import RemotePublication
from vsync.state.seal import Seal, instant, unfinished_runs
from vsync.sync.git_access import GitAccess
from vsync.sync.target_state import open_publication
from vsync.sync.workspace import Workspace, open_workspace

SINCE = "2024-01-02T03:04:05+00:00"
NAME = ".vsync/manifest.json"
SEAL = "refs/vsync/default"
WRITER, READER = "ghs_writer", "ghs_reader"


class Machines:
    """A remote repository, and any number of clones of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = Repo.make(folder / "remote.git", "--bare")
        self.head = self.bare.commit({"README.md": b"# Read me\n", "docs/a.md": b"# A\n"})
        self._places: list[Workspace] = []
        self._clones = 0

    def clone(self, *options: str) -> Repo:
        self._clones += 1
        return self.bare.clone(self.folder / f"clone {self._clones}", *options)

    def run(self, clone: Repo | None = None, **given: Any) -> RemotePublication:
        """A run on a clone of its own, as the command line opens it."""
        is_dead = given.pop("is_dead", lambda run: False)
        clone = clone or self.clone("--depth=1")
        options = {"repo": str(clone.root), **({} if "commit" in given else {"push": True}), **given}
        settings = resolve({name.replace("_", "-"): value for name, value in options.items()}, {})
        place = open_workspace(settings, Origin(), GitAccess(os.environ, is_dead=is_dead))
        self._places.append(place)
        if place.remote is not None:
            place.remote._pause = lambda _: None
        made = open_publication(settings, place)
        assert isinstance(made, RemotePublication)
        return made

    def taken(self, run: str = "first", **given: Any) -> RemotePublication:
        made = self.run(**given)
        made.read()
        made.take(Seal("open", run, SINCE, owner="o"), 0, never)
        return made

    def published(self, manifest: bytes = b"1\n", **given: Any) -> str:
        """Publishes a manifest, and gives its commit."""
        made = self.taken(**given)
        made.publish_and_close(manifest, 1, "content")
        assert made.commit is not None
        return made.commit

    def refs(self) -> dict[str, str]:
        lines = self.bare.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def files(self, ref: str) -> list[str]:
        return self.bare.git("ls-tree", "-r", "--name-only", ref).splitlines()

    def hook(self, script: str) -> None:
        """What the remote runs for each ref that is pushed: $1 is the ref."""
        path = self.bare.root / "hooks" / "update"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\n{script}\n")
        path.chmod(0o755)

    def end(self) -> None:
        for place in self._places:
            place.close()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    made = Machines(tmp_path)
    yield made
    made.end()


def never(text: str) -> None:
    raise AssertionError(f"nobody had to wait: {text}")


def snapshot(root: Path) -> dict[str, str]:
    """Every file below a folder, with its bytes."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


# --- What is pushed -------------------------------------------------------------------------------------------


def test_the_first_publication_makes_an_orphan_branch_that_holds_the_manifest_alone(machines: Machines) -> None:
    commit = machines.published()
    assert machines.refs() == {
        "refs/heads/main": machines.head,
        "refs/heads/vsync-manifest": commit,
        SEAL: machines.refs()[SEAL],
    }
    assert machines.files(commit) == [NAME]
    assert machines.bare.git("rev-list", "--count", commit) == "1"
    assert machines.bare.show(commit, NAME) == b"1\n"


def test_the_seal_is_a_commit_of_its_own_that_holds_the_json(machines: Machines) -> None:
    machines.published()
    assert machines.files(SEAL) == ["seal.json"]
    assert machines.bare.git("rev-list", "--parents", SEAL) == machines.refs()[SEAL]


def test_each_publication_is_one_commit_that_changes_the_manifest_alone(machines: Machines) -> None:
    first = machines.published()
    machines.bare.commit({"notes.md": b"somebody's", "run.sh": File("100755", b"x")}, branch="vsync-manifest")
    second = machines.published(b"2\n")
    assert machines.bare.git("diff", "--name-status", f"{second}^", second) == f"M\t{NAME}"
    assert machines.files(second) == [NAME, "notes.md", "run.sh"]
    assert machines.bare.git("rev-parse", f"{second}~2") == first


def test_the_same_manifest_once_more_is_no_commit(machines: Machines) -> None:
    first = machines.published()
    publication = machines.taken("second")
    publication.publish_and_close(b"1\n", 1, "content")
    assert publication.commit is None
    assert machines.refs()["refs/heads/vsync-manifest"] == first
    found = publication.read()
    assert found.seal is not None
    assert (found.seal.state, found.seal.run) == ("closed", "second")


@pytest.mark.parametrize(("branch", "asks"), [("vsync-manifest", False), ("main", True), ("other", True)])
def test_only_on_a_branch_of_others_a_commit_asks_for_no_workflow(machines: Machines, branch: str, asks: bool) -> None:
    publication = machines.taken(manifest_branch=branch)
    publication.publish(b"1\n", 1, summary="2 added")
    subject = machines.bare.git("log", "-1", "--format=%B", branch)
    assert ("[skip ci]" in subject) == asks
    assert subject.startswith("vsync: 2 added")


def test_beside_the_files_the_manifest_is_one_commit_on_top(machines: Machines) -> None:
    commit = machines.published(manifest_branch="main")
    assert machines.files(commit) == [NAME, "README.md", "docs/a.md"]
    assert machines.bare.git("rev-parse", f"{commit}^") == machines.head


@pytest.mark.parametrize(
    "branch", ['we"ird/$(touch${IFS}x)', "bränch", "a'b;c&d", "refs/heads/x", "HEAD", "%s%n", "v1.0"]
)
@pytest.mark.parametrize("name", [".vsync/manifest.json", "dir with space/mänifest *.json"])
def test_names_of_branches_and_files_are_only_names(machines: Machines, branch: str, name: str) -> None:
    publication = machines.taken(manifest_branch=branch, manifest=name)
    publication.publish_and_close(b"1\n", 1)
    commit = publication.commit
    assert commit is not None
    assert machines.refs()[f"refs/heads/{branch.removeprefix('refs/heads/')}"] == commit
    assert machines.bare.show(commit, name) == b"1\n"
    assert machines.run(manifest_branch=branch, manifest=name).read().manifest == b"1\n"


@pytest.mark.parametrize("target", ["a..b", "a.lock", "a."])
def test_a_target_whose_name_is_none_of_a_ref_is_refused(machines: Machines, target: str) -> None:
    with pytest.raises(ConfigurationError, match="ref"):
        machines.run(target=target)


@pytest.mark.parametrize(
    "name",
    [
        ".git/manifest.json",
        "x/.GIT/m",
        "git~1/x",
        "a/.git ./m.json",
        ".git::$INDEX_ALLOCATION/x",
        "a\\.git\\x",
        ".g\u200cit/m.json",
    ],
)
def test_a_manifest_that_git_would_not_take_is_refused(machines: Machines, name: str) -> None:
    with pytest.raises(ManifestError):
        machines.run(manifest=name)


def test_a_repository_with_sha256_ids_works_as_well(tmp_path: Path) -> None:
    machines = Machines.__new__(Machines)
    machines.folder, machines._places, machines._clones = tmp_path, [], 0
    machines.bare = Repo.make(tmp_path / "remote.git", "--bare", "--object-format=sha256")
    machines.head = machines.bare.commit({"a.md": b"1"})
    assert len(machines.published()) == 64
    assert machines.taken("second").read().blob == blob_id(b"1\n")
    machines.end()


# --- What is left alone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--filter=blob:none",)])
@pytest.mark.parametrize("dirty", [False, True])
def test_nothing_in_the_users_clone_changes(machines: Machines, options: tuple[str, ...], dirty: bool) -> None:
    machines.bare.git("config", "uploadpack.allowFilter", "true")
    clone = machines.clone(*options)
    if dirty:
        (clone.root / "README.md").write_bytes(b"changed")
        (clone.root / "new.md").write_bytes(b"new")
        clone.git("add", "new.md")
        (clone.root / ".vsync").mkdir()
        (clone.root / NAME).write_bytes(b"some file that stands there")
    before = snapshot(clone.root)
    machines.published(clone=clone)
    machines.bare.commit({"docs/b.md": b"# B\n"})
    machines.published(b"2\n", clone=clone, manifest_branch="main")
    taken = machines.taken(clone=clone)
    taken.renew()
    taken.abandon()
    assert snapshot(clone.root) == before


def test_no_scratch_repository_stays(machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    machines.published()
    assert len(list((tmp_path / "tmp").iterdir())) == 2  # of the remote, and the view of the clone
    machines.end()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_hooks_of_the_users_repository_do_not_run(machines: Machines, tmp_path: Path) -> None:
    clone, ran = machines.clone(), tmp_path / "ran"
    (clone.root / ".husky").mkdir()
    for folder in (clone.root / ".husky", clone.root / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in ("pre-push", "reference-transaction", "pre-commit", "post-commit", "commit-msg"):
            (folder / name).write_text(f"#!/bin/sh\ntouch '{ran}'\nexit 1\n")
            (folder / name).chmod(0o755)
    machines.published(clone=clone)
    clone.git("config", "core.hooksPath", ".husky")
    machines.published(b"2\n", clone=clone)
    assert not ran.exists()


def test_a_remote_that_is_a_relative_path_is_found(machines: Machines) -> None:
    clone = machines.clone()
    clone.git("remote", "set-url", "origin", "../remote.git")
    commit = machines.published(clone=clone)
    assert machines.refs()["refs/heads/vsync-manifest"] == commit


def test_the_address_for_pushes_is_the_one_that_is_used(machines: Machines) -> None:
    clone = machines.clone()
    clone.git("remote", "set-url", "origin", "/nowhere")
    clone.git("remote", "set-url", "--push", "origin", str(machines.bare.root))
    assert machines.published(clone=clone) in machines.refs().values()


def test_a_clone_without_a_remote_is_told_so(machines: Machines, repo: Repo) -> None:
    repo.commit({"a.md": b"1"})
    with pytest.raises(RepositoryError, match="no remote `origin`"):
        machines.run(clone=repo)


# --- On a branch of the clone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("linked", [False, True])
def test_with_commit_the_clone_itself_keeps_the_manifest(machines: Machines, linked: bool) -> None:
    clone = machines.clone("--depth=1")
    where = clone
    if linked:
        clone.git("worktree", "add", "-q", "--detach", str(machines.folder / "linked"))
        where = Repo(machines.folder / "linked")
    before = machines.refs()
    publication = machines.taken(clone=where, commit=True)
    publication.publish_and_close(b"1\n", 1)
    assert clone.show("refs/heads/vsync-manifest", NAME) == b"1\n"
    assert clone.git("ls-tree", "-r", "--name-only", SEAL) == "seal.json"
    assert machines.refs() == before
    assert clone.git("status", "--porcelain") == ""
    machines.taken("second", clone=where, commit=True).abandon()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work in somebody else's repository")
def test_with_commit_root_leaves_nothing_of_its_own_in_somebodys_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")  # so git knows for whom root works
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        machines = Machines(folder)
        clone = machines.clone()
        for path in (clone.root, *clone.root.rglob("*")):
            os.chown(path, 12345, 54321, follow_symlinks=False)
        machines.taken(clone=clone, commit=True).publish_and_close(b"1\n", 1)
        machines.end()
        assert {(path.lstat().st_uid, path.lstat().st_gid) for path in clone.root.rglob("*")} == {(12345, 54321)}
        assert (clone.root / ".git" / SEAL).exists()


def test_with_commit_no_branch_changes_under_a_work_tree(machines: Machines) -> None:
    clone = machines.clone()
    with pytest.raises(ConfigurationError, match="main is checked out"):
        machines.run(clone=clone, commit=True, manifest_branch="main")
    clone.git("worktree", "add", "-q", "-b", "other", str(machines.folder / "linked"))
    with pytest.raises(ConfigurationError, match="other is checked out"):
        machines.run(clone=clone, commit=True, manifest_branch="other")


# --- Refusals ---------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, repo: Repo) -> Iterator[GitServer]:
    repo.commit({"a.md": b"1"})
    with GitServer(tmp_path / "served", tokens={WRITER: "write", READER: "read"}) as running:
        running.make("acme/docs")
        repo.git("remote", "add", "origin", running.url("acme/docs"))
        yield running


Opened = Callable[..., RemotePublication]


@pytest.fixture
def opened(repo: Repo, server: GitServer) -> Iterator[Opened]:
    places = []

    def open_with(token: str | None, **given: Any) -> RemotePublication:
        settings = resolve({"repo": str(repo.root), "push": True, **given}, {})
        access = GitAccess({**os.environ, "GITHUB_SERVER_URL": server.address}, token)
        place = open_workspace(settings, Origin(), access)
        assert place.remote is not None
        place.remote._pause = lambda _: None
        places.append(place)
        made = open_publication(settings, place)
        assert isinstance(made, RemotePublication)
        return made

    yield open_with
    for place in places:
        place.close()


def test_a_token_that_may_only_read_is_refused_when_the_seal_is_taken(server: GitServer, opened: Opened) -> None:
    publication = opened(READER)
    assert publication.read() == Published(None, None)
    with pytest.raises(PushRefused) as caught:
        publication.take(Seal("open", "first", SINCE), 0, never)
    assert "contents: write" in str(caught.value)
    assert "manifest: none" in str(caught.value)
    assert server.git("acme/docs", "for-each-ref") == ""
    publication.release()


@pytest.mark.parametrize("refs", ["refs/vsync/*", "refs/heads/vsync-manifest"])
def test_of_manifest_and_seal_none_moves_when_one_is_refused(server: GitServer, opened: Opened, refs: str) -> None:
    publication = opened(WRITER)
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)
    before = server.git("acme/docs", "for-each-ref")
    server.refuse_push("acme/docs", refs)
    with pytest.raises(PushRefused, match="Protected branch update failed") as caught:
        publication.publish(b"1\n", 1)
    assert "manifest-branch" in caught.value.remedy
    assert server.git("acme/docs", "for-each-ref") == before


@pytest.mark.parametrize("atomic", [True, False])
def test_over_http_with_a_token_all_goes_as_on_disk(server: GitServer, opened: Opened, atomic: bool) -> None:
    server.git("acme/docs", "config", "receive.advertiseAtomic", str(atomic).lower())
    first = opened(WRITER)
    first.read()
    first.take(Seal("open", "first", SINCE), 0, never)
    first.claim_owner("o", sure=False)
    first.publish(b"1\n", 1)
    first.close()
    second = opened(WRITER)
    found = second.read()
    assert found.manifest == b"1\n"
    assert found.seal is not None
    assert (found.seal.state, found.seal.manifest, found.seal.owner) == ("closed", blob_id(b"1\n"), "o")
    refs = server.git("acme/docs", "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/vsync-manifest", SEAL]


def test_a_seal_that_could_not_be_closed_over_the_manifest_is_closed_in_the_next_try(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without atomic pushes the manifest may arrive and the seal not."""
    machines.bare.git("config", "receive.advertiseAtomic", "false")
    publication = machines.taken()
    machines.hook('test "$1" = refs/vsync/default && test ! -e tried && touch tried && kill -9 $PPID; exit 0')
    publication.publish_and_close(b"1\n", 1)
    found = machines.run().read()
    assert found.manifest == b"1\n"
    assert found.seal is not None
    assert (found.seal.state, found.seal.manifest) == ("closed", blob_id(b"1\n"))


def test_a_note_or_a_release_that_is_refused_does_no_harm(server: GitServer, opened: Opened) -> None:
    publication = opened(WRITER)
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)
    publication.publish_and_close(b"1\n", 1)
    server.refuse_push("acme/docs", "refs/*")
    other = opened(WRITER)
    other.read()
    other.note("9", "head")
    other.doubt()
    other.release()
    found = other.read()
    assert found.seal is not None
    assert found.seal.run == "first"


# --- What others do meanwhile -----------------------------------------------------------------------------------


def test_when_other_files_moved_the_same_manifest_goes_onto_the_new_tip(machines: Machines) -> None:
    publication = machines.taken(manifest_branch="main")
    theirs = machines.bare.commit({"docs/b.md": b"# B\n"})
    publication.publish(b"1\n", 1)
    assert machines.bare.git("rev-parse", "main^") == theirs
    assert machines.files("main") == [NAME, "README.md", "docs/a.md", "docs/b.md"]
    assert publication.commit == machines.refs()["refs/heads/main"]


def test_when_the_branch_moves_in_the_very_moment_it_is_tried_again(
    server: GitServer, opened: Opened, repo: Repo
) -> None:
    repo.git("push", "-q", server.repository("acme/docs").as_uri(), "main")
    publication = opened(WRITER, **{"manifest-branch": "main"})
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)

    def move() -> None:
        repo.commit({f"{time.monotonic_ns()}.md": b"x"})
        repo.git("push", "-q", server.repository("acme/docs").as_uri(), "main")

    server.before_push(move, move)
    publication.publish(b"1\n", 1)
    assert server.git("acme/docs", "rev-parse", "main^") == repo.git("rev-parse", "main")
    assert server.git("acme/docs", "rev-list", "--count", "main") == "4"


def test_a_branch_that_never_rests_is_given_up(server: GitServer, opened: Opened, repo: Repo) -> None:
    repo.git("push", "-q", server.repository("acme/docs").as_uri(), "main")
    publication = opened(WRITER, **{"manifest-branch": "main"})
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)

    def move() -> None:
        repo.commit({f"{time.monotonic_ns()}.md": b"x"})
        repo.git("push", "-q", server.repository("acme/docs").as_uri(), "main")

    server.before_push(*[move] * 50)
    with pytest.raises(GitUnavailable, match="moved 8 times"):
        publication.publish(b"1\n", 1)
    server.before_push()


MOVES: dict[str, Callable[[Repo, str], object]] = {
    "edited": lambda bare, _: bare.commit({NAME: b"edited\n"}, branch="vsync-manifest"),
    "deleted": lambda bare, _: bare.commit({NAME: None, "x": b"1"}, branch="vsync-manifest"),
    "reverted": lambda bare, first: bare.git("update-ref", "refs/heads/vsync-manifest", first),
    "branch deleted": lambda bare, _: bare.git("update-ref", "-d", "refs/heads/vsync-manifest"),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_manifest_that_moved_meanwhile_is_not_written_over(machines: Machines, move: str) -> None:
    first = machines.published()
    machines.published(b"2\n")
    publication = machines.taken("third")
    MOVES[move](machines.bare, first)
    before = machines.refs()
    with pytest.raises(ManifestMoved):
        publication.publish(b"3\n", 3)
    assert machines.refs() == before
    publication.read()
    publication.publish(b"4\n", 4)
    assert machines.run().read().manifest == b"4\n"


def test_a_seal_that_somebody_deleted_is_not_this_runs_any_more(machines: Machines) -> None:
    publication = machines.taken()
    machines.bare.git("update-ref", "-d", SEAL)
    with pytest.raises(SealHeld):
        publication.publish(b"1\n", 1)
    assert machines.refs() == {"refs/heads/main": machines.head}
    assert machines.run().read() == Published(None, None)


FOREIGN = {
    "tree": "but a tree",
    "blob": "but a blob",
    "tag": "but a tag",
    "commit": "but a commit without the file",
    "huge": "too large",
    "link": "is no file",
    "folder": "but a commit without the file",
}
FILES_OF_REFS = {"refs/vsync/default": "seal.json", "refs/vsync-doubt/default": "doubt"}


def set_to(machines: Machines, ref: str, kind: str, name: str) -> None:
    """Sets a ref to something that vsync has not written."""
    contents: dict[str, dict[str, Any]] = {
        "huge": {name: b"{" + b" " * 2_000_000 + b"}"},
        "link": {name: link("/etc/passwd")},
        "folder": {f"{name}/x": b"1"},
    }
    content = contents.get(kind, {"other": b"1"})
    commit = machines.bare.commit(content, branch="foreign")
    what = {"tree": f"{commit}^{{tree}}", "blob": f"{commit}:other"}.get(kind, commit)
    if kind == "tag":
        machines.bare.git("tag", "-f", "-a", "-m", "x", "foreign", commit)
        what = "refs/tags/foreign"
    machines.bare.git("update-ref", ref, machines.bare.git("rev-parse", what))


@pytest.mark.parametrize("filters", [True, False], ids=["filters", "no filters"])
@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("ref", FILES_OF_REFS)
def test_a_ref_that_somebody_set_to_something_else_says_how_to_be_rid_of_it(
    machines: Machines, ref: str, kind: str, filters: bool
) -> None:
    machines.published()
    machines.bare.git("config", "uploadpack.allowFilter", str(filters).lower())
    set_to(machines, ref, kind, FILES_OF_REFS[ref])
    before = machines.refs()
    doings: list[Callable[[RemotePublication], object]] = [
        lambda run: run.read(),
        lambda run: run.wait(0, never),
        lambda run: run.take(Seal("open", "x", SINCE), 0, never),
    ]
    for do in doings:
        with pytest.raises(ManifestError, match=f"The ref {ref} of .* {FOREIGN[kind]}") as caught:
            do(machines.run())
        assert f"`git push origin :{ref}`" in caught.value.remedy
        assert caught.value.exit_code == 2
    assert machines.refs() == before
    machines.bare.git("update-ref", "-d", ref)
    machines.run().take(Seal("open", "x", SINCE), 0, never)


@pytest.mark.parametrize("kind", FOREIGN)
def test_an_owners_ref_that_somebody_set_to_something_else_says_how_to_be_rid_of_it(
    machines: Machines, kind: str
) -> None:
    publication = machines.run()
    publication.read()
    publication.take(Seal("open", "x", SINCE), 0, never)
    ref = publication._refs.owner
    set_to(machines, ref, kind, "owner")
    with pytest.raises(ManifestError, match=f"The ref {ref} of .* {FOREIGN[kind]}") as caught:
        publication.claim_owner("mine", sure=False)
    assert f"`git push origin :{ref}`" in caught.value.remedy
    publication.abandon()


@pytest.mark.parametrize("owner", [b"", b"a\nb", b"x" * 300, b"\xff\xfe\x00"])
def test_an_owners_ref_that_names_no_owner_is_refused(machines: Machines, owner: bytes) -> None:
    publication = machines.run()
    publication.read()
    publication.take(Seal("open", "x", SINCE), 0, never)
    commit = machines.bare.commit({"owner": owner}, branch="foreign")
    machines.bare.git("update-ref", publication._refs.owner, commit)
    with pytest.raises(ManifestError, match="names no owner"):
        publication.claim_owner("mine", sure=False)


@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_a_manifests_branch_that_is_no_commit_says_what_to_do(machines: Machines, kind: str) -> None:
    """git lets nobody set a branch so. Another server may."""
    machines.published()
    set_to(machines, "refs/odd", kind, "other")
    odd = machines.bare.git("rev-parse", "refs/odd")
    (machines.bare.root / "refs" / "heads").mkdir(parents=True, exist_ok=True)
    machines.bare.git("pack-refs", "--all")
    (machines.bare.root / "refs" / "heads" / "vsync-manifest").write_text(f"{odd}\n")
    with pytest.raises(ManifestError, match=f"The ref refs/heads/vsync-manifest of .* but a {kind}") as caught:
        machines.run().read()
    assert "`git push origin :refs/heads/vsync-manifest`" in caught.value.remedy


def test_another_targets_seal_that_somebody_set_to_something_else_counts_as_open(machines: Machines) -> None:
    publication = machines.taken()
    assert not publication.others_open()
    for kind in FOREIGN:
        set_to(machines, "refs/vsync/other", kind, "seal.json")
        assert publication.others_open()


@pytest.mark.parametrize("date", ["99999999999999 +0000", "0 +0000", "x"])
def test_a_seals_commit_with_an_odd_date_is_read_and_waited_for_by_the_watch(machines: Machines, date: str) -> None:
    machines.published()
    publication = machines.taken("first")
    raw = machines.bare.git("cat-file", "commit", SEAL) + "\n"
    header, _, message = raw.partition("\n\n")
    odd = "\n".join(
        f"{line.rsplit(' ', 2)[0]} {date}" if line.startswith("committer ") else line for line in header.splitlines()
    )
    file = machines.folder / "commit"
    file.write_text(f"{odd}\n\n{message}")
    commit = machines.bare.git("hash-object", "-t", "commit", "--literally", "-w", str(file))
    machines.bare.git("update-ref", SEAL, commit)
    found = machines.run().read().seal
    assert found is not None
    assert (found.run, found.seen is None) == ("first", date != "0 +0000")
    with contextlib.nullcontext() if date == "0 +0000" else pytest.raises(SealHeld):
        machines.run().take(Seal("open", "second", SINCE), 0, never)
    publication._holds_no_more()


def test_a_second_mark_of_doubt_adds_its_run_to_the_first(machines: Machines) -> None:
    machines.published()
    for name in ("one", "two", "two"):
        machines.run().doubt(Seal("open", name, SINCE))
    machines.run().doubt()
    found = machines.run().read().seal
    assert [item.run for item in unfinished_runs(found)][:2] == ["one", "two"]
    assert "three" not in str(found)


def test_a_mark_of_doubt_that_never_gets_its_turn_is_given_up(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.published()
    publication = machines.run()
    publication.read()
    pushes: list[Any] = []

    def lose(updates: Any) -> bool:
        pushes.append(updates)
        return False

    monkeypatch.setattr(publication._remote, "push", lose)
    publication.doubt(Seal("open", "one", SINCE))
    assert 1 < len(pushes) < 20


@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_a_seal_that_somebody_set_to_something_else_says_how_to_be_rid_of_it(machines: Machines, kind: str) -> None:
    machines.published()
    name = {"tree": "refs/vsync/default^{tree}", "blob": "refs/vsync/default:seal.json"}.get(kind)
    if name is None:
        machines.bare.git("tag", "-a", "-m", "x", "sealed", "refs/vsync/default")
        name = "refs/tags/sealed"
    machines.bare.git("update-ref", "refs/vsync/default", machines.bare.git("rev-parse", name))
    before = machines.refs()
    for do in (lambda: machines.run().read(), lambda: machines.run().take(Seal("open", "x", SINCE), 0, never)):
        with pytest.raises(ManifestError, match=f"refs/vsync/default of .* but a {kind}") as caught:
            do()
        assert "`git push origin :refs/vsync/default`" in caught.value.remedy
    assert machines.refs() == before
    machines.bare.git("update-ref", "-d", "refs/vsync/default")
    machines.run().take(Seal("open", "x", SINCE), 0, never)


def test_a_manifest_whose_seal_somebody_deleted_is_there_unsealed(machines: Machines) -> None:
    machines.published()
    machines.bare.git("update-ref", "-d", SEAL)
    assert machines.run().read() == Published(b"1\n", None)


@pytest.mark.parametrize(
    "content", [{NAME: link("/etc/passwd")}, {f"{NAME}/x": b"1"}, {".vsync": b"a file"}, {".vsync": link("/etc")}]
)
def test_what_stands_in_the_manifests_place_is_told_before_anything_is_done(machines: Machines, content: Any) -> None:
    tip = machines.bare.commit(content, branch="vsync-manifest")
    with pytest.raises(ManifestError, match=r"\.vsync"):
        machines.run().read()
    assert machines.refs()["refs/heads/vsync-manifest"] == tip


@pytest.mark.parametrize(("silent_for", "asked"), [(16, {"4711"}), (0, set())])
def test_a_holder_that_is_known_to_be_dead_is_taken_over_when_its_grace_time_has_passed(
    machines: Machines, silent_for: int, asked: set[str]
) -> None:
    first = machines.run()
    first._remote.environment["GIT_COMMITTER_DATE"] = f"{time.time() - silent_for:.0f} +0000"
    first.take(Seal("open", "4711", SINCE), 0, never)
    runs: list[str] = []

    def is_dead(run: str) -> bool:
        runs.append(run)
        return True

    second = machines.run(is_dead=is_dead)
    with contextlib.nullcontext() if asked else pytest.raises(SealHeld):
        second.take(Seal("open", "second", SINCE), 0, lambda text: None)
    assert set(runs) == asked


@pytest.mark.parametrize("branch", ["main", "vsync-manifest"])
def test_a_rule_that_protects_the_manifests_branch_is_found_when_the_seal_is_taken(
    machines: Machines, branch: str
) -> None:
    machines.hook(
        f'test "$1" = refs/heads/{branch} && echo "Changes must be made through a pull request." && exit 1; exit 0'
    )
    before = machines.refs()
    with pytest.raises(PushRefused) as caught:
        machines.run(manifest_branch=branch).take(Seal("open", "first", SINCE), 0, never)
    assert "through a pull request" in caught.value.message
    assert "manifest-branch" in caught.value.remedy
    assert "manifest: none" in caught.value.remedy
    assert machines.refs() == before


@pytest.mark.parametrize("branch", ["main", "vsync-manifest"])
def test_looking_for_such_a_rule_leaves_nothing_behind(machines: Machines, branch: str) -> None:
    before = machines.refs()
    machines.run(manifest_branch=branch).take(Seal("open", "first", SINCE), 0, never)
    after = machines.refs()
    assert after.pop(SEAL)
    assert after == before


def test_a_rule_that_came_after_the_first_run_is_found_too(machines: Machines) -> None:
    machines.published()
    machines.hook('test "$1" = refs/heads/vsync-manifest && echo "protected by a rule" && exit 1; exit 0')
    before = machines.refs()
    with pytest.raises(PushRefused, match="protected by a rule"):
        machines.run().take(Seal("open", "second", SINCE), 0, never)
    assert machines.refs() == before


def test_a_remote_that_cannot_be_asked_for_its_rules_is_published_to_all_the_same(machines: Machines) -> None:
    machines.bare.git("config", "receive.advertiseAtomic", "false")
    commit = machines.published(manifest_branch="main")
    assert machines.refs()["refs/heads/main"] == commit


def test_an_unknown_holder_that_does_not_change_is_taken_over_after_three_minutes(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the holder's clock is ahead: what counts then is how long this run has watched it."""
    first = machines.run()
    first._remote.environment["GIT_COMMITTER_DATE"] = f"{time.time() + 9999:.0f} +0000"
    first.take(Seal("open", "first", SINCE), 0, never)
    now, clock = time.monotonic(), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now + clock[0])
    monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 9.0)  # each look takes a process

    def pause(seconds: float) -> None:
        clock[0] += seconds

    machines.run().take(Seal("open", "second", SINCE), 600, lambda _: None, pause)
    assert 180 <= clock[0] < 190


@pytest.mark.parametrize(("ahead", "taken"), [(90, False), (300, False), (3600, True)])
def test_a_clock_that_is_ahead_takes_no_seal_from_a_living_holder(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, ahead: int, taken: bool
) -> None:
    """The holder renews every minute. Only a clock that is wrong by more than clocks are takes it for dead since long."""
    first = machines.run()
    first.take(Seal("open", "first", SINCE), 0, never)
    now, then, clock, renewed = time.monotonic(), time.time(), [0.0], [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now + clock[0])
    monkeypatch.setattr(time, "time", lambda: then + ahead + clock[0])
    monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 15.0)  # each look takes a process

    def pause(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] - renewed[0] >= 60:
            renewed[0] = clock[0]
            first._remote.environment["GIT_COMMITTER_DATE"] = f"{then + clock[0]:.0f} +0000"
            first.renew()

    with contextlib.nullcontext() if taken else pytest.raises(SealHeld, match="600 s have passed"):
        machines.run().take(Seal("open", "second", SINCE), 600, lambda _: None, pause)


def test_a_holder_that_died_long_ago_is_not_waited_for(machines: Machines) -> None:
    first = machines.run()
    first._remote.environment["GIT_COMMITTER_DATE"] = f"{time.time() - 3600:.0f} +0000"
    first.take(Seal("open", "first", SINCE), 0, never)
    machines.run().take(Seal("open", "second", SINCE), 600, never)


def test_a_crashed_runs_seal_that_is_given_back_is_waited_for_by_nobody_and_keeps_its_last_sign_of_life(
    machines: Machines,
) -> None:
    last_sign = int(time.time()) - 60
    first = machines.run()
    first._remote.environment["GIT_COMMITTER_DATE"] = f"{last_sign} +0000"
    first.take(Seal("open", "first", SINCE), 0, never)
    second = machines.run(is_dead=lambda _: True)
    replaced = second.take(Seal("open", "second", SINCE), 0, never)
    second.abandon()
    third = machines.run()
    assert third.wait(0, never).seal is not None
    found = third.take(Seal("open", "third", SINCE), 0, never)
    assert (unfinished_runs(found), found.seen if found else None) == (unfinished_runs(replaced), instant(last_sign))


def test_a_run_that_was_stopped_during_a_push_looks_again_before_it_goes_on(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer may have come long ago: what counts is when the seal was made."""
    publication, clock = machines.taken(), [1000.0]
    monkeypatch.setattr(remote_module, "_now", lambda: clock[0])
    push = publication._remote.push

    def push_and_stop(updates: Any) -> bool:
        done = push(updates)
        clock[0] += 200
        return done

    publication._remote.push = push_and_stop  # type: ignore[method-assign]  # mypy: no method is replaced; this object alone must act so
    publication.renew()
    monkeypatch.setattr(remote_module, "_GRACE_S", 0.0)
    machines.run(is_dead=lambda _: True).take(Seal("open", "second", SINCE), 0, never)
    with pytest.raises(SealHeld):
        publication.check()


def test_an_owner_is_claimed_only_with_the_seal(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "_GRACE_S", 0.0)
    publication = machines.run()
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)
    machines.run(is_dead=lambda _: True).take(Seal("open", "second", SINCE), 0, never)
    before = machines.refs()
    with pytest.raises(SealHeld):
        publication.claim_owner("mine", sure=False)
    assert machines.refs() == before


def test_a_note_lets_an_older_run_see_that_it_is_late(machines: Machines) -> None:
    commit = machines.published()
    publication = machines.run()
    publication.read()
    publication.note("9", "head 9")
    found = machines.run().read().seal
    assert found is not None
    assert (found.state, found.run, found.head, found.manifest) == ("closed", "9", "head 9", blob_id(b"1\n"))
    assert machines.refs()["refs/heads/vsync-manifest"] == commit


def test_a_note_that_comes_second_changes_nothing(machines: Machines) -> None:
    machines.published()
    late = machines.run()
    late.read()
    machines.taken("newer")
    late.note("9", "head 9")
    found = machines.run().read().seal
    assert found is not None
    assert (found.run, found.state) == ("newer", "open")


def test_the_owners_ref_is_gone_with_the_first_publication_even_after_a_dead_run(machines: Machines) -> None:
    dead = machines.run()
    dead.read()
    dead.take(Seal("open", "dead", SINCE), 0, never)
    owner = dead.claim_owner("mine", sure=False)
    dead.release()
    assert [ref for ref in machines.refs() if ref.startswith("refs/vsync-owner/")]
    second = machines.run()
    seen = second.read().seal
    assert seen is not None
    assert seen.owner == owner
    second.take(Seal("open", "second", SINCE, owner=owner), 0, never)
    second.read()
    second.claim_owner(owner, sure=True)
    second.publish_and_close(b"1\n", 1)
    assert set(machines.refs()) == {"refs/heads/main", "refs/heads/vsync-manifest", SEAL}


def test_first_syncs_of_two_targets_publish_into_one_manifest(machines: Machines) -> None:
    one, other = machines.run(target="one"), machines.run(target="other")
    for publication in (one, other):
        publication.read()
        publication.take(Seal("open", publication._refs.seal, SINCE), 0, never)
    assert one.claim_owner("a", sure=False) == other.claim_owner("b", sure=False) == "a"
    one.publish_and_close(b"one\n", 1)
    with pytest.raises(ManifestMoved):
        other.publish(b"other\n", 1)
    other.read()
    other.publish_and_close(b"both\n", 1)
    assert set(machines.refs()) == {
        "refs/heads/main",
        "refs/heads/vsync-manifest",
        "refs/vsync/one",
        "refs/vsync/other",
    }


def test_looking_costs_one_request_when_nothing_changed(server: GitServer, opened: Opened) -> None:
    publication = opened(WRITER)
    publication.read()
    publication.take(Seal("open", "first", SINCE), 0, never)
    publication.publish_and_close(b"1\n", 1)
    server.forget()
    publication.read()
    assert len([request for request in server.requests if request.method == "POST"]) == 1


def test_a_remote_that_cannot_be_reached_is_told_when_it_is_read(server: GitServer, opened: Opened) -> None:
    server.fail(99, 503)
    with pytest.raises(GitUnavailable, match="503"):
        opened(WRITER).read()


def test_what_moves_while_it_is_read_is_read_once_more(machines: Machines) -> None:
    machines.published()
    publication = machines.run()
    fetch = publication._remote.fetch
    moved: list[bool] = []

    def fetch_after_move(*wanted: str, **given: Any) -> None:
        if not moved:
            moved.append(True)
            machines.published(b"2\n")
            machines.bare.git("reflog", "expire", "--expire=now", "--all")
            machines.bare.git("gc", "-q", "--prune=now")
        fetch(*wanted, **given)

    publication._remote.fetch = fetch_after_move  # type: ignore[method-assign]  # mypy: no method is replaced; this object alone must act so
    assert publication.read().manifest == b"2\n"


def test_who_waits_is_told_when_a_killed_run_is_taken_over(machines: Machines) -> None:
    machines.taken("first")
    told: list[str] = []
    with pytest.raises(SealHeld):
        machines.run().take(Seal("open", "second", SINCE), 0.2, told.append)
    (line,) = told
    assert line.endswith("A run that was killed is taken over after three minutes.")
