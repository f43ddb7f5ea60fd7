"""Where a site has the documents: the addresses that vsync writes are those that the programs give."""

from __future__ import annotations

import pytest

from vsync.config.docs_address import Addresses, addresses_of
from vsync.config.docs_site import Site
from vsync.config.targets import Target
from vsync.documents.describing import Describing, Rule


def given(found: Addresses, path: str) -> str | None:
    """The address that a document gets by the config that `found` makes."""
    rules = [Rule(found.match, Describing(url=found.template))] if found.match else []
    rules += [Rule(found.index_match, Describing(url=found.indexes))] if found.indexes else []
    target = Target(says=Describing(url=None if found.match else found.template), described_by=tuple(rules))
    return target.recipes.of(path).address(path)


def addresses(site: Site, *paths: str) -> Addresses:
    found = addresses_of(site, paths, {})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (
            Site("MkDocs", "mkdocs.yml", "docs", "https://e.com/x/", "/"),
            {
                "docs/index.md": "https://e.com/x/",
                "docs/a/README.md": "https://e.com/x/a/",
                "docs/a/B c.md": "https://e.com/x/a/B%20c/",
                "README.md": None,
            },
        ),
        (
            Site("MkDocs", "mkdocs.yml", "docs", "https://e.com/", ".html"),
            {
                "docs/index.md": "https://e.com/index.html",
                "docs/a/README.md": "https://e.com/a/",
                "docs/README.md": "https://e.com/",
                "docs/a/b.md": "https://e.com/a/b.html",
                "docs/a.pdf": None,
                "other/a.md": None,
            },
        ),
        (
            Site("mdBook", "book.toml", "src", "https://e.com/", ".html"),
            {
                "src/README.md": "https://e.com/",
                "src/ch01-00-a.md": "https://e.com/ch01-00-a.html",
                "README.md": None,
            },
        ),
        (
            Site("Sphinx", "doc/conf.py", "doc", "https://e.com/en/", ".html"),
            {
                "doc/index.rst": "https://e.com/en/index.html",
                "doc/a/README.rst": "https://e.com/en/a/README.html",
                "doc/_themes/a.rst": None,
            },
        ),
        (
            Site("VitePress", "c", "src", "https://e.com/", ".html"),
            {"src/guide/a.md": "https://e.com/guide/a.html", "src/[name].md": None},
        ),
        (
            Site("VitePress", "c", "src", "https://e.com/"),
            {"src/guide/a.md": "https://e.com/guide/a", "src/README.md": None, "src/b/index.md": "https://e.com/b"},
        ),
        (
            Site("Docusaurus", "c", "docs", "https://e.com/docs/"),
            {
                "docs/a/b.mdx": "https://e.com/docs/a/b",
                "docs/02-c/d.md": None,
                "docs/_part.md": None,
                "docs/e/e.md": None,
                "docs/f/index.md": "https://e.com/docs/f",
            },
        ),
        (
            Site("Starlight", "c", "src/content/docs", "https://e.com/", "/"),
            {
                "src/content/docs/index.mdx": "https://e.com/",
                "src/content/docs/de/a.md": "https://e.com/de/a/",
                "src/content/docs/v1.0.md": None,
                "src/content/docs/README.md": None,
            },
        ),
        (
            Site("Hugo", "c", "content", "https://e.com/", "/"),
            {
                "content/a/_index.md": "https://e.com/a/",
                "content/a/index.md": "https://e.com/a/",
                "content/a/b.md": "https://e.com/a/b/",
                "content/a/b.de.md": None,
                "content/A/b.md": None,
            },
        ),
        (
            Site("Jekyll", "_config.yml", "", "https://e.com/", ".html"),
            {
                "docs/a.md": "https://e.com/docs/a.html",
                "_posts/2020-01-02-a.md": None,
                "README.md": None,
                "docs/a.rst": None,
            },
        ),
    ],
)
def test_each_program_has_its_own_names(site: Site, expected: dict[str, str | None]) -> None:
    found = addresses(site, *expected)
    assert found.sure
    assert {path: given(found, path) for path in expected} == expected


def test_many_pages_with_other_addresses_are_not_named_one_by_one() -> None:
    site = Site("Docusaurus", "c", "docs", "https://e.com/docs/")
    assert addresses(site, "docs/a.md", *(f"docs/0{number}-a.md" for number in range(8))).sure
    assert not addresses(site, "docs/a.md", *(f"docs/0{number}-a.md" for number in range(9))).sure


def test_front_matter_that_was_not_read_may_name_other_addresses_where_some_does() -> None:
    site = Site("Hugo", "c", "content", "https://e.com/", "/")
    paths = ["content/a.md", "content/b.md"]
    for keys, sure in (
        ({"content/a.md": ["url"]}, False),
        ({"content/a.md": ["url"], "content/b.md": ["title"]}, True),
        ({"content/a.md": ["title"]}, True),
    ):
        found = addresses_of(site, paths, keys)
        assert found is not None
        assert found.sure is sure


def test_a_configuration_that_is_not_certain_makes_no_address_sure() -> None:
    assert not addresses(Site("MkDocs", "c", "docs", "https://e.com/", "/", certain=False), "docs/a.md").sure


@pytest.mark.parametrize(
    "site", [Site("MkDocs", "c", "docs"), Site("Antora", "c", "docs"), Site("MkDocs", "c", "x", "https://e.com/", "/")]
)
def test_nothing_is_said_where_nothing_is_known(site: Site) -> None:
    assert addresses_of(site, ["docs/a.md"], {}) is None
