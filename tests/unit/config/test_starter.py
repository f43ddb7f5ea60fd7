"""The text of a first config: it is valid, short, and says what applies, whatever the repository holds."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vsync.config.config_parser import parse_config
from vsync.config.front_matter_keys import Key
from vsync.config.starter import MOST_UPLOADS, config_text
from vsync.config.starter_place import Place
from vsync.config.survey import Survey, survey
from vsync.config.target_config import TargetConfig
from vsync.documents.selection import Rules, Selector
from vsync.plan.limits import DEFAULT_MAX_UPLOADS

PLACE = Place("acme-docs")
HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=10)
PARTS = st.one_of(
    HOSTILE,
    st.sampled_from(
        [
            "docs",
            "guide",
            "zh",
            "en",
            "v1.0",
            "v2.0",
            "archive",
            "i18n",
            "changelog",
            '"\n- x',
            "a.md",
            "README.md",
            "b.mdx",
        ]
    ),
)
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=30)
SAMPLED = st.dictionaries(
    st.sampled_from(["mkdocs.yml", ".gitattributes", ".gitmodules", "_config.yml", "docs/a.md"]),
    st.one_of(
        st.text(max_size=60),
        st.text(max_size=20).map(lambda text: f"site_url: {text}\nurl: {text}\n"),
        st.text(max_size=20).map(lambda text: f"[submodule]\n path = {text}\n"),
        st.text(max_size=20).map(lambda text: f"---\ntitle: x\n{text}: x\n---\n"),
    ),
)
KEYS = {"version", "vector-store-name", "types", "include", "exclude", "front-matter", "url", "rules", "content"}


def some(folder: str, number: int = 3, ending: str = "md") -> list[str]:
    return [f"{folder}/{each}.{ending}" for each in range(number)]


def written(survey: Survey, place: Place = PLACE) -> tuple[Any, str]:
    """The config as YAML has it, and its text. vsync's own parser takes it as well."""
    text = config_text(survey, place)
    parse_config(text.encode(), ".vsync.yml")
    return yaml.safe_load(text), text


def uncommented(text: str) -> TargetConfig:
    """The config with each comment that holds a whole key taken as said."""
    lines = [line.removeprefix("# ") if line.startswith("# ") and ": " in line else line for line in text.splitlines()]
    keys = ("front-matter", "attributes", "git", "url", "limits", "submodules", "types", "include", "content")
    kept = [
        line
        for old, line in zip(text.splitlines(), lines, strict=True)
        if old == line or line.partition(":")[0] in keys
    ]
    return parse_config("\n".join(kept).encode(), ".vsync.yml").targets[0]


@given(PATHS, SAMPLED, HOSTILE.filter(str.isprintable))
def test_whatever_a_repository_holds_the_config_is_valid_and_has_no_other_keys(
    paths: list[str], sample: dict[str, str], name: str
) -> None:
    store = f"a{name}z"
    data, text = written(survey(paths, sample), Place(store))
    assert set(data) <= KEYS
    assert data["vector-store-name"] == store
    lines = text.split("\n")
    assert all(line == "" or line[0] in "#abcdefghijklmnopqrstuvwxyz " for line in lines), lines


@given(PATHS)
def test_the_patterns_choose_the_documents_that_were_counted(paths: list[str]) -> None:
    found = survey(paths, {})
    data, _ = written(found)
    rules = Rules(tuple(data.get("include", ())), tuple(data.get("exclude", ())), types=data.get("types"))
    selector = Selector(rules)
    verdicts = [selector.decide(path.encode(), "100644") for path in sorted(set(paths))]
    chosen = {verdict.path for verdict in verdicts if verdict.path is not None and verdict.skipped is None}
    assert set(found.places.paths) <= chosen | {
        path for path in paths if any(char in path for char in "*?[]")
    } | _excluded(paths, data)


def _excluded(paths: list[str], data: Any) -> set[str]:
    """A wildcard that stands for a strange character may match a neighbour as well."""
    selector = Selector(Rules(tuple(data["exclude"]), types="any")) if "exclude" in data else None
    return {path for path in paths if selector and selector.decide(path.encode(), "100644").path is not None}


def test_the_config_of_a_usual_repository() -> None:
    paths = [
        "README.md",
        "mkdocs.yml",
        *some("docs/en"),
        *some("docs/de"),
        *some("docs/en/changelog", 5),
        *some("src", 1, "py"),
    ]
    front = "---\ntitle: A\ntags: [x]\n---\n"
    sample = {
        "docs/en/0.md": front,
        "docs/en/1.md": front,
        "README.md": "# X\n",
        "mkdocs.yml": "site_url: https://example.com/\n",
    }
    data, text = written(survey(paths, sample))
    assert data == {
        "version": 1,
        "vector-store-name": "acme-docs",
        "types": "documentation",
        "include": ["/docs/", "/README.md"],
        "exclude": ["/docs/de/"],
        "front-matter": ["title", "tags"],
        "url": "https://example.com/{page-1}/",
    }
    assert text.startswith("# yaml-language-server: $schema=")
    assert "  # - /docs/en/changelog/ # a history of changes: 5 documents" in text
    assert len(text.splitlines()) < 30


