"""Whatever paths, ids and messages of batches say, job summary and terminal show it as it was meant, and no longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.deep.property.test_markup import assert_inert, evil, seen
from tests.support.batch_reports import full_of
from tests.support.batches import batch_info
from vsync.batch.batch_advice import next_steps
from vsync.batch.batch_report import BatchReport, Failed, FailedRequest, Invalid, Mistake, Pending, Submitted
from vsync.batch.batch_summary import batch_summary, status_summary
from vsync.batch.batch_table import status_lines
from vsync.batch.batch_text import report_lines
from vsync.batch.metadata import Made
from vsync.batch.status_report import BatchRow, StatusReport
from vsync.store.batch_info import BatchError

lines = st.none() | st.integers(1, 50_000)
mistakes = st.lists(st.builds(Mistake, lines, evil, evil), max_size=3).map(tuple)
SHA = st.just("5a" * 32)


@st.composite
def reports(draw: st.DrawFn) -> BatchReport:
    """A report in which each text is another one."""
    report = full_of(draw(evil))
    report.submitted += draw(
        st.lists(st.builds(Submitted, evil, SHA, evil, st.just(1), st.just(1), evil, evil), max_size=2)
    )
    report.invalid += draw(st.lists(st.builds(Invalid, evil, mistakes, st.integers(0, 9)), max_size=2))
    report.failed += draw(st.lists(st.builds(Failed, evil, evil, evil, evil, st.none() | evil, mistakes), max_size=2))
    report.failed_requests += draw(st.lists(st.builds(FailedRequest, evil, lines, evil, evil, evil, evil), max_size=2))
    report.pending += draw(st.lists(st.builds(Pending, evil, evil, evil, *[st.just(1)] * 5), max_size=2))
    report.dry_run = draw(st.booleans())
    return report


@st.composite
def statuses(draw: st.DrawFn) -> StatusReport:
    def row() -> BatchRow:
        errors = tuple(draw(st.lists(st.builds(BatchError, evil, evil, lines, evil), max_size=5)))
        info = batch_info(draw(evil), draw(evil), errors=errors)
        made = draw(st.none() | st.builds(Made, evil, evil, SHA, st.just(1)))
        paths = tuple(draw(st.lists(evil, max_size=3)))
        return BatchRow(info, made, draw(st.booleans()), paths, draw(st.booleans()), 1, 1)

    rows = [row() for _ in range(draw(st.integers(0, 3)))]
    return StatusReport(draw(evil), rows, draw(st.lists(evil, max_size=3)))


@given(reports(), st.none() | evil)
def test_nothing_in_a_report_acts_in_the_summary(report: BatchReport, why: str | None) -> None:
    page = seen(batch_summary(report, why))
    assert_inert(page)
    assert page.hidden == []


@given(statuses(), evil)
def test_nothing_in_a_status_acts_in_the_summary(report: StatusReport, folder: str) -> None:
    page = seen(status_summary(report, folder))
    assert_inert(page)
    assert page.hidden == []


@given(reports(), statuses(), evil)
def test_each_line_for_a_terminal_is_one_line_and_harmless(
    report: BatchReport, status: StatusReport, folder: str
) -> None:
    for line in [*report_lines(report, next_steps(report), verbose=True), *status_lines(status, folder, 80)]:
        assert line.text.isprintable()


@given(reports())
def test_every_row_of_a_table_has_as_many_cells_as_its_head(report: BatchReport) -> None:
    table: list[str] = []
    for line in [*batch_summary(report).splitlines(), ""]:
        if line.startswith("| "):
            table.append(line)
        else:
            assert len({row.count("|") for row in table}) <= 1
            table = []
