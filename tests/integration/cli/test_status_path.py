"""`vsync status PATH`: what has become of one file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import World, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import link, submodule
from vsync.config.settings import DEFAULT_MANIFEST_BRANCH

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


def state_of(world: World, path: str, *more: str) -> tuple[str, bool]:
    found = path_data(world, path, *more)
    return found["state"], found["in_store"]


def path_data(world: World, path: str, *more: str) -> Any:
    result = world.vsync("status", "--json", *more, "--", path, VSYNC_LOCAL="")
    assert (result.code, result.err) == (0, "")
    return result.json["path"]


def test_each_state_is_told_apart_without_a_request(world: World) -> None:
    world.repo.commit(
        {"a.md": b"one", "b.md": b"two", "c.md": b"three", "empty.md": b"", "main.c": b"x", "gone.md": b"g"}
    )
    world.sync()
    file_id = world.state()["files"]["a.md"]["file_id"]
    world.repo.commit({"b.md": b"newer", "c.md": b"", "new.md": b"new", "gone.md": None, "link.md": link("a.md")})
    (world.repo.root / "draft.md").write_bytes(b"not committed")
    assert {path: state_of(world, path) for path in
            ("a.md", "b.md", "c.md", "empty.md", "main.c", "gone.md", "new.md", "link.md", "draft.md")} == {
        "a.md": ("current", True),
        "b.md": ("outdated", True),
        "c.md": ("skipped", True),
        "empty.md": ("skipped", False),
        "main.c": ("not-selected", False),
        "gone.md": ("removed", True),
        "new.md": ("waiting", False),
        "link.md": ("skipped", False),
        "draft.md": ("not-committed", False),
    }  # fmt: skip
    assert path_data(world, "a.md") == {
        "path": "a.md",
        "state": "current",
        "in_store": True,
        "file_id": file_id,
        "blob": world.repo.blob("HEAD", "a.md"),
        "failed": None,
        "skipped": None,
        "reason": None,
    }


def test_what_the_status_announces_is_what_the_sync_does(world: World) -> None:
    world.repo.commit({"a.md": b"one", "b.md": b"two", "c.md": b"three", "gone.md": b"g"})
    world.sync()
    world.repo.commit({"b.md": b"newer", "c.md": b"", "new.md": b"new", "gone.md": None})
    paths = ("a.md", "b.md", "c.md", "new.md", "gone.md")
    before = {path: path_data(world, path)["state"] for path in paths}
    report = world.sync()
    assert before == {
        "a.md": "current",
        "b.md": "outdated",
        "c.md": "skipped",
        "new.md": "waiting",
        "gone.md": "removed",
    }
    assert (report["updated"], report["added"], report["removed"]) == (["b.md"], ["new.md"], ["c.md", "gone.md"])
    assert {path: state_of(world, path) for path in ("a.md", "b.md", "c.md", "new.md")} == {
        "a.md": ("current", True),
        "b.md": ("current", True),
        "c.md": ("skipped", False),
        "new.md": ("current", True),
    }


def test_the_sentences_for_people(world: World) -> None:
    head = world.repo.commit({"a.md": b"text", "empty.md": b"", "main.c": b"x"})
    assert "a.md is not in the store: the next sync uploads it" in world.vsync("status", "a.md").out
    world.sync()
    file_id = world.state()["files"]["a.md"]["file_id"]
    found = f"a.md is in the store ({file_id}, 4 bytes), as it is in {head[:12]}\n"
    assert world.vsync("status", "a.md").out.endswith(found)
    assert world.vsync("status", "./a.md").out.endswith(found)
    assert "empty.md is not in the store: skipped, empty (" in world.vsync("status", "empty.md").out
    assert "main.c is not in the store: not selected, not documentation (.c)" in world.vsync("status", "main.c").out


def test_the_rule_that_does_not_select_a_path_is_named(world: World, docs: str) -> None:
    found = path_data(world, "docs/a.md", "--exclude", "docs/")
    assert (found["state"], found["reason"]) == ("not-selected", "excluded by the pattern 'docs/'")
    world.repo.commit({".gitattributes": b"b.txt linguist-generated\n"})
    assert path_data(world, "docs/b.txt")["reason"] == "marked linguist-generated in .gitattributes"
    assert path_data(world, "README.md", "--root", "docs")["reason"] == "outside of the root docs"
    assert state_of(world, "docs/a.md", "--include", "*.rst") == ("not-selected", False)


def test_a_file_of_a_submodule_is_not_selected(world: World) -> None:
    world.repo.commit({"a.md": b"one", "lib": submodule("c" * 40)})
    assert state_of(world, "lib", "--include", "*") == ("skipped", False)
    assert "submodule lib" in path_data(world, "lib/x.md")["reason"]


@pytest.mark.parametrize(
    "name", ["-x.md", "--help.md", "my file.md", " a.md", "caf\udce9.md", "a\nb.md", "'q'.md", "*.md"]
)
def test_odd_names_are_taken_as_they_are(world: World, name: str) -> None:
    world.repo.commit({os.fsencode(name): b"text", b"z.md": b"other"})
    world.sync("--include", "*")
    expected = ("skipped", False) if "\udce9" in name else ("current", True)
    assert state_of(world, name, "--include", "*") == expected
    assert world.vsync("status", "--include", "*", "--", f"./{name}").code == 0


def test_a_path_counts_from_the_current_folder(world: World, docs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    (world.repo.root / "docs").mkdir()
    monkeypatch.chdir(world.repo.root / "docs")
    for given in ("a.md", "./a.md", "../docs/a.md", "docs/a.md", str(world.repo.root / "docs" / "a.md")):
        assert path_data(world, given)["path"] == "docs/a.md"
    assert path_data(world, "../README.md")["path"] == "README.md"


def test_no_such_file_is_wrong_usage_and_the_nearest_is_named(world: World, docs: str) -> None:
    for synced in (False, True):
        result = world.vsync("status", "docs/a.mdx")
        assert (result.code, result.out) == (2, "")
        assert "There is no file 'docs/a.mdx'" in one_sentence(result)
        assert "The nearest path is 'docs/a.md'." in one_sentence(result)
        if not synced:
            world.sync()
    assert "is a folder" in one_sentence(world.vsync("status", "docs"))
    assert world.vsync("status", "/etc/hosts").code == 2


def test_a_plain_folder_has_the_same_states(world: World, docs: str, tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "a.md").write_bytes(b"one")
    (folder / "b.md").write_bytes(b"two")
    (folder / "main.c").write_bytes(b"x")
    world.sync("--folder", str(folder))
    (folder / "b.md").write_bytes(b"newer")
    (folder / "c.md").write_bytes(b"new")
    (folder / ".git").write_bytes(b"x")
    os.mkfifo(folder / "pipe.md")
    found = {
        path: state_of(world, path, "--folder", str(folder))
        for path in ("a.md", "b.md", "c.md", "main.c", ".git", "pipe.md")
    }
    assert found == {
        "a.md": ("current", True),
        "b.md": ("outdated", True),
        "c.md": ("waiting", False),
        "main.c": ("not-selected", False),
        ".git": ("not-selected", False),
        "pipe.md": ("not-committed", False),
    }


def test_the_manifest_that_a_fresh_clone_has_fetched_is_told(world: World, docs: str) -> None:
    world.sync()
    manifest = world.manifest.read_bytes()
    world.manifest.unlink()
    shutil.rmtree(world.repo.root / ".git" / "vsync")
    assert "Nothing has been synced yet as far as this clone knows" in world.vsync("status").out
    world.repo.git("checkout", "-q", "--orphan", "elsewhere")
    commit = world.repo.commit({".vsync/manifest.json": manifest})
    world.repo.git("update-ref", f"refs/remotes/origin/{DEFAULT_MANIFEST_BRANCH}", commit)
    world.manifest.unlink(missing_ok=True)
    told = world.vsync("status", "--head", docs).out
    assert "stands on the remote `origin` (branch vsync-manifest)" in told
    assert f"3 documents are in the store, {docs[:12]} is live" in told
    assert "--push" in told
    assert "README.md is in the store" in world.vsync("status", "--head", docs, "README.md").out
    verified = world.vsync("verify", "--head", docs)
    assert (verified.code, "Give --push" in verified.err) == (2, True)
    assert "Nothing has been synced yet" in world.vsync("status", "--head", docs, "--target", "other").out


def test_a_broken_manifest_on_the_remote_is_no_error(world: World, docs: str) -> None:
    commit = world.repo.commit({".vsync/manifest.json": b"{"})
    world.repo.git("update-ref", f"refs/remotes/origin/{DEFAULT_MANIFEST_BRANCH}", commit)
    world.manifest.unlink(missing_ok=True)
    result = world.vsync("status")
    assert (result.code, result.err) == (0, "")
    assert "as far as this clone knows" in result.out
