"""What became of a stream, as Markdown for a job summary. Pure. Keys and reasons are hostile: nothing in them renders."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.records.stream_report import StreamReport, kept_of_left, stream_headline
from vsync.report.markup import alert, code, folded, prose, table
from vsync.system.wording import count, size

_BUDGET = 100_000
"""Of bytes for one table. GitHub shows no summary of more than a megabyte."""
_MOST_WARNINGS = 20


def stream_summary(report: StreamReport, why: str | None = None) -> str:
    """`why` says why nothing was done."""
    said = stream_headline(report)
    lines = [f"## {said.mark} vsync records: {said.sentence}", ""]
    if why is not None:
        lines += [f"Nothing was done: {prose(why)}.", ""]
    if report.error is not None:
        lines += alert("CAUTION", prose(report.error.message), prose(report.error.remedy, 500))
    if report.warnings:
        left = len(report.warnings) - _MOST_WARNINGS
        more = [f"… and {count(left, 'more warning')}, which the log has."] if left > 0 else []
        lines += alert("WARNING", *(prose(warning) for warning in report.warnings[:_MOST_WARNINGS]), *more)
    rows = [[outcome.capitalize(), f"{number:,}"] for outcome, number in report.counts.items() if number]
    lines += [table(["Records", "Number"], [False, True], rows, _BUDGET)[0], *_bad(report)]
    return "\n".join([*lines, folded("Store, rate and files", "\n".join(f"- {fact}" for fact in _facts(report)))])


def _bad(report: StreamReport) -> Iterator[str]:
    total = report.codes.total()
    if not total:
        return
    yield from (f"### Dead or failed ({total:,})", "")
    rows = [
        [f"{bad.line:,}", code(bad.key) if bad.key else "", code(bad.code), prose(bad.reason)] for bad in report.bad
    ]
    shown, left_out = table(["Line", "Key", "Code", "Reason"], [True, False, False, False], rows, _BUDGET)
    yield shown
    left_out += total - len(report.bad)
    if left_out:
        numbers = ", ".join(f"{number:,} {prose(name)}" for name, number in report.codes.most_common())
        yield from (f"… and {left_out:,} more. In all: {numbers}.", "")


def _facts(report: StreamReport) -> Iterator[str]:
    yield f"Source: {code(report.source)}, target {code(report.target)}"
    if report.vector_store_id is not None:
        yield f"Store: {code(report.vector_store_id)}"
    yield f"{count(report.finished, 'record')} in {report.duration_s:.1f} s: {report.rate:,.0f} in a second"
    uploaded = f", uploaded {size(report.bytes_uploaded)}" if report.bytes_uploaded else ""
    yield f"{count(sum(report.requests.values()), 'request')} to the API{uploaded}"
    if (kept := kept_of_left(report)) is not None:
        yield f"{kept[0].upper()}{kept[1:]}"
    if report.cut_attributes:
        yield f"{count(report.cut_attributes, 'value')} of attributes cut: a value has at most 256 characters"
    if report.dead_letter:
        yield f"Dead letters: {code(report.dead_letter)}"
    if report.state:
        yield f"State: {code(report.state)}"
