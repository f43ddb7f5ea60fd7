"""What becomes of the bytes of files on their way into the store: notebooks, endings in capitals, files that stop being
documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world
from tests.support.gitrepo import Content, link, submodule
from tests.support.notebooks import code, notebook
from vsync.documents import convert
from vsync.documents.convert import Conversion, Converted

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

NOTEBOOKS = ("--include", "*.ipynb", "--include", "*.md")
TOKEN = ("gh" + "p_vK3mZ8qLw2Rt7Yb5Nc9Xd1Jf4Gh6Ps0TaQeU").encode()
GUIDE = notebook("# How to bake", code("bake(flour)", "a loaf of bread\n"), metadata={"zanzibar": 1})
MARKDOWN = b"# How to bake\n\n```\nbake(flour)\n```\n\n```output\na loaf of bread\n```\n"


# --- Notebooks ----------------------------------------------------------------------------------------------------


def store(world: World) -> dict[str, Any]:
    return dict(world.audit(world.state()["vector_store_id"]))


def test_a_notebook_is_in_the_store_as_markdown_and_is_found_by_its_text(world: World) -> None:
    world.repo.commit({"docs/guide.ipynb": GUIDE})
    planned = world.plan(*NOTEBOOKS)
    assert planned["estimate"]["upload_bytes"] == len(MARKDOWN)
    report = world.sync(*NOTEBOOKS)
    assert (report["added"], report["bytes_uploaded"]) == (["docs/guide.ipynb"], len(MARKDOWN))
    entry = store(world)["docs/guide.ipynb"]
    assert (entry.data, entry.filename) == (MARKDOWN, "docs/guide.ipynb.md")
    assert entry.attributes["path"] == "docs/guide.ipynb"
    record = world.state()["files"]["docs/guide.ipynb"]
    assert record["bytes"] == len(MARKDOWN)
    assert record["sha256"] == entry.attributes["sha256"]
    assert record["blob"] == world.repo.git("rev-parse", "HEAD:docs/guide.ipynb")
    found = json.loads(world.vsync("search", "loaf bread", "--json").out)
    assert found[0]["path"] == "docs/guide.ipynb"
    assert json.loads(world.vsync("search", "zanzibar", "--json").out) == []
    assert world.vsync("verify").code == 0
    assert world.sync(*NOTEBOOKS)["unchanged"] == 1


def test_a_notebook_of_a_plain_folder_is_the_same(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "guide.ipynb").write_bytes(GUIDE)
    (folder / "bad.ipynb").write_bytes(b"{}")
    report = world.sync("--folder", str(folder), "--source", "folder", *NOTEBOOKS)
    assert (report["added"], report["skipped"]) == (["guide.ipynb"], [{"path": "bad.ipynb", "reason": "not-notebook"}])
    assert report["bytes_uploaded"] == len(MARKDOWN)
    again = world.sync("--folder", str(folder), "--source", "folder", *NOTEBOOKS)
    assert (again["unchanged"], again["requests"]) == (1, {})


def test_what_is_no_notebook_is_skipped_with_the_reason(world: World) -> None:
    world.repo.commit(
        {"a.ipynb": b"# Markdown\n", "b.ipynb": notebook(code("")), "c.ipynb": notebook("c", TOKEN.decode())}
    )
    report = world.sync(*NOTEBOOKS)
    assert [(item["path"], item["reason"]) for item in report["skipped"]] == [
        ("a.ipynb", "not-notebook"),
        ("b.ipynb", "empty"),
        ("c.ipynb", "secret"),
    ]
    assert any("GitHub token in cell 2" in warning for warning in report["warnings"])


def test_without_a_manifest_a_notebook_is_known_again_by_its_markdown(world: World) -> None:
    world.repo.commit({"guide.ipynb": GUIDE, "a.md": b"a"})
    world.sync(*NOTEBOOKS)
    before = world.state()["files"]
    world.manifest.unlink()
    report = world.sync(*NOTEBOOKS)
    assert (report["added"], report["updated"], report["bytes_uploaded"]) == ([], [], 0)
    assert world.state()["files"] == before
    world.manifest.unlink()
    assert world.vsync("verify", "--rebuild").code == 0
    assert world.state()["files"].keys() == before.keys()


def other_conversion(monkeypatch: pytest.MonkeyPatch, make: Callable[[bytes], Converted], version: int = 2) -> None:
    """Another version of vsync, which makes something else of a notebook."""
    monkeypatch.setattr(convert, "_CONVERSIONS", {"notebook": Conversion(version, 10**6, make)})
    monkeypatch.setattr("vsync.config.targets.CONVERSIONS", (f"notebook {version}",))


@pytest.mark.parametrize("lost", [False, True])
def test_another_version_of_the_conversion_uploads_notebooks_again_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    world.repo.commit({"guide.ipynb": GUIDE, "a.md": b"a"})
    world.sync(*NOTEBOOKS)
    other_conversion(monkeypatch, lambda data: Converted(b"other"))
    assert world.vsync("verify").code == 0  # what another version uploaded is no drift
    if lost:
        # The store is listed, and its entry looks as this version would describe it.
        (world.repo.root / ".git" / "vsync").rename(world.repo.root / ".git" / "gone")
        world.manifest.write_text(world.manifest.read_text().replace('"serial": 1', '"serial": 2'))
    report = world.sync(*NOTEBOOKS)
    assert report["updated"] == ["guide.ipynb"]
    assert store(world)["guide.ipynb"].data == b"other"
    assert world.sync(*NOTEBOOKS)["unchanged"] == 2


def test_what_another_version_could_not_convert_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.repo.commit({"guide.ipynb": b"{}", "a.md": b"a"})
    world.sync(*NOTEBOOKS)
    assert world.sync(*NOTEBOOKS)["skipped"] == [{"path": "guide.ipynb", "reason": "not-notebook"}]
    other_conversion(monkeypatch, lambda data: Converted(b"other"))
    assert world.sync(*NOTEBOOKS)["added"] == ["guide.ipynb"]


# --- Endings in capitals ------------------------------------------------------------------------------------------


def test_endings_in_capitals_are_sent_in_small_letters_and_the_path_stays(world: World) -> None:
    files = {"README.MD": b"# Read me\n", "docs/a.MD": b"one\n", "docs/a.md": b"two\n", "B.TXT": b"b\n"}
    head = world.repo.commit(files)
    world.sync()
    world.assert_in_store(head, *files)
    assert sorted(entry.filename for entry in store(world).values()) == ["B.txt", "README.md", "docs/a.md", "docs/a.md"]
    before = world.state()["files"]
    world.manifest.unlink()
    assert world.sync()["bytes_uploaded"] == 0
    assert world.state()["files"] == before


# --- Documents that stop being documents --------------------------------------------------------------------------

STATES: dict[str, tuple[Content, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n\xef\xbb\xbf", "empty"),
    "latin-1": ("größe".encode("latin-1"), "unknown-encoding"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "lfs-pointer"),
    "link": (link("b.md"), "symlink"),
    "submodule": (submodule(), "submodule"),
    "secret": (TOKEN, "secret"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("full", [(), ("--full",)])
def test_a_document_that_stops_being_one_is_told_once_by_the_run_that_removes_it(
    world: World, state: str, full: tuple[str, ...]
) -> None:
    content, reason = STATES[state]
    world.repo.commit({"a.md": b"a", "b.md": b"b"})
    world.sync()
    world.repo.commit({"a.md": content})
    planned = world.plan(*full)
    (warning,) = planned["warnings"]
    assert warning.startswith("a.md ")
    assert "no longer a document: " in world.vsync("plan", *full).out
    report = world.sync(*full)
    assert (report["removed"], report["skipped"]) == (["a.md"], [{"path": "a.md", "reason": reason}])
    assert report["warnings"] == planned["warnings"]
    again = world.sync(*full)
    assert (again["warnings"], again["skipped"]) == ([], report["skipped"])


def test_a_removal_that_is_still_to_be_made_is_told_each_time(world: World) -> None:
    world.repo.commit({"a.md": b"a"})
    world.sync()
    world.repo.commit({"a.md": b""})
    first = world.sync(code=4)
    assert "1 of them because the file can no longer be a document" in first["refused"]
    assert world.sync(code=4)["warnings"] == first["warnings"] != []
    told = world.vsync("sync", "--force")
    assert "−1 (1 no longer a document) in " in told.out
    assert first["warnings"][0] in told.out + told.err


def test_a_document_that_is_moved_and_leaves_a_link_is_a_rename_and_no_warning(world: World) -> None:
    world.repo.commit({"a.md": b"a", "b.md": b"b"})
    world.sync()
    world.repo.commit({"docs/a.md": b"a", "a.md": link("docs/a.md")})
    report = world.sync()
    assert (report["renamed"], report["warnings"]) == ([{"from": "a.md", "to": "docs/a.md"}], [])


def test_a_document_that_the_rules_leave_out_now_is_no_warning(world: World) -> None:
    world.repo.commit({"a.md": b"a", "b.md": b"b"})
    world.sync()
    report = world.sync("--exclude", "a.md")
    assert (report["removed"], report["warnings"]) == (["a.md"], [])
