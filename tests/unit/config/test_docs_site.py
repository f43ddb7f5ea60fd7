"""Which site a repository is published on, and where a document is on it."""

from __future__ import annotations

import pytest

from vsync.config.docs_site import Site, is_site_config, site_of
from vsync.documents.path_template import check_template


def site(path: str, text: str, **others: str) -> Site | None:
    sample = {path: text, **{name.replace("__", "/"): value for name, value in others.items()}}
    return site_of(list(sample), sample)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "mkdocs.yml",
            "site_name: X\nsite_url: https://docs.example.com/x\n",
            Site("MkDocs", "mkdocs.yml", "docs", "https://docs.example.com/x/", "/"),
        ),
        (
            "sub/mkdocs.yaml",
            'docs_dir: "pages"\nsite_url: "https://example.com/"\nuse_directory_urls: false\n',
            Site("MkDocs", "sub/mkdocs.yaml", "sub/pages", "https://example.com/", ".html"),
        ),
        (
            "docusaurus.config.ts",
            "export default {\n  url: 'https://docs.example.com',\n  baseUrl: '/',\n}\n",
            Site("Docusaurus", "docusaurus.config.ts", "docs", "https://docs.example.com/docs/", ""),
        ),
        (
            "website/docusaurus.config.js",
            "  url: 'https://e.com',\n  baseUrl: '/x/',\n  trailingSlash: true,\n"
            "  docs: {\n    path: '../docs',\n    routeBasePath: '/',\n  }",
            Site("Docusaurus", "website/docusaurus.config.js", "docs", "https://e.com/x/", "/"),
        ),
        (
            "doc/conf.py",
            "project = 'X'\nhtml_baseurl = 'https://example.com/en/'\n",
            Site("Sphinx", "doc/conf.py", "doc", "https://example.com/en/", ".html"),
        ),
        (
            ".vitepress/config.ts",
            "export default {\n  srcDir: 'src',\n  sitemap: {\n    hostname: 'https://example.com'\n} }",
            Site("VitePress", ".vitepress/config.ts", "src", "https://example.com/", ".html"),
        ),
        (
            "hugo.toml",
            "baseURL = 'https://example.com/'\n",
            Site("Hugo", "hugo.toml", "content", "https://example.com/", "/"),
        ),
        (
            "_config.yml",
            "url: https://example.com\nbaseurl: /docs\n",
            Site("Jekyll", "_config.yml", "", "https://example.com/docs/", ".html"),
        ),
        ("book.toml", '[book]\nsrc = "text"\n', Site("mdBook", "book.toml", "text", "", ".html")),
        ("docs/antora.yml", "name: x\n", Site("Antora", "docs/antora.yml", "docs/modules")),
        (
            "docs/astro.config.mjs",
            "import starlight from '@astrojs/starlight'\nexport default {\n  site: 'https://example.com',\n}\n",
            Site("Starlight", "docs/astro.config.mjs", "docs/src/content/docs", "https://example.com/", "/"),
        ),
    ],
)
def test_a_configuration_says_where_the_pages_are(path: str, text: str, expected: Site) -> None:
    assert is_site_config(path)
    assert site(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("conf.py", "DEBUG = True\n"),
        ("config.toml", "[server]\nport = 1\n"),
        ("astro.config.mjs", "export default {}\n"),
        ("mkdocs.yml", "docs_dir: ../../elsewhere\n"),
        ("tests/mkdocs.yml", "site_url: https://example.com/\n"),
        ("a/b/c/d/mkdocs.yml", "site_url: https://example.com/\n"),
        ("README.md", "site_url: https://example.com/\n"),
    ],
)
def test_another_file_says_nothing_of_a_site(path: str, text: str) -> None:
    assert site(path, text) is None


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://a b.com",
        "https://user:pw@example.com",
        "https://example.com/{x}",
        "https://e.com/?q",
    ],
)
def test_an_address_that_cannot_stand_in_a_template_is_not_taken(address: str) -> None:
    found = site("mkdocs.yml", f'site_url: "{address}"\n')
    assert found is not None
    assert (found.mount, found.url) == ("", None)


