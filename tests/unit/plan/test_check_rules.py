"""Rules that do not fit the source are refused: a root that it does not have, and paths of this machine."""

from __future__ import annotations

import pytest

from tests.support.builders import HEAD, MemorySource, TreeFile
from vsync.documents.selection import Rules
from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, SYMLINK
from vsync.plan.check_rules import check_patterns, check_root

TREE = {
    b"README.md": TreeFile(b"x"),
    b"services/api/docs/a.md": TreeFile(b"x"),
    b"link": TreeFile(b"services", SYMLINK),
    b"module": TreeFile(b"1" * 40, SUBMODULE),
    b"home/a/b/c.md": TreeFile(b"x"),
}


def source() -> MemorySource:
    return MemorySource({HEAD: TREE}, HEAD)


@pytest.mark.parametrize("root", ["", "services", "services/api", "services/api/docs"])
def test_a_folder_of_the_source_can_be_the_root(root: str) -> None:
    check_root(source(), Rules(root=root))


@pytest.mark.parametrize(
    ("root", "problem", "nearest"),
    [
        ("service/api", "does not exist", "services/api"),
        ("api", "does not exist", "services/api"),
        ("Services", "does not exist", "services"),
        ("nothing/like/it", "does not exist", None),
        ("README.md", "is a file", None),
        ("link", "is a symbolic link", None),
        ("module", "is a submodule", None),
    ],
)
def test_another_root_is_refused_with_the_nearest_folder(root: str, problem: str, nearest: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_root(source(), Rules(root=root))
    assert caught.value.message == f"The root '{root}' {problem} in the commit {HEAD[:12]}."
    if nearest is not None:
        assert f"the nearest is '{nearest}'" in caught.value.remedy


@pytest.mark.parametrize(
    "pattern", ["/srv/clone/docs/**", "/github/workspace/docs/", "/opt/a/b/*.md", "!/Users/me/docs/a.md"]
)
def test_a_path_of_this_machine_is_refused(pattern: str) -> None:
    for rules in (Rules((pattern,)), Rules(exclude=(pattern,)), Rules(allow_secrets=("*.md", pattern))):
        with pytest.raises(ConfigurationError) as caught:
            check_patterns(source(), rules, "/srv/clone")
        assert f"'{pattern}'" in caught.value.message


@pytest.mark.parametrize("pattern", ["/home/a/b/**", "/services/api/docs/", "/docs/a/b/*.md", "/home/"])
def test_a_pattern_whose_first_folder_is_in_the_source_is_meant(pattern: str) -> None:
    check_patterns(source(), Rules((pattern,)), "/srv/clone")


def test_the_first_folder_is_looked_for_in_the_root() -> None:
    with pytest.raises(ConfigurationError):
        check_patterns(source(), Rules(("/home/a/b/**",), root="services"), "/srv/clone")
