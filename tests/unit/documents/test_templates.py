"""HTML files that are templates are told by their marks."""

from __future__ import annotations

import pytest

from vsync.documents.inspection import inspect_content
from vsync.documents.templates import TemplateScan, is_html


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{% block title %}", True),
        ("{%- if user -%}", True),
        ("<h1>{{ page.title }}</h1>", True),
        ("{{\n  title | upper\n}}", True),
        ("{{name}}", True),
        ("<p>prose</p>", False),
        ("{} { } {{}}", False),
        ("100 %} {%", False),
        ("function f() { return {a: {b: 1}}; }", False),
        ("{# a comment #}", False),
    ],
)
def test_a_template_is_known_by_its_tags_and_variables(text: str, found: bool) -> None:
    scan = TemplateScan()
    scan.feed(f"<html>{text}</html>")
    assert scan.found is found


def test_a_mark_is_found_where_the_pieces_of_a_file_meet() -> None:
    text = "x" * 1000 + "{{ page.title }}" + "y" * 1000
    for cut in range(995, 1020):
        scan = TemplateScan()
        scan.feed(text[:cut])
        scan.feed(text[cut:])
        assert scan.found


@pytest.mark.parametrize(
    ("path", "html"), [("a.html", True), ("A.HTM", True), ("a.xhtml", True), ("a.md", False), ("html", False)]
)
def test_only_html_can_be_a_template(path: str, html: bool) -> None:
    assert is_html(path) is html


def test_a_template_is_skipped_only_where_templates_are_looked_for() -> None:
    assert inspect_content("a.html", [b"{{ title }}"], None, TemplateScan()).reason == "template"
    assert inspect_content("a.html", [b"{{ title }}"], None).reason is None
    assert inspect_content("a.html", [b"<p>title</p>"], None, TemplateScan()).reason is None
    assert inspect_content("a.html", [b" "], None, TemplateScan()).reason == "empty"
