"""What a store shows otherwise than the last run left it, and what the next run compares with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import entry, state
from vsync.state.figures import Figures
from vsync.state.manifest import Manifest
from vsync.store.entries import StoreInfo
from vsync.sync.store_changes import changed_since, entries_were_gone, nothing_of_ours
from vsync.sync.store_figures import (
    COUNT_ALARMS,
    USAGE_ALARMS,
    Documents,
    at_the_end,
    documents_in,
    marks,
    signs,
    with_listing,
    without_listing,
)


def info(counted: int | None = 10, used: int | None = 500, **metadata: str) -> StoreInfo:
    return StoreInfo("vs_1", "docs", "completed", counted or 0, used or 0, 0, metadata, counted=counted, used=used)


LEFT = Figures(others=2, usage=500, marks=marks(info()))
EIGHT = Documents(8)


@pytest.mark.parametrize(
    ("figures", "seen", "documents", "expected"),
    [
        (LEFT, info(), EIGHT, ()),
        (None, info(99), EIGHT, ()),
        (LEFT, info(11), EIGHT, ("count",)),
        (LEFT, info(9), EIGHT, ("count",)),
        (LEFT, info(used=501), EIGHT, ("usage",)),
        (LEFT, info(11, 501), EIGHT, ("count", "usage")),
        (LEFT, info(vsync_owner="another"), EIGHT, ("metadata",)),
        (LEFT, info(team="docs"), EIGHT, ()),
        (LEFT, info(None, None), EIGHT, ()),
        (replace(LEFT, usage=None, marks=None), info(used=501, vsync_owner="another"), EIGHT, ()),
        (replace(LEFT, usage=0), info(used=1), EIGHT, ("usage",)),
        (LEFT, info(13), Documents(8, others=3, serials=4), ()),  # another target was synced: its usage is not ours
        (LEFT, info(13, 900), Documents(8, others=3, serials=4), ()),
        (replace(LEFT, beside=4), info(13, 900), Documents(8, others=3, serials=4), ("usage",)),
        (replace(LEFT, count_alarms=COUNT_ALARMS), info(77), EIGHT, ()),
        (replace(LEFT, usage_alarms=USAGE_ALARMS), info(used=77), EIGHT, ()),
    ],
)
def test_what_differs_from_what_the_last_run_left_is_a_sign(
    figures: Figures | None, seen: StoreInfo, documents: Documents, expected: tuple[str, ...]
) -> None:
    assert signs(figures, seen, documents) == expected


def test_the_other_targets_of_the_manifest_count_where_they_are_in_the_same_store() -> None:
    ours, beside = state(["a.md"]), replace(state(["b.md", "c.md"]), serial=7)
    elsewhere = replace(beside, vector_store_id="vs_elsewhere")
    manifest = Manifest("owner", "acme/docs", targets={"default": ours, "other": beside, "far": elsewhere})
    assert documents_in(manifest, "default", ours.vector_store_id, 1) == Documents(1, 2, 7)
    assert documents_in(None, "default", "vs_1", 1) == Documents(1)


def test_a_run_without_earlier_figures_takes_the_store_as_it_is() -> None:
    assert without_listing(None, info(10), EIGHT) == Figures(others=2)
    assert without_listing(None, info(None), EIGHT) is None


def test_a_comparison_that_agrees_ends_the_row_of_alarms() -> None:
    assert without_listing(replace(LEFT, count_alarms=2, usage_alarms=1), info(), EIGHT) == replace(
        LEFT, usage_alarms=1
    )
    off = replace(LEFT, count_alarms=COUNT_ALARMS)
    assert without_listing(off, info(77), EIGHT) == off


def listed(
    figures: Figures | None, found: tuple[Any, ...], seen: StoreInfo, number: int, *, same: bool
) -> Figures | None:
    return with_listing(figures, found, seen, EIGHT, number, as_recorded=same)


def test_the_listing_is_believed_first_and_the_count_when_it_lists_in_vain() -> None:
    first = listed(LEFT, ("count",), info(13), 11, same=True)
    assert first == Figures(others=3, count_alarms=1)
    assert listed(first, ("count",), info(13), 11, same=True) == Figures(others=5, count_alarms=2)


def test_a_real_change_begins_anew() -> None:
    tired = replace(LEFT, count_alarms=2, usage_alarms=1)
    assert listed(tired, ("count",), info(11), 11, same=False) == Figures(others=3)


def test_a_listing_for_another_reason_begins_anew() -> None:
    tired = replace(LEFT, count_alarms=COUNT_ALARMS, usage_alarms=USAGE_ALARMS)
    assert listed(tired, (), info(11), 11, same=True) == Figures(others=3)
    assert listed(None, (), info(11), 11, same=True) == Figures(others=3)


def test_bytes_that_differ_in_vain_are_counted_apart() -> None:
    found = listed(replace(LEFT, usage_alarms=1), ("usage",), info(10, 501), 10, same=True)
    assert found is not None
    assert (found.others, found.count_alarms, found.usage_alarms) == (2, 0, 2)


def test_other_metadata_is_no_alarm() -> None:
    found = listed(LEFT, ("metadata",), info(10), 10, same=True)
    assert found is not None
    assert (found.count_alarms, found.usage_alarms) == (0, 0)


def test_a_store_without_a_count_leaves_nothing_to_compare() -> None:
    assert listed(LEFT, (), info(None), 10, same=True) is None
    assert at_the_end(None, info(), 5, EIGHT) is None


def test_the_end_of_a_run_adds_what_only_the_store_knows() -> None:
    assert at_the_end(Figures(2), info(vsync_owner="me"), 700, Documents(8, 1, 3)) == Figures(
        others=2, usage=700, marks=marks(info(vsync_owner="me")), beside=3
    )


def test_the_warning_names_what_was_found() -> None:
    recorded = state({name: entry(name, file_id=f"file-{name}") for name in ("a.md", "b.md", "c.md", "d.md")})
    found = replace(
        recorded,
        files={
            "a.md": recorded.files["a.md"],
            "b.md": recorded.files["b.md"]._replace(file_id="file-new"),
            "c.md": recorded.files["c.md"]._replace(tag="other"),
            "n.md": entry("n.md", file_id="file-n"),
        },
    )
    found = replace(found, pending_delete=("file-b.md", "file-d.md", "file-x", "file-y"))
    text = changed_since("vs_1", recorded, found)
    assert "It lacked 1 document: d.md." in text
    assert "It held another version of 1 document: b.md." in text
    assert "It held other attributes of 1 document: c.md." in text
    assert "It held, besides what is recorded, 1 document: n.md." in text
    assert "It held 2 more entries of this target." in text


def test_what_differs_for_nothing_is_told_in_words() -> None:
    assert "shows another count of entries than after the last run" in nothing_of_ours("vs_1", ("count",))
    text = nothing_of_ours("vs_1", ("count", "usage", "metadata"))
    assert "shows another count of entries, other bytes in use and other metadata than after the last run" in text


def test_the_warning_of_a_late_find_names_the_documents() -> None:
    text = entries_were_gone("vs_1", ["b.md", "a.md"])
    assert "It lacked the recorded entry of 2 documents: a.md, b.md." in text
    assert "the next run lists the store" in text


def test_the_warning_names_ten_documents_at_most() -> None:
    recorded = state([f"{number:02}.md" for number in range(12)])
    text = changed_since("vs_1", recorded, state([]))
    assert "It lacked 12 documents: 00.md," in text
    assert "09.md and 2 more." in text
