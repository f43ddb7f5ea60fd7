"""Templates are texts with fields in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.changes import change
from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord
from vsync.records.fields import Fields
from vsync.records.templates import parse_template

ROW = {
    "title": "A title",
    "author": {"name": "Ada", "b": 1},
    "count": 3,
    "price": 1.5,
    "draft": False,
    "none": None,
    "tags": ["x", "ü"],
}


def rendered(text: str) -> str:
    return parse_template(text).render(Fields(change(content=ROW, key_value={"id": 7})))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("plain", "plain"),
        ("# {title}\n\nby {author.name}\n", "# A title\n\nby Ada\n"),
        ("{title}{title}", "A titleA title"),
        ("{ title }", "A title"),
        ("{count} {price} {draft}", "3 1.5 false"),
        ("[{none}]", "[]"),
        ("{tags} {author}", '["x", "ü"] {"b": 1, "name": "Ada"}'),
        ("{key.id}", "7"),
        ("{{title}}", "{title}"),
        ("{{{title}}}", "{A title}"),
        ("a {{ b }} c", "a { b } c"),
    ],
)
def test_fields_stand_in_for_their_names(text: str, result: str) -> None:
    assert rendered(text) == result


@pytest.mark.parametrize("text", ["{", "}", "a { b", "a } b", "{}", "{ }", "{a{b}}", "{\n}"])
def test_a_brace_that_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Double a brace"):
        parse_template(text)


def test_an_error_names_the_template_and_the_line() -> None:
    with pytest.raises(ConfigurationError, match=r"Line 3 of page\.md has a brace"):
        parse_template("a\nb\nc {", "page.md")


def test_an_error_in_a_name_is_told() -> None:
    with pytest.raises(ConfigurationError, match="empty part"):
        parse_template("{a..b}")


def test_a_field_that_is_missing_makes_the_record_bad() -> None:
    with pytest.raises(BadRecord, match=r"no field 'author\.age', which the template needs") as bad:
        rendered("{author.age}")
    assert bad.value.code == "no-field"


@given(st.text())
def test_any_text_with_doubled_braces_stands_for_itself(text: str) -> None:
    assert rendered(text.replace("{", "{{").replace("}", "}}")) == text


PIECES = st.one_of(
    st.text(st.characters(blacklist_characters="{}")),
    st.sampled_from(["{{", "}}", "{title}", "{author.name}", "{none}"]),
)


@given(st.lists(PIECES).map("".join))
def test_a_template_keeps_its_text_and_renders_the_same_every_time(text: str) -> None:
    template = parse_template(text)
    assert template.text == text
    assert template == parse_template(template.text)
    fields = Fields(change(content=ROW))
    assert template.render(fields) == template.render(fields)
