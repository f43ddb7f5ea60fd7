"""The documentation names only what exists: links, messages, files and commands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.places import ROOT
from vsync.cli.main import main
from vsync.config.variables import unheard

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMPOSED = {
    "git cannot read from …": "git cannot … …: …",
    "git cannot push to …": "git cannot … …: …",
    "git may not push to …": "git may not … …: …",
    "… is set, but what is deleted must stand on the command line": "… is set, but … must stand on the command line",
    "The plan deletes … of … documents": "The plan deletes … of …",
}
"""Messages that the code composes of parts, with the longest part."""

NOT_MESSAGES = {"unsupported_file", "invalid_file"}
"""Codes of the API in a table of messages."""


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes from the headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def templates() -> list[str]:
    """Every text in the package. What the program puts into a text stands as …"""
    found = []
    for path in sorted((ROOT / "vsync").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))  # type: ignore[misc]  # a constant part is text
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def messages() -> list[str]:
    """The messages in tables of messages and remedies."""
    found: list[str] = []
    for page in PAGES:
        for table in re.findall(r"(?m)^\| the message \|.*\n\|.*\n((?:\|.*\n)+)", page.read_text()):
            for row in table.splitlines():
                found += re.findall(r"`([^`]+)`", row.split("|")[1])
    return [message for message in found if message not in NOT_MESSAGES]


TEMPLATES = templates()


@pytest.mark.parametrize("message", sorted(set(messages())))
def test_a_message_that_the_documentation_explains_stands_in_the_code(message: str) -> None:
    pattern = re.compile(".*".join(map(re.escape, COMPOSED.get(message, message).split("…"))), re.DOTALL)
    assert any(pattern.search(text) for text in TEMPLATES)


def test_the_tables_of_messages_are_found() -> None:
    assert len(messages()) > 15


def test_every_command_in_the_readme_exists_and_every_command_is_there() -> None:
    text = (ROOT / "README.md").read_text()
    blocks = "".join(re.findall(r"(?ms)^```sh\n(.*?)^```$", text))
    assert set(re.findall(r"(?m)^vsync (\w+)", blocks) + re.findall(r"`vsync (\w+)", text)) == set(main.commands)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_block_of_commands_says_in_which_folder_it_runs(page: Path) -> None:
    for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", page.read_text()):
        assert re.match(r"# in (a|any|the|your) ", block), block


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_variable_that_a_page_names_is_known(page: Path) -> None:
    named = set(re.findall(r"\bVSYNC_[A-Z_]*[A-Z]", page.read_text()))
    unknown = [sentence for sentence in unheard(dict.fromkeys(named, "true")) if "is not a variable" in sentence]
    assert unknown == []


def test_a_word_of_the_glossary_has_one_meaning() -> None:
    words = re.findall(r"(?m)^\| ([a-zF][\w ,]*) \|", (ROOT / "docs/glossary.md").read_text())
    words = [word for word in words if word != "word"]
    assert len(words) == len(set(words))
    assert {"target", "manifest", "seal", "drift", "orphan", "adopt", "superseded"} <= set(words)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_file_of_the_project_that_a_page_names_is_there(page: Path) -> None:
    for name in re.findall(r"`((?:vsync|tests|benchmarks|docs|requirements)/[\w./-]*)`", prose(page)):
        assert (ROOT / name).exists(), name