def test_the_comments_hold_what_could_be_said() -> None:
    found = survey([*some("docs"), "docs/a.mdx"], {".gitmodules": "path = theme\n"})
    target = uncommented(config_text(found, PLACE))
    assert target.says.front_matter == {"title": "title"}
    assert target.says.git == ("changed", "author")
    assert target.says.url == "{permalink}"
    assert target.says.attributes == {"section": "{directory}"}
    assert target.says.content.mdx == "strip"
    assert target.submodules


def test_the_address_of_a_document_is_set_where_it_is_sure() -> None:
    sample = {"_config.yml": "url: https://example.com\n"}
    data, _ = written(survey(["_config.yml", *some("docs")], sample))
    assert data["url"] == "https://example.com/{path-without-extension}.html"
    sample = {"_config.yml": "url: https://example.com\npermalink: /:title\n"}
    unsure, text = written(survey(["_config.yml", *some("docs")], sample))
    assert "url" not in unsure
    assert '# url: "https://example.com/{path-without-extension}.html"' in text


def test_only_the_pages_of_the_site_get_its_address() -> None:
    sample = {"mkdocs.yml": "site_url: https://example.com\nuse_directory_urls: false\n"}
    data, _ = written(survey(["docs/README.md", "README.md", *some("docs"), *some("packages/a/docs")], sample))
    assert "url" not in data
    assert data["rules"] == [
        {"match": ["/docs/"], "url": "https://example.com/{below-1-without-extension}.html"},
        {"match": ["/docs/**/README.md"], "url": "https://example.com/{page-1}/"},
    ]


def test_titles_are_written_where_documents_have_headings() -> None:
    data, text = written(survey(some("docs"), {"docs/0.md": "# A\n"}))
    assert data["front-matter"] == ["title"]
    assert "# A document whose front matter has no title gets its first heading as the title." in text
    assert "front-matter" not in written(survey(some("docs"), {"docs/0.md": "a\n"}))[0]


def test_a_page_on_github_is_suggested_only_there() -> None:
    assert "{permalink}" in config_text(survey(some("docs"), {}), PLACE)
    assert "{permalink}" not in config_text(survey(some("docs"), {}), Place("x", on_github=False))


def test_a_repository_that_is_synced_already_keeps_its_store() -> None:
    data, text = written(survey(some("docs"), {}), Place("x", synced=True))
    assert "vector-store-name" not in data
    assert "# vector-store-name: the manifest" in text


def test_nothing_is_included_where_no_folder_is_clear() -> None:
    data, text = written(survey([*some("a"), *some("b")], {}))
    assert data == {"version": 1, "vector-store-name": "acme-docs", "types": "documentation"}
    assert "# include: [/a/]" in text


def test_a_repository_without_documents_gets_a_config_too() -> None:
    data, text = written(survey(["main.py"], {}))
    assert data == {"version": 1, "vector-store-name": "acme-docs"}
    assert "# types: any" in text


def test_what_may_be_noise_is_a_comment() -> None:
    data, text = written(survey([*some("docs"), *some("docs/drafts")], {}))
    assert "exclude" not in data
    assert "#   - /docs/drafts/ # drafts: 3 documents" in text


def test_long_lists_are_cut() -> None:
    folders = [f"docs/en/{number}/archive" for number in range(60)]
    _, text = written(survey([*some("docs"), *(f"{folder}/a.md" for folder in folders)], {}))
    assert "  # 20 more folders like these" in text
    keys = (*(Key(f"key{number}", 0.1, "text") for number in range(9)), Key("title", 1.0, "text"))
    assert "and 3 more" in config_text(Survey(documents=1, keys=keys, read=10), PLACE)


def test_a_first_sync_of_many_documents_needs_a_limit() -> None:
    assert MOST_UPLOADS == DEFAULT_MAX_UPLOADS
    assert "# limits: {max-upload: 2001}" in config_text(survey(some("docs", 2_001), {}), PLACE)
    assert "# limits" not in config_text(survey(some("docs", 2_000), {}), PLACE)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (survey([*some("docs"), "docs/a.ipynb"], {}), "# 1 notebook: vsync sends"),
        (
            survey(["docs/a.pdf"], {".gitattributes": "*.pdf filter=lfs\n"}),
            "# Git LFS keeps documents of these kinds: .pdf.",
        ),
        (survey([*some("a/docs"), *some("b/docs")], {}), "# To keep the folders in stores of their own"),
    ],
)
def test_what_is_special_is_said(found: Survey, line: str) -> None:
    assert line in config_text(found, PLACE)


def test_markdown_that_uses_components_is_stripped_of_them_as_mdx_is() -> None:
    found = survey(some("docs"), {"docs/0.md": "<Note>\n\nText\n\n</Note>\n"})
    data, _ = written(found)
    assert (found.components, data["content"]) == (1, {"mdx": "strip"})
