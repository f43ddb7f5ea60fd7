"""`--local [FILE]` beside an argument: a page's name or a question is never taken for the store's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from vsync.cli import main as cli


@pytest.fixture
def synced(repo: Repo, monkeypatch: pytest.MonkeyPatch, kept_signal_handlers: None) -> Repo:
    repo.commit({"docs/a.md": b"# Apples\n", "docs/b.md": b"# Pears\n"})
    monkeypatch.chdir(repo.root)
    assert cli.run(["sync", "--local"], {}) == 0
    return repo


def test_a_path_behind_local_is_the_path(synced: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.run(["status", "--local", "docs/a.md"], {}) == 0
    assert "docs/a.md is in the store" in capsys.readouterr().out


def test_a_question_behind_local_is_the_question(synced: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.run(["search", "--local", "pears"], {}) == 0
    assert "1. docs/b.md" in capsys.readouterr().out
    assert not Path("pears").exists()


def test_a_store_file_behind_local_is_the_file(synced: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".vsync/local.db").rename("elsewhere")
    capsys.readouterr()
    assert cli.run(["search", "--local", "elsewhere", "pears"], {}) == 0
    assert "1. docs/b.md" in capsys.readouterr().out


def test_a_path_is_understood_from_the_current_folder(
    synced: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = Path(synced.root) / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "a.md").write_text("# Apples\n")
    monkeypatch.chdir(docs)
    capsys.readouterr()
    assert cli.run(["status", "--local", "a.md"], {}) == 0
    assert "docs/a.md is in the store" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["1", "true", "yes"])
def test_a_word_for_yes_is_the_default_file(synced: Repo, word: str) -> None:
    assert cli.run(["sync"], {"VSYNC_LOCAL": word}) == 0
    assert not Path(word).exists()
