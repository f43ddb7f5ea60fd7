"""What counts as documentation by its name, and what is left out of it."""

from __future__ import annotations

import pytest

from vsync.documents.defaults import is_documentation, is_left_out, looks_like_documentation, no_prose
from vsync.documents.filetypes import DOCUMENTATION_EXTENSIONS, file_type


@pytest.mark.parametrize(
    "path",
    ["a.md", "a.MDX", "guide.qmd", "notes.org", "README", "docs/Readme", "a.ipynb", "a.rst", "a.adoc", "a.txt", "a.html", "a.pdf", "a.doc"],
)  # fmt: skip
def test_documentation_is_known_by_its_name(path: str) -> None:
    assert is_documentation(path)


@pytest.mark.parametrize("path", ["a.py", "Makefile", "CHANGELOG", "a", "readme/a", "a.yaml", "a.png", ".md", "a.csv"])
def test_other_files_are_none(path: str) -> None:
    assert not is_documentation(path)


def test_every_kind_of_documentation_can_be_sent() -> None:
    assert [kind for kind in DOCUMENTATION_EXTENSIONS if file_type(f"a{kind}") is None] == []


@pytest.mark.parametrize(
    "path",
    [
        "requirements.txt",
        "Requirements-dev.txt",
        "requirements_test.txt",
        "requirements/base.txt",
        "docs/requirements.txt",
        "dev-requirements.txt",
        "x/requirements/docs.txt",
        "constraints.txt",
        "CMakeLists.txt",
        "src/CMakeLists.txt",
        "robots.txt",
        "static/robots.txt",
        "LICENSE",
        "LICENSE.md",
        "License.txt",
        "LICENCE",
        "LICENSE-MIT.txt",
        "LICENSE_APACHE.md",
        "MIT-LICENSE.txt",
        "COPYING.LESSER.txt",
        "COPYING.rst",
        "NOTICE.md",
        "THIRD-PARTY-NOTICES.txt",
        "ThirdPartyNotices.txt",
        "UNLICENSE.txt",
        "docs/LICENSE.md",
    ],
)
def test_packages_files_for_machines_and_licences_are_no_prose(path: str) -> None:
    assert no_prose(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        "docs/license-keys.md",
        "docs/licensing.md",
        "docs/requirements.md",
        "docs/requirements-of-users.md",
        "requirements/overview.md",
        "docs/notice-board.md",
        "docs/copying-files.md",
        "docs/robots.md",
        "notes.txt",
        "llms.txt",
        "docs/cmake.txt",
        "notices.md/a.md",
        "docs/install.txt",
    ],
)
def test_pages_about_these_are_prose(path: str) -> None:
    assert no_prose(path) is None


@pytest.mark.parametrize(
    "folder", "node_modules vendor third_party dist build _build fixtures testdata .github .venv .vitepress".split()
)
def test_some_folders_are_left_out(folder: str) -> None:
    assert is_left_out(folder)


@pytest.mark.parametrize("folder", "docs builds rebuild distribution vendors fixture test tests Build a.b".split())
def test_folders_that_only_resemble_them_are_not(folder: str) -> None:
    assert not is_left_out(folder)


@pytest.mark.parametrize(
    ("path", "looks"), [("a.rmd", True), ("CHANGELOG", True), ("a.tex", True), ("a.py", False), ("LICENSE", False)]
)
def test_some_other_files_look_like_documentation(path: str, looks: bool) -> None:
    assert looks_like_documentation(path) is looks
