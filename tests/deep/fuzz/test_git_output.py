"""What git writes: names of any bytes, refs that anybody may push, and a git that is damaged or none at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.deep.fuzz.damage import fewer, mutated
from tests.support.gitrepo import Repo, environment
from vsync.errors import GitUnavailable, VsyncError
from vsync.git.changes import parse_diff, parse_tree
from vsync.git.refs import (
    RefUpdate,
    as_environment,
    classify,
    network_config,
    parse_refs,
    reason_given,
    secrets_of,
    shown_remote,
)
from vsync.git.remote import Remote
from vsync.git.repository import Repository

A, B = "a" * 40, "b" * 40

TREE = f"100644 blob {A}\tdocs/a.md\0100755 blob {B}\tb c.md\0120000 blob {A}\tlink\0160000 commit {B}\tsub\0".encode()
DIFF = (
    f":000000 100644 {'0' * 40} {A} A\0new.md\0:100644 100644 {A} {B} M\0b c.md\0"
    f":100644 000000 {A} {'0' * 40} D\0gone.md\0:120000 100644 {A} {B} T\0link\0"
).encode()
COMMIT = (
    f"tree {A}\nparent {B}\nparent {A}\nauthor A U <a@b> 1704164645 +0000\n"
    "committer C O <c@d> 1704164645 -0130\n\nmessage\n"
).encode()
REFS = f"{A}\trefs/vsync/default\n{B}\trefs/heads/main\n{A}\tHEAD\n".encode()
BLOB = f"{A} blob 5\nhello\n".encode()
PUSH = b"To https://x@host/r\n!\t:refs/heads/main\t[rejected] (stale info)\nDone\n"
LINES = f"{A}\n".encode()
OUTPUTS = [TREE, DIFF, COMMIT, REFS, BLOB, PUSH, LINES, b"12\n", b"commit\n", b"sha1\n", b"", f"{A} missing\n".encode()]
OUTPUT = st.sampled_from(OUTPUTS).flatmap(lambda sound: st.one_of(st.just(sound), mutated(sound))) | st.binary()


@given(st.one_of(mutated(TREE), st.binary()), st.integers(1, 50))
def test_a_tree_that_is_damaged_is_read_or_refused(output: bytes, step: int) -> None:
    pieces = [output[start : start + step] for start in range(0, len(output), max(step, len(output) // 100))]
    with contextlib.suppress(GitUnavailable):
        for entry in parse_tree(pieces):
            assert b"\0" not in entry.path
            assert entry.mode.isalnum()
            assert entry.blob.isalnum()


@given(st.one_of(mutated(DIFF), st.binary()))
def test_a_diff_that_is_damaged_is_read_or_refused(output: bytes) -> None:
    with contextlib.suppress(GitUnavailable):
        for change in parse_diff([output]):
            assert change.path
            assert (change.entry is None) == (change.status == "removed")


@given(st.one_of(mutated(REFS), st.binary(), st.text().map(lambda text: text.encode("utf-8", "replace"))))
def test_refs_that_are_damaged_are_commits_by_name(output: bytes) -> None:
    for ref, commit in parse_refs(os.fsdecode(output)).items():
        assert "\n" not in ref
        assert set(commit) <= set("0123456789abcdef")
        assert len(commit) >= 40


LINE_ENDS = st.sampled_from(["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r"])


@given(LINE_ENDS, st.sampled_from(["", "x"]))
def test_the_name_of_a_ref_is_never_cut_into_another(end: str, rest: str) -> None:
    found = parse_refs(f"{A}\trefs/vsync/default\n{B}\trefs/vsync/default{end}{rest}\n")
    assert found["refs/vsync/default"] == A


WORDS = st.lists(
    st.sampled_from(
        [
            "remote: ", "fatal: ", "error: ", "! ", "(", ")", "\n", "\t", "https://", "user:pa/ss@w@", "host/r.git", "refs/x",
            "declined", "returned error: 403", "GH006", "\r", "\u2028", "\x1b[31m", "::error::x", "é", "\udcff", "atomic",
        ]
    )
).map("".join)  # fmt: skip


@given(WORDS | st.text())
def test_whatever_git_says_of_a_push_is_one_short_line(output: str) -> None:
    assert classify(output) in {"permission", "declined", "missing", "no-atomic", "busy", "unreachable"}
    said = reason_given(output)
    assert 0 < len(said) <= 400
    assert "\n" not in said
    assert "pa/ss@w" not in shown_remote("https://user:pa/ss@w@host/r.git")


@given(
    st.lists(st.sampled_from([*"htps:/@[]%a.\\ ", "https://", "ssh://", "user", ":8080", "\n", "%zz", "é"])).map("".join),
    st.none() | st.just("ghs_token"),
    st.lists(st.tuples(st.sampled_from(["http.extraheader", "url.x.insteadof", "core.sshCommand", ""]), st.text())),
)  # fmt: skip
def test_no_address_of_a_remote_is_an_error(url: str, token: str | None, inherited: list[tuple[str, str]]) -> None:
    with contextlib.suppress(VsyncError):
        address, config = network_config(url, token, inherited)
        secrets_of(url, config)
        shown_remote(address)
        as_environment(config, {"GIT_CONFIG_COUNT": url})


# --- A git that writes something else --------------------------------------------------------------------------------


class Liar:
    """A program named git that writes what it is told, and ends with the status it is told."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo.make(folder / "repo")
        self.repo.commit({"a.md": b"one"})
        self._output, self._status = folder / "output", folder / "status"
        self.bin = folder / "bin"
        self.bin.mkdir()
        program = self.bin / "git"
        program.write_text(f"#!/bin/sh\ncat '{self._output}'\nexit $(cat '{self._status}')\n")
        program.chmod(0o755)
        self.path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"

    def says(self, output: bytes, status: int) -> None:
        self._output.write_bytes(output)
        self._status.write_text(str(status))


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Liar:
    return Liar(tmp_path_factory.mktemp("liar"))


