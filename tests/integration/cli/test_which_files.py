"""Which files of whole repositories become documents: layouts of real projects, one folder of a repository, and patterns that
choose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world
from tests.support.gitrepo import Content, link
from tests.support.notebooks import code, notebook

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

TEMPLATE = b"{% extends 'page.html' %}<h1>{{ title }}</h1>"


def written(*paths: str) -> dict[str, Content]:
    return {path: f"Text of {path}.\n".encode() for path in paths}


def skipped(report: Mapping[str, Any]) -> dict[str, str]:
    return {item["path"]: item["reason"] for item in report["skipped"]}


# --- Layouts ------------------------------------------------------------------------------------------------------


def test_of_a_ruby_project_the_pages_are_selected_and_not_the_test_data(world: World) -> None:
    own = ["CHANGELOG.adoc", "README-de.adoc", "README.adoc", "docs/modules/ROOT/pages/index.adoc", "docs/antora.md"]
    others = [
        "LICENSE",
        "test/fixtures/basic.adoc",
        "test/fixtures/chapters/ch-01.adoc",
        "test/fixtures/encoding.txt",
        "features/fixtures/page.html",
        "data/locale/attributes-de.txt",
        "lib/asciidoctor.rb",
        "Gemfile",
        "build/manual.html",
        ".yardoc/index.html",
    ]
    attributes: dict[str, Content] = {".gitattributes": b"data/locale/** linguist-generated\n*.rb text\n"}
    world.repo.commit({**written(*own, *others), **attributes})
    plan = world.plan()
    assert plan["added"] == sorted(own)
    assert plan["hints"] == [
        "Not selected, but looks like documentation: 3 .html, 2 .adoc and 1 .txt in test/fixtures/, .yardoc/, build/ and 1 "
        "more folder; 1 .txt marked in .gitattributes. Include patterns can select them (--include, input include)."
    ]


def test_of_a_python_project_the_guide_is_selected_and_not_its_templates_and_lists_of_packages(world: World) -> None:
    guide = {f"docs/source/examples/Notebook/{name}.ipynb": notebook(f"# {name}", code("1 + 1")) for name in "abc"}
    pages = ["README.md", "docs/source/changelog.md", "docs/source/index.rst", "docs/source/page.html"]
    others = [
        "LICENSE.md",
        "docs/doc-requirements.txt",
        "docs/requirements.txt",
        "node_modules/left-pad/README.md",
        "packages/lab/src/index.ts",
        "notebook/static/third_party/MathJax/README.md",
        "notebook/static/vendor/README.md",
        ".devcontainer/README.md",
        "setup.py",
    ]
    templates: dict[str, Content] = {f"notebook/templates/{name}.html": TEMPLATE for name in ("edit", "tree")}
    world.repo.commit({**written(*pages, *others), **guide, **templates})
    report = world.sync()
    assert report["added"] == sorted([*pages, *guide])
    assert skipped(report) == dict.fromkeys(sorted(templates), "template")
    everything = world.plan("--include", "*")
    assert set(everything["added"]) == {*templates, *others}


def test_of_a_repository_of_pages_everything_is_selected(world: World) -> None:
    pages = ["README.md", *(f"text/{number:04}-topic.md" for number in range(30)), "text/0007/notes.md", "index"]
    world.repo.commit({**written(*pages), "text/logo.svg": b"<svg/>"})
    plan = world.plan()
    assert plan["added"] == sorted(set(pages) - {"index"})
    assert (plan["warnings"], plan["hints"], plan["skipped"]) == ([], [], [])


def test_a_plain_folder_is_selected_by_the_same_rules(world: World, tmp_path: Path) -> None:
    files = {
        "README": b"x",
        "guide.org": b"x",
        "vendor/a.md": b"x",
        "theirs/a.md": b"x",
        "base.html": TEMPLATE,
        ".gitattributes": b"theirs/** linguist-vendored\n",
    }
    for name, data in files.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    world.repo.commit(written("a.md"))
    report = world.plan("--folder", str(tmp_path / "folder"), "--source", "folder")
    assert report["added"] == ["README", "guide.org"]
    assert skipped(report) == {"base.html": "template"}


def test_a_linked_folder_of_documentation_is_told(world: World) -> None:
    world.repo.commit({**written("site/docs/a.md"), "docs": link("site/docs"), "latest": link("site")})
    assert skipped(world.plan()) == {"docs": "symlink"}
    included = world.plan("--include", "docs/**", "--exclude", "site/")
    assert (included["added"], skipped(included)) == ([], {"docs": "symlink"})
    assert not [warning for warning in included["warnings"] if "matches no file" in warning]


def test_a_rule_of_vsync_that_changes_lets_the_next_run_take_out_what_it_left_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [f"docs/{number}.md" for number in range(6)]
    world.repo.commit({**written(*pages, "vendor/a.md"), "base.html": TEMPLATE})
    with monkeypatch.context() as earlier:
        earlier.setattr("vsync.documents.selection.is_left_out", lambda folder: False)
        earlier.setattr("vsync.plan.look.is_html", lambda path: False)
        earlier.setattr("vsync.config.targets._RULES_VERSION", 2)
        world.sync()
    report = world.sync()
    assert report["comparison"]["reason"] == "the settings changed since the last sync"
    assert report["removed"] == ["base.html", "vendor/a.md"]
    assert world.audit(world.state()["vector_store_id"]).keys() == set(pages)


# --- Root and types -----------------------------------------------------------------------------------------------

SERVICES = [
    "docs/a.md",
    "services/api/docs/b.md",
    "services/api/docs/draft.md",
    "services/api/src/x.py",
    "services/web/docs/c.md",
]


def test_root_selects_one_folder_and_the_path_stays_that_of_the_repository(world: World) -> None:
    world.repo.commit(written(*SERVICES))
    rules = ("--root", "services/api/", "--include", "/docs/", "--exclude", "draft.md")
    assert world.sync(*rules)["added"] == ["services/api/docs/b.md"]
    world.assert_in_store("HEAD", "services/api/docs/b.md")
    world.repo.commit(written("services/api/docs/d.md", "docs/e.md"))
    report = world.sync(*rules)
    assert (report["comparison"]["mode"], report["added"]) == ("diff", ["services/api/docs/d.md"])


def test_another_root_is_another_selection(world: World) -> None:
    world.repo.commit(written(*SERVICES))
    world.sync("--root", "services/api")
    report = world.sync("--root", "services", "--force")
    assert (report["added"], report["unchanged"]) == (["services/web/docs/c.md"], 2)
    assert report["comparison"]["mode"] == "full"


def test_root_counts_in_a_plain_folder(world: World) -> None:
    for name in SERVICES:
        path = world.repo.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    report = world.plan("--folder", str(world.repo.root), "--source", "folder", "--root", "services/web")
    assert report["added"] == ["services/web/docs/c.md"]


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("service/api", "the nearest is 'services/api'"),
        ("services/api/src/x.py", "is a file"),
        ("/services/api", "a path of this machine"),
        ("../api", "leads out of the repository"),
    ],
)
def test_a_root_that_is_no_folder_of_the_commit_is_refused(world: World, root: str, told: str) -> None:
    world.repo.commit(written(*SERVICES))
    for command in ("plan", "sync"):
        result = world.vsync(command, "--root", root)
        assert result.code == 2
        assert told in result.err
    assert not world.manifest.exists()


def test_a_root_that_a_commit_deletes_takes_no_document_out_of_the_store(world: World) -> None:
    world.repo.commit(written(*SERVICES))
    world.sync("--root", "services/web")
    world.repo.commit({"services/web/docs/c.md": None})
    result = world.vsync("sync", "--root", "services/web", "--force")
    assert result.code == 2
    assert "The root 'services/web' does not exist in the commit" in result.err
    assert world.audit(world.state()["vector_store_id"]).keys() == {"services/web/docs/c.md"}


def test_types_chooses_the_kinds_of_files(world: World) -> None:
    world.repo.commit(written("docs/a.md", "docs/x.py", "docs/fixtures/b.md", "c.md"))
    assert world.plan("--include", "docs/")["added"] == ["docs/a.md", "docs/fixtures/b.md", "docs/x.py"]
    assert world.plan("--include", "docs/", "--types", "documentation")["added"] == ["docs/a.md"]
    assert world.plan("--root", "docs")["added"] == ["docs/a.md"]
    assert world.plan("--types", "any")["added"] == ["c.md", "docs/a.md", "docs/fixtures/b.md", "docs/x.py"]
    assert world.plan(VSYNC_TYPES="any", VSYNC_ROOT="docs")["added"] == ["docs/a.md", "docs/fixtures/b.md", "docs/x.py"]
    result = world.vsync("plan", "--types", "docs")
    assert (result.code, "types is 'docs'" in result.err) == (2, True)


def test_a_repository_folder_that_is_not_there_is_refused_although_one_is_around_it(world: World) -> None:
    world.repo.commit(written("a.md"))
    (world.repo.root / "sub").mkdir()
    assert world.plan("--repo", str(world.repo.root / "sub"))["added"] == ["a.md"]
    result = world.vsync("plan", "--repo", str(world.repo.root / "sbu"))
    assert result.code == 2
    assert "There is no folder" in result.err


# --- Patterns that choose nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--include", "--exclude", "--allow-secrets"])
@pytest.mark.parametrize("pattern", ["*.{md,mdx}", "./docs/**", "docs/, src/", '"docs/**"', "docs/["])
def test_a_pattern_that_cannot_be_meant_is_refused_before_anything_is_done(
    world: World, option: str, pattern: str
) -> None:
    world.repo.commit(written("docs/a.md"))
    for command in ("plan", "sync"):
        result = world.vsync(command, option, pattern)
        assert result.code == 2
        assert f"The {option[2:]} pattern '{pattern}' is not usable" in result.err
        assert "Write " in result.err
    assert not world.manifest.exists()


def test_a_path_of_this_machine_is_refused(world: World) -> None:
    world.repo.commit(written("docs/a.md"))
    result = world.vsync("plan", "--exclude", f"{world.repo.root}/docs/**")
    assert result.code == 2
    assert "Write '/docs/**'" in result.err


def test_the_pattern_of_a_take_over_is_refused_in_the_same_way(world: World) -> None:
    world.repo.commit(written("docs/a.md"))
    world.sync()
    result = world.vsync("verify", "--take-over", "old/*.{md,txt}")
    assert result.code == 2
    assert "'old/*.md', 'old/*.txt'" in result.err


def test_a_pattern_that_matches_no_file_is_a_warning_in_every_run(world: World) -> None:
    world.repo.commit(written("docs/a.md", "docs/private/p.md"))
    rules = ("--include", "docs/", "--exclude", "docs/privte/")
    expected = "The exclude pattern 'docs/privte/' matches no file of the commit; the nearest path is 'docs/private/'."
    assert world.plan(*rules)["warnings"] == [expected]
    assert world.sync(*rules)["warnings"] == [expected]
    again = world.sync(*rules)
    assert (again["warnings"], again["requests"]) == ([expected], {})
    world.repo.commit(written("docs/b.md"))
    report = world.sync(*rules)
    assert (report["comparison"]["mode"], report["added"], report["warnings"]) == ("diff", ["docs/b.md"], [expected])
    world.repo.commit(written("docs/privte/q.md"))
    assert world.sync(*rules)["warnings"] == []


def test_hostile_names_and_patterns_are_printed_without_effect(world: World) -> None:
    world.repo.commit({**written("a.md"), "b\x1b[31m\n::error::x.txt": b"x"})
    result = world.vsync("plan", "--exclude", "b\x1b\\[31m::error::y.txt")
    assert result.code == 0
    assert "\x1b" not in result.out + result.err
    assert "\n::error" not in result.out + result.err
