from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vsync.manage import filters
from vsync.manage.owner import Whose
from vsync.serve.rest.bodies import DeleteStores, check_named
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.filters import (
    EntriesInBody,
    EntriesInQuery,
    FilesInBody,
    FilesInQuery,
    StoresInBody,
    StoresInQuery,
    entry_filter,
    file_filter,
    store_filter,
)


def test_a_filter_that_says_nothing_is_empty() -> None:
    assert store_filter(StoresInQuery()).is_empty
    assert store_filter(StoresInBody()).is_empty
    assert entry_filter(EntriesInBody()).is_empty
    assert file_filter(FilesInBody()).is_empty


def test_query_and_body_say_the_same_of_stores() -> None:
    expected = filters.StoreFilter(
        ("docs-*", "api"),
        (("team", "d*"), ("x", "a=b")),
        ("expired",),
        filters.Age(86_400, 3_600),
        604_800,
        True,
        Whose(True, "a/b", "t"),
    )
    shared = {"older_than": "1d", "newer_than": "1h", "unused_since": "1w", "source": "a/b", "target": "t"}
    query = {
        "name": ["docs-*", "api"],
        "metadata": ["team=d*", "x=a=b"],
        "status": ["expired"],
        "empty": "true",
        "owned": "true",
    }
    body = {
        "name": ["docs-*", "api"],
        "metadata": {"team": "d*", "x": "a=b"},
        "status": "expired",
        "empty": True,
        "owned": True,
    }
    assert store_filter(StoresInQuery.model_validate({**shared, **query})) == expected
    assert store_filter(StoresInBody.model_validate({**shared, **body})) == expected


def test_query_and_body_say_the_same_of_entries() -> None:
    expected = filters.EntryFilter(
        ("docs/*",), (("team", "x"),), ("failed", "cancelled"), filters.Age(None, 60), Whose(False)
    )
    query = {
        "path": ["docs/*"],
        "attribute": ["team=x"],
        "status": ["failed", "cancelled"],
        "newer_than": "60s",
        "owned": "false",
    }
    body = {
        "path": "docs/*",
        "attribute": {"team": "x"},
        "status": ["failed", "cancelled"],
        "newer_than": "60s",
        "owned": False,
    }
    assert entry_filter(EntriesInQuery.model_validate(query)) == expected
    assert entry_filter(EntriesInBody.model_validate(body)) == expected


def test_query_and_body_say_the_same_of_files() -> None:
    expected = filters.FileFilter(
        ("*.md",), ("assistants",), ("processed",), filters.Age(30), 10_000_000, False, ("vs_1",), (("k", "v"),)
    )
    shared = {"older_than": "30s", "larger_than": "10MB"}
    query = {
        "name": ["*.md"],
        "purpose": ["assistants"],
        "status": ["processed"],
        "attached": "false",
        "in_store": ["vs_1"],
        "attribute": ["k=v"],
    }
    body = {
        "name": "*.md",
        "purpose": "assistants",
        "status": "processed",
        "attached": False,
        "in_store": "vs_1",
        "attribute": {"k": "v"},
    }
    assert file_filter(FilesInQuery.model_validate({**shared, **query})) == expected
    assert file_filter(FilesInBody.model_validate({**shared, **body})) == expected


@pytest.mark.parametrize(
    "wrong", [{"name": []} | {"name": ["x"] * 101}, {"metadata": ["=x"]}, {"metadata": ["x"]}, {"older_than": "1y"}]
)
def test_a_query_of_another_form_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StoresInQuery.model_validate(wrong)


def test_too_many_ids_are_refused_with_both_numbers() -> None:
    check_named(["a"] * 3, None, 3, "file_ids")
    with pytest.raises(Failure, match=r"4 ids, and at most 3") as caught:
        check_named(["a"] * 4, None, 3, "file_ids")
    assert (caught.value.status, caught.value.code, caught.value.param) == (422, "too_many_ids", "file_ids")


@pytest.mark.parametrize(("chosen", "param"), [(None, "body"), (FilesInBody(), "filter")])
def test_a_body_that_names_nothing_is_refused(chosen: FilesInBody | None, param: str) -> None:
    with pytest.raises(Failure) as caught:
        check_named(None, chosen, 3, "file_ids")
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "nothing_named", param)
    check_named(None, FilesInBody(name="*"), 3, "file_ids")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": []},
        {"status": []},
        {"purpose": []},
        {"in_store": []},
        {"attribute": {}},
        {"owned": 0},
        {"attached": 1},
        {"attached": "false"},
    ],
)
def test_a_part_of_a_filter_that_a_program_has_filled_with_nothing_or_a_number_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        FilesInBody.model_validate(wrong)


@pytest.mark.parametrize("wrong", [False, 0, 1, "true"])
def test_stores_that_are_not_empty_cannot_be_asked_for(wrong: object) -> None:
    with pytest.raises(ValidationError):
        StoresInBody.model_validate({"empty": wrong})


def test_a_body_holds_ids_or_a_filter() -> None:
    schema = DeleteStores.model_json_schema()
    assert (schema["minProperties"], schema["maxProperties"], schema["additionalProperties"]) == (1, 1, False)
