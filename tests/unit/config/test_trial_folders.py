"""Folders of tests and examples."""

from __future__ import annotations

import pytest

from vsync.config.trial_folders import is_for_trial


@pytest.mark.parametrize("path", ["tests/a.md", "a/Examples/b/c.md", "ui-tests/a.md", "node_modules/x/docs/a.md"])
def test_what_lies_in_such_a_folder_is_data(path: str) -> None:
    assert is_for_trial(path)


@pytest.mark.parametrize("path", ["docs/a.md", "docs/testing-guide/a.md", "tests.md", "docs/tests"])
def test_other_documents_are_none(path: str) -> None:
    assert not is_for_trial(path)
