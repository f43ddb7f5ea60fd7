"""HTML files that are templates are told by their marks."""

from __future__ import annotations

import pytest

from vsync.documents.inspection import Looks, inspect_content
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
        ("<p><%= title %></p>", True),
        ("<% if (user) { %><b></b><% } %>", True),
        ('<%@ page language="java" %>', True),
        ("<?php echo 1; ?>", True),
        ("<?= $title ?>", True),
        ('<?xml version="1.0"?>', False),
        ("{{#items}}{{name}}{{/items}}", True),
        ("{{ .Title }}{{- range .Pages -}}", True),
        ('<p th:text="${title}">x</p>', True),
        ('<li *ngFor="let a of b">x</li>', True),
        ('<li v-for="a in b">x</li><p v-else>y</p>', True),
        ('<div ng-repeat="a in b"></div>', True),
        ("<#if user??>x</#if>", True),
        ('<p tal:content="title">x</p>', True),
        ("<p>a v-if b, or th:text in words</p>", False),
        ("<p>100 <% of</p>", False),
        ("<pre>{{ name }} {% if a %}</pre>", False),
        ("<p>write <code>{{ name }}</code> there</p>", False),
        ("<PRE class=x>{{ name }}</PRE><textarea>{{ a }}</textarea>", False),
        ("<script>var a = '{{ b }}'</script><style>{{ c }}</style><!-- {{ d }} -->", False),
        ("<pre>{{ a }}</pre>{{ b }}<code>{{ c }}</code>", True),
    ],
)
def test_a_template_is_known_by_its_tags_and_variables(text: str, found: bool) -> None:
    scan = TemplateScan()
    scan.feed(f"<html>{text}</html>")
    assert scan.found is found


PROSE = "<p>A template engine puts the values of the variables between the tags of the page</p>\n" * 30


@pytest.mark.parametrize(
    ("marks", "template"),
    [
        ("<p>Write {{ name }} or {% if %} there</p>", False),
        ("<p>{{ a }}{{ b }}{{ c }}{{ d }}</p>", True),
        ("<p>&#123;&#123; a }} {<span>{ b }</span>}</p>", False),
    ],
)
def test_a_page_of_prose_may_show_a_few_marks(marks: str, template: bool) -> None:
    scan = TemplateScan()
    scan.feed(PROSE + marks)
    assert scan.found is template


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
    assert inspect_content("a.html", [b"{{ title }}"], Looks(templates=TemplateScan())).reason == "template"
    assert inspect_content("a.html", [b"{{ title }}"], Looks()).reason is None
    assert inspect_content("a.html", [b"<p>title</p>"], Looks(templates=TemplateScan())).reason is None
    assert inspect_content("a.html", [b" "], Looks(templates=TemplateScan())).reason == "empty"
