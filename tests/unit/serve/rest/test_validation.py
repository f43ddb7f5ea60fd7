from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from vsync.serve.rest.bodies import DeleteFiles, DeleteStores
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import DeleteOptions, known_names
from vsync.serve.rest.stores_calls import StoresQuery
from vsync.serve.rest.validation import check_once, shape_failure

SECRET = "sk-proj-0123456789abcdef"


def failure_for(model: type[BaseModel], data: Any, where: str = "body", *, is_json: bool = True) -> Failure:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    errors = [{**error, "loc": (where, *error["loc"])} for error in caught.value.errors()]
    schema = model.model_json_schema()
    allowed = {where: list(schema["properties"])}
    allowed |= {name: list(part["properties"]) for name, part in schema.get("$defs", {}).items()}
    return shape_failure(errors, known_names(), allowed, is_json=is_json)


@pytest.mark.parametrize(
    ("model", "data", "param", "words"),
    [
        (DeleteStores, {"vector_store_ids": "a"}, "vector_store_ids", "vector_store_ids must be a list"),
        (DeleteStores, {"vector_store_ids": [1]}, "vector_store_ids.0", "vector_store_ids.0 must be a text"),
        (DeleteStores, {"vector_store_ids": [""]}, "vector_store_ids.0", "is too short"),
        (DeleteStores, {"vector_store_ids": ["a" * 513]}, "vector_store_ids.0", "is too long (at most 512)"),
        (DeleteStores, {"vector_store_ids": ["\ud800"]}, "vector_store_ids.0", "is not valid Unicode"),
        (DeleteStores, {"vector_store_ids": None}, "body", "the body holds a null"),
        (
            DeleteStores,
            {"vector_store_idz": []},
            "body",
            "a name in the body is not known here (allowed: vector_store_ids, filter)",
        ),
        (
            DeleteStores,
            {"file_ids": []},
            "body",
            "a name in the body is not known here (allowed: vector_store_ids, filter)",
        ),
        (
            DeleteStores,
            {"filter": {"older_than": "soon"}},
            "filter.older_than",
            "is not of the right form (allowed: a number and s, m, h, d or w, such as 30d)",
        ),
        (DeleteFiles, {"filter": {"larger_than": "big"}}, "filter.larger_than", "(allowed: a size, such as 500KB"),
        (
            DeleteFiles,
            {"filter": {"bigger_than": "1"}},
            "filter",
            "(allowed: owned, source, target, older_than, newer_than, larger_than, attached, name, purpose, status, in_store, "
            "attribute)",
        ),
        (
            DeleteStores,
            {"filter": {"status": "lost"}},
            "filter.status",
            "allowed: 'completed', 'in_progress' or 'expired'",
        ),
        (DeleteStores, {"filter": {"older": "1d"}}, "filter", "a name in filter is not known here"),
        (DeleteFiles, {"filter": {"attached": "yes"}}, "filter.attached", "must be true or false"),
        (DeleteStores, [1], "body", "the body must be an object"),
    ],
)
def test_the_message_names_the_place_and_what_it_takes(
    model: type[BaseModel], data: Any, param: str, words: str
) -> None:
    failure = failure_for(model, data)
    assert (failure.status, failure.code, failure.param) == (422, "invalid_shape", param)
    assert words in failure.message


@pytest.mark.parametrize(
    "data",
    [
        {SECRET: 1},
        {"vector_store_ids": {SECRET: SECRET}},
        {"filter": {"metadata": {SECRET: 5}}},
        {"filter": {"older_than": SECRET, "status": SECRET, "name": {"x": SECRET}}},
        {"vector_store_ids": [SECRET * 100]},
        SECRET,
    ],
)
def test_the_message_repeats_nothing_that_was_sent(data: Any) -> None:
    assert SECRET not in str(failure_for(DeleteStores, data).body("id"))


def test_a_slip_in_the_query_is_refused() -> None:
    assert failure_for(DeleteOptions, {"dryrun": "true"}, "query").message.endswith(
        "a name in the query is not known here (allowed: dry_run, missing_ok, all)."
    )
    assert "(allowed: a name, = and a value, such as team=docs)" in (
        failure_for(StoresQuery, {"metadata": ["team"]}, "query").message
    )
    assert "a name in the query is not known" in failure_for(DeleteOptions, {"limit": "1"}, "query").message
    assert "dry_run must be true or false" in failure_for(DeleteOptions, {"dry_run": "ture"}, "query").message
    assert "limit must be a whole number" in failure_for(StoresQuery, {"limit": "many"}, "query").message


def test_many_problems_are_told_in_short() -> None:
    parts = ("older_than", "newer_than", "unused_since", "source", "target", "name", "status")
    failure = failure_for(DeleteStores, {"filter": dict.fromkeys(parts, 1)})
    assert re.search(r"and \d more", failure.message)
    assert len(failure.message) < 500


MANY = 200_000
NAMES = {str(number): 1 for number in range(MANY)}


@pytest.mark.parametrize(
    "data",
    [
        {"file_ids": [1] * MANY},
        {"file_ids": [""] * MANY},
        {"filter": {"name": [1] * MANY}},
        {"filter": {"in_store": [""] * MANY}},
        {"filter": {"attribute": NAMES}},
        {"filter": NAMES},
        NAMES,
    ],
    ids=["numbers", "empty ids", "names", "empty stores", "attributes", "parts", "fields"],
)
def test_a_body_that_is_wrong_in_many_places_costs_few_errors(data: Any) -> None:
    """An error takes a hundred times the memory of the byte that is wrong, and the time of all other callers."""
    with pytest.raises(ValidationError) as caught:
        DeleteFiles.model_validate(data)
    assert caught.value.error_count() <= 5


@pytest.mark.parametrize(
    "chosen",
    [{"name": ["a"] * 101}, {"attribute": {str(number): "a" for number in range(101)}}, {"in_store": ["vs_1"] * 101}],
)
def test_a_filter_has_no_more_values_than_can_be_compared_in_time(chosen: Any) -> None:
    assert "too many items (at most 100)" in failure_for(DeleteFiles, {"filter": chosen}).message


def test_a_body_that_is_missing_or_no_json_is_400() -> None:
    missing = shape_failure([{"type": "missing", "loc": ("body",)}], (), {}, is_json=True)
    assert (missing.status, missing.code) == (400, "nothing_named")
    broken = shape_failure(
        [{"type": "json_invalid", "loc": ("body", 3), "ctx": {"error": SECRET}}], (), {}, is_json=True
    )
    assert (broken.status, broken.code) == (400, "not_json")
    form = failure_for(DeleteStores, b"a=b", is_json=False)
    assert (form.status, form.code) == (400, "not_json")


def test_a_parameter_with_one_value_may_stand_once() -> None:
    check_once(["name", "name", "dry_run"], known_names())
    with pytest.raises(Failure) as caught:
        check_once(["dry_run", "dry_run"], known_names())
    assert (caught.value.status, caught.value.code, caught.value.param) == (422, "repeated_parameter", "dry_run")
    with pytest.raises(Failure) as caught:
        check_once([SECRET, SECRET], known_names())
    assert SECRET not in str(caught.value.body("id"))
