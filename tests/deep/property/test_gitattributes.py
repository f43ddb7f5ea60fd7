"""`.gitattributes` files mean what they mean to git: the same paths bear the marks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.gitrepo import Repo
from vsync.documents.gitattributes import GitAttributes

NAMES = ["a", "b", "docs", "x.md", "y.md", "a b", "[z].md", "v", "A.MD", "d.md", "-.md", "x.m[d", "a\\"]
PARTS = [
    "a", "b", "docs", "*.md", "x.md", "**", "*", "?.md", "[ab]", "[!a]*", "a b", "\\[z].md", "[[]z].md", "[[:upper:]]*", "v", "*a", "d*s",
    "***", "**b", "[a-z].md", "\\*", "x.m[d", "[]a]", "[^a]", "x.m\\d",
    "[\\d].md", "[\\]a].md", "[a-\\d]*", "[d-]*", "[--d]*", "[!-a]*", "[z-a]*", "[![:alpha:]]*", "[[:none:]a]*", "[[:a]*", "[a", "[", "[]",
    "a\\", "**/*.md", "**/a", "x.m\\[d", "[x-[]*", "[\\w-\\z]*", "[&&|~]*",
]  # fmt: skip
STATES = [
    "linguist-vendored", "-linguist-vendored", "!linguist-vendored", "linguist-vendored=true", "linguist-vendored=false",
    "linguist-vendored=0", "linguist-generated", "-linguist-generated", "theirs", "-theirs", "!theirs", "text",
]  # fmt: skip
FOLDERS = ["", "docs", "docs/a", "a"]


@st.composite
def lines(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 9)) == 0:
        return f"[attr]theirs {' '.join(draw(st.lists(st.sampled_from(STATES[:8]), min_size=1, max_size=2)))}"
    pattern = "/".join(draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3)))
    pattern = draw(st.sampled_from(["", "", "", "/", "!"])) + pattern + draw(st.sampled_from(["", "", "", "/"]))
    if " " in pattern or draw(st.booleans()):
        pattern = '"' + pattern.replace("\\", "\\\\") + '"'
    blank = draw(st.sampled_from(["", " ", "\t"]))
    return f"{blank}{pattern} {' '.join(draw(st.lists(st.sampled_from(STATES), max_size=3)))}"


FILES = st.dictionaries(st.sampled_from(FOLDERS), st.lists(lines(), min_size=1, max_size=6).map("\n".join), max_size=4)
PATHS = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=20, max_size=40, unique=True
)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return Repo.make(tmp_path_factory.mktemp("repo"))


def marked_by_git(repo: Repo, files: Mapping[str, str], paths: list[str]) -> dict[str, str | None]:
    """The marks that git reads from these files in a working tree. GitHub takes every value but `false` as set."""
    for folder in FOLDERS[1:]:
        shutil.rmtree(repo.root / folder, ignore_errors=True)
    Path(repo.root, ".gitattributes").unlink(missing_ok=True)
    for folder, text in files.items():
        Path(repo.root, folder).mkdir(parents=True, exist_ok=True)
        Path(repo.root, folder, ".gitattributes").write_text(text)
    marks: dict[str, str | None] = dict.fromkeys(paths)
    told = repo.git(
        "check-attr", "-z", "--stdin", "linguist-generated", "linguist-vendored", stdin="\0".join(paths).encode()
    ).split("\0")
    for path, mark, value in zip(told[0::3], told[1::3], told[2::3], strict=False):
        if value not in {"unspecified", "unset", "false"}:
            marks[path] = mark
    return marks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(FILES, PATHS)
@example({"": "* linguist-vendored\n", "docs": "*.md -linguist-vendored\n"}, ["docs/x.md", "x.md", "docs/a/x.md"])
@example({"": "[\\d].md linguist-vendored"}, ["d.md", "1.md"])
@example({"": "*.md m0\n[attr]m0 m1\n[attr]m1 m0 linguist-vendored m1"}, ["x.md"])
@example({"": "*.md m0\n*.md -m1\n[attr]m0 m1\n[attr]m1 linguist-vendored"}, ["x.md"])
@example({"": "[attr]theirs linguist-vendored\ndocs/** theirs\ndocs/a/** -theirs"}, ["docs/x.md", "docs/a/x.md"])
def test_the_marks_are_those_that_git_reads(repo: Repo, files: dict[str, str], paths: list[str]) -> None:
    attributes = GitAttributes({folder: text.encode() for folder, text in files.items()})
    assert {path: attributes.mark(path) for path in paths} == marked_by_git(repo, files, paths)


@given(st.dictionaries(st.sampled_from(FOLDERS), st.binary(max_size=200)), st.text(max_size=20))
def test_no_bytes_are_too_strange(files: dict[str, bytes], path: str) -> None:
    assert GitAttributes(files).mark(path) in {None, "linguist-vendored", "linguist-generated"}
