"""Options for a command that is to find the same source, manifest and store."""

from __future__ import annotations

import pytest

from vsync.config.settings import Given, resolve
from vsync.config.state_options import state_options


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, ()),
        ({"repo": "../docs"}, ("--repo", "../docs")),
        ({"folder": "site", "repo": "../docs"}, ("--folder", "site")),
        ({"source": "acme/docs"}, ("--source", "acme/docs")),
        ({"local": "true"}, ("--local",)),
        ({"local": "my.db", "push": True}, ("--local", "my.db")),
        ({"manifest": "m.json"}, ("--manifest", "m.json")),
        ({"push": True, "commit": True}, ("--push",)),
        ({"commit": True, "manifest-branch": "main"}, ("--commit", "--manifest-branch", "main")),
    ],
)
def test_only_what_is_not_the_default_is_an_option(given: Given, options: tuple[str, ...]) -> None:
    assert state_options(resolve(given, {})) == options


def test_the_runners_folder_is_no_option_for_a_person() -> None:
    assert state_options(resolve({"repo": "/github/workspace", "push": True}, {}), in_workflow=True) == ("--push",)
