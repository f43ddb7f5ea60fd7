"""Patterns of files and folders: each is accepted, and names what it was made for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.config.folder_pattern import pattern_of_file, pattern_of_folder, pattern_of_folders
from vsync.documents.gitignore import Patterns

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(NAMES, min_size=1, max_size=4).map("/".join))
def test_a_pattern_is_accepted_and_matches_what_it_names(path: str) -> None:
    file, folder = pattern_of_file(path), pattern_of_folder(path)
    assert file is not None
    assert folder is not None
    assert Patterns("include", [file]).matches(path)
    assert Patterns("include", [folder]).matches(f"{path}/deep/a.md")


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [
        ("docs", "/docs/"),
        ("My Docs", "/My Docs/"),
        ("docs/*", "/docs/?/"),
        ("a{b,c}", "/a?b?c?/"),
        (" a", "/?a/"),
        ("!x", "/?x/"),
        ('"\n- x', "/??- x/"),
    ],
)
def test_a_character_that_means_something_in_a_pattern_is_a_wildcard(folder: str, pattern: str) -> None:
    assert pattern_of_folder(folder) == pattern


def test_one_pattern_names_folders_of_one_name_side_by_side() -> None:
    pattern = pattern_of_folders("packages", "docs")
    assert pattern == "/packages/*/docs/"
    assert pattern_of_folders("", "docs") == "/*/docs/"
    assert Patterns("include", [pattern]).matches("packages/a/docs/b.md")
    assert not Patterns("include", [pattern]).matches("packages/a/b/docs/b.md")


def test_a_path_that_is_longer_than_a_pattern_may_be_has_none() -> None:
    assert pattern_of_folder("a" * 5_000) is None
    assert pattern_of_folders("a" * 5_000, "docs") is None