def _read_blob(repository: Repository) -> object:
    with repository.blobs() as blobs, contextlib.closing(blobs.read(A)) as content:
        return content.file.read()


def _read_two(repository: Repository) -> object:
    with repository.blobs() as blobs:
        return [b"".join(blobs.chunks(A)), b"".join(blobs.chunks(A))]


READS: dict[str, Callable[[Repository], object]] = {
    "tree": lambda it: list(it.tree(A)),
    "diff": lambda it: list(it.diff(A, B)),
    "sizes": lambda it: it.sizes([A]),
    "blob": _read_blob,
    "two blobs": _read_two,
    "file": lambda it: it.file(A, "a.md"),
    "resolve": lambda it: it.resolve("HEAD"),
    "has commit": lambda it: it.has_commit(A),
    "origin": lambda it: it.origin_url(),
    "push url": lambda it: it.push_url(),
    "configuration": lambda it: it.configuration(),
    "object format": lambda it: it.object_format(),
    "checked out": lambda it: it.checked_out(),
    "parents": lambda it: it.parents(A),
    "is ancestor": lambda it: it.is_ancestor(A, B),
    "merge base": lambda it: it.merge_base(A, B),
    "count": lambda it: it.count_between(A, B),
    "fetch missing": lambda it: it.fetch_missing(A, [B]),
}
REMOTE_READS: dict[str, Callable[[Remote], Any]] = {
    "refs": lambda it: it.refs("refs/vsync/*"),
    "date": lambda it: it.date(A),
    "parents": lambda it: it.parents(A),
    "file": lambda it: it.file(A, "docs/a.md"),
    "paths": lambda it: it.paths(A),
    "has": lambda it: it.has(A),
    "commit": lambda it: it.commit(A, "m.json", b"{}", "message"),
    "push": lambda it: it.push([RefUpdate("refs/vsync/default", A, B)]),
    "refusal": lambda it: it.refusal(RefUpdate("refs/heads/x", A, B), "refs/heads/y"),
}


@fewer(0.7)
@given(st.sampled_from(sorted(READS)), OUTPUT, st.sampled_from([0, 0, 0, 1, 128]))
@example("sizes", b"\xff 1\n", 0)
@example("sizes", f"{A} \xb2\n".encode(), 0)
@example("blob", BLOB, 0)
@example("two blobs", BLOB, 0)
@example("blob", f"{A} blob -5\n".encode(), 0)
@example("blob", f"{A} blob 99999999999999999999\n".encode(), 0)
@example("count", b"many", 0)
@example("object format", b"", 128)
@example("parents", b"", 128)
def test_a_git_that_writes_anything_gives_a_value_or_an_error_of_ours(
    liar: Liar, name: str, output: bytes, status: int
) -> None:
    repository = Repository(liar.repo.root)
    with contextlib.closing(repository), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", liar.path)
        liar.says(output, status)
        with contextlib.suppress(VsyncError):
            READS[name](repository)


@fewer(0.5)
@given(OUTPUT, st.sampled_from([0, 0, 1, 128]))
@example(b"true\nfalse\nsha1\n/\0\n", 0)
@example(b"false\ntrue\nsha1\n/nowhere\n", 0)
@example(b"", 0)
@example(b"detected dubious ownership", 128)
def test_a_git_that_says_anything_of_a_repository_gives_an_error_of_ours(
    liar: Liar, output: bytes, status: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", liar.path)
        liar.says(output, status)
        with contextlib.suppress(VsyncError):
            Repository(liar.repo.root).close()


@fewer(0.5)
@given(st.sampled_from(sorted(REMOTE_READS)), OUTPUT, st.sampled_from([0, 0, 0, 1, 128]))
@example("date", COMMIT.replace(b"1704164645 -0130", b"soon"), 0)
@example("date", b"", 0)
@example("parents", b"tree\nparent \n", 0)
@example("file", b"100644\ta", 0)
@example("commit", b"\xff\n", 0)
def test_a_remote_that_says_anything_gives_a_value_or_an_error_of_ours(
    liar: Liar, name: str, output: bytes, status: int
) -> None:
    environ = environment(PATH=liar.path)
    remote = Remote("https://host.invalid/r.git", None, environ, pause=lambda _: None, stopped=lambda: None)
    liar.says(output, status)
    try:
        with contextlib.suppress(VsyncError):
            REMOTE_READS[name](remote)
    finally:
        remote.close()


@given(
    st.text(min_size=1, max_size=50) | st.sampled_from(["--output=x", "\0", "-x", "HEAD", "@{-1}", A + "\n", "é" * 40])
)
@settings(max_examples=20)
def test_no_name_of_a_commit_reaches_git_as_something_else(liar: Liar, commit: str) -> None:
    repository = Repository(liar.repo.root)
    with contextlib.closing(repository):
        assert not repository.has_commit(commit)
        assert not repository.is_ancestor(commit, liar.repo.git("rev-parse", "HEAD"))


def test_a_line_end_of_unicode_in_an_authors_name_makes_no_parent(liar: Liar) -> None:
    tip = liar.repo.git("rev-parse", "HEAD")
    tree = liar.repo.git("rev-parse", "HEAD^{tree}")
    made = liar.repo.git("commit-tree", tree, "-p", tip, "-m", "x", GIT_AUTHOR_NAME=f"A\u2028parent {B}\u2028U")
    repository = Repository(liar.repo.root)
    with contextlib.closing(repository):
        assert repository.parents(made) == [tip]
