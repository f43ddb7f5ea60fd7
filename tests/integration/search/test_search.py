"""Which store a search asks, and where each result stands in its document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo
from tests.support.notebooks import code, notebook
from vsync.cli.main import run

Ask = Callable[..., Any]


@pytest.fixture
def ask(
    repo: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept_signal_handlers: None,
) -> Ask:
    """Two targets are synced, each into its own store. Runs a command and gives its JSON."""
    repo.commit({"docs/a.md": b"# Apples\n", "code/b.md": b"# Pears\n"})
    monkeypatch.chdir(repo.root)
    environ = {"VSYNC_LOCAL": str(tmp_path / "store.db"), "VSYNC_SOURCE": "acme/docs"}

    def ask(*arguments: str) -> Any:
        capsys.readouterr()
        assert run([*arguments, "--json"], environ) in {0, 1}
        return json.loads(capsys.readouterr().out)

    ask("sync", "--include", "docs/")
    ask("sync", "--include", "code/", "--target", "code")
    return ask


def stores(ask: Ask) -> dict[str, str]:
    return {store["name"]: store["id"] for store in ask("stores", "list")}


def test_a_search_without_a_manifest_asks_the_targets_own_store(ask: Ask) -> None:
    found = ask("search", "pears apples", "--target", "code", "--manifest", "none")
    assert {hit["path"] for hit in found} == {"code/b.md"}
    found = ask("search", "pears apples", "--manifest", "none")
    assert {hit["path"] for hit in found} == {"docs/a.md"}


def test_a_take_over_without_a_manifest_looks_into_the_targets_own_store(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "store.db.manifest.json").unlink()
    report = ask("verify", "--target", "code", "--take-over", "*.md")
    assert report["vector_store_id"] == stores(ask)["acme/docs (code)"]


# --- Where a result stands ----------------------------------------------------------------------------------

GUIDE = b"""# Guide

Some words at the beginning.

## Bake a loaf

First heat
the oven, then bake the loaf.
"""


@pytest.fixture
def find(
    repo: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept_signal_handlers: None,
) -> Ask:
    """A synced repository on GitHub. Runs a command and gives its code, stdout and stderr."""
    repo.commit(
        {"guide.md": GUIDE, "long.md": LONG, "cake.ipynb": notebook("# Cake", code("stir(butter)")), "data.txt": b"x"}
    )
    repo.git("remote", "add", "origin", "git@github.com:acme/docs.git")
    monkeypatch.chdir(repo.root)
    environ = {"VSYNC_LOCAL": str(tmp_path / "store.db")}

    def find(*arguments: str, **variables: str) -> Any:
        capsys.readouterr()
        code = run([*arguments], {**environ, **variables})
        return code, *capsys.readouterr()

    assert find("sync", "--include", "*.md", "--include", "*.ipynb")[0] == 0
    return find


LONG = "".join(f"## Part {number}\n\n{'filler words ' * 60}\noven {number}\n\n" for number in range(1, 9)).encode()


def hits(found: tuple[int, str, str]) -> list[Any]:
    assert found[0] == 0, found[2]
    result = json.loads(found[1])
    assert isinstance(result, list)
    return result


def test_a_result_has_its_line_heading_and_page(find: Ask, repo: Repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    hit = next(hit for hit in hits(find("search", "baking an oven", "--json")) if hit["path"] == "guide.md")
    assert (hit["line"], hit["heading"], hit["part"]) == (5, "Bake a loaf", None)
    assert hit["url"] == f"https://github.com/acme/docs/blob/{head}/guide.md?plain=1#L5"
    _, out, err = find("search", "heat", "-n", "1")
    assert out.startswith("1. guide.md:7  Bake a loaf  (")
    assert "heat the oven" in out
    assert err.startswith("The embedded store ranks documents by the words")


def test_a_document_is_one_result_unless_chunks_are_wanted(find: Ask) -> None:
    every = hits(find("search", "oven", "--json", "--chunks", "-n", "50"))
    assert [hit["path"] for hit in every].count("long.md") > 1
    assert sorted(hit["path"] for hit in hits(find("search", "oven", "--json"))) == ["guide.md", "long.md"]
    assert len(hits(find("search", "oven", "--json", "-n", "1"))) == 1
    assert len(hits(find("search", "oven", "--json", "--chunks", "-n", "2"))) == 2


def test_every_chunk_has_a_line_that_holds_the_word(find: Ask) -> None:
    lines = LONG.decode().split("\n")
    found = [hit for hit in hits(find("search", "oven", "--json", "--chunks")) if hit["path"] == "long.md"]
    assert found
    for hit in found:
        assert lines[hit["line"] - 1].startswith("oven ")
        assert hit["heading"] == f"Part {lines[hit['line'] - 1].removeprefix('oven ')}"


def test_a_notebook_has_cells_and_no_lines(find: Ask, repo: Repo) -> None:
    (hit,) = hits(find("search", "butter", "--json"))
    assert (hit["line"], hit["part"], hit["heading"]) == (None, "cell 2", "Cake")
    assert hit["url"].endswith("/cake.ipynb")


def test_without_the_synced_bytes_there_is_no_line(find: Ask, repo: Repo, tmp_path: Path) -> None:
    repo.commit({"guide.md": b"# Other\n\noven\n"})
    hit = next(hit for hit in hits(find("search", "oven", "--json")) if hit["path"] == "guide.md")
    assert hit["line"] is not None  # the commit of the sync is still in the clone
    other = Repo.make(tmp_path / "other")
    other.commit({"guide.md": b"# Other\n\noven\n"})
    found = find("search", "oven", "--json", "--repo", str(other.root), "--source", "acme/docs")
    hit = next(hit for hit in hits(found) if hit["path"] == "guide.md")
    assert (hit["line"], hit["url"], hit["heading"]) == (None, None, "Bake a loaf")


def test_a_plain_folder_has_lines_and_no_page(find: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "guide.md").write_bytes(GUIDE)
    store = {"VSYNC_LOCAL": str(tmp_path / "other.db")}
    assert find("sync", "--folder", str(folder), **store)[0] == 0
    (hit,) = hits(find("search", "oven", "--json", "--folder", str(folder), **store))
    assert (hit["line"], hit["heading"], hit["url"]) == (8, "Bake a loaf", None)
    (folder / "guide.md").write_bytes(b"# Changed\n")
    (hit,) = hits(find("search", "oven", "--json", "--folder", str(folder), **store))
    assert hit["line"] is None


def test_words_are_bold_in_a_terminal_alone(find: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in find("search", "oven")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[1moven\x1b[0m" in find("search", "oven")[1]
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in find("search", "oven", **variables)[1]
