"""The repository as real git gives it: names, modes, histories, clones of every kind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.git.helpers import blob_id, diff, opened, read, tree
from tests.support.gitrepo import File, Repo, environment, executable, link, submodule
from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.changes import SUBMODULE, SYMLINK, Change, TreeEntry
from vsync.git.repository import Repository

NASTY_NAMES = (
    "two words.md",
    " leading and trailing .md ",
    "quote\"'`.md",
    "line\nbreak.md",
    "return\r.md",
    "tab\there.md",
    "back\\slash.md",
    "\\303\\251 looks quoted.md",
    '"quoted".md',
    "🦊 fox.md",
    unicodedata.normalize("NFC", "é.md"),
    unicodedata.normalize("NFD", "é.md"),
    "-leading-dash.md",
    "--help",
    ":(glob)magic.md",
    ":100644 100644 fake M",
    "*?[a].md",
    "\x1b[31mred.md",
    "\u202egnp.md",
    "\x7f\x01.md",
    "n" * 252 + ".md",
    "/".join(["d" * 255] * 12) + "/deep.md",
    ".hidden",
    "a/.b/c.md",
    "CON.md",
    "ref^{commit}.md",
)
UNDECODABLE_NAMES = (b"caf\xe9.md", b"\xff\xfe/\x80.md", b"half \xf0\x9f\xa6.md")
EVERY_NAME = (*(name.encode() for name in NASTY_NAMES), *UNDECODABLE_NAMES)


# --- Names --------------------------------------------------------------------------------------------------


def test_a_tree_gives_every_name_byte_for_byte(repo: Repo) -> None:
    commit = repo.commit({name: b"content of " + name for name in EVERY_NAME})
    with opened(repo.root) as repository:
        found = tree(repository, commit)
    assert found == {name: TreeEntry(name, "100644", blob_id(b"content of " + name)) for name in EVERY_NAME}


def test_a_diff_gives_every_name_byte_for_byte_when_added_modified_and_removed(repo: Repo) -> None:
    empty = repo.commit()
    first = repo.commit(dict.fromkeys(EVERY_NAME, b"1"))
    second = repo.commit(dict.fromkeys(EVERY_NAME, b"2"))
    last = repo.commit(dict.fromkeys(EVERY_NAME, None))
    with opened(repo.root) as repository:
        assert diff(repository, empty, first) == {
            name: Change("added", name, TreeEntry(name, "100644", blob_id(b"1"))) for name in EVERY_NAME
        }
        assert diff(repository, first, second) == {
            name: Change("modified", name, TreeEntry(name, "100644", blob_id(b"2"))) for name in EVERY_NAME
        }
        assert diff(repository, second, last) == {name: Change("removed", name, None) for name in EVERY_NAME}
        assert tree(repository, last) == {}


def test_names_that_differ_only_in_case_or_composition_are_two_files(repo: Repo) -> None:
    names = ["É.md", "é.md", unicodedata.normalize("NFD", "é.md"), "a.md", "A.md"]
    commit = repo.commit({name: name.encode() for name in names})
    with opened(repo.root) as repository:
        found = tree(repository, commit)
        assert {path: read(repository, entry.blob) for path, entry in found.items()} == {
            name.encode(): name.encode() for name in names
        }


def test_the_users_git_settings_change_nothing(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[core]\nquotePath = true\n[diff]\nrenames = copies\nnoprefix = true\nignoreSubmodules = all\n"
        "external = false\nrelative = true\norderFile = /dev/null\n[color]\nui = always\n[core]\nabbrev = 4\n"
        "[log]\nshowSignature = true\n[pager]\nls-tree = true\n"
    )
    first = repo.commit({"é.md": b"x" * 100, "sub": submodule("1" * 40), "docs/a.md": b"1"})
    second = repo.commit({"é.md": None, "ü.md": b"x" * 100, "sub": submodule("2" * 40), "docs/a.md": b"2"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    with opened(repo.root) as repository:
        found = diff(repository, first, second)
    assert {path.decode(): change.status for path, change in found.items()} == {
        "é.md": "removed",
        "ü.md": "added",
        "sub": "modified",
        "docs/a.md": "modified",
    }
    entry = found[b"sub"].entry
    assert entry is not None
    assert entry.blob == "2" * 40


# --- Kinds of entries ---------------------------------------------------------------------------------------


def test_modes_tell_files_programs_links_and_submodules_apart(repo: Repo) -> None:
    commit = repo.commit({"file": b"f", "program": executable(b"p"), "link": link("file"), "sub": submodule("ab" * 20)})
    with opened(repo.root) as repository:
        assert {entry.path: entry.mode for entry in repository.tree(commit)} == {
            b"file": "100644",
            b"program": "100755",
            b"link": SYMLINK,
            b"sub": SUBMODULE,
        }


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (b"text", link("text"), "type-changed"),
        (link("text"), b"text", "type-changed"),
        (b"text", submodule(), "type-changed"),
        (submodule(), b"text", "type-changed"),
        (link("text"), submodule(), "type-changed"),
        (b"text", executable(b"text"), "modified"),
        (executable(b"text"), b"text", "modified"),
    ],
)
def test_a_change_of_kind_gives_what_stands_there_now(
    repo: Repo, before: bytes | File, after: bytes | File, status: str
) -> None:
    first, second = repo.commit({"a.md": before}), repo.commit({"a.md": after})
    now = after if isinstance(after, File) else File("100644", after)
    blob = now.data.decode() if now.mode == SUBMODULE else blob_id(now.data)
    with opened(repo.root) as repository:
        (change,) = repository.diff(first, second)
    assert (change.status, change.entry) == (status, TreeEntry(b"a.md", now.mode, blob))


def test_a_file_that_becomes_a_folder_is_removed_and_the_folders_files_are_added(repo: Repo) -> None:
    file = repo.commit({"docs.md": b"a file"})
    folder = repo.commit({"docs.md/a.md": b"a file"})
    with opened(repo.root) as repository:
        assert {change.path: change.status for change in repository.diff(file, folder)} == {
            b"docs.md": "removed",
            b"docs.md/a.md": "added",
        }
        assert {change.path: change.status for change in repository.diff(folder, file)} == {
            b"docs.md/a.md": "removed",
            b"docs.md": "added",
        }


def test_a_rename_is_one_removed_and_one_added_path_with_the_same_blob(repo: Repo) -> None:
    first = repo.commit({"old.md": b"the same bytes"})
    second = repo.commit({"old.md": None, "new.md": b"the same bytes"})
    with opened(repo.root) as repository:
        found = diff(repository, first, second)
    assert found[b"old.md"] == Change("removed", b"old.md", None)
    assert found[b"new.md"] == Change("added", b"new.md", TreeEntry(b"new.md", "100644", blob_id(b"the same bytes")))


def test_a_submodule_that_moves_is_a_change_even_when_gitmodules_says_ignore(repo: Repo) -> None:
    modules = b'[submodule "s"]\n path = sub\n url = ../s\n ignore = all\n'
    first = repo.commit({".gitmodules": modules, "sub": submodule("1" * 40)})
    second = repo.commit({"sub": submodule("2" * 40)})
    repo.git("config", "submodule.s.ignore", "all")
    with opened(repo.root) as repository:
        assert [(change.path, change.status) for change in repository.diff(first, second)] == [(b"sub", "modified")]


# --- Places -------------------------------------------------------------------------------------------------


def test_a_bare_clone_is_read_like_any_other(repo: Repo, tmp_path: Path) -> None:
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"2"})
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    with opened(bare.root) as repository:
        assert repository.resolve("HEAD") == second
        assert repository.root == bare.root
        assert [change.status for change in repository.diff(first, second)] == ["modified"]
        assert read(repository, blob_id(b"2")) == b"2"


def test_a_detached_head_is_the_commit_it_stands_on(repo: Repo) -> None:
    first = repo.commit({"a.md": b"1"})
    repo.commit({"a.md": b"2"})
    repo.git("checkout", "-q", "--detach", first)
    with opened(repo.root) as repository:
        assert repository.resolve("HEAD") == first


def test_a_repository_with_sha256_ids_is_read(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo", "--object-format=sha256")
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"22", "b.md": b"3"})
    assert len(second) == 64
    with opened(repo.root) as repository:
        assert repository.resolve("HEAD") == second
        found = tree(repository, second)
        assert read(repository, found[b"a.md"].blob) == b"22"
        assert repository.sizes([found[b"a.md"].blob]) == {found[b"a.md"].blob: 2}
        assert {change.path: change.status for change in repository.diff(first, second)} == {
            b"a.md": "modified",
            b"b.md": "added",
        }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to another user")
def test_a_trusted_repository_of_another_user_is_read_and_nobodys_settings_are_touched(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"2"})
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for path in [repo.root, *repo.root.rglob("*")]:
        os.chown(path, 12345, 12345)
    refused = subprocess.run(["git", "-C", str(repo.root), "log"], env=environment(), capture_output=True, text=True)
    assert "dubious ownership" in refused.stderr
    before = {path: path.stat() for path in repo.root.rglob("*")}
    with closing(Repository(repo.root, trusted=tmp_path)) as repository:
        assert repository.resolve("HEAD") == second
        assert [change.status for change in repository.diff(first, second)] == ["modified"]
        assert read(repository, blob_id(b"2")) == b"2"
        assert repository.sizes([blob_id(b"2")]) == {blob_id(b"2"): 1}
        assert repository.origin_url() is None
    after = {path: path.stat() for path in repo.root.rglob("*")}
    assert after.keys() == before.keys()
    assert [after[path].st_mtime_ns for path in after] == [before[path].st_mtime_ns for path in after]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "variable",
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_CEILING_DIRECTORIES",
    ],
)
def test_variables_of_a_surrounding_git_do_not_lead_elsewhere(
    variable: str, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"2"})
    other = Repo.make(tmp_path / "other")
    other.commit({"other.md": b"other"})
    places = {
        "GIT_DIR": other.root / ".git",
        "GIT_WORK_TREE": other.root,
        "GIT_COMMON_DIR": other.root / ".git",
        "GIT_OBJECT_DIRECTORY": other.root / ".git" / "objects",
        "GIT_INDEX_FILE": other.root / ".git" / "index",
        "GIT_NAMESPACE": "other",
        "GIT_PREFIX": "docs/",
        "GIT_CEILING_DIRECTORIES": repo.root,
    }
    monkeypatch.setenv(variable, str(places[variable]))
    with opened(repo.root) as repository:
        assert repository.resolve("HEAD") == second
        assert (repository.root, repository.git_dir, repository.common_dir) == (
            repo.root,
            repo.root / ".git",
            repo.root / ".git",
        )
        assert repository.has_commit(first)
        assert set(tree(repository, second)) == {b"a.md"}
        assert [change.status for change in repository.diff(first, second)] == ["modified"]
        assert read(repository, blob_id(b"2")) == b"2"


# --- Revisions ----------------------------------------------------------------------------------------------


def test_revisions_are_resolved_to_their_commit(repo: Repo) -> None:
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"2"})
    repo.git("tag", "-m", "annotated", "v1", first)
    with opened(repo.root) as repository:
        for revision, commit in {
            "HEAD": second,
            "main": second,
            "refs/heads/main": second,
            "HEAD~1": first,
            "v1": first,
            first: first,
            second[:9]: second,
        }.items():
            assert repository.resolve(revision) == commit


def test_an_unborn_branch_is_told_as_such(repo: Repo) -> None:
    with opened(repo.root) as repository, pytest.raises(RepositoryError, match=r"no commit yet.*unborn"):
        repository.resolve("HEAD")


@pytest.mark.parametrize(
    "revision",
    [
        "nonsense",
        "0" * 40,
        "f" * 40,
        "HEAD:a.md",
        "HEAD^{tree}",
        "main..main",
        "^HEAD",
        "HEAD^@",
        "HEAD^!",
        "",
        " ",
        "-x",
        "--all",
        "--help",
        "--git-dir",
        "--output=/tmp/never",
        "HEAD\nHEAD",
        "🦊",
    ],
)
def test_what_is_not_one_commit_is_refused_and_named(repo: Repo, revision: str) -> None:
    repo.commit({"a.md": b"1"})
    repo.commit({"a.md": b"2"})
    with opened(repo.root) as repository, pytest.raises(RepositoryError, match="is not a commit in this clone") as told:
        repository.resolve(revision, "base")
    assert repr(revision) in told.value.message
    assert "base" in told.value.message


@pytest.mark.parametrize("commit", ["0" * 40, "-x", "--batch-all-objects", "--help", "nonsense", "HEAD:a.md"])
def test_what_is_not_a_commit_here_is_not_known(repo: Repo, commit: str) -> None:
    repo.commit({"a.md": b"1"})
    with opened(repo.root) as repository:
        assert not repository.has_commit(commit)


def test_commits_between_are_counted(repo: Repo) -> None:
    first = repo.commit({"a.md": b"1"})
    repo.commit({"a.md": b"2"})
    last = repo.commit({"a.md": b"3"})
    with opened(repo.root) as repository:
        assert repository.count_between(first, last) == 2
        assert repository.count_between(last, last) == 0


def test_the_changed_lines_of_chosen_files_are_counted_whatever_their_names(repo: Repo) -> None:
    names = [name for name in NASTY_NAMES if "/" not in name]
    base = repo.commit({**dict.fromkeys(names, b"one\ntwo\n"), "gone.md": b"1\n2\n", "other.md": b"x\n"})
    head = repo.commit(
        {
            **dict.fromkeys(names, b"one\n2\n3\n"),
            "gone.md": None,
            "new.md": b"n",
            "x.pdf": b"\0",
            "other.md": b"y\n",
        }
    )
    with opened(repo.root) as repository:
        counted = repository.line_counts(base, head, [*names, "gone.md", "new.md", "x.pdf", "not there"])
    assert counted == {**dict.fromkeys(names, (2, 1)), "gone.md": (0, 2), "new.md": (1, 0)}


def test_a_file_of_a_revision_is_there_or_not(repo: Repo) -> None:
    repo.commit({"docs/a.md": b"a"})
    with opened(repo.root) as repository:
        assert repository.has_file("refs/heads/main", "docs/a.md")
        assert not repository.has_file("refs/heads/main", "docs/b.md")
        assert not repository.has_file("refs/remotes/origin/main", "docs/a.md")


def test_the_remotes_address_is_given_as_configured(repo: Repo) -> None:
    with opened(repo.root) as repository:
        assert repository.origin_url() is None
    repo.git("remote", "add", "origin", "git@example.com:owner/name.git")
    with opened(repo.root) as repository:
        assert repository.origin_url() == "git@example.com:owner/name.git"


# --- Bytes --------------------------------------------------------------------------------------------------


def test_bytes_come_from_the_commit_and_not_from_the_working_tree_or_index(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"committed", "b.md": b"kept"})
    repo.checkout()
    (repo.root / "a.md").write_bytes(b"staged")
    repo.git("add", "a.md")
    (repo.root / "a.md").write_bytes(b"only in the working tree")
    (repo.root / "b.md").unlink()
    (repo.root / "new.md").write_bytes(b"untracked")
    with opened(repo.root) as repository:
        found = tree(repository, commit)
        assert {path: read(repository, entry.blob) for path, entry in found.items()} == {
            b"a.md": b"committed",
            b"b.md": b"kept",
        }


def test_checkout_filters_and_attributes_do_not_touch_the_bytes(repo: Repo) -> None:
    data = b"line\r\n$Id$\r\n\x00\xff"
    commit = repo.commit({".gitattributes": b"* text eol=lf ident working-tree-encoding=UTF-16\n", "a.md": data})
    with opened(repo.root) as repository:
        assert read(repository, tree(repository, commit)[b"a.md"].blob) == data


def test_a_replaced_object_keeps_the_bytes_that_its_id_names(repo: Repo) -> None:
    repo.commit({"a.md": b"true bytes", "b.md": b"false bytes"})
    repo.git("replace", blob_id(b"true bytes"), blob_id(b"false bytes"))
    with opened(repo.root) as repository:
        assert read(repository, blob_id(b"true bytes")) == b"true bytes"


def test_sizes_are_told_for_many_blobs_at_once(repo: Repo) -> None:
    contents = [b"x" * size for size in range(3000)]
    repo.commit({f"{len(data)}.md": data for data in contents})
    with opened(repo.root) as repository:
        assert repository.sizes([blob_id(data) for data in contents]) == {blob_id(data): len(data) for data in contents}
        assert repository.sizes([]) == {}


def test_a_damaged_clone_is_told_and_not_taken_for_an_empty_one(repo: Repo) -> None:
    commit = repo.commit({"docs/a.md": b"1", "b.md": b"2"})
    repo.git("unpack-objects", "-q", stdin=_pack(repo))
    folder = repo.git("rev-parse", f"{commit}:docs")
    (repo.root / ".git" / "objects" / folder[:2] / folder[2:]).unlink()
    with opened(repo.root) as repository, pytest.raises(GitUnavailable, match="git ls-tree failed"):
        list(repository.tree(commit))


def _pack(repo: Repo) -> bytes:
    """The repository's one pack, taken out of it."""
    objects = repo.root / ".git" / "objects"
    packs = list((objects / "pack").glob("*.pack"))
    loose = repo.git_bytes("pack-objects", "--all", "--stdout", "-q")
    for pack in packs:
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.unlink()
    return loose


