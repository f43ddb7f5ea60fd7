"""What a person sees while batches are submitted, waited for and fetched."""

from __future__ import annotations

import io

import pytest

from vsync.cli.batch_progress import TerminalProgress, waiting_line


class Screen(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((1, 3, 1_200, 5_000, 60.0), "1 of 3 batches ended, 1,200 of 5,000 requests done; next look in 60 s"),
        ((0, 1, 0, 0, 300.0), "0 of 1 batch ended; next look in 5 min"),
        ((0, 1, 0, 1, 1.5), "0 of 1 batch ended, 0 of 1 request done; next look in 2 s"),
    ],
)
def test_the_line_says_how_far_the_batches_are(numbers: tuple[int, int, int, int, float], said: str) -> None:
    assert waiting_line(*numbers) == said


@pytest.mark.parametrize(("files", "said"), [(1, "1 request file has none"), (2, "2 request files have none")])
def test_a_run_that_looks_for_batches_names_none_to_wait_for(files: int, said: str) -> None:
    err = io.StringIO()
    progress = TerminalProgress(err, clock=Clock())
    progress.looking(files, 5.0)
    assert f"no batch is under way; {said}: another look in 5 s" in err.getvalue()


def test_a_log_gets_a_line_for_each_batch_that_ends_and_else_one_a_minute() -> None:
    clock, err = Clock(), io.StringIO()
    progress = TerminalProgress(err, clock=clock)
    for second in range(0, 130, 10):
        clock.now = 1000.0 + second
        progress.waiting(int(second >= 30), 2, second, 200, 10.0)
    progress.finished()
    assert [line.split(";")[0] for line in err.getvalue().splitlines()] == [
        "0 of 2 batches ended, 0 of 200 requests done",
        "1 of 2 batches ended, 30 of 200 requests done",
        "1 of 2 batches ended, 90 of 200 requests done",
    ]


def test_a_log_gets_a_line_of_other_progress_every_ten_seconds() -> None:
    clock, err = Clock(), io.StringIO()
    progress = TerminalProgress(err, clock=clock)
    for number in range(1, 26):
        clock.now = 1000.0 + number
        progress.validated(f"batches/{number}.jsonl", number, 25)
    clock.now += 10
    progress.uploading("batches/a.jsonl", 1_500_000)
    clock.now += 10
    progress.downloading("batches/a.jsonl", "batch_1")
    assert err.getvalue().splitlines() == [
        "checked 10 of 25 request files: batches/10.jsonl",
        "checked 20 of 25 request files: batches/20.jsonl",
        "uploading batches/a.jsonl, 1.5 MB",
        "downloading the results of batches/a.jsonl (batch_1)",
    ]


def test_in_a_terminal_one_line_is_written_again_and_is_gone_afterwards() -> None:
    clock, screen = Clock(), Screen()
    progress = TerminalProgress(screen, clock=clock)
    for step in range(1, 101):
        clock.now = 1000.0 + step * 0.01
        progress.validated("batches/a.jsonl", step, 100)
    assert screen.getvalue().count("checked") == 4
    progress.note("The API was asked again.")
    assert "The API was asked again." in screen.getvalue()
    progress.finished()
    assert screen.getvalue().endswith("\x1b[2K")
    before = screen.getvalue()
    progress.finished()
    assert screen.getvalue() == before


def test_with_json_only_notes_are_written() -> None:
    clock, err = Clock(), io.StringIO()
    progress = TerminalProgress(err, quiet=True, clock=clock)
    clock.now += 100
    progress.validated("batches/a.jsonl", 1, 1)
    progress.waiting(0, 1, 0, 1, 1.0)
    progress.note("Something to know.")
    assert err.getvalue() == "Something to know.\n"


def test_a_terminal_that_can_do_nothing_gets_lines() -> None:
    clock, screen = Clock(), Screen()
    progress = TerminalProgress(screen, clock=clock, environ={"TERM": "dumb"})
    clock.now += 100
    progress.validated("batches/a.jsonl", 1, 1)
    assert screen.getvalue() == "checked 1 of 1 request file: batches/a.jsonl\n"


def test_paths_and_notes_do_not_act_and_show_no_secret() -> None:
    clock, err = Clock(), io.StringIO()
    progress = TerminalProgress(err, clock=clock, secrets=["SECRET"])
    clock.now += 100
    progress.validated("batches/\x1b[31mSECRET\n.jsonl", 1, 1)
    progress.note("##[error] SECRET\x1b")
    assert "SECRET" not in err.getvalue()
    assert "\x1b" not in err.getvalue()
    assert "##[" not in err.getvalue()
    assert len(err.getvalue().splitlines()) == 2
