"""The results of checks for people: in a terminal, and as a job summary. Pure. Nothing in names or texts acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vsync.config.settings import DEFAULT_CONFIG
from vsync.documents.attributes import AttributeValue
from vsync.manage.table import Column, cut, fitted
from vsync.report.markup import alert, code, fenced, prose, table
from vsync.report.text import Line
from vsync.search.check_report import CheckReport, exit_code
from vsync.search.checks import CheckResult, Result
from vsync.search.rendering import BY_WORDS
from vsync.system.redaction import printable
from vsync.system.wording import count, shortened

_COLUMNS = (
    Column(""),
    Column("question", least=20),
    Column("expected", least=16),
    Column("found"),
)
_MAX_QUESTION = 200
_MAX_EXPECTED = 5
_BUDGET = 900_000
_EXAMPLE = """\
checks:
  - question: How do I install it?
    expect: docs/install.md
"""


class Headline(NamedTuple):
    """A mark and a sentence without names."""

    mark: str
    sentence: str


def headline(reports: Sequence[CheckReport]) -> Headline:
    """What matters most about the checks of all targets."""
    every = sum(len(report.results) for report in reports)
    failed = sum(len(report.failed) for report in reports)
    stopped = sum(report.error is not None for report in reports)
    if stopped:
        of_targets = f" of {count(stopped, 'target')}" if len(reports) > 1 else ""
        rest = f", and {failed} of {count(every, 'other check')} failed" if failed else ""
        return Headline("❌", f"The checks{of_targets} could not be run{rest}")
    if not every:
        return Headline("✅", "There are no checks")
    if failed:
        return Headline("❌", f"{failed:,} of {count(every, 'check')} failed")
    return Headline("✅", "The check passed" if every == 1 else f"All {every:,} checks passed")


# --- In a terminal ----------------------------------------------------------------------------------------------


def check_lines(report: CheckReport, width: int | None) -> list[Line]:
    """The checks of one target as a table. Below a check that failed stands what came instead."""
    if not report.results:
        return [] if report.error is not None else [Line("No checks.", "faint")]
    rows = [
        [
            "passed" if result.passed else "failed",
            shortened(result.check.question, _MAX_QUESTION),
            expected(result),
            found(result),
        ]
        for result in report.results
    ]
    title, *lines = fitted(_COLUMNS, rows, width).lines
    shown = [Line(title, "faint")]
    for line, result in zip(lines, report.results, strict=True):
        shown.append(Line(line, "good" if result.passed else "bad"))
        if not result.passed:
            shown += [Line(text if width is None else cut(text, width)) for text in _instead(result)]
    return shown


def last_line(reports: Sequence[CheckReport]) -> Line:
    """How all checks went."""
    return Line(f"{headline(reports).sentence}.", "bad" if exit_code(reports) else "good")


def no_checks(config: str | None, *, named: bool) -> list[str]:
    """That there are no checks, and how to write one. `config` is the config that was read; `named`: it names targets."""
    if config is None:
        first = f"There are no checks, because no config was read. Write {DEFAULT_CONFIG}, and commit it:"
    else:
        where = "to a target in it" if named else "to it"
        first = f"There are no checks in {printable(config)}. To write one, add {where}, and commit it:"
    version = "version: 1\n" if config is None else ""
    return [first, "", *(f"    {line}" for line in f"{version}{_EXAMPLE}".splitlines())]


def expected(result: CheckResult) -> str:
    """What the check expects: a path, or one of several, or attributes."""
    names = result.check.paths or tuple(f"{name}={_text(value)}" for name, value in result.check.attributes.items())
    more = f" and {len(names) - _MAX_EXPECTED} more" if len(names) > _MAX_EXPECTED else ""
    return f"{(' or ' if result.check.paths else ', ').join(names[:_MAX_EXPECTED])}{more}"


def found(result: CheckResult) -> str:
    """Where the expected document stands among the results."""
    first = "as the first result" if result.check.within == 1 else f"among the first {result.check.within}"
    if result.place is None or result.found is None:
        return f"not {first}" if result.first else "no results"
    place = f"place {result.place} ({result.found.score:.2f})"
    if not result.passed:
        return f"{place}, not {first}"
    return place if len(result.check.paths) == 1 else f"{place}: {result.found.name}"


def _instead(result: CheckResult) -> Iterator[str]:
    for place, other in enumerate(result.first, 1):
        yield f"          {place}. {printable(_name(other))} ({other.score:.2f})"


def _name(result: Result) -> str:
    return f"{result.name} of {result.of}" if result.of else result.name


def _text(value: AttributeValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- As Markdown ------------------------------------------------------------------------------------------------


def checks_summary(reports: Sequence[CheckReport], *, by_words: bool) -> str:
    """The results of all targets as Markdown. `by_words`: the embedded store was asked."""
    head = headline(reports)
    lines = [f"## {head.mark} vsync check: {head.sentence[0].lower()}{head.sentence[1:]}", ""]
    if not any(report.results or report.error for report in reports):
        lines += ["A target of the config gets a check like this:", "", *fenced(_EXAMPLE, "yaml")]
    elif by_words:
        lines += [BY_WORDS, ""]
    for report in reports:
        lines += _of_target(report, titled=len(reports) > 1, budget=_BUDGET // len(reports))
    return "\n".join(lines) + "\n"


def _of_target(report: CheckReport, *, titled: bool, budget: int) -> Iterator[str]:
    if titled:
        yield from (f"### {code(report.target)}", "")
        if not report.results and report.error is None:
            yield from ("No checks.", "")
    if report.error is not None:
        yield from alert("CAUTION", prose(report.error.message), prose(report.error.remedy))
    if report.warnings:
        yield from alert("WARNING", *map(prose, report.warnings))
    rows = [_row(result) for result in report.results]
    listed, left = table(["", "question", "expected", "found"], [False] * 4, rows, budget)
    yield listed
    if left:
        yield f"{count(left, 'more check')}: see the report."


def _row(result: CheckResult) -> list[str]:
    instead = [
        f"{place}\\. {code(other.name)}{f' of {prose(other.of, 120)}' if other.of else ''} ({other.score:.2f})"
        for place, other in enumerate(result.first, 1)
        if not result.passed
    ]
    return [
        "✅" if result.passed else "❌",
        prose(result.check.question, _MAX_QUESTION),
        code(expected(result)),
        "<br>".join([prose(found(result)), *instead]),
    ]
