"""Which options of a command line hold for the next command as well."""

from __future__ import annotations

import pytest

from vsync.cli.repeated import repeated


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (["plan"], ()),
        ([], ()),
        (["plan", "--local", "--include", "docs/**"], ("--local", "--include", "docs/**")),
        (["plan", "--json", "-v", "--exit-code", "--push"], ("--push",)),
        (["sync", "--dry-run", "--expect", "0123", "--target", "api"], ("--target", "api")),
        (["sync", "--expect=0123", "--target=api"], ("--target=api",)),
        (["verify", "--take-over", "old/**", "--yes", "--take-over=x", "--push"], ("--push",)),
        (["verify", "--repair", "--rebuild", "--verbose"], ()),
        (["verify", "--take-over"], ()),
    ],
)
def test_what_belongs_to_one_command_is_left_out(line: list[str], kept: tuple[str, ...]) -> None:
    assert repeated(line) == kept