def test_github_pages_name_the_host_where_the_configuration_does_not() -> None:
    found = site("docs/_config.yml", "title: X\n", docs__CNAME="docs.example.com\n")
    assert found is not None
    assert found.mount == "https://docs.example.com/"
    assert site("docs/_config.yml", "title: X\n", CNAME="no host") == Site(
        "Jekyll", "docs/_config.yml", "docs", "", ".html"
    )


def test_the_configuration_nearest_to_the_top_wins_unless_only_another_one_has_an_address() -> None:
    found = site("mkdocs.yml", "site_name: X\n", sub__mkdocs_yml="")
    assert found is not None
    assert found.config == "mkdocs.yml"
    sample = {"mkdocs.yml": "site_name: X\n", "en/mkdocs.yml": "site_url: https://example.com/\n"}
    other = site_of(list(sample), sample)
    assert other is not None
    assert other.config == "en/mkdocs.yml"


@pytest.mark.parametrize(
    ("found", "url"),
    [
        (Site("Jekyll", "_config.yml", "", "https://e.com/", ".html"), "https://e.com/{path-without-extension}.html"),
        (Site("Docusaurus", "d", "docs", "https://e.com/x/docs/"), "https://e.com/x/docs/{page-1}"),
        (Site("MkDocs", "mkdocs.yml", "docs", "https://e.com/", "/"), "https://e.com/{page-1}/"),
        (Site("Starlight", "a", "src/content/docs", "https://e.com/", "/"), "https://e.com/{page-3}/"),
        (Site("Sphinx", "a", "a/b", "https://e.com/", ".html"), "https://e.com/{below-2-without-extension}.html"),
        (Site("Hugo", "a", "", "https://e.com/", "/"), "https://e.com/{page}/"),
        (Site("MkDocs", "mkdocs.yml", "/".join("a" * 100), "https://e.com/", "/"), None),
        (Site("MkDocs", "mkdocs.yml", "docs"), None),
    ],
)
def test_the_template_of_an_address_leaves_the_folder_of_the_pages_out(found: Site, url: str | None) -> None:
    assert found.url == url
    assert url is None or check_template(url, url=True) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mkdocs.yml", "plugins:\n  - search\n  - i18n:\n"),
        ("mkdocs.yml", "plugins:\n  - material/blog\n"),
        ("mkdocs.yml", "extra:\n  version:\n    provider: mike\n"),
        ("docusaurus.config.js", "docs: {\n  versions: {current: {}},\n  routeBasePath: '/',\n}"),
        ("docusaurus.config.js", "docs: false,"),
        (".vitepress/config.ts", "rewrites: {'a': 'b'}"),
        ("hugo.toml", "[permalinks]\n"),
        ("config/_default/hugo.toml", ""),
        ("_config.yml", "defaults:\n  - values:\n      permalink: /x/:title\n"),
        ("_config.yml", "permalink: pretty\ndefaults:\n  - values:\n      permalink: /x/:title\n"),
        ("conf.py", "project = 'X'\nhtml_file_suffix = '.htm'\n"),
        ("astro.config.mjs", "starlight()\nbuild: { format: 'file' }"),
    ],
)
def test_a_configuration_that_moves_pages_is_not_certain(path: str, text: str) -> None:
    found = site(path, text)
    assert found is not None
    assert not found.certain


def test_of_several_versions_only_the_latest_is_at_the_plain_address() -> None:
    sample = {"website/docusaurus.config.js": "url: 'https://e.com',"}
    found = site_of([*sample, "website/versions.json"], sample)
    assert found is not None
    assert not found.certain


def test_a_book_tells_its_host_and_its_folder_there() -> None:
    found = site("book.toml", '[output.html]\ncname = "book.example.com"\nsite-url = "/x/"\n')
    assert found is not None
    assert (found.mount, found.index_url) == ("https://book.example.com/x/", "https://book.example.com/x/{page-1}/")
