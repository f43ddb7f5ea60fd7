"""The question before a delete."""

from __future__ import annotations

import io
import sys

import pytest

from tests.support.terminal import Typed
from vsync.cli.question import ask_person, ask_text, ask_unless_no, ask_yes_or_no, terminal, where_to_ask
from vsync.errors import ConfigurationError
from vsync.manage.bulk_text import Going


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def answered(monkeypatch: pytest.MonkeyPatch, going: Going, *lines: str, carefully: bool = False) -> tuple[bool, str]:
    screen = Screen()
    monkeypatch.setattr(sys, "stdin", Typed(lines))
    return ask_person(screen, going, carefully=carefully).yes, screen.getvalue()


@pytest.mark.parametrize(
    ("line", "yes"), [("y", True), (" YES ", True), ("n", False), ("", False), ("yess", False), ("2", False)]
)
def test_only_yes_is_yes(monkeypatch: pytest.MonkeyPatch, line: str, yes: bool) -> None:
    assert answered(monkeypatch, Going(1, 1), line) == (yes, "Delete 1 vector store and 1 File? [y/N] ")


def test_the_end_of_the_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(monkeypatch, Going(1)) == (False, "Delete 1 vector store? [y/N] \n")


@pytest.mark.parametrize(("line", "yes"), [("1500", True), ("1,500", True), ("y", False), ("150", False)])
def test_the_number_of_many_things_must_be_typed(monkeypatch: pytest.MonkeyPatch, line: str, yes: bool) -> None:
    asked = answered(monkeypatch, Going(0, 1500), line)
    assert asked == (yes, "To delete 1,500 Files, type 1500: ")


def test_of_few_things_the_number_must_be_typed_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(monkeypatch, Going(2), "y", carefully=True)[0] is False
    assert answered(monkeypatch, Going(2), "2", carefully=True)[0] is True


def test_where_nobody_sees_the_question_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Typed([]))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(ConfigurationError, match="no terminal"):
        where_to_ask()
    monkeypatch.setattr(sys, "stdout", Screen())
    assert where_to_ask() is sys.stdout
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match="no terminal"):
        where_to_ask()


@pytest.mark.parametrize(("line", "yes"), [("y", True), ("Yes", True), ("n", False), ("", False)])
def test_a_plain_question_is_answered_by_a_word(monkeypatch: pytest.MonkeyPatch, line: str, *, yes: bool) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdin", Typed([line]))
    assert ask_yes_or_no(screen, "Cancel 2 batches?") is yes
    assert screen.getvalue() == "Cancel 2 batches? [y/N] "


def test_the_error_says_what_was_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(ConfigurationError, match=r"Nothing was cancelled\. Look at what would be cancelled"):
        where_to_ask("cancelled")


@pytest.mark.parametrize(
    ("lines", "yes"), [(["y"], True), ([" "], True), (["n"], False), (["what?"], False), ([], False)]
)
def test_enter_agrees_where_nothing_is_lost_and_the_end_of_the_input_does_not(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], *, yes: bool
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdin", Typed(lines))
    assert ask_unless_no(screen, "Write it?") is yes
    assert screen.getvalue().startswith("Write it? [Y/n] ")


@pytest.mark.parametrize(("lines", "text"), [(["  Two Words "], "Two Words"), ([""], "docs"), ([], "docs")])
def test_a_text_has_a_default(monkeypatch: pytest.MonkeyPatch, lines: list[str], text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(lines))
    assert ask_text(Screen(), "Name?", "docs") == text


def test_a_terminal_has_somebody_who_sees_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Typed([]))
    monkeypatch.setattr(sys, "stderr", Screen())
    assert terminal() is sys.stderr
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert terminal() is None
