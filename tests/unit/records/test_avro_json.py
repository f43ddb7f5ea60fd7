"""Avro written as JSON is read without the names of its types."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.records.avro_json import is_tagged, untagged


@pytest.mark.parametrize(
    ("tagged", "value"),
    [
        ({"string": "a"}, "a"),
        ({"array": [{"int": 1}, None]}, [1, None]),
        ({"map": {"a": {"double": 1.5}}}, {"a": 1.5}),
        ({"Value": {"id": 1, "name": {"string": "a"}}}, {"id": 1, "name": "a"}),
        ({"acme.public.pages.Value": {"id": 1}}, {"id": 1}),
        ({"io.debezium.data.geometry.Point": {"x": {"double": 1.0}, "y": 2.0}}, {"x": 1.0, "y": 2.0}),
        ({"id": 1}, {"id": 1}),
        ({"a.b": 1}, {"a.b": 1}),
        ({"string": "a", "int": 1}, {"string": "a", "int": 1}),
        ({}, {}),
        (None, None),
    ],
)
def test_the_name_of_a_type_gives_way_to_its_value(tagged: Any, value: Any) -> None:
    assert untagged(tagged) == value


@pytest.mark.parametrize(
    ("time", "tagged"), [({"long": 5}, True), (5, False), (None, False), ({}, False), ({"a": 5}, False), ("5", False)]
)
def test_the_time_of_an_event_tells_whether_types_are_named(time: Any, tagged: bool) -> None:
    assert is_tagged({"op": "c", "ts_ms": time}) is tagged
