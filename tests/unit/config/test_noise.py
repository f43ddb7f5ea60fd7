"""Folders that a search is better off without."""

from __future__ import annotations

import pytest

from vsync.config.noise import noise_in


def some(folder: str, number: int = 3) -> list[str]:
    return [f"{folder}/{each}.md" for each in range(number)]


def sure(documents: list[str]) -> list[str]:
    return [one.folder for one in noise_in(documents) if one.sure]


def perhaps(documents: list[str]) -> list[str]:
    return [one.folder for one in noise_in(documents) if not one.sure]


@pytest.mark.parametrize("folder", ["docs/archive", "website/versioned_docs", "newsfragments", "docs/_autosummary"])
def test_some_names_are_noise_in_any_number(folder: str) -> None:
    assert sure([*some("docs"), *some(folder, 1)]) == [folder]


@pytest.mark.parametrize("folder", ["docs/changelog", "docs/old", "docs/includes", "docs/drafts", "docs/examples"])
def test_other_names_are_only_mentioned_and_only_where_they_are_many(folder: str) -> None:
    assert perhaps([*some("docs"), *some(folder)]) == [folder]
    assert noise_in([*some("docs"), *some(folder, 2)]) == ()


def test_the_other_languages_beside_english_are_translations() -> None:
    documents = [*some("docs/en"), *some("docs/zh-CN"), *some("docs/pt_br", 1), *some("docs/api")]
    assert sure(documents) == ["docs/pt_br", "docs/zh-CN"]


def test_folders_that_repeat_the_pages_beside_them_are_translations() -> None:
    assert sure([*some("docs"), *some("docs/de"), *some("docs/ja", 2)]) == ["docs/de", "docs/ja"]
    assert sure([*some("docs"), *some("docs/it")]) == ["docs/it"]


def test_a_folder_that_only_has_the_name_of_a_language_is_none() -> None:
    assert noise_in([*some("docs"), "docs/it/network.md", "docs/it/laptops.md", "docs/it/phones.md"]) == ()
    assert noise_in([*some("docs/de"), *some("docs/fr")]) == (), "no language is the one that they were written in"


def test_a_folder_for_translations_is_one() -> None:
    assert sure([*some("docs"), *some("i18n/fr/docs")]) == ["i18n"]
    assert noise_in([*some("docs/i18n")]) == (), "documents about translating"


def test_a_language_may_stand_behind_the_name() -> None:
    assert sure([*some("pages"), *some("pages.de"), *some("pages.zh_TW")]) == ["pages.de", "pages.zh_TW"]
    assert noise_in([*some("pages"), *some("pages.old")]) == ()


def test_earlier_versions_are_mentioned_and_the_newest_is_not() -> None:
    documents = [*some("docs/v1.9"), *some("docs/v1.10"), *some("docs/v1.x")]
    assert perhaps(documents) == ["docs/v1.10", "docs/v1.9"]


def test_plain_numbers_are_no_versions() -> None:
    assert noise_in([*some("blog/2023"), *some("blog/2024/10"), *some("blog/2024/11")]) == ()


def test_noise_inside_noise_is_not_named_twice() -> None:
    assert sure([*some("docs"), *some("docs/archive/old/archive")]) == ["docs/archive"]


def test_each_folder_has_its_pattern_its_number_and_a_reason() -> None:
    [one] = noise_in([*some("docs"), *some("docs/archive", 4)])
    assert (one.pattern, one.documents, one.why) == ("/docs/archive/", 4, "old documents")
