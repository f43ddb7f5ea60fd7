"""Relative links and images lead somewhere from an answer; all others stay."""

from __future__ import annotations

import pytest

from tests.unit.documents.hooked import about, hooked
from vsync.documents.describing import Hooks
from vsync.documents.hooks import apply

LINKS = Hooks(links="absolute")
SITE = "https://acme.dev"
BLOB = "https://github.com/acme/docs/blob/HEAD"
RAW = "https://github.com/acme/docs/raw/HEAD"


def linked(text: str, path: str = "docs/guide/a.md", site: str | None = None) -> str:
    return hooked(text, LINKS, path, site=site)


@pytest.mark.parametrize(
    ("target", "repository", "site"),
    [
        ("b.md", f"{BLOB}/docs/guide/b.md", f"{SITE}/guide/b"),
        ("../b.md#part", f"{BLOB}/docs/b.md#part", f"{SITE}/b#part"),
        ("./b.rst?x=1&y=2#z", f"{BLOB}/docs/guide/b.rst?x=1&y=2#z", f"{SITE}/guide/b?x=1&y=2#z"),
        ("../../README.md", f"{BLOB}/README.md", f"{SITE}/README"),
        ("../intro", f"{BLOB}/docs/intro", f"{SITE}/intro"),
        ("./part/", f"{BLOB}/docs/guide/part/", f"{SITE}/guide/part/"),
        ("..", f"{BLOB}/docs", f"{SITE}/"),
        ("../..", "https://github.com/acme/docs", f"{SITE}/"),
        ("/start", "/start", f"{SITE}/start"),
        ("/docs/b.md", f"{BLOB}/docs/b.md", f"{SITE}/b"),
        ("b.html", "b.html", f"{SITE}/guide/b.html"),
        ("../../src/a.py", f"{BLOB}/src/a.py", f"{BLOB}/src/a.py"),
        ("data.zip", f"{RAW}/docs/guide/data.zip", f"{RAW}/docs/guide/data.zip"),
        ("b%20c.md", f"{BLOB}/docs/guide/b%20c.md", f"{SITE}/guide/b c"),
        ("é.txt", f"{BLOB}/docs/guide/%C3%A9.txt", f"{BLOB}/docs/guide/%C3%A9.txt"),
        ("100%.txt", f"{BLOB}/docs/guide/100%25.txt", f"{BLOB}/docs/guide/100%25.txt"),
        ("a(1).txt", f"{BLOB}/docs/guide/a%281%29.txt", f"{BLOB}/docs/guide/a%281%29.txt"),
    ],
)
def test_a_link_leads_to_the_site_or_the_repository(target: str, repository: str, site: str) -> None:
    assert linked(f"[a]({target})") == f"[a]({repository})"
    if " " not in site:
        assert linked(f"[a]({target})", site=SITE) == f"[a]({site})"


@pytest.mark.parametrize(
    "target",
    [
        "#part",
        "?a=b",
        "https://example.com/b.md",
        "mailto:a@example.com",
        "//example.com/b.md",
        "tel:1",
        "javascript:alert(1)",
        "@site/docs/b.md",
        "~/b.md",
        "{{ site.url }}/b.md",
        '{{< ref "b.md" >}}',
        "{b}.md",
        "${b}.md",
        "<%= b %>",
        "../../../outside.md",
        "%FF.md",
        "%2F%2Fexample.com/b",
        "javascript%3Aalert",
        "b.md#\ud800",
        "a%00b.md",
        "a" * 3000,
        "",
    ],
)
@pytest.mark.parametrize("site", [None, SITE])
def test_what_is_not_relative_stays(target: str, site: str | None) -> None:
    text = f"[a]({target}) ![b]({target})\n\n[c]: {target}\n"
    assert linked(text, site=site) == text


def test_a_document_whose_path_is_not_utf_8_keeps_its_links() -> None:
    assert hooked("[a](b.md)", LINKS, "docs/\udcff/a.md") == "[a](b.md)"


def test_without_a_site_and_a_repository_links_stay() -> None:
    told = about()._replace(repository=None)
    assert apply("[a](b.md) ![c](d.png) [e](f/)", LINKS, told) == "[a](b.md) ![c](d.png) [e](f/)"


def test_a_page_without_an_address_is_linked_in_the_repository() -> None:
    told = about()._replace(url=lambda path: "relative/address")
    assert apply("[a](b.md)", LINKS, told) == f"[a]({BLOB}/docs/guide/b.md)"


def test_all_forms_of_markdown_are_found() -> None:
    text = (
        '[a](b.md "title") [a](<b c.txt>) [![i](j.png)](b.md) ![i](j.png)\n[`code`](b.md)\n\n'
        "[ref]: ./b.md 'title'\n[other]: <c.txt>\n"
    )
    assert linked(text) == (
        f'[a]({BLOB}/docs/guide/b.md "title") [a](<{BLOB}/docs/guide/b%20c.txt>) '
        f"[![i]({RAW}/docs/guide/j.png)]({BLOB}/docs/guide/b.md) ![i]({RAW}/docs/guide/j.png)\n"
        f"[`code`]({BLOB}/docs/guide/b.md)\n\n"
        f"[ref]: {BLOB}/docs/guide/b.md 'title'\n[other]: <{BLOB}/docs/guide/c.txt>\n"
    )


