"""Text without secrets, and without what a terminal would act on."""

from __future__ import annotations

import pytest

from vsync.system.redaction import printable, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text.md", "plain text.md"),
        ("日本 😀.md", "日本 😀.md"),
        ("a\nb", "a\\nb"),
        ("a\r\tb", "a\\r\\tb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egpj.md", "\\u202egpj.md"),
        ("\u2028", "\\u2028"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_act_on_is_made_visible(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("key abcd is wrong", ("abcd",), "key *** is wrong"),
        ("abcdabcd", ("abcd",), "******"),
        ("nothing here", (None, ""), "nothing here"),
        ("Incorrect API key: sk-proj-abcdefgh_12-XY.", (), "Incorrect API key: ***."),
        ("sk-short", (), "sk-short"),
        ("a task-management-system", (), "a task-management-system"),
        ("two: one1 two2", ("one1", "two2"), "two: *** ***"),
        ("secret-and-more", ("secret", "secret-and-more"), "***"),
    ],
)
def test_no_secret_is_left_wherever_it_stands(text: str, secrets: tuple[str | None, ...], shown: str) -> None:
    assert redacted(text, secrets) == shown


def test_a_secret_is_cut_out_however_it_is_written() -> None:
    secret = "first-line\nsecond-line"
    for shown in (secret, repr(secret), "first-line", "… second-line …"):
        text = redacted(f"a {shown} b", [secret])
        assert "first-line" not in text
        assert "second-line" not in text
