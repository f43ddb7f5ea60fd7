"""Where links of a tree lead: to files of the tree, and never out of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import RepositoryError
from vsync.git.changes import REGULAR, SUBMODULE, SYMLINK
from vsync.source import links
from vsync.source.links import CIRCLE, DANGLING, OUTSIDE, OWN, SUBMODULES, UNREADABLE, Followed, Links

FILE = None


def follow(tree: Mapping[str, str | None]) -> dict[str, str]:
    """What the links of a tree lead to: the file's path, or why not. A text is a link, None a file."""
    modes = {path.encode(): REGULAR if text is FILE else SYMLINK for path, text in tree.items()}
    texts = {path.encode(): text.encode() for path, text in tree.items() if text is not None}
    found = list(Links(modes, texts.get).follow(sorted(texts)))
    assert len({item.path for item in found}) == len(found)
    return {item.path.decode(): item.why or item.real.decode() for item in found}


def test_a_link_to_a_file_is_that_file() -> None:
    tree = {"docs/a.md": FILE, "a.md": "docs/a.md", "docs/b.md": "a.md", "x/y/c.md": "../../docs/./a.md"}
    assert follow(tree) == {"a.md": "docs/a.md", "docs/b.md": "docs/a.md", "x/y/c.md": "docs/a.md"}


def test_a_link_to_a_folder_is_all_files_below_it() -> None:
    tree = {"docs/a.md": FILE, "docs/sub/b.md": FILE, "docs-old/c.md": FILE, "docs.md": FILE, "link": "docs/"}
    assert follow(tree) == {"link/a.md": "docs/a.md", "link/sub/b.md": "docs/sub/b.md"}


def test_links_lead_through_links() -> None:
    tree = {"docs/a.md": FILE, "one": "docs", "two": "one", "a.md": "two/a.md", "b.md": "a.md", "up.md": "one/../b.md"}
    assert follow(tree) == {
        "one/a.md": "docs/a.md",
        "two/a.md": "docs/a.md",
        "a.md": "docs/a.md",
        "b.md": "docs/a.md",
        "up.md": "docs/a.md",
    }


def test_two_dots_count_from_where_a_link_leads_and_not_from_where_it_stands() -> None:
    tree = {"deep/er/a.md": FILE, "deep/b.md": FILE, "b.md": FILE, "link": "deep/er", "to": "link/../b.md"}
    assert follow(tree)["to"] == "deep/b.md"


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "../x", "docs/../../x", "../../../../etc/passwd", "..", "docs/../..", "/", "up/x"]
)
def test_nothing_leads_out(text: str) -> None:
    assert follow({"docs/a.md": FILE, "up": "..", "link": text})["link"] == OUTSIDE


@pytest.mark.parametrize("text", ["missing.md", "docs/missing", "docs/a.md/b", "a.md", "../repo/docs/a.md"])
def test_what_is_not_there_is_not_found(text: str) -> None:
    assert follow({"docs/a.md": FILE, "link": text})["link"] in {DANGLING, OUTSIDE}


def test_circles_end() -> None:
    tree = {"self": "self", "a": "b", "b": "a", "docs/a.md": FILE, "docs/up": "..", "docs/here": ".", "top": "."}
    found = follow(tree)
    assert found["self"] == found["a"] == found["b"] == found["docs/up"] == found["docs/here"] == found["top"] == CIRCLE


def test_two_folders_that_link_to_each_other_are_followed_once() -> None:
    tree = {"a/a.md": FILE, "a/to-b": "../b", "b/b.md": FILE, "b/to-a": "../a"}
    assert follow(tree) == {
        "a/to-b/b.md": "b/b.md",
        "a/to-b/to-a/a.md": "a/a.md",
        "a/to-b/to-a/to-b": CIRCLE,
        "b/to-a/a.md": "a/a.md",
        "b/to-a/to-b/b.md": "b/b.md",
        "b/to-a/to-b/to-a": CIRCLE,
    }


