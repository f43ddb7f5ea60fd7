"""The words of a query are found in a text in all their forms."""

from __future__ import annotations

import pytest

from vsync.search.words import Words


def marked(query: str, text: str) -> list[str]:
    return [text[span.start : span.end] for span in Words(query).spans(text)]


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        (
            "install",
            "Install it. Installing, installed: installation",
            ["Install", "Installing", "installed", "installation"],
        ),
        ("installation", "install", ["install"]),
        ("configure", "configuring a configuration", ["configuring", "configuration"]),
        ("queries", "a query", ["query"]),
        ("running", "run, runs, runner", ["run", "runs", "runner"]),
        ("cafe", "Caf\u00e9 CAFE\u0301", ["Caf\u00e9", "CAFE\u0301"]),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940",
            "\u0939\u093f\u0928\u094d\u0926\u0940 \u0939\u0948",
            ["\u0939\u093f\u0928\u094d\u0926\u0940"],
        ),
        ("how do I install it", "How do I install it?", ["install"]),
        ("who is it", "Who is it?", ["Who", "is", "it"]),
        ("to_json --max-delete", "call to_json with --max-delete 3", ["to_json", "max", "delete"]),
        ("Stra\u00dfe", "STRASSE", ["STRASSE"]),
        ("\u5b89\u88c5", "\u5982\u4f55\u5b89\u88c5\u5b83", ["\u5b89\u88c5"]),
        ("car", "carpet cart scar", []),
        ("", "text", []),
        ("?!", "text ?!", []),
    ],
)
def test_a_word_is_marked_in_all_its_forms(query: str, text: str, words: list[str]) -> None:
    assert marked(query, text) == words


def test_forms_of_a_word_have_the_same_stem() -> None:
    assert len({span.stem for span in Words("install").spans("installs installing installed")}) == 1
