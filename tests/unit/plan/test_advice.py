"""What a plan tells beside its operations: patterns that match nothing, and documentation that is not selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from vsync.documents.describing import NOTHING_SAID, Rule
from vsync.documents.selection import Rules, Selector
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.plan.advice import NotSelectedDocumentation, Unmatched

FILE = "100644"
PATHS = ["README.md", "docs/a.md", "docs/private/p.md", "src/x.py"]


def warnings(rules: Rules, paths: Iterable[str] = PATHS) -> tuple[str, ...]:
    unmatched = Unmatched(rules)
    for path in paths:
        unmatched.see(path, FILE)
    return unmatched.warnings(paths, "the commit")


def test_every_pattern_that_matches_nothing_is_a_warning_with_the_nearest_path() -> None:
    assert warnings(Rules(("docs/**", "dcos/**"), ("docs/privat/",), ("*.pem",))) == (
        "The include pattern 'dcos/**' matches no file of the commit; the nearest path is 'docs/'.",
        "The exclude pattern 'docs/privat/' matches no file of the commit; the nearest path is 'docs/private/'.",
        "The allow-secrets pattern '*.pem' matches no file of the commit.",
    )


def test_a_rule_that_describes_nothing_is_a_warning() -> None:
    unmatched = Unmatched(Rules(), [Rule(("docs/", "dcos/**"), NOTHING_SAID), Rule(("!x", "dcos/**"), NOTHING_SAID)])
    for path in PATHS:
        unmatched.see(path, FILE)
    assert unmatched.warnings(PATHS, "the commit") == (
        "The match pattern 'dcos/**' matches no file of the commit; the nearest path is 'docs/'.",
    )


@pytest.mark.parametrize(
    "rules",
    [
        Rules(),
        Rules(("docs/",), ("docs/private/",), ("src/*",)),
        Rules(("*", "!docs/private/**")),
        Rules(("docs/", "!docs/private/")),
        Rules(("*.md", "!README.md", "*")),
        Rules(exclude=("*.md", "!README.md")),
        Rules(("README.md", "docs/"), ("docs/a.md",)),
    ],
)
def test_a_pattern_that_matches_a_file_is_none_whatever_the_other_patterns_say(rules: Rules) -> None:
    assert warnings(rules) == ()


def test_a_pattern_that_takes_back_what_is_not_there_is_one() -> None:
    (warning,) = warnings(Rules(("*", "!secret/")))
    assert warning.startswith("The include pattern '!secret/' matches no file")


@pytest.mark.parametrize(
    ("include", "line", "warning"),
    [
        (
            ("docs/**", "!docs/private/"),
            "!docs/private/",
            "takes nothing out. Write '!docs/private/**', or use exclude.",
        ),
        (("*.md", "!private/"), "!private/", "takes nothing out. Write '!**/private/**', or use exclude."),
        (("*.md", "!docs"), "!docs", "takes nothing out. Write '!docs/**', or use exclude."),
        (("!docs/",), "!docs/", "takes nothing out: no include pattern before it selects what it names."),
        (("!docs/", "docs/**"), "!docs/", "takes nothing out: no include pattern before it selects what it names."),
        (("*.py", "!docs/"), "!docs/", "takes nothing out: no include pattern before it selects what it names."),
    ],
)
def test_an_include_pattern_that_takes_nothing_out_is_a_warning(
    include: tuple[str, ...], line: str, warning: str
) -> None:
    assert warnings(Rules(include)) == (f"The include pattern '{line}' {warning}",)


def test_what_takes_nothing_out_is_judged_below_the_root() -> None:
    (warning,) = warnings(Rules(("*.md", "!private/"), root="docs"))
    assert warning.endswith("takes nothing out. Write '!private/**', or use exclude.")


def test_with_a_root_only_the_files_below_it_count() -> None:
    rules = Rules(("a.md", "README.md"), root="docs")
    assert warnings(rules) == ("The include pattern 'README.md' matches no file of the commit below 'docs'.",)


@pytest.mark.parametrize("mode", [SYMLINK, SUBMODULE])
@pytest.mark.parametrize("pattern", ["docs/", "docs/**", "docs/guide/*.md", "docs"])
def test_a_pattern_that_names_a_link_or_submodule_matches_it(pattern: str, mode: str) -> None:
    unmatched = Unmatched(Rules((pattern,)))
    unmatched.see("docs", mode)
    assert unmatched.warnings(["docs"], "the commit") == ()


def test_of_many_such_patterns_the_first_are_told_and_the_others_counted() -> None:
    told = warnings(Rules(tuple(f"no{number}/" for number in range(25))))
    assert len(told) == 21
    assert told[-1] == "5 more patterns match no file of the commit."
    assert (
        warnings(Rules(tuple(f"no{number}/" for number in range(21))))[-1]
        == "1 more pattern matches no file of the commit."
    )


def hints(rules: Rules, paths: Sequence[str]) -> tuple[str, ...]:
    selector, others = Selector(rules), NotSelectedDocumentation(rules)
    for path in paths:
        verdict = selector.decide(path.encode(), FILE)
        if verdict.why is not None:
            others.see(path, verdict.why)
    return others.hints()


def test_what_looks_like_documentation_and_is_not_selected_is_told_in_one_line() -> None:
    paths = [
        "a.md",
        *(f"fixtures/{number}.adoc" for number in range(1_200)),
        "fixtures/x.py",
        "vendor/a/b.md",
        "LICENSE",
    ]
    assert hints(Rules(), paths) == (
        "Not selected, but looks like documentation: 1,200 .adoc and 1 .md in fixtures/ and vendor/. To select those in fixtures/ too: "
        "--types documentation --include '*' --include '/fixtures/' (inputs types and include).",
    )


def test_what_the_line_recommends_selects_them() -> None:
    for root, path in (("", "docs/fixtures/a.md"), ("docs", "docs/fixtures/a.md"), ("", "fixtures/deep/build/a.md")):
        (hint,) = hints(Rules(root=root), [path])
        include = tuple(word.strip("'") for word in hint.split() if word.startswith("'"))
        left = hints(Rules(include, types="documentation", root=root), [path])
        assert left == () or path.startswith("fixtures/deep"), left


def test_other_kinds_of_files_that_may_be_documentation_are_told() -> None:
    (hint,) = hints(Rules(), ["CHANGELOG", "a.rmd", "b.rmd", "x.py", "Makefile"])
    assert hint == (
        "Not selected, but looks like documentation: 2 .rmd and 1 CHANGELOG. Include patterns can select them (--include, input include)."
    )


def test_a_folder_with_a_dot_is_recommended_only_where_there_is_no_other() -> None:
    (hint,) = hints(Rules(), [".cache/a.md", ".cache/b.md", "build/c.md"])
    assert "'/build/'" in hint
    (hint,) = hints(Rules(), [".cache/a.md"])
    assert "'/.cache/'" in hint


def test_many_kinds_and_folders_are_counted() -> None:
    paths = [f"{folder}/fixtures/a.{kind}" for folder in "abcde" for kind in ("md", "rst", "org", "txt", "adoc")]
    (hint,) = hints(Rules(), paths)
    assert ": 5 .md, 5 .rst, 5 .org and 10 others in a/fixtures/, b/fixtures/, c/fixtures/ and 2 more folders. " in hint


@pytest.mark.parametrize(
    "rules", [Rules(("src/",)), Rules(("docs/**",)), Rules(exclude=("*",)), Rules(types="any"), Rules(root="src")]
)
def test_what_the_users_own_rules_leave_out_is_not_told(rules: Rules) -> None:
    assert hints(rules, ["README.md", "docs/a.md", "fixtures/a.md"]) == ()
