"""A line of JSON stays JSON, whatever secret is taken out of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.hidden import without_secrets
from vsync.records.outcomes import Item, ack_line
from vsync.system.redaction import forms

ITEM = Item(
    1234, b"", {"lsn": 12345, "at": None, "file_id": True}, "a-null-1234", "dead", code="dead", reason="so: \\null"
)
OWN = {"line", "position", "key", "file_id", "outcome", "code", "reason"}


@pytest.mark.parametrize(
    "secret", ["null", "1234", "12345", "line", "position", "dead", "outcome", "true", 'so: \\"', "reason"]
)
def test_a_secret_that_is_a_word_of_json_or_a_number_leaves_json(secret: str) -> None:
    found = json.loads(without_secrets(ack_line(ITEM), [secret]))
    assert set(found) == OWN
    assert (found["line"], found["outcome"], found["code"], found["file_id"]) == (1234, "dead", "dead", None)
    assert secret not in (found["key"], found["reason"])


def test_a_number_and_a_text_that_hold_the_secret_are_hidden() -> None:
    found = json.loads(without_secrets(ack_line(ITEM), ["1234"]))
    assert (found["position"]["lsn"], found["key"]) == ("***", "a-null-***")


def test_a_secret_with_escapes_is_hidden() -> None:
    secret = 'my"key\\u00e9é'
    line = ack_line(Item(1, b"", secret, f"<{secret}>", "unchanged"))
    found = json.loads(without_secrets(line, [secret]))
    assert (found["position"], found["key"]) == ("***", "<***>")


def test_lines_without_a_secret_stay_as_they_are() -> None:
    lines = '{"key": 1.50}\n{"key": "secret"}\n{"key": 1e400}\n'
    assert without_secrets(lines, ["secret"]) == '{"key": 1.50}\n{"key": "***"}\n{"key": 1e400}\n'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    VALUES,
    VALUES,
    st.text(min_size=4, max_size=8) | st.sampled_from(["null", "true", "1000", "file_id", '": "', "\\u00"]),
)
def test_whatever_the_secret_is_the_acknowledgement_is_json_without_it(
    position: object, key: object, secret: str
) -> None:
    line = ack_line(Item(7, b"", position, key, "failed", "file-1", "no", f"It holds {secret}."))
    found = json.loads(without_secrets(line, [secret]))
    assert set(found) == OWN
    if secret in forms(secret) and "*" not in secret:
        assert secret not in found["reason"]
