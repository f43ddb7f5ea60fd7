"""Which paths are documents, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from vsync.documents.gitattributes import GitAttributes
from vsync.documents.selection import NOT_SELECTED, Rules, Selector, Types, Verdict
from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, SYMLINK

FILE = "100644"
MANIFEST = "state/vsync.json"


def selected(paths: Sequence[str], include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    selector = Selector(Rules(tuple(include), tuple(exclude)))
    verdicts = [selector.decide(path.encode(), FILE) for path in paths]
    return [verdict.path for verdict in verdicts if verdict.path is not None and verdict.skipped is None]


def test_without_rules_the_documents_are_the_documentation() -> None:
    documents = ["README.md", "docs/a.rst", "a.TXT", "b.html", "c.pdf", "d.docx", "e.pptx", "f.adoc", "g.mdx"]
    documents += ["README", "sub/README", "h.qmd", "i.org", "j.ipynb"]
    others = ["main.py", "data.json", "Makefile", "LICENSE", "photo.png", "style.css"]
    assert selected([*documents, *others]) == documents


@pytest.mark.parametrize(
    ("patterns", "paths", "matched"),
    [
        (["*.md"], ["a.md", "x/y/b.md", "c.py"], ["a.md", "x/y/b.md"]),
        (["/a.md"], ["a.md", "x/a.md"], ["a.md"]),
        (["docs/"], ["docs/a.md", "x/docs/b.md", "docs.md"], ["docs/a.md", "x/docs/b.md"]),
        (["/docs/"], ["docs/a.md", "x/docs/b.md"], ["docs/a.md"]),
        (["docs"], ["docs/a.md", "x/docs/b.py"], ["docs/a.md", "x/docs/b.py"]),
        (["docs/*.md"], ["docs/a.md", "docs/x/b.md", "x/docs/c.md"], ["docs/a.md"]),
        (["docs/**"], ["docs/a.md", "docs/x/b.md", "x/docs/c.md"], ["docs/a.md", "docs/x/b.md"]),
        (["src/**/*.py"], ["src/a.py", "src/x/y/b.py", "a.py"], ["src/a.py", "src/x/y/b.py"]),
        (["**/api/*.md"], ["api/a.md", "x/y/api/b.md", "api/x/c.md"], ["api/a.md", "x/y/api/b.md"]),
        (["a?.md"], ["a1.md", "a12.md", "a/1.md"], ["a1.md"]),
        (["[ab].md"], ["a.md", "b.md", "c.md"], ["a.md", "b.md"]),
        (["[!ab].md"], ["a.md", "c.md"], ["c.md"]),
        (["\\!a.md"], ["!a.md", "a.md"], ["!a.md"]),
        (["\\#a.md"], ["#a.md", "a.md"], ["#a.md"]),
        (["a\\*.md"], ["a*.md", "ab.md"], ["a*.md"]),
        (["*.md", "!draft*"], ["a.md", "draft.md", "x/draft-2.md"], ["a.md"]),
        (["*.md", "!draft*", "draft-ok.md"], ["a.md", "draft.md", "draft-ok.md"], ["a.md", "draft-ok.md"]),
        (["docs/", "!docs/internal/"], ["docs/a.md", "docs/internal/b.md"], ["docs/a.md"]),
        (["docs/*", "!docs/b.md"], ["docs/a.md", "docs/b.md"], ["docs/a.md"]),
        (["docs/", "!docs/b.md"], ["docs/a.md", "docs/b.md"], ["docs/a.md"]),
        (["!a.md"], ["a.md", "b.md"], []),
        (["Docs/"], ["docs/a.md"], []),
        (["日本/*.md"], ["日本/a.md", "docs/a.md"], ["日本/a.md"]),
    ],
)
def test_patterns_select_as_gitignore_would_match(patterns: list[str], paths: list[str], matched: list[str]) -> None:
    assert selected(paths, include=patterns) == matched
    everything = ["*.md", "*.py"]
    assert selected(paths, include=everything, exclude=patterns) == [path for path in paths if path not in matched]


def test_a_file_is_selected_when_include_selects_it_and_exclude_does_not() -> None:
    paths = ["docs/a.md", "docs/draft.md", "src/a.py", "src/b.md"]
    assert selected(paths, include=["docs/", "*.py"], exclude=["draft*"]) == ["docs/a.md", "src/a.py"]


def test_exclude_alone_takes_from_the_documentation() -> None:
    assert selected(["a.md", "docs/b.md", "c.py"], exclude=["docs/"]) == ["a.md"]


def test_exclude_never_adds() -> None:
    assert selected(["a.py", "b.md"], exclude=["!a.py"]) == ["b.md"]


@pytest.mark.parametrize(
    "path",
    [
        ".gitignore",
        "docs/.gitattributes",
        ".git/config",
        "vendor/.git/HEAD.md",
        ".github/README.md",
        "sub/.github/workflows/ci.yml",
        ".gitlab/notes.md",
        ".vsync.yml",
        ".vsync/manifest.json",
        ".vsync/notes.md",
        "sub/.vsync/manifest.json",
        "store.db.seal/default-9289140b.seal.json",
        "docs/store.seal/default-9289140b.journal-0a1b2c3d.json",
        "docs/store.db.seal/default-9289140b.lock",
        "docs/store.db.seal/manifest-9289140b.owner",
        "state/default-9289140b.seal.json",
        MANIFEST,
    ],
)
def test_some_paths_are_never_documents_even_when_included(path: str) -> None:
    for include in (("*",), ("**",), (path,), ("/" + path,)):
        assert Selector(Rules(include, reserved=(MANIFEST,))).decide(path.encode(), FILE) == NOT_SELECTED


@pytest.mark.parametrize(
    "path",
    [
        "git.md",
        "docs/my.git.md",
        "github/a.md",
        "vsync.yml",
        "x/vsync/a.md",
        "vsync.json",
        "app.manifest.json",
        "docs/store.db.manifest.json",
        "harp.seal/a.md",
        "harp.seal/photo.json",
        "navy.seal.json",
        "team-six.seal.json",
        "docs/trip.journal-2024.json",
    ],
)
def test_names_that_only_resemble_the_reserved_ones_are_documents(path: str) -> None:
    assert Selector(Rules(("*",), reserved=(MANIFEST,))).decide(path.encode(), FILE) == Verdict(path)


@pytest.mark.parametrize(
    ("path", "mode", "shown", "reason"),
    [
        (b"link.md", SYMLINK, "link.md", "symlink"),
        (b"photo.md/x.png", FILE, "photo.md/x.png", "unsupported-type"),
        (b"caf\xe9.md", FILE, "caf\\xe9.md", "undecodable-name"),
        (b"caf\xe9.md", SYMLINK, "caf\\xe9.md", "undecodable-name"),
        (b"vendor/lib", SUBMODULE, "vendor/lib", "submodule"),
    ],
)
def test_a_selected_path_that_cannot_be_a_document_is_skipped_with_its_reason(
    path: bytes, mode: str, shown: str, reason: str
) -> None:
    assert Selector(Rules(("*",))).decide(path, mode) == Verdict(shown, reason)  # type: ignore[arg-type]  # from a table


def test_a_path_that_is_not_selected_is_not_skipped_either() -> None:
    selector = Selector(Rules(("docs/",)))
    for path, mode in ((b"a.png", FILE), (b"link.md", SYMLINK), (b"caf\xe9.md", FILE), (b"lib", SUBMODULE)):
        assert selector.decide(path, mode) == NOT_SELECTED


def test_a_submodule_is_told_where_its_files_could_have_been_documents() -> None:
    told = Verdict("docs", "submodule")
    assert Selector(Rules()).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("docs/",))).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("docs",))).decide(b"docs", SUBMODULE) == told
    assert Selector(Rules(("*.md",))).decide(b"docs", SUBMODULE) == NOT_SELECTED
    assert Selector(Rules(exclude=("docs/",))).decide(b"docs", SUBMODULE) == NOT_SELECTED


def test_an_executable_file_is_a_document() -> None:
    assert Selector(Rules()).decide(b"a.md", "100755") == Verdict("a.md")


@pytest.mark.parametrize("path", ["a b.md", "a\nb.md", "-rf.md", "$(x).md", "日本.md", "a\\b.md", "..md", "x..y/z.md"])
def test_nasty_names_are_documents_like_others(path: str) -> None:
    assert Selector(Rules()).decide(path.encode(), FILE) == Verdict(path)


@pytest.mark.parametrize("pattern", ["!", "[z-a].md"])
def test_a_pattern_that_is_none_is_a_configuration_error_that_quotes_it(pattern: str) -> None:
    for name, rules in (("include", Rules(("*.md", pattern))), ("exclude", Rules(exclude=(pattern,)))):
        with pytest.raises(ConfigurationError) as caught:
            Selector(rules)
        assert name in caught.value.message
        assert repr(pattern) in caught.value.message


def test_a_pattern_that_python_may_read_otherwise_one_day_warns_nobody() -> None:
    assert selected(["[.md", "a.md"], include=["[[].md"]) == ["[.md"]


# --- Documentation ------------------------------------------------------------------------------------------------


def why(path: str, rules: Rules = Rules(), mode: str = FILE, attributes: GitAttributes | None = None) -> str | None:  # noqa: B008
    return Selector(rules, attributes).why_not(path, mode)


LEFT_OUT = [
    "node_modules/a/README.md",
    "vendor/a.md",
    "third_party/x/a.md",
    "dist/index.html",
    "build/a.html",
    "docs/_build/a.html",
    "test/fixtures/a.adoc",
    "pkg/testdata/a.txt",
    ".config/a.md",
    "docs/.obsidian/a.md",
    "requirements.txt",
    "CMakeLists.txt",
    "LICENSE.md",
]


def test_without_rules_what_is_rarely_documentation_of_its_own_is_left_out() -> None:
    assert selected(["docs/a.md", *LEFT_OUT, "builds/a.md", "test/a.md"]) == ["docs/a.md", "builds/a.md", "test/a.md"]


def test_include_rules_alone_decide() -> None:
    assert selected(LEFT_OUT, include=["*"]) == LEFT_OUT
    assert selected(["a.py", "vendor/a.md"], include=["*.py", "vendor/"]) == ["a.py", "vendor/a.md"]


def of_types(paths: Sequence[str], types: Types, **rules: Any) -> list[str]:
    selector = Selector(Rules(types=types, **rules))
    return [path for path in paths if selector.decide(path.encode(), FILE) == Verdict(path)]


def test_types_any_selects_every_kind_of_file_everywhere() -> None:
    paths = ["a.py", "docs/a.md", "Makefile", *LEFT_OUT]
    assert of_types(paths, "any") == paths
    assert of_types(paths, "any", exclude=("vendor/",)) == [path for path in paths if not path.startswith("vendor/")]


@pytest.mark.parametrize(
    ("include", "matched"),
    [
        (("docs/**",), ["docs/a.md"]),
        (("*",), ["docs/a.md", "README.md"]),
        (("*.txt",), []),
        (("docs/fixtures/",), ["docs/fixtures/a.md"]),
        (("/docs/fixtures/**",), ["docs/fixtures/a.md"]),
        (("**/fixtures/**",), ["docs/fixtures/a.md"]),
        (("fixtures/a.*",), []),
        (("docs/fixt*/",), ["docs/fixtures/a.md"]),
        (("docs/*/",), []),
        (("docs/", "fixtures/"), ["docs/a.md", "docs/fixtures/a.md"]),
        (("docs/", "!fixtures/"), ["docs/a.md"]),
        (("requirements.txt",), ["requirements.txt"]),
        (("requirements*.txt", "docs/"), ["docs/a.md", "requirements.txt"]),
        (("vendor/",), ["vendor/a.md"]),
        (("*", "vendor/"), ["docs/a.md", "README.md", "vendor/a.md"]),
    ],
)
def test_with_types_documentation_what_is_left_out_stays_out_unless_a_matching_pattern_names_it(
    include: tuple[str, ...], matched: list[str]
) -> None:
    paths = ["docs/a.md", "docs/a.py", "docs/fixtures/a.md", "README.md", "vendor/a.md", "vendor/node_modules/b.md"]
    paths.append("requirements.txt")
    assert of_types(paths, "documentation", include=include) == matched


def test_a_mark_of_gitattributes_leaves_a_file_out() -> None:
    attributes = GitAttributes({"": b"*.md linguist-generated\n*.rst linguist-vendored\n"})
    assert why("a.md", attributes=attributes) == "marked linguist-generated in .gitattributes"
    assert why("a.rst", attributes=attributes) == "marked linguist-vendored in .gitattributes"
    assert why("a.txt", attributes=attributes) is None
    assert why("a.md", Rules(("*",)), attributes=attributes) is None
    assert why("a.md", Rules(("/a.md",), types="documentation"), attributes=attributes) is None
    assert why("a.md", Rules(("*",), types="documentation"), attributes=attributes) is not None


# --- Root ---------------------------------------------------------------------------------------------------------


def test_nothing_outside_of_the_root_is_selected_and_patterns_count_from_it() -> None:
    rules = Rules(("/docs/**",), ("/docs/drafts/",), ("/docs/keys.md",), root="services/api")
    selector = Selector(rules)
    paths = [
        "docs/a.md",
        "services/api/docs/a.md",
        "services/api/docs/drafts/b.md",
        "services/api2/docs/c.md",
        "services/api",
    ]
    assert [path for path in paths if selector.why_not(path, FILE) is None] == ["services/api/docs/a.md"]
    assert selector.decide(b"services/api/docs/a.md", FILE) == Verdict("services/api/docs/a.md")
    assert selector.allows_secrets("services/api/docs/keys.md")
    assert not selector.allows_secrets("docs/keys.md")


def test_the_folders_above_the_root_do_not_leave_it_out() -> None:
    rules = Rules(root="vendor/library")
    assert why("vendor/library/a.md", rules) is None
    assert why("vendor/library/vendor/a.md", rules) == "in the folder vendor"


# --- Links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "path", "told"),
    [
        (Rules(), "docs", True),
        (Rules(), "sub/Documentation", True),
        (Rules(), "a.md", True),
        (Rules(), "latest", False),
        (Rules(), "tool.py", False),
        (Rules(), "vendor/docs", False),
        (Rules(("docs/**",)), "docs", True),
        (Rules(("docs/",)), "docs", True),
        (Rules(("docs/guide/*.md",)), "docs", True),
        (Rules(("docs/guide/*.md",)), "docs/guide", True),
        (Rules(("docs/guide/*.md",)), "docs/other", False),
        (Rules(("*.md",)), "docs", False),
        (Rules(("docs/**",), ("docs/",)), "docs", False),
        (Rules(("docs/**",), types="documentation"), "docs", True),
        (Rules(("docs/**",), root="sub"), "sub/docs", True),
        (Rules(("docs/**",), root="sub"), "docs", False),
    ],
)
def test_a_link_is_told_where_documents_could_have_been(rules: Rules, path: str, told: bool) -> None:
    assert Selector(rules).decide(path.encode(), SYMLINK) == (Verdict(path, "symlink") if told else NOT_SELECTED)


# --- Why not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "rules", "text"),
    [
        ("a.md", Rules(), None),
        ("a.png", Rules(("*",)), None),
        ("src/a.py", Rules(), "not documentation (.py)"),
        ("Makefile", Rules(), "not documentation (no extension)"),
        ("a.md", Rules(("docs/",)), "no include pattern matches"),
        ("docs/a.md", Rules(("docs/", "!docs/a*")), "excluded by the include pattern '!docs/a*'"),
        ("docs/a.md", Rules(("docs/",), ("a.*",)), "excluded by the pattern 'a.*'"),
        ("docs/a.md", Rules(exclude=("*", "!docs/b.md")), "excluded by the pattern '*'"),
        ("test/fixtures/a.md", Rules(), "in the folder fixtures"),
        ("docs/.x/a.md", Rules(), "in the folder .x"),
        ("LICENSE.md", Rules(), "a licence"),
        ("requirements.txt", Rules(), "a list of packages or a file for machines"),
        ("docs/a.md", Rules(root="sub"), "outside of the root sub"),
        (".github/a.md", Rules(("*",)), "a file of git, GitHub or vsync"),
        ("state/vsync.json", Rules(("*",), reserved=("state/vsync.json",)), "a file of git, GitHub or vsync"),
        ("state/seal/a", Rules(("*",), reserved=("state/seal/",)), "a file of git, GitHub or vsync"),
    ],
)
def test_it_is_told_why_a_path_is_not_selected(path: str, rules: Rules, text: str | None) -> None:
    assert why(path, rules) == text
    assert (Selector(rules).decide(path.encode(), FILE) == NOT_SELECTED) is (text is not None)