# --- Shallow and partial clones -----------------------------------------------------------------------------


def test_a_shallow_clone_does_not_know_an_older_commit(repo: Repo, tmp_path: Path) -> None:
    first, second = repo.commit({"a.md": b"1"}), repo.commit({"a.md": b"2"})
    shallow = repo.clone(tmp_path / "shallow", "--depth=1")
    with opened(shallow.root) as repository:
        assert repository.resolve("HEAD") == second
        assert not repository.has_commit(first)
        assert read(repository, blob_id(b"2")) == b"2"
        with pytest.raises(RepositoryError, match="fetch-depth: 0"):
            repository.resolve(first, "base")


class Partial:
    """A clone without blobs, its remote, and a record of the fetches that git makes for it."""

    def __init__(self, repo: Repo, folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.remote = repo
        self.clone = repo.clone(folder / "partial", "--filter=blob:none", "--no-checkout", *options)
        self._trace = folder / "trace2.json"
        monkeypatch.setenv("GIT_TRACE2_EVENT", str(self._trace))
        monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")  # the user allows what vsync alone would not

    @property
    def fetches(self) -> int:
        """How many times git has gone to the remote."""
        events = (json.loads(line) for line in self._trace.read_text().splitlines()) if self._trace.exists() else ()
        starts = [event["argv"] for event in events if event["event"] == "start"]
        return sum("fetch" in argv for argv in starts)

    def has(self, data: bytes) -> bool:
        listed = self.clone.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        return blob_id(data) in listed.split()


@pytest.fixture
def partial(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partial:
    repo.commit({f"docs/{number}.md": b"text %d" % number for number in range(30)} | {"big.bin": b"not wanted"})
    return Partial(repo, tmp_path, monkeypatch)


def test_a_file_is_read_here_without_a_fetch_and_up_to_a_size(partial: Partial) -> None:
    with opened(partial.clone.root) as repository:
        head = repository.resolve("HEAD")
        assert repository.file_here(head, "docs/1.md", 100) is None
        assert partial.fetches == 0
        assert repository.file(head, "docs/1.md") == b"text 1"
        assert repository.file_here(head, "docs/1.md", 6) == b"text 1"
        assert repository.file_here(head, "docs/1.md", 5) is None
        assert repository.file_here(head, "docs/none.md", 5) is None
        assert partial.fetches == 1


def test_blobs_that_a_partial_clone_lacks_come_in_one_fetch_and_no_others_come(partial: Partial) -> None:
    wanted = [b"text %d" % number for number in range(25)]
    with opened(partial.clone.root) as repository:
        head = repository.resolve("HEAD")
        repository.fetch_missing(head, [blob_id(data) for data in wanted])
        assert partial.fetches == 1
        assert set(repository.sizes([blob_id(data) for data in wanted])) == {blob_id(data) for data in wanted}
        assert [read(repository, blob_id(data)) for data in wanted] == wanted
        assert partial.fetches == 1
    assert not partial.has(b"text 29")
    assert not partial.has(b"not wanted")


def test_trees_and_diffs_of_a_partial_clone_need_no_fetch(partial: Partial) -> None:
    first = partial.remote.git("rev-parse", "main")
    second = partial.remote.commit({"docs/0.md": b"changed"})
    partial.clone.git("fetch", "-q", "origin")
    with opened(partial.clone.root) as repository:
        before = partial.fetches
        assert len(tree(repository, second)) == 31
        assert [change.path for change in repository.diff(first, second)] == [b"docs/0.md"]
        assert partial.fetches == before


def test_blobs_that_are_there_already_are_not_fetched_again(partial: Partial) -> None:
    wanted = [blob_id(b"text %d" % number) for number in range(5)]
    with opened(partial.clone.root) as repository:
        head = repository.resolve("HEAD")
        repository.fetch_missing(head, wanted)
        repository.fetch_missing(head, wanted)
        repository.fetch_missing(head, [])
    assert partial.fetches == 1


def test_a_fetch_leaves_no_refs_and_no_fetch_head(partial: Partial) -> None:
    refs = partial.clone.git("for-each-ref")
    with opened(partial.clone.root) as repository:
        repository.fetch_missing(repository.resolve("HEAD"), [blob_id(b"text 1")])
    assert partial.clone.git("for-each-ref") == refs
    assert not (partial.clone.root / ".git" / "FETCH_HEAD").exists()


def test_a_remote_that_is_gone_is_git_unavailable_and_named(partial: Partial) -> None:
    shutil.rmtree(partial.remote.root)
    with opened(partial.clone.root) as repository:
        head = repository.resolve("HEAD")
        with pytest.raises(GitUnavailable, match=r"1 blobs are not in this partial clone.*'origin' failed: \S"):
            repository.fetch_missing(head, [blob_id(b"text 1")])
        with repository.blobs() as blobs:
            for _ in range(2):
                with pytest.raises(GitUnavailable, match="is not in this clone"):
                    blobs.read(blob_id(b"text 1"))


def test_a_whole_clone_is_never_fetched_into(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a.md": b"1"})
    whole = repo.clone(tmp_path / "whole")
    trace = tmp_path / "trace2.json"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    with opened(whole.root) as repository:
        repository.fetch_missing(repository.resolve("HEAD"), [blob_id(b"1"), "0" * 40])
    assert '"fetch"' not in trace.read_text()


# --- A first look -------------------------------------------------------------------------------------------


def test_the_files_of_a_working_tree_are_those_that_are_not_ignored(repo: Repo) -> None:
    repo.commit({"a.md": b"a", "old.md": b"old"})
    repo.checkout()
    (repo.root / "old.md").unlink()
    (repo.root / "new folder").mkdir()
    (repo.root / "new folder/b\n.md").write_text("b")
    (repo.root / ".gitignore").write_text("*.tmp\n")
    (repo.root / "c.tmp").write_text("c")
    with opened(repo.root) as repository:
        assert sorted(repository.working_files()) == [b".gitignore", b"a.md", b"new folder/b\n.md"]


def test_a_branch_is_unborn_until_its_first_commit(repo: Repo) -> None:
    with opened(repo.root) as repository:
        assert repository.is_unborn()
        assert repository.default_branch() == "main"
        assert not repository.is_bare
    repo.commit({"a.md": b"a"})
    with opened(repo.root) as repository:
        assert not repository.is_unborn()


def test_the_default_branch_is_that_of_origin_where_it_is_known(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"a"})
    repo.git("update-ref", "refs/remotes/origin/deep/trunk", commit)
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/deep/trunk")
    with opened(repo.root) as repository:
        assert repository.default_branch() == "deep/trunk"


def test_without_a_branch_there_is_no_default_branch(repo: Repo) -> None:
    repo.git("update-ref", "--no-deref", "HEAD", repo.commit({"a.md": b"a"}))
    repo.git("checkout", "-q", "--detach")
    with opened(repo.root) as repository:
        assert repository.default_branch() is None


def test_a_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    bare = Repo.make(tmp_path / "bare", "--bare")
    with opened(bare.root) as repository:
        assert repository.is_bare


def test_what_a_partial_clone_lacks_is_not_held(repo: Repo, tmp_path: Path) -> None:
    commit = repo.commit({"a.md": b"a"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    blob = blob_id(b"a")
    with opened(repo.root) as whole, opened(clone.root) as partial:
        assert whole.held(commit, [blob]) == [blob]
        assert partial.held(commit, [blob]) == []
