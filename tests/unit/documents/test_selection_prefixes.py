"""Passing over paths outside of the folders that the include patterns begin with changes no decision."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.selection import Rules, Selector
from vsync.errors import ConfigurationError
from vsync.git.changes import REGULAR, SUBMODULE, SYMLINK

NAMES = st.sampled_from(["docs", "doc", "docsx", "a.md", "x", "é", "a b", "b "])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PARTS = st.sampled_from(["docs", "doc", "*", "**", "a.md", "d*", "[dx]ocs", "é", "a b", r"b\ ", "b ", "*.md"])
LINES = st.builds(
    lambda sign, slash, parts, end: sign + slash + "/".join(parts) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "/", "/**", " "]),
)


@given(
    include=st.lists(LINES, min_size=1, max_size=3),
    root=st.sampled_from(["", "docs", "x"]),
    paths=st.lists(PATHS, min_size=1, max_size=8),
    mode=st.sampled_from([REGULAR, REGULAR, SYMLINK, SUBMODULE]),
)
def test_the_decisions_are_those_of_the_patterns(include: list[str], root: str, paths: list[str], mode: str) -> None:
    rules = Rules(tuple(include), root=root)
    try:
        quick, slow = Selector(rules), Selector(rules)
    except ConfigurationError:
        return
    slow._prefixes = None
    for path in paths:
        assert quick.decide(path.encode(), mode) == slow.decide(path.encode(), mode)


@pytest.mark.parametrize("include", [("docs/**",), ("/docs/*.md", "api/x/**"), ("docs/**", "!docs/old/**")])
def test_a_path_elsewhere_is_told_to_be_matched_by_no_pattern(include: tuple[str, ...]) -> None:
    why = Selector(Rules(include)).decide(b"main.md", REGULAR).why
    assert why is not None
    assert why.kind == "not-included"
