"""The documentation of the config says what the table of its keys says, and its examples are configs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.places import ROOT
from vsync.config.config_parser import parse_config
from vsync.config.keys import (
    TARGETS_KEY,
    TOP,
    Choice,
    Either,
    Key,
    Kind,
    ListOf,
    MapOf,
    Section,
    Switch,
    Text,
    Value,
    Whole,
)
from vsync.errors import ConfigMistakes

PAGE = (ROOT / "docs" / "configuration.md").read_text()
(CONFIG,) = re.findall(r"(?ms)^## The config\n(.*?)^## ", PAGE)
EXAMPLES = [block for block in re.findall(r"(?ms)^```yaml\n(.*?)^```$", CONFIG) if "version:" in block]
SHARED = "rules[].", ("attributes", "front-matter", "git", "url", "directory", "chunking", "content")


def described(kind: Kind) -> str:
    """The values that a kind takes, in few words."""
    match kind:
        case Text(form):
            return form.says
        case Value():
            return "a text, a number, or true or false"
        case Whole(least, most, words):
            number = f"a whole number from {least} to {most}" if least < most else str(most)
            return f"true, false or {number}" if words else number
        case Switch():
            return "true or false"
        case Choice(names, words):
            *others, last = (*(["true", "false"] if words else []), *names)
            return f"{', '.join(others)} or {last}"
        case ListOf(Section()):
            return "a list"
        case ListOf(item, _, _, single):
            return f"{described(item)}, or a list of these" if single else f"a list: {described(item)}"
        case MapOf(_, Section()) | Section():
            return "a mapping"
        case MapOf(key, value):
            return f"a mapping from {described(key)} to {described(value)}"
        case Either(listing, mapping):
            return f"{described(listing)}; or {described(mapping)}"


def rows(section: Section, before: str = "") -> Iterator[str]:
    for key in section.keys:
        if before == SHARED[0] and key.name in SHARED[1]:
            continue
        default = (
            ""
            if key.default is None
            else f" Default: {str(key.default).lower() if isinstance(key.default, bool) else key.default}."
        )
        yield f"| `{before}{key.name}` | {described(key.kind)} | {key.says}{default} |"
        if key is not TARGETS_KEY and (inner := _inner(key)) is not None:
            yield from rows(inner, f"{before}{key.name}{'[]' if isinstance(key.kind, ListOf) else ''}.")
    if before == SHARED[0]:
        yield f"| {', '.join(f'`{before}{name}`' for name in SHARED[1])} | | As in a target, for the documents that match. |"


def _inner(key: Key) -> Section | None:
    kind = key.kind.item if isinstance(key.kind, ListOf) else key.kind
    return kind if isinstance(kind, Section) else None


def test_the_table_of_keys_is_the_one_of_the_code() -> None:
    (table,) = re.findall(r"(?m)^\| key \| value \| \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)", CONFIG)
    assert table.splitlines() == list(rows(TOP))


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(number) for number, _ in enumerate(EXAMPLES)])
def test_an_example_is_a_config(example: str) -> None:
    parse_config(example.encode(), ".vsync.yml")


def test_one_example_has_every_key() -> None:
    found = set(re.findall(r"[\w-]+(?=:)", EXAMPLES[0]))
    assert {row.split("`")[1].rpartition(".")[2] for row in rows(TOP)} - {"vector-store-id"} <= found


def test_the_mistakes_that_are_shown_are_told_like_this() -> None:
    (block,) = re.findall(r"(?ms)^```text\n(\.vsync.*?)^```$", CONFIG)
    text = "version: 1\n\ntargets:\n  docs:\n    chunkng: 1\n    chunking: {  size: abc}\n\n\ninclude: docs/\n"
    with pytest.raises(ConfigMistakes) as caught:
        parse_config(text.encode(), ".vsync.yml")
    assert re.sub(r":\d+:\d+:", "", caught.value.message) == re.sub(r":\d+:\d+:", "", block.rstrip("\n"))
