"""What a person sees while a run goes on: a bar in a terminal, a line now and then elsewhere, and nothing that acts."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.support.builders import report
from vsync.cli.terminal import TerminalObserver, put


class Screen(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


def test_where_there_is_no_terminal_progress_is_a_line_every_few_seconds() -> None:
    now, err = 1000.0, io.StringIO()
    observer = TerminalObserver(io.StringIO(), verbose=False, err=err, clock=lambda: now)
    observer.stage("uploading", 3)
    observer.advance("uploading")
    assert err.getvalue() == ""
    now += 5
    observer.stage("indexing", 1)
    observer.advance("uploading")
    assert err.getvalue() == "uploading 2/3, indexing 0/1\n"
    now += 4
    observer.advance("indexing")
    assert err.getvalue().count("\n") == 1
    observer.finished()


def test_in_a_terminal_progress_is_a_bar_that_is_gone_afterwards() -> None:
    screen = Screen()
    observer = TerminalObserver(io.StringIO(), verbose=False, err=screen)
    observer.stage("uploading", 2)
    observer.stage("uploading", 1)
    observer.advance("uploading")
    observer.note("[bold]a note[/bold]")
    observer.advance("uploading")
    observer.finished()
    shown = screen.getvalue()
    assert "uploading" in shown
    assert "2/3" in shown
    assert "[bold]a note[/bold]" in shown
    before = shown
    observer.finished()
    assert screen.getvalue() == before


@pytest.mark.parametrize("screen", [io.StringIO, Screen])
def test_a_hostile_name_does_not_act_while_a_run_goes_on(screen: type[io.StringIO]) -> None:
    err = screen()
    observer = TerminalObserver(io.StringIO(), verbose=False, err=err)
    observer.stage("uploading", 1)
    observer.failed("a\x1b]0;x\x07.md", "bad", "no\r\nway\x1b[31m")
    observer.finished()
    assert "\x1b]0" not in err.getvalue()
    assert "\x1b[31m" not in err.getvalue()
    assert "a\\x1b]0;x\\x07.md" in err.getvalue().replace("\n", "")


def test_the_plan_is_shown_in_full_when_asked_for() -> None:
    paths = tuple(f"docs/{number}.md" for number in range(60))
    shown = {}
    for verbose in (False, True):
        out = io.StringIO()
        TerminalObserver(out, verbose=verbose, err=io.StringIO()).planned(report(added=paths))
        shown[verbose] = out.getvalue()
    assert "docs/59.md" in shown[True]
    assert "more" in shown[False]
    assert "docs/59.md" not in shown[False]


def test_a_reader_that_went_away_does_not_stop_a_run() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        put(stream, "nobody reads this")
        put(stream, "nor this")


def test_a_line_is_there_as_soon_as_it_is_put(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        put(stream, "now")
        assert (tmp_path / "out").read_text() == "now\n"


def test_a_stage_that_follows_a_bar_that_was_taken_away_has_a_bar_of_its_own() -> None:
    screen = Screen()
    observer = TerminalObserver(io.StringIO(), verbose=False, err=screen, environ={"TERM": "xterm"})
    for _ in range(2):
        observer.stage("reading stores", 2)
        observer.advance("reading stores")
        observer.finished()
    assert "reading stores" in screen.getvalue()
