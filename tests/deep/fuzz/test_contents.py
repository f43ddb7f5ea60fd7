"""What documents hold: searched for secrets in bounded time, whatever was made to keep the search busy."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.secret_formats import is_secret_name
from vsync.documents.secret_scan import MAX_FINDINGS, Finding, Scanner

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6"
PARTS = st.sampled_from(
    [
        TOKEN, "AKIA", "sk-", "T3BlbkFJ", "-----BEGIN PRIVATE KEY-----", "-----END", "xox", "\\n", "\n", "\r\n", " ", "a" * 25, "Z9" * 30,
        "M" * 24 + ".", "-us12", ":AA", "é", "\ud800", "\u2028", '"', "=", "https://hooks.slack.com/services/", "AccountKey=", "\0",
    ]
)  # fmt: skip
TEXT = st.lists(PARTS | st.text(max_size=5), max_size=12).map("".join)


def searched(*pieces: str) -> tuple[Finding, ...]:
    scanner = Scanner()
    for piece in pieces:
        scanner.feed(piece)
    return scanner.close()


def test_the_token_that_is_hidden_here_is_found() -> None:
    assert [finding.line for finding in searched(f"a\nb {TOKEN}\n")] == [2]


@given(TEXT, st.lists(st.integers(0, 200), max_size=4))
def test_any_text_is_searched_and_how_it_arrives_does_not_matter(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    whole = searched(text)
    assert searched(*(text[start:end] for start, end in pairwise(places))) == whole
    assert len(whole) <= MAX_FINDINGS
    assert all(1 <= finding.line <= text.count("\n") + 1 for finding in whole)


BUSY = {
    "letters": "a" * 3_000_000,
    "beginnings": "ghp_" * 700_000,
    "keys": "-----BEGIN PRIVATE KEY-----\n" * 100_000,
    "headers of keys": "-----BEGIN PRIVATE KEY-----\nProc-Type: 4\n" * 70_000,
    "dots": ("M" * 24 + ".") * 100_000,
    "almost tokens": (TOKEN[:-1] + " ") * 70_000,
    "mails": ("a" * 31 + "-us1 ") * 80_000,
    "telegram": "1234567890:AA" * 200_000,
    "models": ("sk-" + "a" * 199 + "T3BlbkFJ") * 14_000,
    "slack": "https://hooks.slack.com/services/T" * 90_000,
    "blanks": " " * 3_000_000,
    "bytes": "\x00\xff" * 1_500_000,
}


@pytest.mark.parametrize("text", BUSY)
def test_a_text_that_is_made_to_keep_the_search_busy_does_not(text: str) -> None:
    started = time.process_time()
    searched(*(BUSY[text][start : start + 65_536] for start in range(0, len(BUSY[text]), 65_536)))
    assert time.process_time() - started < 20


@given(st.text(max_size=30))
def test_any_name_is_one_of_secrets_or_not(name: str) -> None:
    assert is_secret_name(name) in {True, False}
    assert is_secret_name(f"docs/{name}/id_rsa")
