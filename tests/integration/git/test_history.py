"""When files were last changed, as real git tells it: merges, renames, names, and clones that lack history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.git.helpers import opened
from tests.support.gitrepo import Repo, executable, submodule
from vsync.errors import GitUnavailable
from vsync.git.last_changes import History, LastChange
from vsync.git.local import LocalGit
from vsync.git.stream import GitStream

FIRST = 1_704_164_646
"""When the first commit of a `Repo` is made. Each of the others is made a second later."""
WHO = "C O Mitter"


def history(root: Path, commit: str, *paths: str) -> History:
    with opened(root) as repository:
        return repository.history(commit, paths)


def when(root: Path, commit: str, *paths: str) -> dict[str, int]:
    """When, counted in commits from the first."""
    return {path: fact.when - FIRST for path, fact in history(root, commit, *paths).facts.items()}


def commit_tree(repo: Repo, tree: str, *parents: str, at: int, author: str = "Merger") -> str:
    """A commit of a given tree, made so many seconds after the first."""
    options = [option for parent in parents for option in ("-p", parent)]
    stamp = f"{FIRST + at} +0000"
    return repo.git(
        *("commit-tree", f"{tree}^{{tree}}", "-m", "made", *options),
        GIT_AUTHOR_NAME=author,
        GIT_AUTHOR_DATE="1000000000 +0000",
        GIT_COMMITTER_DATE=stamp,
    )


def test_each_file_has_the_commit_that_changed_it_last(repo: Repo) -> None:
    repo.commit({"a.md": b"1", "docs/b.md": b"1", "docs/c.md": b"1"})
    repo.commit({"docs/b.md": b"2"})
    head = repo.commit({"docs/c.md": executable(b"1")})
    assert history(repo.root, head, "a.md", "docs/b.md", "docs/c.md") == History(
        {
            "a.md": LastChange(FIRST, WHO),
            "docs/b.md": LastChange(FIRST + 1, WHO),
            "docs/c.md": LastChange(FIRST + 2, WHO),
        },
        shallow=False,
    )


def test_paths_that_are_no_files_of_the_commit_have_no_facts(repo: Repo) -> None:
    repo.commit({"gone.md": b"1", "docs/b.md": b"1"})
    head = repo.commit({"gone.md": None})
    assert history(repo.root, head, "gone.md", "docs", "nowhere.md") == History({}, shallow=False)
    assert history(repo.root, head) == History({}, shallow=False)


def test_a_rename_is_a_change_and_a_file_that_came_back_has_come_back(repo: Repo) -> None:
    repo.commit({"old.md": b"1", "back.md": b"1"})
    repo.commit({"old.md": None, "new.md": b"1", "back.md": b"2"})
    head = repo.commit({"back.md": b"1"})
    assert when(repo.root, head, "new.md", "back.md") == {"new.md": 1, "back.md": 2}


def test_a_merge_leaves_changes_to_those_who_made_them(repo: Repo) -> None:
    base = repo.commit({"a.md": b"1", "b.md": b"1"})
    ours = repo.commit({"a.md": b"ours"})
    repo.git("branch", "side", base)
    theirs = repo.commit({"b.md": b"theirs"}, branch="side")
    repo.git("read-tree", "-m", "--aggressive", base, ours, theirs)
    merge = commit_tree(repo, repo.git("write-tree"), ours, theirs, at=60)
    assert when(repo.root, merge, "a.md", "b.md") == {"a.md": 1, "b.md": 2}


def test_a_change_that_a_merge_threw_away_does_not_count(repo: Repo) -> None:
    base = repo.commit({"a.md": b"1"})
    ours = repo.commit({"a.md": b"ours"})
    repo.git("branch", "side", base)
    theirs = repo.commit({"a.md": b"theirs"}, branch="side")
    merge = commit_tree(repo, ours, ours, theirs, at=60)
    assert when(repo.root, merge, "a.md") == {"a.md": 1}


def test_a_merge_that_makes_new_bytes_is_a_change(repo: Repo) -> None:
    base = repo.commit({"a.md": b"1"})
    ours = repo.commit({"a.md": b"ours"})
    repo.git("branch", "side", base)
    theirs = repo.commit({"a.md": b"theirs"}, branch="side")
    repo.git("branch", "tree", base)
    both = repo.commit({"a.md": b"both"}, branch="tree")
    merge = commit_tree(repo, both, ours, theirs, at=60)
    assert history(repo.root, merge, "a.md").facts == {"a.md": LastChange(FIRST + 60, "Merger")}


def test_the_time_is_that_of_the_committer(repo: Repo) -> None:
    tree = repo.commit({"a.md": b"1"})
    assert history(repo.root, commit_tree(repo, tree, at=5), "a.md").facts["a.md"].when == FIRST + 5


def test_a_time_beyond_all_calendars_is_left_out(repo: Repo) -> None:
    tree = repo.commit({"a.md": b"1"})
    written = repo.git_bytes("cat-file", "commit", tree)
    late = repo.git(
        "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=written.replace(b"1704164646", b"9" * 16)
    )
    assert history(repo.root, late, "a.md") == History({}, shallow=False)


def test_names_are_those_of_the_commits_mailmap_and_of_no_other(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.md": b"1", ".mailmap": b"Right Name <committer@example.com>\n"})
    head = repo.commit({"b.md": b"1"})
    (tmp_path / "mailmap").write_text("Wrong Name <committer@example.com>\n")
    (tmp_path / "config").write_text(f"[mailmap]\n\tfile = {tmp_path / 'mailmap'}\n[log]\n\tshowRoot = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    (repo.root / ".mailmap").write_text("Not Committed <committer@example.com>\n")
    facts = history(repo.root, head, "a.md", "b.md").facts
    assert {fact.author for fact in facts.values()} == {"Right Name"}
    assert len(facts) == 2


def test_hostile_names_of_files_and_authors_are_data(repo: Repo) -> None:
    paths = ["-x.md", ":(glob)*", "a\nb.md", "*?[a].md", "\U0001f98a.md", "--help"]
    tree = repo.commit(dict.fromkeys(paths, b"1"))
    head = commit_tree(repo, tree, at=3, author="\x1b[31m::error::Eve\u202e " + "x" * 300)
    facts = history(repo.root, head, *paths).facts
    assert set(facts) == set(paths)
    author = facts["--help"].author
    assert author.startswith("[31m::error::Eve x")
    assert len(author) == 256


def test_more_paths_than_a_command_line_holds(repo: Repo) -> None:
    paths = [f"docs/{'long' * 40}/{number}.md" for number in range(1_000)]
    repo.commit(dict.fromkeys(paths, b"1"))
    head = repo.commit({paths[7]: b"2"})
    found = when(repo.root, head, *paths)
    assert len(found) == 1_000
    assert {path for path, number in found.items() if number == 1} == {paths[7]}


def test_few_and_many_paths_have_the_same_facts(repo: Repo) -> None:
    head = ""
    for number in range(5):
        head = repo.commit({f"docs/{part}.md": b"%d" % number for part in range(number, 100)})
    paths = [f"docs/{part}.md" for part in range(100)]
    every = history(repo.root, head, *paths).facts
    assert history(repo.root, head, *paths[:3]).facts == {path: every[path] for path in paths[:3]}


def test_a_submodule_has_the_commit_that_moved_it(repo: Repo) -> None:
    repo.commit({"lib": submodule()})
    head = repo.commit({"lib": submodule("2" * 40)})
    assert when(repo.root, head, "lib") == {"lib": 1}


def test_what_the_end_of_a_shallow_clone_changed_is_not_known(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": b"1", "b.md": b"1"})
    repo.commit({"a.md": b"2"})
    head = repo.commit({"b.md": b"2"})
    clone = repo.clone(tmp_path / "shallow", "--depth=2")
    assert history(clone.root, head, "a.md", "b.md") == History({"b.md": LastChange(FIRST + 2, WHO)}, shallow=True)
    assert not history(clone.root, head, "b.md").shallow


@pytest.fixture
def partial(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user allows git to fetch from a folder what a partial clone lacks."""
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")