@pytest.mark.parametrize("path", ["docs/guide/a.md", "docs/guide/a.html"])
def test_tags_of_html_are_found(path: str) -> None:
    text = '<a class="x" href="b.txt">b</a> <img src=\'c.png\'> <a href="d.txt?x=1&amp;y=2">d</a> <a href="#e">e</a>\n'
    assert linked(text, path) == (
        f'<a class="x" href="{BLOB}/docs/guide/b.txt">b</a> <img src=\'{RAW}/docs/guide/c.png\'> '
        f'<a href="{BLOB}/docs/guide/d.txt?x=1&amp;y=2">d</a> <a href="#e">e</a>\n'
    )


def test_html_with_a_base_stays() -> None:
    text = '<head><base href="/x/"></head><a href="b.html">b</a>\n'
    assert linked(text, "a.html") == text


def test_html_links_to_html_as_to_any_page() -> None:
    assert linked('<a href="b.html">b</a>', "docs/a.html") == f'<a href="{BLOB}/docs/b.html">b</a>'


@pytest.mark.parametrize(
    "text",
    [
        "```\n[a](b.md)\n```\n",
        "Text\n\n    [a](b.md)\n",
        "`[a](b.md)` and ``![a](b.png)``\n",
        "<!-- [a](b.md) -->\n",
        "<pre>\n[a](b.md)\n</pre>\n",
        "\\[a](b.md)\n",
        "(b.md) a](b.md)\n",
        "[a] (b.md) [a](b c.md)\n",
        "[^note]: see.md\n",
        "[note]: this is text\n",
        "<https://example.com/[a](b.md)>\n",
        "- [ ] task (b.md)\n",
    ],
)
def test_what_is_no_link_stays(text: str) -> None:
    assert linked(text) == text


def test_links_in_lists_and_tables_are_found() -> None:
    text = "- [a](b.md)\n\n    [c](d.md)\n\n| x |\n| - |\n| [e](f.md) |\n"
    assert linked(text).count(f"({BLOB}/docs/guide/") == 3


def test_restructuredtext() -> None:
    text = (
        "`a <b.rst>`_ ``c <d.rst>`` `e <f_>`_ :doc:`g`\n\n.. image:: /h.png\n\n.. figure:: i.png\n   :target: j.rst\n\n"
        ".. _k: l.rst\n\n.. _m: n_\n\nExample::\n\n   `o <p.rst>`_\n"
    )
    changed = linked(text, "docs/a.rst")
    assert changed == (
        f"`a <{BLOB}/docs/b.rst>`_ ``c <d.rst>`` `e <f_>`_ :doc:`g`\n\n.. image:: /h.png\n\n"
        f".. figure:: {RAW}/docs/i.png\n   :target: {BLOB}/docs/j.rst\n\n"
        f".. _k: {BLOB}/docs/l.rst\n\n.. _m: n_\n\nExample::\n\n   `o <p.rst>`_\n"
    )


def test_asciidoc() -> None:
    text = (
        ":imagesdir: img\n\nlink:b.txt[B] xref:c.adoc#d[C] <<e.adoc#,E>> <<f>> xref:g[] image:h.png[] \\link:i[]\n\n"
        "image::j.png[]\n\n----\nlink:k[]\n----\n\n`link:l[]` link:{m}[]\n"
    )
    assert linked(text, "docs/a.adoc") == (
        f":imagesdir: img\n\nlink:{BLOB}/docs/b.txt[B] link:{BLOB}/docs/c.adoc#d[C] link:{BLOB}/docs/e.adoc[E] <<f>> "
        f"xref:g[] image:{RAW}/docs/img/h.png[] \\link:i[]\n\nimage::{RAW}/docs/img/j.png[]\n\n----\nlink:k[]\n----\n\n"
        "`link:l[]` link:{m}[]\n"
    )


def test_in_folders_of_antora_pages_and_images_have_their_own() -> None:
    text = "xref:b/c.adoc[C] xref:ROOT:d.adoc[] image::e.png[]\n"
    assert linked(text, "docs/modules/x/pages/deep/a.adoc") == (
        f"link:{BLOB}/docs/modules/x/pages/b/c.adoc[C] xref:ROOT:d.adoc[] image::{RAW}/docs/modules/x/images/e.png[]\n"
    )


def test_front_matter_that_is_kept_stays() -> None:
    text = "---\na: '[b](c.md)'\n---\n[b](c.txt)\n"
    assert linked(text) == f"---\na: '[b](c.md)'\n---\n[b]({BLOB}/docs/guide/c.txt)\n"
