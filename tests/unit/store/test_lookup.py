"""A store that does not exist any more."""

from __future__ import annotations

from vsync.store.lookup import gone


def test_a_store_that_is_gone_is_told_with_what_to_check() -> None:
    error = gone("vs_1")
    assert "vs_1" in error.message
    assert "Check the id" in error.remedy
    assert "vsync verify --repair" in error.remedy
    assert "args: --repair" in error.remedy
