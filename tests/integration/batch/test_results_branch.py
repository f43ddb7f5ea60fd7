"""Results on a branch of a real git remote: brought, published, and never at the cost of what another run published."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import pytest

from tests.support.gitrepo import Repo, executable, link, submodule
from tests.support.results import good, lines
from tests.support.servers.git_http import GitServer
from vsync.batch import branch_offer, results_on_disk
from vsync.batch.result_places import kept_path, summary_path
from vsync.batch.results_branch import DEFAULT_RESULTS_BRANCH, OF_RESULTS, ResultsBranch, open_results_branch
from vsync.batch.results_on_disk import HereFile, ResultsOnDisk
from vsync.batch.summary_file import MergedBatch, Summary, dump_summary
from vsync.errors import ConfigurationError, GitUnavailable, PublicationFailed, PushRefused, RepositoryError
from vsync.git.refs import RefUpdate
from vsync.git.remote import Remote
from vsync.sync.git_access import GitAccess
from vsync.system.beneath import Beneath
from vsync.system.secrets import Secrets

BRANCH = DEFAULT_RESULTS_BRANCH
FOLDER = "batch-results"
PLACE = f"{FOLDER}/a/b.jsonl"
OLD, NEW = "0" * 64, "a" * 64
WRITER, READER = "ghs_writer", "ghs_reader"


@pytest.fixture
def bare(tmp_path: Path) -> Repo:
    remote = Repo.make(tmp_path / "remote.git", "--bare")
    remote.commit({"README.md": b"# Docs\n", "batches/a/b.jsonl": b"{}\n"})
    return remote


Opened = Callable[..., ResultsBranch]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens branches, and closes them."""
    branches: list[ResultsBranch] = []

    def open_one(
        bare: Repo,
        branch: str = BRANCH,
        *,
        said: list[str] | None = None,
        secrets: Iterable[str] = (),
        **given: str,
    ) -> ResultsBranch:
        remote = Remote(str(bare.root), None, os.environ, pause=lambda seconds: None, remedies=OF_RESULTS, **given)  # type: ignore[arg-type]  # mypy: only `object_format` is given
        log = (lambda text: None) if said is None else said.append
        branches.append(ResultsBranch(remote, branch, FOLDER, shared=branch != BRANCH, secrets=secrets, log=log))
        return branches[-1]

    yield open_one
    for branch in branches:
        branch.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def described(content: bytes, *batches: str, sha256: str = OLD, created: int = 1) -> bytes:
    """The summary of these results."""
    merged = tuple(
        MergedBatch(batch, "completed", "/v1/embeddings", "m", created, None, 1, None, None, None) for batch in batches
    )
    own = hashlib.sha256(content).hexdigest()
    return dump_summary(Summary("batches/a/b.jsonl", sha256, 1, 1, 0, 0, own, len(content), True, merged, (), 0))


def results(*batches: str, place: str = PLACE, sha256: str = OLD, created: int = 1) -> dict[str, bytes]:
    """A results file of these batches, with its summary."""
    content = lines(*(good("1", batch) for batch in batches))
    return {place: content, summary_path(place): described(content, *batches, sha256=sha256, created=created)}


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def here(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in (root / FOLDER).rglob("*") if path.is_file()
    }


def published(bare: Repo, branch: str = BRANCH) -> dict[str, bytes]:
    names = bare.git_bytes("ls-tree", "-r", "-z", "--name-only", branch).split(b"\0")
    return {os.fsdecode(name): bare.show(branch, os.fsdecode(name)) for name in names if name}


def hook(bare: Repo, name: str, script: str) -> None:
    file = bare.root / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


# --- Publishing -----------------------------------------------------------------------------------------------


def test_the_first_run_makes_a_branch_that_holds_the_results_alone(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, {**results("1"), "other.md": b"x"})
    branch = opened(bare)
    assert branch.bring(root) == 0
    commit = branch.publish(root, "results of batches/a/b.jsonl")
    assert published(bare) == results("1")
    assert bare.git("rev-parse", BRANCH) == commit == branch.commit
    assert bare.git("log", "--format=%s%n%P", BRANCH) == "vsync: results of batches/a/b.jsonl"
    bare.git("fsck", "--strict")


def test_a_branch_beside_the_files_keeps_them_and_asks_for_no_workflow_run(
    bare: Repo, opened: Opened, root: Path
) -> None:
    tip = bare.git("rev-parse", "main")
    write(root, results("1"))
    opened(bare, "main").publish(root, "results")
    assert bare.git("diff", "--name-status", tip, "main").split("\n") == [f"A\t{PLACE}", f"A\t{summary_path(PLACE)}"]
    assert bare.git("log", "-1", "--format=%s%n%P", "main") == f"vsync: results [skip ci]\n{tip}"