def test_forty_links_are_followed_and_no_more() -> None:
    chain = {f"l{number}": f"l{number + 1}" for number in range(41)}
    tree: dict[str, str | None] = {"l41": FILE, **chain}
    found = follow(tree)
    assert found["l0"] == CIRCLE
    assert found["l1"] == "l41"


def test_links_that_multiply_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_FILES", 1_000)
    tree: dict[str, str | None] = {"d8/a.md": FILE}
    for level in range(8):
        for number in range(10):
            tree[f"d{level}/{number}"] = f"../d{level + 1}"
    with pytest.raises(RepositoryError, match="more than 1,000 files"):
        follow(tree)


def test_many_folders_behind_each_other_do_not_exhaust_the_stack() -> None:
    tree: dict[str, str | None] = {f"d{number}/next": f"../d{number + 1}" for number in range(60)}
    tree["d60/a.md"] = FILE
    found = follow(tree)
    assert CIRCLE in found.values()
    assert found["d59/next/a.md"] == "d60/a.md"


@pytest.mark.parametrize("target", [".github/a.md", "docs/.gitattributes", ".vsync/manifest.json", ".vsync.yml"])
def test_files_of_git_and_vsync_hide_behind_no_link(target: str) -> None:
    folder = target.partition("/")[0]
    found = follow({target: FILE, "a.md": target, "folder": folder, "docs/b.md": FILE})
    assert found["a.md"] == OWN
    assert target not in found.values()


def test_a_file_whose_name_tells_of_a_secret_hides_behind_no_other_name() -> None:
    found = follow({".env": FILE, "a.md": ".env"})
    assert found == {"a.md": links.NAMED_LIKE_ONE}


def test_a_submodule_that_is_not_here_is_the_end() -> None:
    modes = {b"lib": SUBMODULE, b"docs/lib": SUBMODULE, b"a": SYMLINK, b"b": SYMLINK, b"c": SYMLINK}
    texts = {b"a": b"lib", b"b": b"lib/x.md", b"c": b"docs"}
    assert list(Links(modes, texts.get).follow(texts)) == [
        Followed(b"a", b"a", SUBMODULES),
        Followed(b"b", b"b", SUBMODULES),
        Followed(b"c/lib", b"docs/lib", SUBMODULES),
    ]


def test_texts_that_no_path_has_are_not_followed() -> None:
    modes = {b"a": SYMLINK, b"b": SYMLINK, b"c": SYMLINK}
    texts = {b"a": b"", b"b": b"x\0y"}
    assert [item.why for item in Links(modes, texts.get).follow(sorted(modes))] == [UNREADABLE] * 3


def test_names_that_are_not_utf8_are_paths_like_others() -> None:
    modes = {b"\xff/a.md": REGULAR, b"\xff/\xfe.md": REGULAR, b"to": SYMLINK, b"b.md": SYMLINK}
    texts = {b"to": b"\xff", b"b.md": b"\xff/\xfe.md"}
    assert list(Links(modes, texts.get).follow(texts)) == [
        Followed(b"to/a.md", b"\xff/a.md"),
        Followed(b"to/\xfe.md", b"\xff/\xfe.md"),
        Followed(b"b.md", b"b.md", links.UNDECODABLE),
    ]


_NAMES = st.sampled_from(["a", "b", "..", ".", "", "/"])


@given(
    st.dictionaries(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map("/".join),
        st.none() | st.lists(_NAMES, min_size=1, max_size=5).map("/".join),
        max_size=8,
    )
)
def test_every_link_ends_at_a_file_of_the_tree_or_says_why_not(drawn: dict[str, str | None]) -> None:
    tree = {path: text for path, text in drawn.items() if not any(other.startswith(f"{path}/") for other in drawn)}
    modes = {path.encode(): REGULAR if text is FILE else SYMLINK for path, text in tree.items()}
    texts = {path.encode(): text.encode() for path, text in tree.items() if text is not None}
    for item in Links(modes, texts.get).follow(texts):
        assert item.real in modes
        assert bool(item.why) == (modes[item.real] == SYMLINK)
