"""What a person sees while a stream of records goes on."""

from __future__ import annotations

import io
from typing import Any

import pytest

from vsync.cli.records_progress import StreamProgress, progress_line
from vsync.records.outcomes import Item
from vsync.records.stream_report import StreamReport


class Screen(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def report(read: int = 0, **counts: int) -> StreamReport:
    found = StreamReport(target="records")
    found.read = read
    for name, number in counts.items():
        setattr(found, name, number)
    return found


def test_the_line_says_what_was_read_applied_and_what_is_under_way() -> None:
    found = report(12_345, uploaded=100, replaced=20, deleted=5, unchanged=12_000, dead=2, failed=1, older=7)
    assert progress_line(found, 512.4) == (
        "12,345 records read, 125 applied, 512 a second, 3 dead or failed, 210 in flight"
    )


def test_the_line_is_quiet_about_failures_where_there_are_none() -> None:
    assert progress_line(report(3, uploaded=3), 0.0) == "3 records read, 3 applied, 0 a second, 0 in flight"


def test_where_there_is_no_terminal_progress_is_a_line_every_ten_seconds() -> None:
    clock, err = Clock(), io.StringIO()
    progress = StreamProgress(err, clock=clock)
    for second in range(25):
        clock.now = 1000.0 + second
        progress.update(report(second * 100, uploaded=second * 100))
    progress.finished()
    assert err.getvalue().splitlines() == [
        "1,000 records read, 1,000 applied, 100 a second, 0 in flight",
        "2,000 records read, 2,000 applied, 100 a second, 0 in flight",
    ]


def test_in_a_terminal_one_line_is_written_again_a_few_times_a_second_and_is_gone_afterwards() -> None:
    clock, screen = Clock(), Screen()
    progress = StreamProgress(screen, clock=clock)
    for step in range(1, 101):
        clock.now = 1000.0 + step * 0.01
        progress.update(report(step, unchanged=step))
    shown = screen.getvalue()
    assert shown.count("records read") == 4
    assert "100 records read" in shown
    progress.finished()
    assert screen.getvalue().endswith("\x1b[2K")
    before = screen.getvalue()
    progress.finished()
    assert screen.getvalue() == before


@pytest.mark.parametrize("how", [{"environ": {"TERM": "dumb"}}, {"alone": False}], ids=["dumb", "shared"])
def test_a_terminal_that_can_do_nothing_or_shows_acknowledgements_gets_lines(how: dict[str, Any]) -> None:
    clock, screen = Clock(), Screen()
    progress = StreamProgress(screen, clock=clock, **how)
    clock.now += 10
    progress.update(report(1, uploaded=1))
    assert screen.getvalue() == "1 records read, 1 applied, 0 a second, 0 in flight\n"


def test_the_records_in_a_second_are_those_of_the_last_seconds() -> None:
    clock, err = Clock(), io.StringIO()
    progress = StreamProgress(err, clock=clock)
    clock.now += 10
    progress.update(report(10_000, uploaded=10_000))
    clock.now += 10
    progress.update(report(10_000, uploaded=10_000))
    assert [line.split(", ")[2] for line in err.getvalue().splitlines()] == ["1,000 a second", "0 a second"]


@pytest.mark.parametrize("screen", [io.StringIO, Screen])
def test_a_hostile_note_does_not_act(screen: type[io.StringIO]) -> None:
    clock, err = Clock(), screen()
    progress = StreamProgress(err, secrets=["sk-geheim-12345"], clock=clock)
    clock.now += 60
    progress.update(report(1))
    progress.note("[bold]a\x1b]0;x\x07 sk-geheim-12345 ::error::")
    progress.finished()
    assert "\x1b]0" not in err.getvalue()
    assert "geheim" not in err.getvalue()
    assert "[bold]a\\x1b]0;x\\x07" in err.getvalue()


def failing(number: int) -> StreamReport:
    found = report(number)
    for line in range(1, number + 1):
        found.saw(Item(line, b"", line, f"k{line}", "dead", code="not-json", reason="the line is no JSON"))
    return found


def test_of_a_long_stream_the_first_failures_are_a_line_each_and_once() -> None:
    clock, err = Clock(), io.StringIO()
    progress = StreamProgress(err, clock=clock)
    for number in (1, 30, 60):
        clock.now += 10
        progress.update(failing(number))
    shown = [line for line in err.getvalue().splitlines() if "records read" not in line]
    assert shown[0] == "line 1, key k1: not-json: the line is no JSON"
    assert len(shown) == 21
    assert shown[-1] == "More records were dead or failed. Their lines are not shown here."


def test_a_short_stream_shows_no_failures_before_its_report() -> None:
    clock, screen = Clock(), Screen()
    progress = StreamProgress(screen, clock=clock)
    clock.now += 9
    progress.update(failing(3))
    progress.finished()
    assert "not-json" not in screen.getvalue()


def test_a_narrow_terminal_gets_one_line_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    clock, screen = Clock(), Screen()
    progress = StreamProgress(screen, clock=clock)
    clock.now += 1
    progress.update(report(123_456, unchanged=1))
    progress.finished()
    assert "123,456 records read" in screen.getvalue()
    assert "in flight" not in screen.getvalue()
