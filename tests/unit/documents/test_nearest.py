"""The path that a pattern may have meant."""

from __future__ import annotations

import pytest

from vsync.documents.nearest import KnownPaths, nearest_path

PATHS = ["README.md", "docs/a.md", "docs/private/p.md", "src/docs/guide/x.rst", "vendor/v.md"]


@pytest.mark.parametrize(
    ("pattern", "nearest"),
    [
        ("doc/**", "docs/"),
        ("Docs/", "docs/"),
        ("docs/privat/**", "docs/private/"),
        ("guide/*.rst", "src/docs/guide/"),
        ("/docs/guide/**", "src/docs/guide/"),
        ("**/privte/**", "docs/private/"),
        ("readme.md", "README.md"),
        ("private/p.md", "docs/private/p.md"),
        ("docs/b.md", "docs/a.md"),
        ("doc", "docs/"),
        ("docs/*.mdx", "docs/a.md"),
        ("*.rsd", "src/docs/guide/x.rst"),
        ("!doc/", "docs/"),
        ("\\{x\\}.md", None),
        ("*.png", None),
        ("**", None),
        ("zzzzzz/", None),
    ],
)
def test_a_pattern_has_the_nearest_path(pattern: str, nearest: str | None) -> None:
    assert KnownPaths(PATHS).nearest_to(pattern) == nearest


def test_where_there_are_no_paths_none_is_near() -> None:
    assert KnownPaths([]).nearest_to("docs/**") is None
    assert nearest_path("docs", []) is None