@pytest.mark.usefixtures("partial")
def test_a_clone_without_blobs_fetches_only_the_mailmap(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.commit({"a.md": b"1", ".mailmap": b"Right Name <committer@example.com>\n"})
    head = repo.commit({"b.md": b"2"})
    clone = repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    found = history(clone.root, head, "a.md", "b.md")
    assert found == History(
        {"a.md": LastChange(FIRST, "Right Name"), "b.md": LastChange(FIRST + 1, "Right Name")}, shallow=False
    )
    missing = clone.git("rev-list", "--objects", "--all", "--missing=print").split()
    assert sum(word.startswith("?") for word in missing) == 2


@pytest.mark.usefixtures("partial")
def test_a_clone_without_trees_fetches_no_history(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    old = repo.commit({"a.md": b"1"})
    repo.commit({"b.md": b"1"})
    head = repo.commit({"b.md": b"2"})
    clone = repo.clone(tmp_path / "partial", "--filter=tree:0", "--no-checkout")
    found = history(clone.root, head, "a.md", "b.md")
    assert found.shallow
    assert "a.md" not in found.facts
    tree = repo.git("rev-parse", f"{old}^{{tree}}")
    assert tree not in clone.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()


def test_a_damaged_clone_is_an_error_and_not_a_missing_fact(repo: Repo) -> None:
    first = repo.commit({"a.md": b"1"})
    head = repo.commit({"b.md": b"1"})
    (repo.git_folder / "objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(GitUnavailable, match="git log failed"):
        history(repo.root, head, "a.md")


def test_git_runs_twice_for_any_number_of_files(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    head = repo.commit({f"{number}.md": b"1" for number in range(600)})
    started: list[str] = []
    start = LocalGit.start

    def counted(git: LocalGit, *arguments: str, **options: Any) -> GitStream:
        started.append(arguments[0])
        return start(git, *arguments, **options)

    monkeypatch.setattr(LocalGit, "start", counted)
    assert len(history(repo.root, head, *(f"{number}.md" for number in range(600))).facts) == 600
    assert len(started) == 2
