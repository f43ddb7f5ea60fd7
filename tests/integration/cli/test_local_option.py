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


@pytest.mark.parametrize("given", ["typo.md", ".git/HEAD", "/dev/null"])
def test_a_file_that_is_no_store_is_refused_and_nothing_is_left_behind(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, kept_signal_handlers: None, given: str
) -> None:
    repo.commit({"docs/a.md": b"# Apples\n"})
    (repo.root / "typo.md").write_text("# Not a store\n")
    monkeypatch.chdir(repo.root)
    assert cli.run(["sync", "--local", given], {}) == 2
    assert "?? typo.md" in repo.git("status", "--porcelain")
    assert not Path(f"{given}.seal").exists()


def test_what_another_embedded_store_keeps_is_never_a_document(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept_signal_handlers: None
) -> None:
    docs = repo.root / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# Apples\n")
    (docs / "app.manifest.json").write_text('{"name": "an app"}\n')
    monkeypatch.chdir(repo.root)
    assert cli.run(["sync", "--folder", "docs", "--local", "docs/store.db"], {}) == 0
    capsys.readouterr()
    assert cli.run(["plan", "--folder", "docs", "--local", "--types", "any"], {}) == 0
    plan = capsys.readouterr().out
    assert [line.split()[1] for line in plan.splitlines() if line.startswith("  + ")] == ["a.md", "app.manifest.json"]
    assert ".seal" not in plan


def test_a_damaged_manifest_of_the_embedded_store_can_be_deleted(
    synced: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = synced.root / ".vsync" / "local.db.manifest.json"
    manifest.write_text("damaged")
    capsys.readouterr()
    assert cli.run(["sync", "--local"], {}) != 0
    told = " ".join(capsys.readouterr().err.split())
    assert "delete the file: the next sync lists the store" in told
    assert "git log" not in told
    manifest.unlink()
    assert cli.run(["sync", "--local"], {}) == 0
    assert '"docs/a.md"' in manifest.read_text()
