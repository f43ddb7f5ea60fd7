"""Values as YAML on one line: what is read back is what was written, whatever it is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vsync.config.yaml_text import scalar, sequence

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(TEXTS)
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    assert yaml.safe_load(f"key: {scalar(text)} # a comment\n") == {"key": text}


@given(st.lists(TEXTS, max_size=5))
def test_a_list_is_read_back_as_it_was(texts: list[str]) -> None:
    assert yaml.safe_load(f"key: {sequence(texts)}") == {"key": texts}


@given(TEXTS)
def test_a_value_in_a_comment_stays_in_it(text: str) -> None:
    assert yaml.safe_load(f"# {scalar(text)}\nkey: 1\n") == {"key": 1}


@pytest.mark.parametrize("text", ["docs", "/docs/", "/packages/*/docs/", ".vitepress/config.ts", "acme-docs", "v1.2"])
def test_a_usual_name_needs_no_quotes(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize(
    "text", ["", "yes", "NULL", "1.0", "2024-01-01", "*a", "a: b", "a #b", "-", "\x85", "\u2028", "\ufeff"]
)
def test_a_text_that_yaml_reads_as_something_else_is_quoted(text: str) -> None:
    assert scalar(text).startswith('"')
