"""Templates of the path, in attributes and urls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.path_template import check_template, fill, names_in, values_of


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{path}", "docs/api/start.md"),
        ("{path-without-extension}", "docs/api/start"),
        ("{directory}", "docs/api"),
        ("{name} {stem} {extension}", "start.md start md"),
        ("{1}/{2}/{3}", "docs/api/start.md"),
        ("{4}", None),
        ("{folder-1} {folder-2}", "docs api"),
        ("{folder-3}", None),
        ("{below-1} {below-2}", "api/start.md start.md"),
        ("{below-3}", None),
        ("{below-1-without-extension}", "api/start"),
        ("{page} {page-1} {page-2}", "docs/api/start api/start start"),
        ("{title}", None),
        ("{{{stem}}}", "{start}"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_template_is_filled_with_the_values_of_a_path(template: str, filled: str | None) -> None:
    assert fill(template, values_of("docs/api/start.md")) == filled


@pytest.mark.parametrize(
    ("path", "stem", "extension", "directory"),
    [
        ("README", "README", "", ""),
        (".env", ".env", "", ""),
        ("a.tar.gz", "a.tar", "gz", ""),
        ("d/.x.md", ".x", "md", "d"),
    ],
)
def test_a_name_has_an_extension_where_something_stands_before_its_last_dot(
    path: str, stem: str, extension: str, directory: str
) -> None:
    values = values_of(path)
    assert (values["stem"], values["extension"], values["directory"]) == (stem, extension, directory)


def test_values_are_percent_encoded_in_a_url_and_addresses_are_not() -> None:
    values = {**values_of("my docs/ä#1?.md"), "permalink": "https://example.com/a%20b"}
    assert (
        fill("https://x.dev/{path-without-extension}", values, in_url=True) == "https://x.dev/my%20docs/%C3%A4%231%3F"
    )
    assert fill("{permalink}", values, in_url=True) == "https://example.com/a%20b"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("docs/index.md", "https://x.dev/"),
        ("docs/api/README.md", "https://x.dev/api/"),
        ("docs/api/start.md", "https://x.dev/api/start/"),
        ("docs/a/b/index.html", "https://x.dev/a/b/"),
        ("start.md", None),
    ],
)
def test_a_page_of_a_site_has_the_address_of_its_folder_where_it_is_the_index(path: str, address: str | None) -> None:
    assert fill("https://x.dev/{page-1}/", values_of(path), in_url=True) == address


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{dirctory}", "{dirctory} is no name of a template: did you mean {directory}?"),
        ("{0}", "{0} is no name of a template: there are {path}"),
        ("{}", "{} is no name of a template"),
        ("{ path }", "did you mean {path}?"),
        ("a{b", "it has a single '{': write '{{' for a brace"),
        ("a}b", "it has a single '}': write '}}' for a brace"),
        ("{commit}", "{commit} is no name of a template (only in url)"),
    ],
)
def test_a_wrong_template_is_told_with_what_is_right(template: str, says: str) -> None:
    assert says in (check_template(template, url=False) or "")


def test_a_commit_may_stand_in_a_url() -> None:
    assert check_template("https://x.dev/{commit}/{permalink}", url=True) is None
    assert check_template("{{x}} {1} {99} {title}", url=False) is None


@given(st.text(st.sampled_from("{}ab1-path ")))
def test_a_template_without_mistakes_is_always_filled_or_lacks_a_value(text: str) -> None:
    if check_template(text, url=False) is None:
        values = values_of("docs/a.md")
        assert (fill(text, values) is None) == (not names_in(text) <= values.keys())
