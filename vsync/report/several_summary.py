"""The reports of several targets as one job summary. Pure. Nothing in names or messages renders."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.report.headline import headline
from vsync.report.markdown import config_note, first_line, numbers, warned
from vsync.report.markup import code, prose, sentences, table
from vsync.report.report import Report
from vsync.report.several import Reports, Shared, counts, dry_run, gravest_first, is_quiet, of_one_kind, superseded
from vsync.report.several_headline import total
from vsync.report.summary import BUDGET, section, summary
from vsync.system.wording import count

_OVERVIEW = 20_000
"""Bytes that the table of the targets may take."""
_LEAST = 200


def several_summary(reports: Reports, budget: int = BUDGET) -> str:
    """The totals, a line for each target, and a section for each target that has more to say. What failed comes first.

    `budget` is the room in bytes of UTF-8. Targets that do not fit are counted.
    """
    if len(reports) == 1:
        return summary(reports[0], budget)
    said = total(reports)
    title = f"## {said.mark} vsync{f' {said.command}' if said.command else ''}: {said.sentence}"
    shared = Shared.of(reports)
    head = "\n".join([title, "", *_why(reports, shared), *_numbers(reports), *overview(reports, shared)])
    room = budget - len(head.encode()) - _LEAST
    parts, left_out = [head], 0
    ordered = [
        shared.taken_from(report) for report in gravest_first(reports) if not is_quiet(shared.taken_from(report))
    ]
    for number, report in enumerate(ordered):
        share = room // (len(ordered) - number)
        part = section(report, section_title(report, "###"), share)
        if len(part.encode()) > room:
            left_out += 1
            continue
        room -= len(part.encode()) + 1
        parts.append(part)
    more = f"… and {count(left_out, 'more target')}, in the JSON report (output `report`).\n" if left_out else ""
    return "\n".join(filter(None, [*parts, more]))


def section_title(report: Report, level: str) -> str:
    return f"{level} {headline(report).mark} {code(report.target)}: {first_line(report)}"


def overview(reports: Reports, shared: Shared) -> Iterator[str]:
    """A line for each target, and what all of them say alike."""
    ordered = gravest_first(reports)
    rows = [[headline(report).mark, code(report.target), first_line(report)] for report in ordered]
    shown, left_out = table(("", "Target", "Result"), (False, False, False), rows, _OVERVIEW)
    yield shown
    if left_out:
        yield from (f"… and {count(left_out, 'more target')}.", "")
    quiet = [report for report in ordered if is_quiet(shared.taken_from(report))]
    # What a pull request's report says besides names the store, so it would be another sentence for each target.
    details = [headline(report).detail for report in quiet if not report.plan.of_pull_request]
    yield from (line for text in dict.fromkeys(filter(None, details)) for line in (sentences(text), ""))
    yield from config_note(shared.config_change)
    yield from warned(shared.warnings)


def _why(reports: Reports, shared: Shared) -> Iterator[str]:
    if shared.started_by and (dry_run(reports) or superseded(reports)):
        what = "Planned only" if dry_run(reports) else "Were to be synced"
        yield from (f"{what} ({prose(shared.started_by, 300)}).", "")


def _numbers(reports: Reports) -> Iterator[str]:
    yield from numbers(counts(of_one_kind(reports)), planned=dry_run(reports) or superseded(reports))
