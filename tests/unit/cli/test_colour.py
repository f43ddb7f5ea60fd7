"""When a stream shows colours, and that they never stand anywhere else."""

from __future__ import annotations

import io
import re
from typing import get_args

import pytest

from tests.support.reports import planned_report
from vsync.cli.colour import painted, wants_colour
from vsync.report.text import Line, Tone, plan_lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "in_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colours_are_for_terminals_and_for_those_who_ask(
    environ: dict[str, str], in_terminal: bool, in_pipe: bool
) -> None:
    assert wants_colour(Terminal(), environ) is in_terminal
    assert wants_colour(io.StringIO(), environ) is in_pipe


@pytest.mark.parametrize("tone", get_args(Tone))
def test_a_colour_ends_with_its_line(tone: Tone) -> None:
    text = painted([Line("one", tone), Line("", tone), Line("two")], colour=True)
    first, empty, second = text.splitlines()
    assert first == "one" if tone == "plain" else re.fullmatch(r"\x1b\[[0-9]+mone\x1b\[0m", first)
    assert (empty, second) == ("", "two")


def test_without_colour_a_line_is_its_text() -> None:
    assert painted([Line("one", "bad"), Line("two", "good")], colour=False) == "one\ntwo"


def test_only_our_own_colours_act() -> None:
    lines = plan_lines(planned_report(added=("\x1b[31mred\x1b[0m.md",)))
    assert re.findall(r"\x1b\[[0-9]+m", painted(lines, colour=True)) == ["\x1b[32m", "\x1b[0m"]
