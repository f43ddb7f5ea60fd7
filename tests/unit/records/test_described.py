"""What document a change asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.changes import change
from vsync.errors import ConfigurationError
from vsync.records import described
from vsync.records.change import BadRecord, Partial
from vsync.records.described import Described, Rules, checked_attributes, describe
from vsync.records.templates import parse_template

ROW = {"id": 7, "title": "A title", "body": "# Text\n", "meta": {"lang": "en", "tags": ["x", "y"]}, "none": None}


def bad(content: Any, rules: Rules | None = None, **others: Any) -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        describe(change(content, **others), rules or Rules())
    return caught.value


def test_text_is_uploaded_as_it_is() -> None:
    assert describe(change("Grüße\n"), Rules()) == Described("key-1.txt", "Grüße\n".encode(), {}, 0)


def test_the_ending_of_text_is_as_told() -> None:
    assert describe(change("# A"), Rules(extension=".md")).filename == "key-1.md"


def test_a_structured_document_is_json_with_sorted_members() -> None:
    made = describe(change({"b": 1, "a": {"d": "ü", "c": [1.5, None, True]}}, {"id": 7}), Rules(extension=".md"))
    assert made == Described("7.json", '{"a": {"c": [1.5, null, true], "d": "ü"}, "b": 1}'.encode(), {}, 0)
    assert describe(change([1]), Rules()).content == b"[1]"
    assert describe(change({}), Rules()).content == b"{}"


def test_one_field_may_be_the_content() -> None:
    assert describe(change(ROW), Rules(content_field=("body",))) == Described("key-1.txt", b"# Text\n", {}, 0)
    assert describe(change(ROW), Rules(content_field=("id",))) == Described("key-1.txt", b"7", {}, 0)
    assert describe(change(json.dumps(ROW)), Rules(content_field=("body",))).content == b"# Text\n"


def test_a_field_that_is_structured_is_json() -> None:
    made = describe(change(ROW), Rules(content_field=("meta",)))
    assert made == Described("key-1.json", b'{"lang": "en", "tags": ["x", "y"]}', {}, 0)


def test_a_template_makes_the_content() -> None:
    rules = Rules(template=parse_template("# {title}\n\n{body}"), extension=".md")
    assert describe(change(ROW), rules) == Described("key-1.md", b"# A title\n\n# Text\n", {}, 0)


def test_a_template_makes_the_name() -> None:
    rules = Rules(name_template=parse_template("{meta.lang}/{key}-{title}.md"), content_field=("body",))
    assert describe(change(ROW), rules).filename == "en/key-1-A title.md"
    assert describe(change(ROW), Rules(name_template=parse_template("{title}"))).filename == "A title.json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "A title"),
        ("id", 7),
        ("meta.tags", "x, y"),
        ("meta", '{"lang": "en", "tags": ["x", "y"]}'),
        ("key", "key-1"),
        ("metadata.opencdc.version", "v1"),
        ("collection", "users"),
        ("position", "1"),
        ("payload.id", 7),
    ],
)
def test_attributes_come_from_fields(field: str, value: Any) -> None:
    rules = Rules(attributes=checked_attributes({"name": field}))
    record = change(ROW, collection="users", metadata={"opencdc.version": "v1"})
    assert describe(record, rules).attributes == {"name": value}


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (True, True),
        (1.5, 1.5),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**60), "-1152921504606846976"),
        (float("inf"), "inf"),
        ("", ""),
        ("a\0b", "ab"),
        ("\ud800", "?"),
        ([], ""),
        ([1, None, "ü", False], "1, ü, false"),
        ([{"a": 1}], '[{"a": 1}]'),
        ({"$numberLong": "2024"}, 2024),
        ({"$numberDouble": "NaN"}, "nan"),
    ],
)
def test_values_become_what_an_attribute_can_be(value: Any, made: Any) -> None:
    attributes = describe(
        change({"a": value, "b": "x"}), Rules(content_field=("b",), attributes={"a": ("a",)})
    ).attributes
    assert attributes == {"a": made}
    assert type(attributes["a"]) is type(made)


@pytest.mark.parametrize("field", ["none", "nobody", "meta.nobody", "metadata.nobody"])
def test_what_is_missing_or_null_is_no_attribute(field: str) -> None:
    assert describe(change(ROW), Rules(attributes=checked_attributes({"a": field}))).attributes == {}


def test_long_attributes_are_cut_and_counted() -> None:
    rules = Rules(attributes={"a": ("a",), "b": ("b",), "c": ("c",)})
    made = describe(change({"a": "x" * 256, "b": "ü" * 257, "c": ["y" * 200, "z" * 200]}), rules)
    assert made.attributes == {"a": "x" * 256, "b": "ü" * 255 + "…", "c": "y" * 200 + ", " + "z" * 53 + "…"}
    assert made.cut == 2


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        ("", "not-text", "empty"),
        (" \n\t", "not-text", "empty"),
        ("a\0b", "not-text", "NUL"),
        ("a\ud800b", "not-text", "surrogate"),
        ({"a": "\ud800"}, "not-text", "surrogate"),
        (b"\xff\xfe", "not-text", "its 2 bytes are not UTF-8"),
        ({"a": float("inf")}, "not-text", "a number too large for JSON"),
    ],
)
def test_what_cannot_be_a_document_says_why(content: Any, code: str, reason: str) -> None:
    found = bad(content)
    assert found.code == code
    assert reason in found.reason


def test_bytes_with_a_schema_say_what_to_set() -> None:
    found = bad(b"\xff", metadata={"opencdc.payload.schema.subject": "users"})
    assert "sdk.schema.extract.payload.enabled" in found.reason


def test_a_value_that_is_nested_too_deep_is_bad() -> None:
    value: Any = {}
    for _ in range(100_000):
        value = {"a": value}
    assert bad(value).code == "not-text"


@pytest.mark.parametrize("name", ["a", "$date", "$oid"])
@pytest.mark.parametrize("depth", [100, 400, 900, 980, 5000])
def test_values_within_values_are_no_fault(name: str, depth: int) -> None:
    value: Any = "x"
    for _ in range(depth):
        value = {name: value}
    text = f'{{"{name}":' * depth + '"x"' + "}" * depth
    rules = Rules(
        template=parse_template("{b}"),
        name_template=parse_template("{b}{key}"),
        attributes=checked_attributes({"a": "b"}),
    )
    for key in (value, text, [value]):
        assert isinstance(tried(change({"b": value}, key, path="k"), rules), (Described, BadRecord))
        assert isinstance(tried(change("text", key, path="k"), Rules()), (Described, BadRecord))


@pytest.mark.parametrize(
    ("rules", "code", "reason"),
    [
        (Rules(content_field=("nobody",)), "no-field", "no field 'nobody', which the content needs"),
        (Rules(content_field=("none",)), "no-field", "'none', which is the content, is null"),
        (Rules(template=parse_template("{nobody}")), "no-field", "no field 'nobody', which the template needs"),
        (Rules(name_template=parse_template("{nobody}")), "no-field", "'nobody', which --name-template needs"),
        (Rules(template=parse_template("{none}")), "not-text", "empty"),
    ],
)
def test_a_field_that_is_needed_must_be_there(rules: Rules, code: str, reason: str) -> None:
    found = bad(ROW, rules)
    assert found.code == code
    assert reason in found.reason


@pytest.mark.parametrize(
    "rules", [Rules(content_field=("a",)), Rules(template=parse_template("{a}")), Rules(attributes={"a": ("a",)})]
)
def test_text_without_fields_is_bad_where_a_field_is_asked_for(rules: Rules) -> None:
    assert bad("plain text", rules).code == "no-field"


def test_a_document_that_lacks_values_is_not_uploaded_as_if_it_were_whole() -> None:
    row = Partial({"id": 1, "title": "A"}, ["body"])
    for rules in (Rules(), Rules(content_field=("body",)), Rules(template=parse_template("{payload.body}"))):
        found = bad(row, rules)
        assert found.code == "no-field"
        assert "body. In Postgres, set the table's REPLICA IDENTITY to FULL" in found.reason
    assert describe(change(row), Rules(content_field=("title",))).content == b"A"
    assert (
        bad(row, Rules(content_field=("nobody",))).reason
        == "The record has no field 'nobody', which the content needs."
    )


def test_the_size_of_a_document_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(described, "MAX_CONTENT_BYTES", 10)
    assert describe(change("x" * 10), Rules()).content == b"x" * 10
    found = bad("ü" * 6)
    assert (found.code, found.reason) == ("too-large", "The document has 12 bytes. The most is 10.")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def reversed_members(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: reversed_members(value[name]) for name in reversed(value)}
    return [reversed_members(item) for item in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(), VALUES, max_size=4), VALUES)
def test_equal_changes_give_equal_documents_and_json_that_says_the_same(content: dict[str, Any], key: Any) -> None:
    rules = Rules(attributes={"a": ("a",), "k": ("key",)})
    made = describe(change(content, key), rules)
    assert describe(change(reversed_members(content), key), rules) == made
    assert json.loads(made.content) == content


def tried(record: Any, rules: Rules) -> Described | BadRecord:
    try:
        return describe(record, rules)
    except BadRecord as bad:
        return bad


RULES = st.builds(
    Rules,
    content_field=st.none() | st.just(("a",)),
    template=st.none() | st.just(parse_template("{a}")),
    name_template=st.none() | st.just(parse_template("{b}{key}")),
    extension=st.sampled_from([".txt", ".md", ".json"]),
    attributes=st.just({"a": ("a", "b"), "k": ("key", "a"), "m": ("metadata", "x")}),
)
CONTENTS = st.text() | st.binary() | VALUES | st.fixed_dictionaries({"a": VALUES, "b": VALUES})


@given(CONTENTS, VALUES, RULES)
def test_any_change_gives_a_document_or_a_reason(content: Any, key: Any, rules: Rules) -> None:
    made = tried(change(content, key, metadata={"x": key}), rules)
    if isinstance(made, BadRecord):
        assert made.reason.endswith(".")
    else:
        assert made.content.decode().strip()
        assert all(isinstance(value, (str, float, int)) for value in made.attributes.values())
        assert all(len(value) <= 256 for value in made.attributes.values() if isinstance(value, str))


def test_chosen_attributes_are_named_with_their_fields() -> None:
    assert checked_attributes([("title", "a.b"), ("k", "key")]) == {"title": ("a", "b"), "k": ("key",)}
    assert checked_attributes({}) == {}
    assert len(checked_attributes({f"a{number}": "x" for number in range(9)})) == 9


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ({"path": "a"}, "'path' is set by vsync itself"),
        ({"position": "a"}, "'position' is set by vsync itself"),
        ({"": "a"}, "has 0 characters"),
        ({"x" * 65: "a"}, "has 65 characters"),
        ({"x": ""}, "empty part"),
        ({f"a{number}": "x" for number in range(10)}, "10 attributes are given; 9 fit"),
    ],
)
def test_attributes_that_cannot_be_are_refused(pairs: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        checked_attributes(pairs)
    assert reason in str(refused.value)
