"""Patterns that cannot be meant are refused with the spelling that works; what can be meant stays possible."""

from __future__ import annotations

import time

import pytest

from vsync.documents.gitignore import Patterns
from vsync.documents.pattern_mistakes import machine_path, mistake, not_usable, of_machine
from vsync.errors import ConfigurationError


def spellings(pattern: str) -> tuple[str, ...]:
    found = mistake(pattern)
    assert found is not None
    return found.instead


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("docs/private/**/*.{md,mdx}", ("docs/private/**/*.md", "docs/private/**/*.mdx")),
        ("{docs,guide}/*.{md,txt}", ("docs/*.md", "docs/*.txt", "guide/*.md", "guide/*.txt")),
        ("*.{md,{a,b}}", ("*.md", "*.a", "*.b")),
        ("v{1..3}/", ("v1/", "v2/", "v3/")),
        ("{a..c}.md", ("a.md", "b.md", "c.md")),
        ("./docs/private/**", ("/docs/private/**",)),
        ("docs/./a.md", ("/docs/a.md",)),
        ("docs//a.md", ("/docs/a.md",)),
        ("//docs/", ("/docs/",)),
        ("docs/private/, docs/drafts/", ("docs/private/", "docs/drafts/")),
        ("docs/**,src/**", ("docs/**", "src/**")),
        ("docs/ src/", ("docs/", "src/")),
        ("*.md, *.txt", ("*.md", "*.txt")),
        ("*.md,*.txt", ("*.md", "*.txt")),
        ("docs/private/,", ("docs/private/",)),
        ("*.rst *.md", ("*.rst", "*.md")),
        ("docs/**/*.rst docs/**/*.md", ("docs/**/*.rst", "docs/**/*.md")),
        ("*.rst  **/*.md !a.md", ("*.rst", "**/*.md", "!a.md")),
        ("docs/;README.md", ("docs/", "README.md")),
        ("*.md;*.rst", ("*.md", "*.rst")),
        ("a.md; b.md;", ("a.md", "b.md")),
        ("docs\\", ("docs/",)),
        ("docs/\\", ("docs/",)),
        ("'docs/**'", ("docs/**",)),
        ('"docs/**"', ("docs/**",)),
        ("`docs/**`", ("docs/**",)),
        ('"docs/**",', ("docs/**",)),
        ("- docs/**", ("docs/**",)),
        ('- "docs/**"', ("docs/**",)),
        ("['docs/**', 'src/**']", ("docs/**", "src/**")),
        ('["*.{a,b}", "./x"]', ("*.a", "*.b", "/x")),
        ("docs\\private", ("docs/private",)),
        (".\\docs\\private\\", ("/docs/private/",)),
        ("docs\\\\private", ("docs/private",)),
        ("docs/[", ("docs/\\[",)),
        ("[abc", ("\\[abc",)),
        ("[[a", ("\\[\\[a",)),
        (".", ("*",)),
        ("./", ("*",)),
        ("/", ("*",)),
    ],
)
def test_a_pattern_that_matches_nothing_is_refused_with_the_spelling_that_works(
    pattern: str, instead: tuple[str, ...]
) -> None:
    assert spellings(pattern) == instead
    for spelling in instead:
        Patterns("include", [spelling])
    taken_back = mistake(f"!{pattern}")
    assert taken_back is not None
    with pytest.raises(ConfigurationError) as caught:
        Patterns("exclude", ["*.md", f"!{pattern}"])
    assert f"exclude pattern '!{pattern}'" in caught.value.message
    assert all(f"'!{spelling}'" in caught.value.remedy for spelling in instead)


@pytest.mark.parametrize(
    "pattern",
    [
        "^docs/", "docs/.*\\.md$", "(docs|guide)/", "docs/.*\\.md", "../docs/**", "docs/../../x", "C:\\docs", "d:/docs/**", "~/docs/**",
        "\\", "https://github.com/o/r/tree/main/docs", "'https://github.com/o/r/**'", "ssh://git@github.com/o/r.git", "a" * 5_000,
    ],
)  # fmt: skip
def test_a_pattern_without_a_certain_meaning_is_refused_without_a_guess(pattern: str) -> None:
    assert spellings(pattern) == ()
    with pytest.raises(ConfigurationError) as caught:
        Patterns("allow-secrets", [pattern])
    assert f"allow-secrets pattern '{pattern[:200]}" in caught.value.message
    assert len(caught.value.message) < 400
    assert caught.value.remedy


