"""Which folders hold the documentation."""

from __future__ import annotations

from vsync.config.docs_folders import Folder, places_of


def some(folder: str, number: int) -> list[str]:
    return [f"{folder}/{each}.md" for each in range(number)]


def test_folders_that_are_named_so_are_chosen_with_the_readme() -> None:
    found = places_of(["README.md", "CHANGES.md", *some("docs", 5), *some("docs/guide", 2), *some("src", 3)], None)
    assert found.chosen == (Folder("/docs/", 7),)
    assert found.files == ("/README.md",)
    assert found.left == (Folder("/src/", 3),)
    assert found.left_files == ("/CHANGES.md",)
    assert set(found.paths) == {"README.md", *some("docs", 5), *some("docs/guide", 2)}


def test_nothing_is_chosen_where_most_documents_stand_elsewhere() -> None:
    documents = ["README.md", *some("docs", 3), *some("recipes", 4)]
    found = places_of(documents, None)
    assert (found.chosen, found.files) == ((), ())
    assert found.left == (Folder("/recipes/", 4), Folder("/docs/", 3))
    assert found.paths == tuple(documents)


def test_documents_of_tests_count_for_nothing() -> None:
    found = places_of([*some("docs", 3), *some("tests/data/docs", 50)], None)
    assert found.chosen == (Folder("/docs/", 3),)
    assert found.left == (Folder("/tests/", 50),)


def test_examples_inside_the_documentation_belong_to_it() -> None:
    assert places_of([*some("docs", 3), *some("docs/examples", 2)], None).chosen == (Folder("/docs/", 5),)


def test_a_folder_with_most_documents_is_chosen_where_none_is_named_so() -> None:
    assert places_of(["README.md", *some("text", 30), *some("other", 3)], None).chosen == (Folder("/text/", 30),)
    assert places_of([*some("text", 9), *some("other", 3)], None).chosen == ()


def test_the_folder_of_a_site_is_chosen_even_where_it_holds_few_of_the_documents() -> None:
    documents = [*some("src", 6), *some("listings", 40)]
    assert places_of(documents, "src").chosen == (Folder("/src/", 6),)
    assert places_of(documents, None).chosen == (Folder("/listings/", 40),)


def test_folders_of_one_name_side_by_side_are_one_pattern() -> None:
    documents = [path for name in "abc" for path in some(f"packages/{name}/docs", 2)]
    assert places_of(documents, None).chosen == (Folder("/packages/*/docs/", 6),)
    two = [path for name in "ab" for path in some(f"packages/{name}/docs", 2)]
    assert places_of(two, None).chosen == (Folder("/packages/a/docs/", 2), Folder("/packages/b/docs/", 2))


def test_a_person_may_choose_other_folders_or_all() -> None:
    documents = [*some("docs", 5), *some("blog/2024", 2)]
    chosen = places_of(documents, None, ["blog"])
    assert chosen.chosen == (Folder("/blog/", 2),)
    assert chosen.folders == {"blog"}
    assert places_of(documents, None, []).paths == tuple(documents)
    assert places_of(documents, None, ["nowhere"]).folders == frozenset()


def test_a_repository_without_documents_has_no_folders() -> None:
    assert places_of([], None).chosen == ()