def test_what_has_not_changed_makes_no_commit(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    branch = opened(bare)
    assert branch.publish(root, "one") is not None
    assert branch.publish(root, "two") is None
    assert bare.git("rev-list", "--count", BRANCH) == "1"


@pytest.mark.parametrize("where", ["results", "summary"])
def test_results_with_a_secret_of_the_run_stay_on_this_machine(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(results_on_disk, "CHUNK_BYTES", 7)
    content = lines(good("1", WRITER if where == "results" else ""))
    summary = described(content, WRITER if where == "summary" else "2")
    other = results("3", place=f"{FOLDER}/other.jsonl")
    write(root, {PLACE: content, summary_path(PLACE): summary, **other})
    said: list[str] = []
    secrets = Secrets("another-secret")
    branch = opened(bare, said=said, secrets=secrets)
    branch.bring(root)
    secrets.add(WRITER)  # a token that the run gets meanwhile
    assert branch.publish(root, "results") is not None
    assert published(bare) == other
    assert "holds a secret of this run" in branch.left_out[PLACE]
    assert branch.only_here == {WRITER if where == "summary" else "2"}
    assert len(said) == 1
    assert PLACE in said[0]
    assert WRITER not in said[0]
    assert here(root)[PLACE] == content


def test_results_of_a_secret_that_is_replaced_are_published(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results(WRITER))
    assert opened(bare, secrets=[WRITER]).publish(root, "results") is None
    assert opened(bare, secrets=[READER]).publish(root, "results") is not None
    assert published(bare) == results(WRITER)


def test_without_results_there_is_no_branch(bare: Repo, opened: Opened, root: Path) -> None:
    assert opened(bare).publish(root, "nothing") is None
    assert bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_the_message_stays_on_one_line(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    opened(bare).publish(root, "results of a\nCo-authored-by: x\x1b[31m")
    assert "\n" not in bare.git("log", "-1", "--format=%B", BRANCH)
    assert "\x1b" not in bare.git("log", "-1", "--format=%B", BRANCH)


def test_only_results_and_summaries_are_published(bare: Repo, opened: Opened, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.jsonl").write_bytes(b"secret")
    write(
        root,
        {
            **results("1"),
            f"{FOLDER}/notes.md": b"x",
            f"{FOLDER}/.git/x.jsonl": b"x",
            f"{FOLDER}/.b.jsonl.abcdefgh.vsync-tmp": b"x",
            f"{FOLDER}/git~1/x.jsonl": b"x",
        },
    )
    (root / FOLDER / "linked.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (root / FOLDER / "folder").symlink_to(tmp_path)
    os.mkfifo(root / FOLDER / "pipe.jsonl")
    opened(bare).publish(root, "results")
    assert published(bare) == results("1")


@pytest.mark.parametrize("folder", [FOLDER, "deep/results"])
def test_a_results_folder_that_is_a_link_is_refused(
    bare: Repo, root: Path, tmp_path: Path, opened: Opened, folder: str
) -> None:
    write(tmp_path, {"elsewhere/results/x.jsonl": b"x"})
    above = folder.split("/")[0]
    (root / above).symlink_to(tmp_path / "elsewhere")
    remote = Remote(str(bare.root), None, os.environ)
    with ResultsBranch(remote, BRANCH, folder, shared=False) as branch:
        if folder == FOLDER:
            with pytest.raises(ConfigurationError, match="symbolic link"):
                branch.publish(root, "results")
        else:
            assert branch.publish(root, "results") is None
    assert bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize(
    "name",
    [
        'it\'s "quoted".jsonl',
        "grüße 日本.jsonl",
        "-n.jsonl",
        "a b\\c.jsonl",
        "%s$(x)`.jsonl",
        "\u3000\u200d.jsonl",
        ".b.jsonl",
    ],
)
def test_names_are_taken_as_they_are(bare: Repo, opened: Opened, root: Path, tmp_path: Path, name: str) -> None:
    files = results("1", place=f"{FOLDER}/{name}")
    write(root, files)
    opened(bare).publish(root, "results")
    assert published(bare) == files
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    opened(bare).bring(fresh)
    assert here(fresh) == files


@pytest.mark.parametrize("name", [b"new\nline.jsonl", b"caf\xe9.jsonl", b"esc\x1b[31m.jsonl"])
def test_names_that_no_request_file_has_are_left_alone(bare: Repo, opened: Opened, root: Path, name: bytes) -> None:
    write(root, {f"{FOLDER}/{os.fsdecode(name)}": b"x"})
    branch = opened(bare)
    assert branch.publish(root, "results") is None
    bare.commit({f"{FOLDER}/".encode() + name: b"y"}, branch=BRANCH)
    assert branch.bring(root) == 0


def test_attributes_and_filters_change_no_byte(bare: Repo, opened: Opened, root: Path, tmp_path: Path) -> None:
    bare.commit({".gitattributes": b"*.jsonl text eol=crlf filter=lfs ident\n"}, branch=BRANCH)
    (tmp_path / "gitconfig").write_text("[core]\n\tautocrlf = true\n")
    content = b'{"id": "$Id$"}\r\n{"x": 1}\n'
    files = {PLACE: content, summary_path(PLACE): described(content, "1")}
    write(root, files)
    opened(bare).publish(root, "results")
    assert {path: bare.show(BRANCH, path) for path in files} == files


def test_a_repository_with_sha256_ids_is_served(tmp_path: Path, opened: Opened, root: Path) -> None:
    bare = Repo.make(tmp_path / "remote256.git", "--bare", "--object-format=sha256")
    write(root, results("1"))
    branch = opened(bare, object_format="sha256")
    assert branch.publish(root, "results") is not None
    assert branch.publish(root, "results") is None
    write(root, results("1", "2"))
    branch.publish(root, "more")
    assert published(bare) == results("1", "2")


def test_a_file_that_github_refuses_is_left_out_with_its_summary_and_told(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch_offer, "MOST_FILE_BYTES", 5_000)
    large = b"x" * 5_001
    place = f"{FOLDER}/large.jsonl"
    write(root, {**results("1"), place: large, summary_path(place): described(large, "2")})
    said: list[str] = []
    branch = opened(bare, said=said)
    assert branch.publish(root, "results") is not None
    assert published(bare) == results("1")
    assert [*branch.left_out] == [place]
    assert branch.only_here == {"2"}
    assert len(said) == 1
    assert "actions/upload-artifact" in said[0]
    assert here(root)[place] == large


def test_results_that_do_not_fit_their_summary_are_left_out(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, {**results("1"), PLACE: b"half"})
    branch = opened(bare)
    assert branch.publish(root, "results") is None
    assert "does not fit its summary" in branch.left_out[PLACE]


def test_a_summary_that_is_too_large_for_one_says_nothing(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit(results("1"), branch=BRANCH)
    write(root, {PLACE: b"mine", summary_path(PLACE): b" " * 9_000_000})
    branch = opened(bare)
    assert branch.publish(root, "results") is None
    assert [*branch.left_out] == [PLACE]
    assert branch.only_here == frozenset()


def test_a_file_in_the_way_on_the_branch_is_told_and_not_replaced(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit({f"{FOLDER}/a": b"file", f"{FOLDER}/c.jsonl/x": b"folder", f"{FOLDER}/l.jsonl": link("x")})
    tip = bare.git("rev-parse", "main")
    others = {**results("2", place=f"{FOLDER}/c.jsonl"), **results("3", place=f"{FOLDER}/l.jsonl")}
    write(root, {**results("1"), **others})
    branch = opened(bare, "main")
    assert branch.publish(root, "results") is None
    assert [*branch.left_out] == [PLACE, f"{FOLDER}/c.jsonl", f"{FOLDER}/l.jsonl"]
    assert bare.git("rev-parse", "main") == tip


@pytest.mark.parametrize("thing", [b"file", link("x"), submodule()])
def test_a_results_folder_that_is_no_folder_on_the_branch_is_refused(
    bare: Repo, opened: Opened, root: Path, thing: bytes
) -> None:
    bare.commit({FOLDER: thing})
    write(root, results("1"))
    with pytest.raises(RepositoryError, match=f"{FOLDER} is no folder there") as error:
        opened(bare, "main").publish(root, "results")
    assert "--results" in error.value.remedy


def test_a_shared_branch_must_be_there(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    branch = opened(bare, "mian")
    for act in (lambda: branch.bring(root), lambda: branch.publish(root, "results")):
        with pytest.raises(RepositoryError, match="no branch mian"):
            act()
    assert bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_branch_whose_name_is_a_folder_of_branches_is_known_before_anything_is_fetched(
    bare: Repo, opened: Opened, root: Path
) -> None:
    bare.git("branch", f"{BRANCH}/x", "main")
    bare.git("branch", f"{BRANCH}-other", "main")
    write(root, results("1"))
    branch = opened(bare)
    for act in (lambda: branch.bring(root), lambda: branch.publish(root, "results")):
        with pytest.raises(RepositoryError, match=f"has a branch {BRANCH}/x,.*--results-branch"):
            act()


def test_results_that_were_changed_on_the_branch_by_hand_are_brought_and_need_no_word(
    bare: Repo, opened: Opened, root: Path
) -> None:
    files = {**results("1"), PLACE: b'{"custom_id": "1"}\r\n'}
    write(root, files)
    said: list[str] = []
    branch = opened(bare, said=said)
    assert branch.publish(root, "results") is None
    assert "changed it by hand" in branch.left_out[PLACE]
    assert branch.only_here == {"1"}
    bare.commit(files, branch=BRANCH)
    for _ in range(2):
        branch = opened(bare, said=said)
        branch.bring(root)
        assert branch.publish(root, "results") is None
        assert (branch.left_out, branch.only_here) == ({}, frozenset())
    assert len(said) == 1


def test_many_results_go_in_one_commit(bare: Repo, opened: Opened, root: Path) -> None:
    files: dict[str, bytes] = {}
    for number in range(40):
        files.update(results(str(number), place=f"{FOLDER}/{number}.jsonl"))
    write(root, files)
    opened(bare).publish(root, "results")
    assert published(bare) == files
    assert bare.git("rev-list", "--count", BRANCH) == "1"


# --- Bringing -------------------------------------------------------------------------------------------------


def test_a_fresh_checkout_gets_what_was_published(bare: Repo, opened: Opened, root: Path, tmp_path: Path) -> None:
    write(root, results("1"))
    opened(bare).publish(root, "results")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    branch = opened(bare)
    assert branch.bring(fresh) == 2
    assert here(fresh) == results("1")
    assert branch.bring(fresh) == 0
    assert branch.publish(fresh, "results") is None
    assert (fresh / PLACE).stat().st_mode & 0o777 == 0o644


def test_only_results_are_brought_whatever_else_is_on_the_branch(bare: Repo, opened: Opened, root: Path) -> None:
    files = results("1")
    files[PLACE] = executable(files[PLACE])  # type: ignore[assignment]  # mypy: a file with a mode is bytes to the commit as well
    bare.commit(
        {
            **files,
            f"{FOLDER}/evil.jsonl": link("/etc/passwd"),
            f"{FOLDER}/run.sh": b"x",
            "elsewhere/x.jsonl": b"x",
        },
        branch=BRANCH,
    )
    assert opened(bare).bring(root) == 2
    assert here(root) == results("1")
    assert [path.name for path in root.iterdir()] == [FOLDER]
    assert not os.access(root / PLACE, os.X_OK)


def test_results_here_that_differ_are_left_alone_with_their_summary(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit({**results("1", "2"), **results("3", place=f"{FOLDER}/c.jsonl")}, branch=BRANCH)
    mine = {PLACE: results("1")[PLACE]}
    write(root, mine)
    assert opened(bare).bring(root) == 2
    assert here(root) == {**mine, **results("3", place=f"{FOLDER}/c.jsonl")}


def test_what_a_run_that_died_left_is_completed(bare: Repo, opened: Opened, root: Path) -> None:
    files = results("1")
    bare.commit(files, branch=BRANCH)
    write(root, {summary_path(PLACE): files[summary_path(PLACE)]})
    assert opened(bare).bring(root) == 1
    assert here(root) == files


@pytest.mark.parametrize("what", ["link", "broken link", "folder", "link above", "file above"])
def test_nothing_is_written_through_or_over_what_is_no_file(
    bare: Repo, opened: Opened, root: Path, tmp_path: Path, what: str
) -> None:
    bare.commit({**results("1"), **results("2", place=f"{FOLDER}/c.jsonl")}, branch=BRANCH)
    outside = tmp_path / "outside"
    outside.mkdir()
    above = root / FOLDER / "a"
    (above if what.endswith("link") or what == "folder" else root / FOLDER).mkdir(parents=True)
    if what == "link":
        (above / "b.jsonl").symlink_to(outside / "b.jsonl")
        (outside / "b.jsonl").write_bytes(b"mine")
    elif what == "broken link":
        (above / "b.jsonl").symlink_to(outside / "none")
    elif what == "folder":
        (above / "b.jsonl").mkdir()
    elif what == "link above":
        above.symlink_to(outside)
    else:
        above.write_bytes(b"mine")
    before = sorted(path.name for path in outside.iterdir())
    assert opened(bare).bring(root) == 2
    assert sorted(path.name for path in outside.iterdir()) == before
    assert (root / FOLDER / "c.jsonl").exists()
    assert not (root / summary_path(PLACE)).exists()


def test_a_name_that_is_too_long_for_this_machine_is_left_on_the_branch(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit({**results("1"), f"{FOLDER}/{'n' * 300}.jsonl": b"x"}, branch=BRANCH)
    assert opened(bare).bring(root) == 2


def test_a_disk_that_cannot_be_read_is_told(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.commit(results("1"), branch=BRANCH)

    def broken(self: Beneath, path: str) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Beneath, "exists", broken)
    with pytest.raises(PublicationFailed, match="cannot be read: Input/output error"):
        opened(bare).bring(root)


def test_only_blobs_that_are_not_here_are_fetched(bare: Repo, opened: Opened, root: Path) -> None:
    bare.git("config", "uploadpack.allowFilter", "true")
    mine, others = results("1"), {f"{FOLDER}/big.jsonl": b"y" * 100_000}
    bare.commit({**mine, **others, "code.bin": b"z" * 200_000})
    write(root, {**others, PLACE: mine[PLACE]})
    branch = opened(bare, "main")
    assert branch.bring(root) == 1
    held = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectsize)"],
        cwd=branch._remote.folder,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert f"blob {len(mine[summary_path(PLACE)])}\n" in held
    assert "blob 100000\n" not in held
    assert "blob 200000\n" not in held


def test_a_full_disk_leaves_nothing_half_and_is_told(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.commit(results("1"), branch=BRANCH)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(PublicationFailed, match="No space left"):
            opened(bare).bring(root)
    assert not (root / FOLDER).exists() or here(root) == {}


@pytest.mark.parametrize("after", range(4))
def test_a_run_that_dies_while_it_brings_leaves_nothing_half(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    files = {**results("1"), **results("2", place=f"{FOLDER}/c.jsonl")}
    bare.commit(files, branch=BRANCH)
    written: list[str] = []
    new = ResultsOnDisk.new

    def dying(self: ResultsOnDisk, path: str) -> AbstractContextManager[IO[bytes]]:
        if len(written) == after:
            raise KeyboardInterrupt
        written.append(path)
        return new(self, path)

    with monkeypatch.context() as patched:
        patched.setattr(ResultsOnDisk, "new", dying)
        with pytest.raises(KeyboardInterrupt):
            opened(bare).bring(root)
    left = here(root) if (root / FOLDER).exists() else {}
    assert {path: files[path] for path in left} == left
    for place in (PLACE, f"{FOLDER}/c.jsonl"):
        assert place not in left or summary_path(place) in left
    assert opened(bare).publish(root, "results") is None
    opened(bare).bring(root)
    assert here(root) == files


# --- Several runs ---------------------------------------------------------------------------------------------


def raced(branch: ResultsBranch, meanwhile: Callable[[], object], times: int = 1) -> list[int]:
    """Lets something happen between the decision and the push. The list grows with each push."""
    push, pushes = branch._remote.push, list[int]()

    def late(updates: list[RefUpdate]) -> bool:
        pushes.append(len(pushes))
        if len(pushes) <= times:
            meanwhile()
        return push(updates)

    branch._remote.push = late  # type: ignore[method-assign,assignment]  # mypy: this object alone must act so
    return pushes


def test_a_branch_that_moved_gets_the_results_on_its_new_tip(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    branch = opened(bare, "main")
    branch.bring(root)
    pushes = raced(branch, lambda: bare.commit({"README.md": b"# New\n"}), times=3)
    commit = branch.publish(root, "results")
    assert len(pushes) == 4
    assert bare.show("main", "README.md") == b"# New\n"
    assert bare.git("rev-parse", "main") == commit
    assert bare.git("rev-list", "--count", "main") == "5"


def test_a_branch_that_moves_again_and_again_is_given_up_and_the_results_are_named(
    bare: Repo, opened: Opened, root: Path
) -> None:
    write(root, results("1"))
    branch = opened(bare, "main")
    raced(branch, lambda: bare.commit({"README.md": os.urandom(4)}), times=100)
    with pytest.raises(GitUnavailable, match="moved 8 times") as error:
        branch.publish(root, "results")
    assert f"The results are in {FOLDER} on this machine" in error.value.remedy
    assert here(root) == results("1")


def test_what_another_run_published_meanwhile_is_not_published_twice(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    branch, other = opened(bare), opened(bare)
    branch.bring(root)
    raced(branch, lambda: other.publish(root, "the other"))
    assert branch.publish(root, "this one") is None
    assert bare.git("log", "--format=%s", BRANCH) == "vsync: the other"
    assert not branch.left_out


def test_two_runs_with_different_results_both_publish_theirs(
    bare: Repo, opened: Opened, root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(root, results("1"))
    write(elsewhere, results("2", place=f"{FOLDER}/c.jsonl"))
    branch, other = opened(bare), opened(bare)
    raced(branch, lambda: other.publish(elsewhere, "the other"))
    branch.publish(root, "this one")
    assert published(bare) == {**results("1"), **results("2", place=f"{FOLDER}/c.jsonl")}


def test_a_late_run_takes_no_result_away(bare: Repo, opened: Opened, root: Path, tmp_path: Path) -> None:
    """Both began with the results of batch 1. The other one merged batch 2, and this one did not see it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bare.commit(results("1"), branch=BRANCH)
    branch, other = opened(bare), opened(bare)
    branch.bring(root)
    other.bring(elsewhere)
    write(elsewhere, results("1", "2"))
    write(root, {**results("1"), **results("9", place=f"{FOLDER}/c.jsonl")})
    raced(branch, lambda: other.publish(elsewhere, "the other"))
    branch.publish(root, "this one")
    assert published(bare) == {**results("1", "2"), **results("9", place=f"{FOLDER}/c.jsonl")}
    assert not branch.left_out


def test_results_that_neither_run_has_whole_stay_apart_and_are_told(
    bare: Repo, opened: Opened, root: Path, tmp_path: Path
) -> None:
    bare.commit(results("1", "2"), branch=BRANCH)
    write(root, results("1", "3"))
    said: list[str] = []
    branch = opened(bare, said=said)
    assert branch.publish(root, "results") is None
    assert published(bare) == results("1", "2")
    assert here(root) == results("1", "3")
    assert [*branch.left_out] == [PLACE]
    assert branch.only_here == {"1", "3"}
    assert "neither older nor newer" in said[0]


@pytest.mark.parametrize("created", [1, 9])
def test_of_two_contents_the_one_with_the_newer_batch_is_on_the_branch(
    bare: Repo, opened: Opened, root: Path, created: int
) -> None:
    old = results("1", created=5)
    bare.commit(old, branch=BRANCH)
    new = results("2", sha256=NEW, created=created)
    write(root, new)
    branch = opened(bare)
    branch.publish(root, "results")
    kept = results("1", place=kept_path(PLACE, OLD), created=5)
    assert published(bare) == ({**new, **kept} if created == 9 else old)
    assert len(branch.left_out) == (0 if created == 9 else 1)


def test_results_that_were_moved_are_moved_on_the_branch(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit(results("1"), branch=BRANCH)
    branch = opened(bare)
    branch.bring(root)
    kept = kept_path(PLACE, OLD)
    for path, new in ((PLACE, kept), (summary_path(PLACE), summary_path(kept))):
        (root / path).rename(root / new)
    branch.publish(root, "results")
    assert published(bare) == results("1", place=kept)


def test_what_was_deleted_here_stays_on_the_branch(bare: Repo, opened: Opened, root: Path) -> None:
    bare.commit(results("1"), branch=BRANCH)
    branch = opened(bare)
    branch.bring(root)
    (root / PLACE).unlink()
    write(root, results("2", place=f"{FOLDER}/c.jsonl"))
    branch.publish(root, "results")
    assert published(bare) == {**results("1"), **results("2", place=f"{FOLDER}/c.jsonl")}


@pytest.mark.parametrize("content", [b"not json", b"x" * 9_000_000])
def test_a_summary_on_the_branch_that_vsync_did_not_write_is_not_trusted(
    bare: Repo, opened: Opened, root: Path, content: bytes
) -> None:
    theirs = {PLACE: b"somebody's", summary_path(PLACE): content}
    bare.commit(theirs, branch=BRANCH)
    write(root, results("1"))
    branch = opened(bare)
    assert branch.publish(root, "results") is None
    assert len(branch.left_out) == 1
    assert published(bare) == theirs


def test_a_branch_that_was_rewound_is_read_again(bare: Repo, opened: Opened, root: Path) -> None:
    first = bare.commit(results("1"), branch=BRANCH)
    bare.commit(results("1", "2"), branch=BRANCH)
    branch = opened(bare)
    branch.bring(root)
    bare.git("update-ref", f"refs/heads/{BRANCH}", first)
    branch.publish(root, "results")
    assert published(bare) == results("1", "2")


def test_results_that_change_while_they_are_published_are_told(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, results("1"))
    files = ResultsOnDisk.files

    def then_cut(self: ResultsOnDisk) -> dict[str, HereFile]:
        found = files(self)
        (root / PLACE).write_bytes(b"")
        return found

    monkeypatch.setattr(ResultsOnDisk, "files", then_cut)
    with pytest.raises(PublicationFailed, match="cannot be read: it has 0 bytes"):
        opened(bare).publish(root, "results")
    assert bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_run_that_dies_before_its_push_leaves_the_branch_as_it_was(bare: Repo, opened: Opened, root: Path) -> None:
    tip = bare.commit(results("1"), branch=BRANCH)
    write(root, results("1", "2"))
    branch = opened(bare)

    def die() -> None:
        raise KeyboardInterrupt

    raced(branch, die)
    with pytest.raises(KeyboardInterrupt):
        branch.publish(root, "results")
    assert bare.git("rev-parse", BRANCH) == tip
    assert here(root) == results("1", "2")
    opened(bare).publish(root, "results")
    assert published(bare) == results("1", "2")


@pytest.mark.parametrize("times", [1, 100])
def test_a_branch_that_moves_while_it_is_read_is_read_again(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    bare.commit(results("1"), branch=BRANCH)
    branch = opened(bare)
    fetch = branch._remote.fetch
    moved: list[str] = []

    def late(commit: str, *, blobs: bool) -> None:
        if len(moved) < times:
            moved.append(commit)
            bare.commit({"moved": b"%d" % len(moved)}, branch=BRANCH)
            raise GitUnavailable("not our ref")
        fetch(commit, blobs=blobs)

    monkeypatch.setattr(branch._remote, "fetch", late)
    if times == 1:
        assert branch.bring(root) == 2
    else:
        with pytest.raises(GitUnavailable, match="moved 8 times while it was read"):
            branch.bring(root)


def test_a_branch_that_cannot_be_read_is_told(
    bare: Repo, opened: Opened, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.commit(results("1"), branch=BRANCH)
    branch = opened(bare)

    def silent(commit: str, *, blobs: bool) -> None:
        raise GitUnavailable("no answer")

    monkeypatch.setattr(branch._remote, "fetch", silent)
    with pytest.raises(GitUnavailable, match="no answer"):
        branch.bring(root)


# --- Refusals -------------------------------------------------------------------------------------------------


def test_a_protected_branch_is_told_and_the_results_stay(bare: Repo, opened: Opened, root: Path) -> None:
    hook(bare, "pre-receive", "echo 'GH006: Protected branch update failed' >&2; exit 1")
    write(root, results("1"))
    with pytest.raises(PushRefused, match="Protected branch") as error:
        opened(bare, "main").publish(root, "results")
    assert f"The results are in {FOLDER} on this machine" in error.value.remedy
    assert DEFAULT_RESULTS_BRANCH in error.value.remedy
    assert "manifest" not in error.value.remedy
    assert here(root) == results("1")


def test_a_token_that_may_only_read_is_told_before_anything_is_fetched(tmp_path: Path, repo: Repo, root: Path) -> None:
    repo.commit(results("1"))
    with GitServer(tmp_path / "served", tokens={WRITER: "write", READER: "read"}) as server:
        server.make("acme/docs")
        repo.git("push", "-q", str(server.repository("acme/docs")), "main")
        before = server.git("acme/docs", "for-each-ref")
        with ResultsBranch(
            Remote(server.url("acme/docs"), READER, os.environ, pause=lambda _: None), BRANCH, FOLDER, shared=False
        ) as branch:
            with pytest.raises(PushRefused, match="Write access") as error:
                branch.bring(root)
            assert not (root / FOLDER).exists()
        with ResultsBranch(
            Remote(server.url("acme/docs"), WRITER, os.environ, pause=lambda _: None), "main", FOLDER, shared=True
        ) as branch:
            assert branch.bring(root) == 2
        assert server.git("acme/docs", "for-each-ref") == before
    assert error.value.exit_code == 3


def test_a_push_whose_answer_was_lost_is_done_once(bare: Repo, opened: Opened, root: Path) -> None:
    write(root, results("1"))
    branch = opened(bare)
    push = branch._remote._push

    def lost(updates: list[RefUpdate], *more: str) -> tuple[int, str]:
        push(updates, *more)
        return 128, "fatal: the remote end hung up unexpectedly"

    branch._remote._push = lost  # type: ignore[method-assign,assignment]  # mypy: this object alone must act so
    assert branch.publish(root, "results") is not None
    assert bare.git("rev-list", "--count", BRANCH) == "1"


# --- Where the remote is --------------------------------------------------------------------------------------


def opened_in(clone: Repo, **given: object) -> ResultsBranch | None:
    options = {"branch": None, "commit": False, "push": True, "access": GitAccess(dict(os.environ)), **given}
    return open_results_branch(clone.root, FOLDER, **options)  # type: ignore[arg-type]  # mypy: the values are those of the function


def test_with_push_the_results_go_to_the_remote_of_a_shallow_clone(bare: Repo, tmp_path: Path) -> None:
    for number in range(3):
        bare.commit({"a.md": b"%d" % number})
    clone = bare.clone(tmp_path / "clone", "--depth=1")
    write(clone.root, results("1"))
    for name in (None, "main"):
        branch = opened_in(clone, branch=name)
        assert branch is not None
        with branch:
            assert branch.bring(clone.root) == 0
            assert branch.publish(clone.root, "results") is not None
    assert published(bare) == results("1")
    assert bare.git("rev-list", "--count", "main") == "5"
    assert clone.git("status", "--porcelain") == f"?? {FOLDER}/"
    assert clone.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"


def test_with_a_token_the_results_go_over_the_network_and_the_token_is_never_shown(tmp_path: Path, repo: Repo) -> None:
    repo.commit({"README.md": b"# Docs\n"})
    found: list[str] = []
    with GitServer(tmp_path / "served", tokens={WRITER: "write"}) as server:
        server.make("acme/docs")
        repo.git("remote", "add", "origin", server.url("acme/docs"))
        write(repo.root, results("1"))
        environ = {**os.environ, "GITHUB_SERVER_URL": server.address}
        branch = opened_in(repo, access=GitAccess(environ, WRITER, found=found.append))
        assert branch is not None
        with branch:
            branch.bring(repo.root)
            commit = branch.publish(repo.root, "results")
        assert server.git("acme/docs", "rev-parse", BRANCH) == commit
    assert found
    assert WRITER not in (repo.root / ".git" / "config").read_text()


def test_with_commit_alone_the_results_go_to_a_branch_of_the_clone(bare: Repo, tmp_path: Path) -> None:
    clone = bare.clone(tmp_path / "clone")
    write(clone.root, results("1"))
    branch = opened_in(clone, push=False, commit=True)
    assert branch is not None
    with branch:
        branch.bring(clone.root)
        branch.publish(clone.root, "results")
    assert published(clone) == results("1")
    assert clone.git("rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_with_commit_alone_a_branch_that_is_checked_out_is_refused(bare: Repo, tmp_path: Path) -> None:
    clone = bare.clone(tmp_path / "clone")
    with pytest.raises(ConfigurationError, match="main is checked out") as error:
        opened_in(clone, push=False, commit=True, branch="main")
    assert "--results-branch" in error.value.remedy


def test_without_commit_and_push_there_is_no_branch(repo: Repo) -> None:
    assert opened_in(repo, push=False) is None


def test_a_name_that_no_branch_has_is_refused(repo: Repo) -> None:
    with pytest.raises(ConfigurationError, match=r"results-branch is 'a\.\.b'"):
        opened_in(repo, branch="a..b")


def test_without_a_remote_the_results_stay_or_the_run_ends_where_it_was_asked_for(repo: Repo) -> None:
    said: list[str] = []
    access = GitAccess(dict(os.environ), optional=True)
    assert opened_in(repo, access=access, log=said.append) is None
    assert "no remote `origin` that could keep the results" in said[0]
    assert "stay in the workspace" in said[0]
    with pytest.raises(RepositoryError, match="no remote `origin`"):
        opened_in(repo)


def test_a_clone_of_another_user_is_read_only_where_it_is_trusted(
    bare: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = bare.clone(tmp_path / "clone")
    write(clone.root, results("1"))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryError, match="another user owns it"):
        opened_in(clone)
    environ = {name: value for name, value in os.environ.items() if name != "GIT_TEST_ASSUME_DIFFERENT_OWNER"}
    branch = opened_in(clone, access=GitAccess(environ, trusted=tmp_path))
    assert branch is not None
    with branch:
        branch.publish(clone.root, "results")
    assert bare.git("for-each-ref", f"refs/heads/{BRANCH}") != ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work in somebody else's repository")
def test_root_leaves_nothing_of_its_own_in_somebodys_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")  # so git knows for whom root works
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        clone = Repo.make(folder / "clone")
        clone.commit(results("1", place=f"{FOLDER}/c.jsonl"), branch=BRANCH)
        write(clone.root, results("2"))
        for path in (clone.root, *clone.root.rglob("*")):
            os.chown(path, 12345, 54321, follow_symlinks=False)
        branch = opened_in(clone, push=False, commit=True)
        assert branch is not None
        with branch:
            assert branch.bring(clone.root) == 2
            assert branch.publish(clone.root, "results") is not None
        owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in clone.root.rglob("*")}
        assert owners == {(12345, 54321)}
        assert published(clone) == {**results("2"), **results("1", place=f"{FOLDER}/c.jsonl")}


def test_large_results_need_little_memory(bare: Repo, root: Path, tmp_path: Path) -> None:
    """Neither here nor in git: what git's own processes need is measured as well."""
    place = f"{FOLDER}/large.jsonl"
    (root / FOLDER).mkdir()
    with (root / place).open("wb") as file:
        for number in range(60):
            file.write(hashlib.sha512(b"%d" % number).hexdigest().encode() * 8_000 + b"\n")
    script = (
        "import os, resource, sys\n"
        "from pathlib import Path\n"
        "from vsync.batch.results_branch import ResultsBranch\n"
        "from vsync.git.remote import Remote\n"
        "remote = Remote(sys.argv[1], None, os.environ)\n"
        "own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with ResultsBranch(remote, 'b', 'batch-results', shared=False) as branch:\n"
        "    assert branch.publish(Path(sys.argv[2]), 'x')\n"
        "    assert branch.bring(Path(sys.argv[3])) == 1\n"
        "more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own\n"
        "print(more, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, str(bare.root), str(root), str(fresh)], capture_output=True, check=True
    )
    here_kib, git_kib = map(int, done.stdout.split())
    assert here_kib < 20_000
    assert git_kib < 150_000
    assert (fresh / place).read_bytes() == (root / place).read_bytes()
