"""What a repository holds, from its paths and a few texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vsync.config.survey import MOST_SAMPLED, survey, worth_reading

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8)
PARTS = st.one_of(NAMES, st.sampled_from("docs zh i18n v1.0 archive a.md mkdocs.yml".split()))
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join))


def some(folder: str, number: int) -> list[str]:
    return [f"{folder}/{each}.md" for each in range(number)]


def test_documents_are_what_vsync_chooses_without_rules() -> None:
    found = survey(["README.md", "main.py", "node_modules/a.md", "docs/a.rst", "docs/b.ipynb", "LICENSE.txt"], {})
    assert found.documents == 3
    assert dict(found.kinds) == {".md": 1, ".rst": 1, ".ipynb": 1}


def test_marks_in_gitattributes_count() -> None:
    found = survey([*some("docs", 3), *some("gen", 2)], {".gitattributes": "gen/** linguist-generated\n"})
    assert found.documents == 3


def test_configurations_are_read_and_documents_from_all_over() -> None:
    paths = [
        ".gitattributes",
        ".gitmodules",
        "mkdocs.yml",
        "main.py",
        *(f"docs/{number:04}.md" for number in range(1_000)),
    ]
    wanted = worth_reading(paths)
    assert wanted[:3] == [".gitattributes", ".gitmodules", "mkdocs.yml"]
    assert len(wanted) == 3 + MOST_SAMPLED
    assert wanted[3] == "docs/0000.md"
    assert wanted[-1] > "docs/0990.md"
    assert "main.py" not in wanted
    assert worth_reading([]) == []


def test_translations_do_not_decide_where_the_documentation_stands() -> None:
    documents = [*some("pages", 20), *some("pages.de", 20), *some("pages.fr", 20)]
    found = survey(documents, {})
    assert [folder.pattern for folder in found.places.chosen] == ["/pages/"]
    assert found.noise == (), "what is not chosen need not be excluded"


def test_noise_is_told_where_it_lies_in_a_chosen_folder() -> None:
    found = survey([*some("docs/en", 5), *some("docs/de", 5), *some("blog/archive", 1)], {})
    assert [one.folder for one in found.noise] == ["docs/de"]


def test_the_front_matter_of_chosen_documents_counts() -> None:
    sample = {"docs/0.md": "---\ntitle: A\n---\n", "docs/1.md": "B\n", "other/0.md": "---\ntags: x\n---\n"}
    found = survey([*some("docs", 3), "other/0.md"], sample)
    assert [(key.name, key.share) for key in found.keys] == [("title", 0.5)]
    assert found.read == 2


def test_documents_in_git_lfs_are_found_by_their_ending_or_their_pointer() -> None:
    attributes = "*.PDF filter=lfs diff=lfs merge=lfs -text\n*.png filter=lfs\n*.md text\n"
    sample = {".gitattributes": attributes, "docs/b.md": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"}
    assert survey(["docs/a.pdf", "docs/b.md", "docs/c.rst"], sample).lfs == (".md", ".pdf")
    assert survey(["docs/a.pdf"], {".gitattributes": "*.pdf text\n"}).lfs == ()


def test_submodules_are_named() -> None:
    text = '[submodule "x"]\n\tpath = docs/theme\n\turl = ../x\r\n'
    assert survey(["docs/a.md"], {".gitmodules": text}).submodules == ("docs/theme",)


def test_the_front_matter_that_was_read_tells_which_pages_have_other_addresses() -> None:
    config = {"docusaurus.config.js": "url: 'https://e.com',\n"}
    found = survey(some("docs", 2), {**config, "docs/0.md": "---\nslug: /b\n---\n", "docs/1.md": "# B\n"})
    assert found.addresses is not None
    assert found.addresses.match == ("/docs/**", "!/docs/0.md")


def test_titles_are_those_of_front_matter_and_headings() -> None:
    assert survey(["docs/a.rst"], {"docs/a.rst": "A\n=\n"}).titled
    assert survey(["docs/a.md"], {"docs/a.md": "---\ntitle: A\n---\n"}).titled
    assert not survey(["docs/a.md", "b.md"], {"docs/a.md": "text\n", "b.md": "# B\n"}).titled


def test_a_repository_of_gitlab_is_known() -> None:
    assert survey([".gitlab-ci.yml", "docs/a.md"], {}).other_ci
    assert not survey([".gitlab-ci.yml", ".github/workflows/ci.yml"], {}).other_ci


def test_a_workflow_that_uses_vsync_is_known() -> None:
    path = ".github/workflows/docs.yml"
    assert worth_reading([path, ".github/workflows/x/y.yml"]) == [path]
    assert survey([path], {path: "steps:\n  - uses: me/vsync@v1\n"}).workflow == path
    assert survey([path], {path: "steps:\n  - uses: me/my-vsync@v1\n  # uses: me/vsync@v1\n"}).workflow == ""


def test_a_person_may_choose_the_folders() -> None:
    found = survey([*some("docs", 5), *some("notes", 2)], {}, ["notes"])
    assert found.places.folders == {"notes"}


@given(
    PATHS,
    st.dictionaries(
        st.sampled_from(["mkdocs.yml", ".gitattributes", ".gitmodules", "docs/a.md"]), st.text(max_size=80)
    ),
)
def test_whatever_a_repository_holds_it_can_be_looked_at(paths: list[str], sample: dict[str, str]) -> None:
    found = survey(paths, sample)
    assert len(found.places.paths) <= found.documents
    assert set(worth_reading(paths)) <= set(paths)
