"""A line of a chosen format is read as a change."""

from __future__ import annotations

import pytest

from vsync.errors import ConfigurationError
from vsync.records.formats import reader


def test_a_record_of_conduit_is_read() -> None:
    line = (
        b'{"position":"c3RhbmRpbmc=","operation":"update","metadata":{"opencdc.version":"v1"},"key":"cGFkbG9jay1rZXk=",'
        b'"payload":{"before":"eWVsbG93","after":{"bool":true,"string":"orange"}}}'
    )
    change = reader("opencdc/json")(line, 7)
    assert (change.line, change.raw, change.position, change.order) == (7, line, "c3RhbmRpbmc=", "standing")
    assert (change.key, change.path, change.key_value) == ("cGFkbG9jay1rZXk=", "padlock-key", "padlock-key")
    assert (change.deletes, change.content) == (False, {"bool": True, "string": "orange"})


@pytest.mark.parametrize("given", [{"name": "xml"}, {"name": "opencdc/json", "raw": "hex"}])
def test_what_is_not_offered_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        reader(**given)
