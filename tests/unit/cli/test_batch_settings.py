"""What the options of `vsync batch` ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from vsync.cli.batch_settings import folders, path_from_top, source_name, with_defaults
from vsync.config.origin import Origin
from vsync.errors import ConfigurationError
from vsync.sync.git_access import GitAccess


@pytest.mark.parametrize(
    ("source", "results", "found"),
    [
        ("batches", "batch-results", ("batches", "batch-results")),
        ("./batches/", "out//results/", ("batches", "out/results")),
        ("batches/../requests", "out", ("requests", "out")),
        ("batches", "batches/results", ("batches", "batches/results")),
        (".", "results", (".", "results")),
        ("batch", "batches", ("batch", "batches")),
    ],
)
def test_the_folders_are_paths_from_the_top(tmp_path: Path, source: str, results: str, found: tuple[str, str]) -> None:
    assert folders(tmp_path, source, results) == found


def test_a_folder_may_be_named_by_its_whole_path_also_through_a_link(tmp_path: Path) -> None:
    top, link = tmp_path / "top", tmp_path / "link"
    (top / "requests").mkdir(parents=True)
    link.symlink_to(top)
    assert folders(top, str(top / "requests"), str(link / "out")) == ("requests", "out")


@pytest.mark.parametrize(
    ("source", "results", "said"),
    [
        ("batches", "batches", "--source and --results name the same folder"),
        ("batches/", "./batches", "--source and --results name the same folder"),
        ("out/batches", "out", "lies in the results folder"),
        ("batches", ".", "lies in the results folder"),
        ("..", "out", "--source is '..', which does not lie below"),
        ("batches", "../out", "--results is '../out', which does not lie below"),
        ("/etc", "out", "--source is '/etc', which does not lie below"),
        ("batches", ".git/out", "git's own folder"),
        ("x/.GIT", "out", "git's own folder"),
        ("bat\nches", "out", "holds a control character"),
    ],
)
def test_folders_that_cannot_be_are_refused(tmp_path: Path, source: str, results: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        folders(tmp_path, source, results)


def test_a_link_out_of_the_top_folder_is_refused_by_its_whole_path(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    with pytest.raises(ConfigurationError, match="does not lie below"):
        folders(top, str(tmp_path / "other"), "out")


@pytest.mark.parametrize(
    ("word", "here", "meant"),
    [
        ("a.jsonl", "batches", "batches/a.jsonl"),
        ("./a.jsonl", "batches", "batches/a.jsonl"),
        ("../batches/a.jsonl", "docs", "batches/a.jsonl"),
        ("batches/a.jsonl", "docs", "batches/a.jsonl"),
        ("batches/a.jsonl", ".", "batches/a.jsonl"),
        ("*.jsonl", ".", "*.jsonl"),
        ("*.jsonl", "docs", "*.jsonl"),
        ("*.jsonl", "batches/deep", "batches/deep/*.jsonl"),
        ("gone.jsonl", "batches", "gone.jsonl"),
        ("batch_123", "batches", "batch_123"),
        ("../../../etc/passwd", "docs", "../../../etc/passwd"),
        ("a\0b", "docs", "a\0b"),
    ],
)
def test_a_path_of_the_current_folder_is_meant_first(tmp_path: Path, word: str, here: str, meant: str) -> None:
    for folder in ("batches/deep", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "batches/a.jsonl").touch()
    assert path_from_top(word, tmp_path, tmp_path / here, "batches") == meant


def test_a_whole_path_becomes_one_from_the_top(tmp_path: Path) -> None:
    assert path_from_top(str(tmp_path / "batches/a.jsonl"), tmp_path, Path("/"), "batches") == "batches/a.jsonl"


def test_the_source_is_named_as_a_sync_names_it(repo: Repo, tmp_path: Path) -> None:
    def name(given: str | None, where: Origin, root: Path = repo.root) -> str:
        return source_name(given, root, GitAccess(), where)

    assert name(None, Origin()) == repo.root.name
    with (repo.root / ".git/config").open("a") as config:
        config.write('[remote "origin"]\n\turl = https://github.com/owner/name.git\n')
    assert name(None, Origin()) == "owner/name"
    assert name(None, Origin("acme/docs", "42")) == "acme/docs"
    assert name("mine", Origin("acme/docs", "42")) == "mine"
    plain = tmp_path / "plain"
    plain.mkdir()
    assert name(None, Origin(), plain) == "plain"


def test_four_files_are_moved_at_once_unless_somebody_says_otherwise() -> None:
    assert with_defaults({"concurrency": None}, {})["concurrency"] == "4"
    assert with_defaults({}, {})["concurrency"] == "4"
    assert with_defaults({"concurrency": None}, {"VSYNC_CONCURRENCY": "8"})["concurrency"] is None
    assert with_defaults({"concurrency": "2"}, {})["concurrency"] == "2"
