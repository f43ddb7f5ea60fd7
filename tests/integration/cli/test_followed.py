"""Files behind links and of submodules, from the config to the store: the same by a diff and in full, and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world
from tests.support.gitrepo import Repo, link, submodule
from tests.support.lfs import pointer_to

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

LINKS = b"version: 1\nsymlinks: true\n"
BOTH = b"version: 1\nsymlinks: true\nsubmodules: true\n"


def stored(world: World) -> dict[str, bytes]:
    return {path: entry.data for path, entry in world.audit(world.state()["vector_store_id"]).items()}


def test_a_links_documents_follow_the_link_and_its_target(world: World) -> None:
    world.repo.commit(
        {
            ".vsync.yml": LINKS,
            "docs/a.md": b"# A\n",
            "docs/b.md": b"# B\n",
            "other/c.md": b"# C\n",
            "manual": link("docs"),
        }
    )
    assert world.sync()["added"] == ["docs/a.md", "docs/b.md", "manual/a.md", "manual/b.md", "other/c.md"]
    assert world.sync()["requests"] == {}
    world.repo.commit({"docs/a.md": b"# A is new\n"})
    changed = world.sync()
    assert changed["updated"] == ["docs/a.md", "manual/a.md"]
    assert "symbolic links" in changed["comparison"]["reason"]
    world.repo.commit({"manual": link("other")})
    assert world.sync("--max-delete", "2")["removed"] == ["manual/a.md", "manual/b.md"]
    assert stored(world)["manual/c.md"] == b"# C\n"
    world.repo.commit({"manual": None})
    removed = world.sync()
    assert removed["removed"] == ["manual/c.md"]
    assert removed["comparison"]["mode"] == "full"  # the base had a link
    assert set(stored(world)) == {"docs/a.md", "docs/b.md", "other/c.md"}
    world.repo.commit({"docs/a.md": b"# A once more\n"})
    assert world.sync()["comparison"]["mode"] == "diff"


def test_links_that_are_not_followed_are_told_with_the_reason(world: World) -> None:
    world.repo.commit({".vsync.yml": LINKS, "a.md": b"# A\n", "out.md": link("/etc/passwd"), "gone.md": link("x.md")})
    report = world.sync()
    assert report["added"] == ["a.md"]
    assert report["skipped"] == [
        {"path": "gone.md", "reason": "symlink"},
        {"path": "out.md", "reason": "symlink"},
    ]
    assert report["warnings"] == [
        "The symbolic link 'gone.md' is not followed: it leads to nothing.",
        "The symbolic link 'out.md' is not followed: it leads out of the repository.",
    ]


def test_rules_count_for_the_links_path(world: World) -> None:
    world.repo.commit(
        {
            ".vsync.yml": LINKS + b"include: [manual/]\nexclude: ['manual/b.md']\n",
            "docs/a.md": b"# A\n",
            "docs/b.md": b"# B\n",
            "manual": link("docs"),
        }
    )
    assert world.sync()["added"] == ["manual/a.md"]
    world.repo.commit({".vsync.yml": b"version: 1\ninclude: [manual/]\n"})
    report = world.sync("--force")
    assert report["removed"] == ["manual/a.md"]


def test_a_submodules_documents_follow_its_commit(world: World, tmp_path: Path) -> None:
    lib = Repo.make(tmp_path / "lib")
    first = lib.commit({"guide.md": b"# Guide\n", "old.md": b"# Old\n"})
    second = lib.commit({"guide.md": b"# New guide\n", "old.md": None})
    world.repo.commit({".vsync.yml": BOTH, "a.md": b"# A\n", "lib": submodule(first), "g.md": link("lib/guide.md")})
    report = world.sync()
    assert report["added"] == ["a.md"]
    assert {item["path"]: item["reason"] for item in report["skipped"]} == {"g.md": "symlink", "lib": "submodule"}
    lib.git("clone", "-q", "--bare", "--template=", ".", str(world.repo.git_folder / "modules" / "lib"))
    assert world.sync()["added"] == ["g.md", "lib/guide.md", "lib/old.md"]
    assert stored(world)["lib/guide.md"] == b"# Guide\n"
    assert world.sync()["requests"] == {}
    world.repo.commit({"lib": submodule(second)})
    report = world.sync()
    assert (report["updated"], report["removed"]) == (["g.md", "lib/guide.md"], ["lib/old.md"])
    assert stored(world)["g.md"] == b"# New guide\n"
    status = world.vsync("status", "lib/guide.md")
    assert status.code == 0, status.err


def test_a_submodule_that_is_gone_from_the_checkout_loses_no_document(world: World, tmp_path: Path) -> None:
    lib = Repo.make(tmp_path / "lib")
    at = lib.commit({"guide.md": b"# Guide\n"})
    modules = world.repo.git_folder / "modules" / "lib"
    lib.git("clone", "-q", "--bare", "--template=", ".", str(modules))
    files = {f"{number}.md": b"# Page\n" for number in range(3)}
    world.repo.commit({".vsync.yml": BOTH, **files, "lib": submodule(at), "g.md": link("lib/guide.md")})
    world.sync()
    before = stored(world)
    modules.rename(tmp_path / "away")
    world.repo.commit({"b.md": b"# B\n"})
    result = world.vsync("sync", "--json")
    assert result.code == 2
    assert "the submodule is not in this checkout" in result.err
    assert stored(world) == before
    world.repo.commit({".vsync.yml": BOTH + b"exclude: [lib/, g.md]\n"})
    assert world.sync()["removed"] == ["g.md", "lib/guide.md"]


def test_a_folders_links_are_followed_inside_of_it(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.md").write_bytes(b"# A\n")
    (folder / "manual").symlink_to("docs")
    (folder / "out.md").symlink_to("/etc/passwd")
    (folder / ".vsync.yml").write_bytes(LINKS)
    given = ("--folder", str(folder), "--manifest", str(tmp_path / "manifest.json"), "--source", "pages")
    report = world.sync(*given)
    assert report["added"] == ["docs/a.md", "manual/a.md"]
    (folder / "docs" / "a.md").write_bytes(b"# A is new\n")
    assert world.sync(*given)["updated"] == ["docs/a.md", "manual/a.md"]


@pytest.mark.parametrize("shallow", [False, True])
def test_a_submodule_that_moves_and_is_not_checked_out_loses_no_document(
    world: World, tmp_path: Path, *, shallow: bool
) -> None:
    lib = Repo.make(tmp_path / "lib")
    at = lib.commit({"guide.md": b"# Guide\n"})
    modules = world.repo.git_folder / "modules" / "lib"
    lib.git("clone", "-q", "--bare", "--template=", ".", str(modules))
    world.repo.commit({".vsync.yml": BOTH, "a.md": b"# A\n", "lib": submodule(at)})
    world.sync()
    before = stored(world)
    modules.rename(tmp_path / "away")
    head = world.repo.commit({"lib": None, "new": submodule(at)})
    if shallow:
        (world.repo.git_folder / "shallow").write_text(f"{head}\n")
        world.repo.git("reflog", "expire", "--expire=now", "--all")
        world.repo.git("gc", "--quiet", "--prune=now")
    for given in ((), ("--full", "--force")):
        result = world.vsync("sync", "--json", *given)
        assert result.code == 2
        assert "'new' is new since the last sync, and is not in this checkout" in result.err
    assert stored(world) == before
    (tmp_path / "away").rename(modules.with_name("new"))
    assert world.sync()["renamed"] == [{"from": "lib/guide.md", "to": "new/guide.md"}]
    assert world.sync()["requests"] == {}


def test_a_document_is_removed_beside_a_new_submodule_that_is_not_checked_out(world: World, tmp_path: Path) -> None:
    lib = Repo.make(tmp_path / "lib")
    at = lib.commit({"guide.md": b"# Guide\n"})
    world.repo.commit({".vsync.yml": BOTH, "a.md": b"# A\n", "b.md": b"# B\n"})
    world.sync()
    world.repo.commit({"b.md": None, "lib": submodule(at)})
    assert world.sync()["removed"] == ["b.md"]


def test_a_folder_whose_files_are_git_lfs_pointers_now_loses_no_document(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    page, other = folder / "page.md", folder / "other.md"
    page.write_bytes(b"# Page\n")
    other.write_bytes(b"# Other\n")
    given = ("--folder", str(folder), "--manifest", str(tmp_path / "manifest.json"), "--source", "pages")
    world.sync(*given)
    page.write_bytes(pointer_to(b"# Page\n"))
    assert world.sync(*given)["requests"] == {}
    page.rename(folder / "new.md")
    other.write_bytes(pointer_to(b"# Another\n"))
    result = world.vsync("sync", "--json", *given)
    assert result.code == 1
    report = json.loads(result.out)
    assert report["removed"] == []
    assert "is a Git LFS pointer, and its file is not in this checkout" in report["failed"][0]["message"]
    other.write_bytes(b"# Another\n")
    (folder / "new.md").write_bytes(b"# Page\n")
    done = world.sync(*given)
    assert (done["updated"], done["added"], done["removed"]) == (["other.md"], [], [])
    assert done["renamed"] == [{"from": "page.md", "to": "new.md"}]
