"""Which removed path and which added path are one renamed document."""

from __future__ import annotations

from vsync.plan.renames import pair_renames


def test_a_removed_and_an_added_path_with_the_same_blob_are_a_rename() -> None:
    assert pair_renames({"old.md": "1", "gone.md": "2"}, {"new.md": "1", "fresh.md": "3"}) == [("old.md", "new.md")]


def test_equal_blobs_are_paired_in_sorted_order() -> None:
    assert pair_renames({"b": "1", "a": "1", "c": "1"}, {"z": "1", "y": "1"}) == [("a", "y"), ("b", "z")]


def test_a_copy_is_not_a_rename() -> None:
    assert pair_renames({}, {"copy.md": "1"}) == []
    assert pair_renames({"a": "1"}, {"b": "1", "c": "1"}) == [("a", "b")]
