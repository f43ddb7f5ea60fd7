"""Front matter: where it begins and ends, what is none, and what cannot be read."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.front_matter import MAX_CHARACTERS, Block, NotFrontMatter, find, parse, value_of


def body_of(text: str) -> str | None:
    block = find(text)
    return None if block is None else text[block.end :]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("---\ntitle: x\n---\nBody\n", "Body\n"),
        ("---\ntitle: x\n...\nBody\n", "Body\n"),
        ("---  \t\ntitle: x\n--- \nBody\n", "Body\n"),
        ("\ufeff---\ntitle: x\n---\nBody\n", "Body\n"),
        ("---\r\ntitle: x\r\n---\r\nBody\r\n", "Body\r\n"),
        ("---\ntitle: x\n---", ""),
        ("---\ntitle: x\r\n---\r", ""),
        ("---\n\n# comment\n  title: x\n---\n\nBody\n", "\nBody\n"),
        ("---\ntitle: |\n  ---\n  x\n---\nBody\n", "Body\n"),
        ("---\ntitle:\n---\nBody\n", "Body\n"),
        ('+++\ntitle = "x"\n+++\nBody\n', "Body\n"),
        ('+++ \r\n[a]\r\ntitle = "x"\r\n+++\t\r\nBody\r\n', "Body\r\n"),
    ],
)
def test_the_body_begins_behind_the_last_line_of_the_block(text: str, body: str) -> None:
    assert body_of(text) == body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\n",
        "Body\n---\ntitle: x\n---\n",
        "\n---\ntitle: x\n---\n",
        " ---\ntitle: x\n---\n",
        "----\ntitle: x\n----\n",
        "---\ntitle: x\nno last line\n",
        "---\ntitle: x\n ---\n",
        "---\ntitle: x\n+++\n",
        "---\n---\n",
        "---\n\nA rule across the page, and https://example.com.\n\n---\nBody\n",
        "---\n# a comment: none\n---\n",
        "---\n- a list: it is\n- of two\n---\n",
        "+++\nno key\n+++\n",
        "+++\n# a = 1\n+++\n",
        '{\n"title": "x"\n}\n',
    ],
)
def test_what_is_not_framed_or_has_no_key_is_no_front_matter(text: str) -> None:
    assert find(text) is None


def test_the_block_holds_what_stands_between_its_lines() -> None:
    assert find("---\na: 1\n\nb: 2\n---\nBody") == Block("yaml", "a: 1\n\nb: 2\n", 19)
    assert find("+++\na = 1\n+++\nBody") == Block("toml", "a = 1\n", 14)


def test_yaml_with_every_kind_of_value_is_read() -> None:
    text = """---
title: "Two: words"
'quoted key': 'it''s'
weight: 10
ratio: 0.5
draft: false
empty:
nothing: ~
date: 2024-01-02
tags: [a, b]
list:
- x
- {deep: [1]}
map:
  inner: value
folded: >-
  one
  two
---
"""
    assert read(text) == {
        "title": "Two: words",
        "quoted key": "it's",
        "weight": 10,
        "ratio": 0.5,
        "draft": False,
        "empty": None,
        "nothing": None,
        "date": date(2024, 1, 2),
        "tags": ["a", "b"],
        "list": ["x", {"deep": [1]}],
        "map": {"inner": "value"},
        "folded": "one two",
    }


def test_toml_with_every_kind_of_value_is_read() -> None:
    text = """+++
