"""Each promise of docs/reliability.md and docs/security.md names the tests that hold it, in a footnote."""

from __future__ import annotations

import ast
import functools
import re

import pytest

from tests.support.places import ROOT

PAGES = ["docs/reliability.md", "docs/security.md"]
WITHOUT_PROMISES = {
    "docs/reliability.md": {"Reliability", "Proof", "The fault matrix", "How to run it", "Figures", "Tests"},
    "docs/security.md": {
        "Security",
        "At OpenAI",
        "At GitHub",
        "What a reviewer should check",
        "Reporting a vulnerability",
        "Tests",
    },
}
"""Sections that explain or give instructions."""

_MARK = re.compile(r"\[\^([\w-]+)\](?!:)")
_DEFINITION = re.compile(r"(?m)^\[\^([\w-]+)\]: (.+)$")


def sections(page: str) -> dict[str, str]:
    """The text of each section by its heading, without the sections below it and without blocks of code."""
    text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / page).read_text())
    parts = re.split(r"(?m)^#+ (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def definitions(page: str) -> dict[str, list[str]]:
    return {name: re.findall(r"`([^`]+)`", tests) for name, tests in _DEFINITION.findall((ROOT / page).read_text())}


@functools.cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def unmarked_rows(text: str) -> list[str]:
    """Rows of tables that have no mark, where the head of the table has none either."""
    tables = re.findall(r"(?m)^(\|.*)\n\| *-.*\n((?:\|.*(?:\n|\Z))+)", text)
    return [
        row for head, body in tables if not _MARK.search(head) for row in body.splitlines() if not _MARK.search(row)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_section_that_promises_something_names_its_tests(page: str) -> None:
    silent = [heading for heading, text in sections(page).items() if not _MARK.search(text)]
    assert set(silent) == WITHOUT_PROMISES[page]


@pytest.mark.parametrize("page", PAGES)
def test_every_row_of_a_table_of_promises_names_its_tests(page: str) -> None:
    for heading, text in sections(page).items():
        if heading not in WITHOUT_PROMISES[page]:
            assert unmarked_rows(text) == [], heading


def test_every_line_of_what_holds_names_its_tests() -> None:
    items = re.split(r"(?m)^- ", sections("docs/reliability.md")["What holds"])[1:]
    assert len(items) >= 5
    assert [item for item in items if not _MARK.search(item)] == []


def test_a_row_without_a_mark_is_found() -> None:
    table = "| a | b |\n| --- | --- |\n| 1 | 2[^x] |\n| 3 | 4 |\n"
    assert unmarked_rows(table) == ["| 3 | 4 |"]
    assert unmarked_rows(table.replace("| b |", "| b[^x] |")) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_footnote_is_used_and_there(page: str) -> None:
    text = (ROOT / page).read_text()
    names = [name for name, _ in _DEFINITION.findall(text)]
    assert len(names) == len(set(names))
    assert set(_MARK.findall(text)) == set(names)


@pytest.mark.parametrize(
    ("path", "name"),
    sorted({tuple(test.split("::")) for page in PAGES for tests in definitions(page).values() for test in tests}),
)
def test_a_test_that_a_promise_names_is_there(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in names_in(path)


@pytest.mark.parametrize("page", PAGES)
def test_every_footnote_names_a_test(page: str) -> None:
    assert [name for name, tests in definitions(page).items() if not tests] == []
