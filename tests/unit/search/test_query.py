"""The filters of a search and which results are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from vsync.errors import ConfigurationError
from vsync.search.query import one_a_document, search_filters
from vsync.store.entries import Hit


def eq(key: str, value: object) -> dict[str, object]:
    return {"type": "eq", "key": key, "value": value}


@pytest.mark.parametrize(
    ("pair", "comparison", "value"),
    [
        ("year!=2024", "ne", 2024),
        ("year>=2024", "gte", 2024),
        ("year < 3.5", "lt", 3.5),
        ("date>2024-05-01", "gt", 1714521600),
        ("date<=1970-01-02", "lte", 86400),
        ("date>2024-13-45", "gt", "2024-13-45"),
        ('year="2025"', "eq", "2025"),
        ('date>="2024-05-01"', "gte", "2024-05-01"),
        ('name="', "eq", '"'),
    ],
)
def test_a_filter_compares_numbers_dates_and_texts(pair: str, comparison: str, value: object) -> None:
    assert search_filters([pair]) == {"type": comparison, "key": pair[:4], "value": value}


@pytest.mark.parametrize(
    ("pair", "comparison", "way"), [("date=2024-05-01", "eq", "or"), ("date!=2024-05-01", "ne", "and")]
)
def test_a_date_that_is_no_bound_may_be_a_text_or_a_number(pair: str, comparison: str, way: str) -> None:
    values = ["2024-05-01", 1714521600]
    filters = [{"type": comparison, "key": "date", "value": value} for value in values]
    assert search_filters([pair]) == {"type": way, "filters": filters}


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


def hit(file_id: str, **attributes: str) -> Hit:
    return Hit(file_id, "a.md", 0.5, attributes, "text")


def ids(hits: Sequence[Hit], limit: int = 10) -> list[str]:
    return [found.file_id for found in one_a_document(hits, limit)]


def test_of_each_document_the_best_result_is_taken() -> None:
    hits = [hit("1", path="a.md"), hit("2", path="b.md"), hit("1", path="a.md"), hit("3", path="c.md")]
    assert ids(hits) == ["1", "2", "3"]
    assert ids(hits, 2) == ["1", "2"]
    assert ids([]) == []


def test_two_versions_of_a_document_are_one() -> None:
    assert ids([hit("2", path="a.md", source="s"), hit("1", path="a.md", source="s")]) == ["2"]


def test_the_same_path_of_another_source_or_target_is_another_document() -> None:
    hits = [hit("1", path="a.md", source="s"), hit("2", path="a.md", source="t"), hit("3", path="a.md", target="t")]
    assert ids(hits) == ["1", "2", "3"]


def test_entries_of_other_tools_are_known_by_their_file() -> None:
    assert ids([hit("1"), hit("2"), hit("1")]) == ["1", "2"]