title = "x"
weight = 10
version = 1.10
ratio = 0.5
draft = true
date = 2024-01-02
at = 2024-01-02T03:04:05Z
tags = ["a", "b"]
never = inf
[params]
a.b = 1
+++
"""
    assert read(text) == {
        "title": "x",
        "weight": 10,
        "version": "1.10",
        "ratio": 0.5,
        "draft": True,
        "date": date(2024, 1, 2),
        "at": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        "tags": ["a", "b"],
        "never": "inf",
        "params": {"a": {"b": 1}},
    }


def read(text: str) -> Any:
    block = find(text)
    assert block is not None
    return parse(block)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('+++\na = 1\nb = "\n+++\n', 3, "it is not valid TOML"),
        ("+++\na = 1\na = 2\n+++\n", 3, "it is not valid TOML"),
        ("+++\na = 1\r\nb\n+++\n", 3, "it is not valid TOML"),
        ("+++\na = " + "9" * 5000 + "\n+++\n", 1, "a number in it has too many digits"),
        ("+++\na = " + "[" * 5000 + "\n+++\n", 1, "its values are too deep in each other"),
        ("+++\n\n" + ".".join("a" * 5000) + " = 1\n+++\n", 3, "its values are too deep in each other"),
        ("+++\n[" + " . ".join(['"a"'] * 5000) + "]\nb=1\n+++\n", 2, "its values are too deep in each other"),
        ("---\na: [1, 2\nb: 3\n---\n", 3, "it is not valid YAML: did not find expected ',' or ']'"),
    ],
)
def test_a_block_that_cannot_be_read_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotFrontMatter) as caught:
        read(text)
    assert (caught.value.line, caught.value.reason) == (line, reason)
    assert str(caught.value) == f"line {line}: {reason}"


def test_a_block_beyond_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    room = MAX_CHARACTERS - len("a: \n")
    assert read(f"---\na: {'x' * room}\n---\n") == {"a": "x" * room}
    with pytest.raises(NotFrontMatter, match="65,537 characters; 65,536 are the most"):
        read(f"---\na: {'x' * (room + 1)}\n---\n")


HOSTILE = st.lists(
    st.sampled_from(
        "--- ... +++ \n \n \n : :\n = , [ ] { } - ? & * &a *a ! !! !!python/object:a !!int !!set | > ' \" # % @ ` << "
        "\t \r\n \x00 \x85 \u2028 \ufeff \ud800 \x1b a b 1 0x1 1e400 .nan 2024-13-45 2024-01-02 12:30 a:\n b:\n".split(
            " "
        )
    ),
    max_size=40,
).map(" ".join)


@given(st.one_of(HOSTILE, st.text(max_size=60)), st.sampled_from(["---", "+++"]), st.booleans())
def test_a_block_of_anything_is_read_or_refused(inner: str, fence: str, raw: bool) -> None:
    block = Block("yaml" if fence == "---" else "toml", inner, 0) if raw else find(f"{fence}\n{inner}\n{fence}\nBody")
    if block is None:
        return
    try:
        values = parse(block)
    except NotFrontMatter as error:
        line, values = error.line, {}
    else:
        line = 1
    breaks = sum(inner.count(character) for character in "\n\r\x85\u2028\u2029")
    assert 1 <= line <= breaks + 3
    for key, value in values.items():
        assert isinstance(key, str)
        assert value_of(value) is None or isinstance(value_of(value), str | int | float | bool)


@given(st.one_of(HOSTILE, st.text(max_size=60)))
def test_the_block_and_the_body_are_the_text(text: str) -> None:
    block = find(text)
    if block is not None:
        head = text[: block.end].lstrip("\ufeff").splitlines(keepends=True)
        assert text[: block.end].count(block.raw) >= 1
        assert head[0].strip() in {"---", "+++"}
        assert head[-1].strip() in {"---", "...", "+++"}


@pytest.mark.parametrize(
    "inner",
    [
        "a: " + "[" * 60_000,
        "a: " + "{" * 60_000,
        "a:\n" + "- " * 30_000,
        "".join(f"{' ' * n}a:\n" for n in range(340)),
        "a: &a " + "x" * 30_000 + "\nb: [" + "*a," * 10_000 + "]\n",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "? " * 30_000,
        " " * 60_000 + "a",
        "".join(f"k{n}: v\n" for n in range(6000)),
    ],
)
def test_hostile_yaml_costs_little(inner: str) -> None:
    begin = time.process_time()
    try:
        values = parse(Block("yaml", inner, 0))
        assert len(values) == 6000
    except NotFrontMatter:
        pass
    assert time.process_time() - begin < 30  # what grows with the square takes minutes


@pytest.mark.parametrize(
    "text", ["---\n" + " " * 500_000, "---\n" + "a\n" * 500_000 + "---\n", "---\n" + "- " * 500_000]
)
def test_looking_for_a_block_in_a_long_text_costs_little(text: str) -> None:
    begin = time.process_time()
    assert find(text) is None
    assert time.process_time() - begin < 30  # what grows with the square takes minutes
