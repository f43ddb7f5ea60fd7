"""Laws of the user's patterns: what is suggested can be used, and no text causes another error than the documented one."""

from __future__ import annotations

import contextlib
import re

from hypothesis import example, given
from hypothesis import strategies as st

from vsync.documents.gitignore import Patterns, single
from vsync.documents.nearest import KnownPaths
from vsync.documents.pattern_mistakes import mistake, of_machine
from vsync.documents.selection import Rules, Selector
from vsync.errors import ConfigurationError

WORD = st.text(st.sampled_from("ab.*?/\\{},[]!'\"- ~^$|1:é"), max_size=12) | st.text(max_size=8)
NAMES = st.text(st.sampled_from("ab.*?\\{},[] é"), min_size=1, max_size=6).filter(lambda name: name.strip(".") != "")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(WORD)
@example("{a,{b,{c,d}}},'./[x', ..\\y")
@example("{a,b}" * 50)
@example("'" * 12)
@example('["a", "./b", "{c,d}"]')
def test_what_is_suggested_instead_of_a_pattern_can_be_used(pattern: str) -> None:
    wrong = mistake(pattern)
    for spelling in wrong.instead if wrong is not None else ():
        assert mistake(spelling) is None, spelling
    of_machine(pattern, "/data/repo")


@given(st.lists(WORD.filter(lambda word: word.strip() != ""), max_size=3), PATHS)
def test_a_pattern_is_refused_or_matches_without_an_error(patterns: list[str], path: str) -> None:
    with contextlib.suppress(ConfigurationError):
        selector = Selector(Rules(tuple(patterns), types="documentation"))
        selector.why_not(path, "100644")
        selector.why_not(path, "120000")
        for pattern in Rules(tuple(patterns)).patterns:
            KnownPaths([path]).nearest_to(pattern[1])


@given(WORD.filter(lambda word: word.strip() != ""), PATHS)
@example("a\\*b", "a*b")
@example("a b ", "a b")
def test_a_single_pattern_matches_what_it_matches_among_others(pattern: str, path: str) -> None:
    with contextlib.suppress(ConfigurationError):
        patterns = Patterns("include", [pattern])
        taken = patterns.lines[0].removeprefix("!")
        with contextlib.suppress(ValueError, re.error):
            assert single(patterns.lines[0])(path) == Patterns("include", [taken]).matches(path)


@given(PATHS.filter(lambda path: "\\" not in path))
def test_every_path_has_a_pattern_that_names_it_alone(path: str) -> None:
    # A backslash in a name is written as a question mark: two backslashes look like a path of Windows.
    escaped = "/" + re.sub(r"([\\*?\[\]{}!#'\"^$|,: ])", r"\\\1", path)
    assert mistake(escaped) is None
    assert Patterns("exclude", [escaped]).matches(path)
    assert not Patterns("exclude", [escaped]).matches(f"{path}x")
