"""Lines of the action's log that come from several threads."""

from __future__ import annotations

import io
import sys
import threading
import time

import pytest

from vsync.github import commands


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

    masks = threading.Thread(target=mask)
    masks.start()
    for number in range(50):
        commands.say(f"line {number}")
    masks.join()
    lines = out.getvalue().splitlines()
    assert sorted(lines) == sorted(
        [f"line {number}" for number in range(50)] + [f"::add-mask::token-{number}" for number in range(50)]
    )


def test_a_mask_while_commands_are_stopped_lets_commands_in_for_itself_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with commands.no_commands() as mask:
        mask("one\n\ntwo")
        commands.say("between")
    lines = capsys.readouterr().out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert lines == [
        f"::stop-commands::{token}",
        f"::{token}::",
        "::add-mask::one",
        "::add-mask::two",
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
