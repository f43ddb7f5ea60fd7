"""The filters of a search, and how its results and stores look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.builders import store_info
from vsync.errors import ConfigurationError
from vsync.manage.stores import store_data, store_lines
from vsync.search.query import hit_data, hit_lines, search_filters
from vsync.store.entries import Hit


def eq(key: str, value: object) -> dict[str, object]:
    return {"type": "eq", "key": key, "value": value}


@pytest.mark.parametrize(
    ("pairs", "filters"),
    [
        ([], None),
        (["team=docs"], eq("team", "docs")),
        ([" level = 3 "], eq("level", 3)),
        (["draft=false"], eq("draft", False)),
        (["q=a=b"], eq("q", "a=b")),
        (["q="], eq("q", "")),
        (["a=1", "b=x"], {"type": "and", "filters": [eq("a", 1), eq("b", "x")]}),
    ],
)
def test_pairs_become_a_filter_that_wants_all_of_them(pairs: list[str], filters: Mapping[str, Any] | None) -> None:
    assert search_filters(pairs) == filters


@pytest.mark.parametrize("pair", ["team", "=docs", " =docs"])
def test_a_pair_without_name_or_value_is_refused(pair: str) -> None:
    with pytest.raises(ConfigurationError, match="name=value"):
        search_filters([pair])


HIT = Hit("file-1", "docs/a.rst.txt", 0.8765, {"path": "docs/a.rst", "team": "docs"}, "One\n\n  two. ")


def test_results_are_told_by_path_score_and_beginning() -> None:
    assert hit_lines([HIT]) == ["1. docs/a.rst  (0.88)", "   One two."]
    assert hit_lines([]) == ["No results."]


def test_a_result_without_a_path_is_told_by_its_filename() -> None:
    assert hit_lines([Hit("file-1", "a.txt", 0.5, {}, "x")])[0] == "1. a.txt  (0.50)"


def test_a_long_text_is_cut() -> None:
    line = hit_lines([Hit("file-1", "a.txt", 0.5, {}, "x" * 301)])[1]
    assert line == "   " + "x" * 300 + "…"
    assert "…" not in hit_lines([Hit("file-1", "a.txt", 0.5, {}, "x" * 300)])[1]


def test_hostile_text_in_a_result_does_nothing() -> None:
    lines = hit_lines([Hit("file-1", "a\x1b[2J.txt", 0.5, {"path": "a\n::error::b"}, "x\x1b]0;t\x07 y\u202e")])
    assert [line for line in lines if not line.isprintable()] == []


def test_a_result_as_data_is_whole() -> None:
    assert hit_data(HIT) == {
        "path": "docs/a.rst",
        "filename": "docs/a.rst.txt",
        "file_id": "file-1",
        "score": 0.8765,
        "attributes": {"path": "docs/a.rst", "team": "docs"},
        "text": "One\n\n  two. ",
    }
    assert hit_data(Hit("file-1", "a.txt", 0.5, {}, ""))["path"] is None


def test_stores_stand_in_a_table() -> None:
    assert store_lines([store_info("vs_1", "docs"), store_info("vs_22", None)]) == [
        "ID     NAME  STATUS     FILES  SIZE",
        "vs_1   docs  completed  3      12.3 KB",
        "vs_22        completed  3      12.3 KB",
    ]
    assert store_lines([]) == ["There is no vector store."]


def test_a_hostile_stores_name_does_nothing() -> None:
    assert all(line.isprintable() for line in store_lines([store_info("vs_1", "a\n::error::\x1b[2J", status="x\ny")]))


def test_a_store_as_data_is_whole() -> None:
    assert store_data(store_info("vs_1", "docs", {"k": "v"})) == {
        "id": "vs_1",
        "name": "docs",
        "status": "completed",
        "files": 3,
        "in_progress": 0,
        "failed": 0,
        "usage_bytes": 12_345,
        "created_at": 1_700_000_000,
        "metadata": {"k": "v"},
    }
