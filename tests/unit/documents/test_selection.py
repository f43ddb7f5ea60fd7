"""Which paths are documents, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vsync.documents.selection import NOT_SELECTED, Rules, Selector, Verdict
from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, SYMLINK

FILE = "100644"
MANIFEST = "state/vsync.json"


def selected(paths: Sequence[str], include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    selector = Selector(Rules(tuple(include), tuple(exclude)))
    verdicts = [selector.decide(path.encode(), FILE) for path in paths]
    return [verdict.path for verdict in verdicts if verdict.path is not None and verdict.skipped is None]


def test_without_rules_the_documents_are_the_documentation() -> None:
    documents = ["README.md", "docs/a.rst", "a.TXT", "b.html", "c.pdf", "d.docx", "e.pptx", "f.adoc", "g.mdx"]
    others = ["main.py", "data.json", "Makefile", "LICENSE", "photo.png", "style.css"]
    assert selected([*documents, *others]) == documents


@pytest.mark.parametrize(
    ("patterns", "paths", "matched"),
    [
        (["*.md"], ["a.md", "x/y/b.md", "c.py"], ["a.md", "x/y/b.md"]),
        (["/a.md"], ["a.md", "x/a.md"], ["a.md"]),
        (["docs/"], ["docs/a.md", "x/docs/b.md", "docs.md"], ["docs/a.md", "x/docs/b.md"]),
        (["/docs/"], ["docs/a.md", "x/docs/b.md"], ["docs/a.md"]),
        (["docs"], ["docs/a.md", "x/docs/b.py"], ["docs/a.md", "x/docs/b.py"]),
        (["docs/*.md"], ["docs/a.md", "docs/x/b.md", "x/docs/c.md"], ["docs/a.md"]),
        (["docs/**"], ["docs/a.md", "docs/x/b.md", "x/docs/c.md"], ["docs/a.md", "docs/x/b.md"]),
        (["src/**/*.py"], ["src/a.py", "src/x/y/b.py", "a.py"], ["src/a.py", "src/x/y/b.py"]),
        (["**/api/*.md"], ["api/a.md", "x/y/api/b.md", "api/x/c.md"], ["api/a.md", "x/y/api/b.md"]),
        (["a?.md"], ["a1.md", "a12.md", "a/1.md"], ["a1.md"]),
        (["[ab].md"], ["a.md", "b.md", "c.md"], ["a.md", "b.md"]),
        (["[!ab].md"], ["a.md", "c.md"], ["c.md"]),
        (["\\!a.md"], ["!a.md", "a.md"], ["!a.md"]),
        (["\\#a.md"], ["#a.md", "a.md"], ["#a.md"]),
        (["a\\*.md"], ["a*.md", "ab.md"], ["a*.md"]),
        (["*.md", "!draft*"], ["a.md", "draft.md", "x/draft-2.md"], ["a.md"]),
        (["*.md", "!draft*", "draft-ok.md"], ["a.md", "draft.md", "draft-ok.md"], ["a.md", "draft-ok.md"]),
        (["docs/", "!docs/internal/"], ["docs/a.md", "docs/internal/b.md"], ["docs/a.md"]),
        (["docs/*", "!docs/b.md"], ["docs/a.md", "docs/b.md"], ["docs/a.md"]),
        (["docs/", "!docs/b.md"], ["docs/a.md", "docs/b.md"], ["docs/a.md"]),
        (["!a.md"], ["a.md", "b.md"], []),
        (["Docs/"], ["docs/a.md"], []),
        (["日本/*.md"], ["日本/a.md", "docs/a.md"], ["日本/a.md"]),
    ],
)
def test_patterns_select_as_gitignore_would_match(patterns: list[str], paths: list[str], matched: list[str]) -> None:
    assert selected(paths, include=patterns) == matched
    everything = ["*.md", "*.py"]
    assert selected(paths, include=everything, exclude=patterns) == [path for path in paths if path not in matched]


def test_a_file_is_selected_when_include_selects_it_and_exclude_does_not() -> None:
    paths = ["docs/a.md", "docs/draft.md", "src/a.py", "src/b.md"]
    assert selected(paths, include=["docs/", "*.py"], exclude=["draft*"]) == ["docs/a.md", "src/a.py"]


def test_exclude_alone_takes_from_the_documentation() -> None:
    assert selected(["a.md", "docs/b.md", "c.py"], exclude=["docs/"]) == ["a.md"]


def test_exclude_never_adds() -> None:
    assert selected(["a.py", "b.md"], exclude=["!a.py"]) == ["b.md"]


@pytest.mark.parametrize(
    "path",
    [
        ".gitignore",
        "docs/.gitattributes",
        ".git/config",
        "vendor/.git/HEAD.md",
        ".github/README.md",
        "sub/.github/workflows/ci.yml",
        ".gitlab/notes.md",
        ".vsync.yml",
        ".vsync/manifest.json",
        ".vsync/notes.md",
        "sub/.vsync/manifest.json",
        MANIFEST,
    ],
)
def test_some_paths_are_never_documents_even_when_included(path: str) -> None:
    for include in (("*",), ("**",), (path,), ("/" + path,)):
        assert Selector(Rules(include, reserved=(MANIFEST,))).decide(path.encode(), FILE) == NOT_SELECTED


@pytest.mark.parametrize("path", ["git.md", "docs/my.git.md", "github/a.md", "vsync.yml", "x/vsync/a.md", "vsync.json"])
def test_names_that_only_resemble_the_reserved_ones_are_documents(path: str) -> None:
    assert Selector(Rules(("*",), reserved=(MANIFEST,))).decide(path.encode(), FILE) == Verdict(path)


@pytest.mark.parametrize(
    ("path", "mode", "shown", "reason"),
    [
        (b"link.md", SYMLINK, "link.md", "symlink"),
        (b"photo.md/x.png", FILE, "photo.md/x.png", "unsupported-type"),
        (b"caf\xe9.md", FILE, "caf\\xe9.md", "undecodable-name"),
        (b"caf\xe9.md", SYMLINK, "caf\\xe9.md", "undecodable-name"),
        (b"vendor/lib", SUBMODULE, "vendor/lib", "submodule"),
    ],
)
def test_a_selected_path_that_cannot_be_a_document_is_skipped_with_its_reason(
    path: bytes, mode: str, shown: str, reason: str
) -> None:
    assert Selector(Rules(("*",))).decide(path, mode) == Verdict(shown, reason)  # type: ignore[arg-type]  # from a table


def test_a_path_that_is_not_selected_is_not_skipped_either() -> None:
    selector = Selector(Rules(("docs/",)))
    for path, mode in ((b"a.png", FILE), (b"link.md", SYMLINK), (b"caf\xe9.md", FILE), (b"lib", SUBMODULE)):
        assert selector.decide(path, mode) == NOT_SELECTED


def test_a_submodule_is_told_where_its_files_could_have_been_documents() -> None:
    told = Verdict("docs", "submodule")
    assert Selector(Rules()).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("docs/",))).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("docs",))).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("*.md",))).decide(b"docs", SUBMODULE) == NOT_SELECTED
    assert Selector(Rules(exclude=("docs/",))).decide(b"docs", SUBMODULE) == NOT_SELECTED


def test_an_executable_file_is_a_document() -> None:
    assert Selector(Rules()).decide(b"a.md", "100755") == Verdict("a.md")


@pytest.mark.parametrize("path", ["a b.md", "a\nb.md", "-rf.md", "$(x).md", "日本.md", "a\\b.md", "..md", "x/..y/z.md"])
def test_nasty_names_are_documents_like_others(path: str) -> None:
    assert Selector(Rules()).decide(path.encode(), FILE) == Verdict(path)


@pytest.mark.parametrize("pattern", ["!", "a\\", "[z-a].md"])
def test_a_pattern_that_is_none_is_a_configuration_error_that_quotes_it(pattern: str) -> None:
    for name, rules in (("include", Rules(("*.md", pattern))), ("exclude", Rules(exclude=(pattern,)))):
        with pytest.raises(ConfigurationError) as caught:
            Selector(rules)
        assert name in caught.value.message
        assert repr(pattern) in caught.value.message


def test_a_pattern_that_python_may_read_otherwise_one_day_warns_nobody() -> None:
    assert selected(["[.md", "a.md"], include=["[[].md"]) == ["[.md"]