@pytest.mark.parametrize(
    "pattern",
    [
        "docs/", "/docs/**", "**", "*", "!*.md", "a b.md", "my notes/", "a,b.md", "a,\\ b.md", "\\{x\\}.md", '\\"a\\".md', "it's.md",
        "{id}.md", "[abc].md", "[]a].md", "[!a]*", "[[:digit:]]*", "\\[x.md", "a\\*b", "\\#x", "\\!x", "docs/a.md", "a..b/", "...", "..md",
        ".hidden/", "a$b", "-a", "$HOME/", "a (1).md", "日本/**", "a+b", "C#/", "x;y", "a\\ b",
        "docs\\\\", "my\\ *.md", "a\\; b.md", "docs/my notes/*.md", "*/my notes/*.md", "docs/my notes/**", "a:b.md",
    ],
)  # fmt: skip
def test_a_pattern_that_can_be_meant_is_taken(pattern: str) -> None:
    assert mistake(pattern) is None
    Patterns("include", [pattern])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("\\{a,b\\}.md", "{a,b}.md"), ('\\"a\\"', '"a"'), ("a,\\ b.md", "a, b.md"), ("\\[a.md", "[a.md"), ("\\^a", "^a"), ("\\|", "|")],
)  # fmt: skip
def test_a_backslash_makes_a_character_a_part_of_the_name(pattern: str, path: str) -> None:
    assert Patterns("include", [pattern]).matches(path)


@pytest.mark.parametrize("line", ["  docs/", "\tdocs/", " \t docs/"])
def test_blanks_before_a_pattern_are_indentation_and_no_part_of_it(line: str) -> None:
    assert Patterns("include", [line]).matches("docs/a.md")
    assert Patterns("include", [line]).lines == ("docs/",)


def test_a_name_that_begins_with_a_blank_is_written_with_a_backslash() -> None:
    assert Patterns("include", ["\\ a.md"]).matches(" a.md")


def test_an_address_is_called_one() -> None:
    found = mistake("https://github.com/o/r/tree/main/docs")
    assert found is not None
    assert found.why == "it is an address, and patterns are paths"


@pytest.mark.parametrize("part", ["[", "[!", "[[:a", "{", "{,", "\\", ", ", "[]", "* *", "'"])
def test_a_long_pattern_takes_no_time(part: str) -> None:
    for length in (4_000, 40_000):
        started = time.process_time()
        mistake((part * length)[:length])
        assert time.process_time() - started < 2


def test_many_alternatives_are_not_all_written_out() -> None:
    error = not_usable("include", "v{1..100000}/", mistake("v{1..100000}/"))  # type: ignore[arg-type]  # it has one
    assert error.remedy.count("'v") == 12
    assert "'v12/' …." in error.remedy
    nested = "{a,b}" * 60
    assert len(spellings(nested)) <= 100


@pytest.mark.parametrize(
    ("pattern", "first", "instead"),
    [
        ("/data/repo/docs/**", "data", ("/docs/**",)),
        ("!/data/repo/docs/a.md", "data", ("/docs/a.md",)),
        ("/data/repo", "data", ("*",)),
        ("/github/workspace/docs/", "github", ("/docs/",)),
        ("/home/runner/work/a/a/docs/**", "home", ("/docs/**",)),
        ("/home/runner/work/a/b/docs/**", "home", ()),
        ("/__w/a/a/docs/**", "__w", ("/docs/**",)),
        ("/Users/me/docs/*.md", "Users", ()),
    ],
)
def test_an_absolute_path_looks_like_one_of_this_machine(pattern: str, first: str, instead: tuple[str, ...]) -> None:
    assert of_machine(pattern, "/data/repo") == first
    assert machine_path(pattern, "/data/repo").instead == instead


@pytest.mark.parametrize(
    "pattern", ["/docs/**", "/home/", "/var/*.md", "/data/other/x/**", "/**", "/*.md", "home/a/b/c"]
)
def test_an_anchored_pattern_does_not(pattern: str) -> None:
    assert of_machine(pattern, "/data/repo") is None
