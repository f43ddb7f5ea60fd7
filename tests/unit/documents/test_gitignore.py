"""Patterns as git understands them, and what a single pattern names."""

from __future__ import annotations

import pytest

from vsync.documents.gitignore import Match, Patterns, single


def test_the_last_pattern_that_matches_decides_and_is_told() -> None:
    patterns = Patterns("include", ["docs/", "!docs/internal/", "docs/internal/a.md"])
    assert patterns.match("docs/b.md") == Match(True, "docs/")
    assert patterns.match("docs/internal/b.md") == Match(False, "!docs/internal/")
    assert patterns.match("docs/internal/a.md") == Match(True, "docs/internal/a.md")
    assert patterns.match("src/a.md") == Match(False)


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("docs/", ["docs/a", "x/docs/b"], ["docs", "doc/a"]),
        ("/docs/*.md", ["docs/a.md"], ["x/docs/a.md", "docs/a.mdx"]),
        ("!*.md", ["a.md"], ["a.mdx"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("[ab]c", ["ac", "bc"], ["cc", "[ab]c"]),
        ("long\\ name.md", ["long name.md"], ["long"]),
        ("trailing ", ["trailing"], ["trailing "]),
        ("**", ["a", "a/b"], []),
        ("a/**/b", ["a/b", "a/x/y/b"], ["ab"]),
        ("?.md", ["a.md"], ["ab.md"]),
    ],
)
def test_a_single_pattern_matches_what_it_names(pattern: str, matched: list[str], others: list[str]) -> None:
    matches = single(pattern)
    assert [path for path in matched if not matches(path)] == []
    assert [path for path in others if matches(path)] == []
