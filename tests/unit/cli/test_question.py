"""The question before a delete."""

from __future__ import annotations

import io
import sys

import pytest

from tests.support.terminal import Typed
from vsync.cli.question import ask_person, where_to_ask
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
