"""How checks look in a terminal and in a job summary."""

from __future__ import annotations

import pytest

from vsync.config.config_parser import parse_config
from vsync.documents.describing import Check
from vsync.errors import ApiUnavailable
from vsync.search.check_report import CheckReport
from vsync.search.check_text import check_lines, checks_summary, expected, found, headline, last_line, no_checks
from vsync.search.checks import CheckResult, Whose, judge
from vsync.store.entries import Hit

HITS = [
    Hit("file-1", "a.md", 0.87, {"path": "docs/a.md"}, "text"),
    Hit("file-2", "b.md", 0.5, {"path": "docs/b.md", "source": "acme/other", "target": "x"}, "text"),
]
OURS = Whose("default", {"acme/docs"})


def result(*paths: str, within: int = 3, question: str = "How?", hits: list[Hit] = HITS) -> CheckResult:
    return judge(Check(question, paths=paths, within=within), hits, OURS)


PASSED, FAILED = result("docs/a.md"), result("docs/c.md", question="Why?")
BROKEN = CheckReport("away", error=ApiUnavailable("No <b>answer</b>.", "Run again."))


def test_a_table_tells_the_place_or_what_came_instead() -> None:
    assert [line.text for line in check_lines(CheckReport("default", (PASSED, FAILED)), None)] == [
        "        question  expected   found",
        "passed  How?      docs/a.md  place 1 (0.87)",
        "failed  Why?      docs/c.md  not among the first 3",
        "          1. docs/a.md (0.87)",
        "          2. docs/b.md of acme/other, x (0.50)",
    ]


def test_a_table_fits_the_terminal() -> None:
    long = result(f"docs/{'c' * 200}.md", question="q" * 900, hits=[Hit("f", "x" * 300, 0.5, {}, "")])
    lines = check_lines(CheckReport("default", (long,)), 80)
    assert max(len(line.text) for line in lines) <= 80


def test_a_target_without_checks_says_so_and_one_with_an_error_has_no_table() -> None:
    assert [line.text for line in check_lines(CheckReport("default"), None)] == ["No checks."]
    assert check_lines(BROKEN, None) == []


@pytest.mark.parametrize(
    ("checked", "text"),
    [
        (result("docs/a.md"), "place 1 (0.87)"),
        (result("x.md", "docs/a.md"), "place 1 (0.87): docs/a.md"),
        (result("docs/a.md", within=1, hits=HITS[::-1]), "place 2 (0.87), not as the first result"),
        (result("x.md", hits=[]), "no results"),
    ],
)
def test_what_was_found_is_told_in_few_words(checked: CheckResult, text: str) -> None:
    assert found(checked) == text


def test_what_is_expected_is_told_in_few_words() -> None:
    assert expected(result("a", "b")) == "a or b"
    assert expected(result(*"abcdefg")) == "a or b or c or d or e and 2 more"
    assert (
        expected(judge(Check("?", attributes={"team": "docs", "draft": False}), [], OURS)) == "team=docs, draft=false"
    )


@pytest.mark.parametrize(
    ("reports", "sentence"),
    [
        ([CheckReport("a", (PASSED,))], "The check passed"),
        ([CheckReport("a", (PASSED, PASSED))], "All 2 checks passed"),
        ([CheckReport("a", (PASSED, FAILED))], "1 of 2 checks failed"),
        ([CheckReport("a")], "There are no checks"),
        ([BROKEN, CheckReport("a", (PASSED,))], "The checks of 1 target could not be run"),
        (
            [BROKEN, CheckReport("a", (FAILED,))],
            "The checks of 1 target could not be run, and 1 of 1 other check failed",
        ),
    ],
)
def test_one_sentence_tells_how_it_went(reports: list[CheckReport], sentence: str) -> None:
    assert headline(reports).sentence == sentence
    assert last_line(reports).text == f"{sentence}."


@pytest.mark.parametrize(("config", "named"), [(None, False), (".vsync.yml", False), (".vsync.yml", True)])
def test_who_has_no_checks_learns_how_to_write_one(config: str | None, named: bool) -> None:
    first, _, *example = no_checks(config, named=named)
    assert first.startswith("There are no checks")
    text = "\n".join(line.removeprefix("    ") for line in example)
    config_text = text if config is None else f"version: 1\n{text}"
    (target,) = parse_config(config_text.encode(), ".vsync.yml").targets
    assert target.checks == (Check("How do I install it?", paths=("docs/install.md",)),)


def test_a_summary_has_a_table_and_what_came_instead() -> None:
    text = checks_summary([CheckReport("default", (PASSED, FAILED))], by_words=False)
    assert text.startswith("## ❌ vsync check: 1 of 2 checks failed\n")
    assert "| ✅ | How&#63; | <code>docs/a&#46;md</code> | place 1 &#40;0&#46;87&#41; |" in text
    assert (
        "not among the first 3<br>1\\. <code>docs/a&#46;md</code> (0.87)<br>2\\. <code>docs/b&#46;md</code> of" in text
    )
    assert "embedded store" not in text
    assert "embedded store" in checks_summary([CheckReport("default", (PASSED,))], by_words=True)


def test_a_summary_of_several_targets_names_each_with_its_error_and_warnings() -> None:
    text = checks_summary(
        [CheckReport("docs", (PASSED,), warnings=("A check expects <i>.",)), BROKEN, CheckReport("none")],
        by_words=False,
    )
    assert (
        text.index("### <code>docs</code>") < text.index("### <code>away</code>") < text.index("### <code>none</code>")
    )
    assert "> No &#60;b&#62;answer" in text
    assert "> A check expects &#60;i&#62;" in text
    assert text.rstrip().endswith("No checks.")


def test_a_summary_without_checks_shows_one() -> None:
    text = checks_summary([CheckReport("default")], by_words=False)
    assert text.startswith("## ✅ vsync check: there are no checks\n")
    assert "```yaml\nchecks:\n" in text


def test_a_summary_that_is_too_long_says_how_many_checks_are_left() -> None:
    many = CheckReport("default", (result("c.md", question="&" * 200),) * 3_000)
    text = checks_summary([many], by_words=False)
    assert len(text.encode()) < 1_000_000
    assert "more checks: see the report." in text


HOSTILE = "x\n::error::y | <img src=x> @acme **b** [c](https://evil.example) `d` \x1b[2J \u202e"


def test_nothing_in_questions_paths_and_results_acts() -> None:
    hits = [Hit(HOSTILE, HOSTILE, 0.5, {"path": HOSTILE, "source": HOSTILE}, HOSTILE)]
    reports = [CheckReport("default", (result(HOSTILE, question=HOSTILE, hits=hits),), warnings=(HOSTILE,))]
    for line in check_lines(reports[0], None):
        assert line.text.isprintable()
    text = checks_summary(reports, by_words=False)
    assert not {"\x1b", "\u202e"} & set(text)
    for active in ("<img", "@acme", "**b**", "](", "`d`", "::error::", "https://"):
        assert active not in text
    table = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert [line.count("|") for line in table] == [5]
