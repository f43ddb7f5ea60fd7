"""Lines of the action's log that come from several threads."""

from __future__ import annotations

import io
import sys
import threading
import time

import pytest
from actions_toolkit.command import Command

from vsync.github import commands
from vsync.system.redaction import masks


class Slow(io.StringIO):
    """Lets other threads in after each write."""

    def write(self, text: str) -> int:
        count = super().write(text)
        time.sleep(0.0005)
        return count


def test_a_mask_from_another_thread_never_stands_in_the_middle_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Slow()
    monkeypatch.setattr(sys, "stdout", out)

    def mask() -> None:
        for number in range(50):
            commands.mask(f"token-{number}")

    masking = threading.Thread(target=mask)
    masking.start()
    for number in range(50):
        commands.say(f"line {number}")
    masking.join()
    lines = out.getvalue().splitlines()
    masked = [str(Command("add-mask", {}, form)) for number in range(50) for form in masks(f"token-{number}")]
    assert sorted(lines) == sorted([f"line {number}" for number in range(50)] + masked)


def test_a_mask_while_commands_are_stopped_lets_commands_in_for_itself_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with commands.no_commands() as mask:
        mask("first\n\nlater")
        commands.say("between")
    lines = capsys.readouterr().out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[2:4] == ["::add-mask::first", "::add-mask::later"]
    assert lines == [
        f"::stop-commands::{token}",
        f"::{token}::",
        *(str(Command("add-mask", {}, form)) for form in masks("first\n\nlater")),
        f"::stop-commands::{token}",
        "between",
        f"::{token}::",
    ]


def test_the_properties_of_an_annotation_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    commands.error("a\x1b[2Jtitle\u202e", "text", "docs/\x1b[31mred\r\n,:\u202e.md")
    written = capsys.readouterr().out
    assert all(character.isprintable() for character in written.rstrip("\n"))
    assert "\n" not in written.rstrip("\n")
    assert r"docs/\x1b[31mred\r\n%2C%3A\u202e.md" in written


def test_an_annotation_names_file_and_line_and_nothing_in_them_acts(capsys: pytest.CaptureFixture[str]) -> None:
    commands.error("a", "b", "batches/a,b\n::x.jsonl", 40_000)
    commands.error("a", "b", None, 3)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "::error title=a,file=batches/a%2Cb\\n%3A%3Ax.jsonl,line=40000::b"
    assert second == "::error title=a::b"
