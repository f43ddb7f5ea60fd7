"""Stores, Files and entries as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import store_info
from vsync.manage.filters import Use
from vsync.manage.listings import Look, entry_lines, failed_first, file_lines, owner_text, store_lines
from vsync.manage.owner import Owner
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

NOW = 1_700_000_000 + 3 * 86_400
LOOK = Look(NOW)
OWNED = {"vsync_owner": "o", "vsync_source": "acme/docs", "vsync_target": "api"}


def test_stores_stand_in_a_table_with_their_cost_and_owner() -> None:
    stores = [
        replace(store_info("vs_1", "docs", OWNED), usage_bytes=3 * 2**30, last_active_at=NOW - 60),
        store_info("vs_22", None),
    ]
    assert [line.text for line in store_lines(stores, LOOK)] == [
        "ID     NAME  STATUS     FILES     SIZE  COST/DAY  AGE  USED  OWNER",
        "vs_1   docs  completed      3   3.2 GB     $0.30  3 d  60 s  acme/docs (api)",
        "vs_22  -     completed      3  12.3 KB    <$0.01  3 d     -  -",
        "2 vector stores, 6 entries, 3.2 GB, $0.20 a day (the first 1 GB is free)",
    ]


def test_failed_and_waiting_entries_are_seen() -> None:
    stores = [replace(store_info("vs_1", "docs"), failed=2), replace(store_info("vs_2", "more"), in_progress=5)]
    head, first, second, _ = (line.text for line in store_lines(stores, LOOK))
    assert [word for word in head.split() if word in {"FAILED", "INDEXING"}] == ["FAILED", "INDEXING"]
    assert first.split()[4:6] == ["2", "0"]
    assert second.split()[4:6] == ["0", "5"]


def test_where_openais_prices_do_not_hold_there_are_none() -> None:
    lines = "\n".join(line.text for line in store_lines([store_info()], Look(NOW, priced=False)))
    assert "$" not in lines
    assert "COST" not in lines


def test_some_of_the_stores_share_no_free_gigabyte() -> None:
    total = store_lines([replace(store_info(), usage_bytes=2**30)], LOOK, whole=False)[-1].text
    assert total.endswith("$0.10 a day without the free 1 GB")
    assert store_lines([store_info()], LOOK)[-1].text.endswith("no cost (the first 1 GB is free)")


LONG = replace(store_info("vs_67f0" + "0" * 24 + "0304", "a name that is long " * 5, OWNED), failed=1)


def test_eighty_columns_hold_what_a_person_needs_to_decide() -> None:
    lines = [line.text for line in store_lines([LONG], Look(NOW, 80))]
    assert max(map(len, lines[:2])) <= 80
    assert lines[0].split() == ["ID", "NAME", "FAILED", "SIZE", "COST/DAY", "AGE", "OWNER"]
    assert lines[1].startswith("vs_67f0")
    assert "304  a name " in lines[1]
    assert "12.3 KB" in lines[1]
    assert lines[2] == "(not shown here: STATUS, FILES, USED)"


@pytest.mark.parametrize(("store", "width"), [(LONG, None), (LONG, 140), (replace(LONG, name=None), 80)])
def test_an_id_is_whole_where_it_fits_where_a_program_reads_it_and_where_there_is_no_name(
    store: StoreInfo, width: int | None
) -> None:
    assert store.id in store_lines([store], Look(NOW, width))[1].text


def test_a_status_that_does_not_fit_is_a_mark_before_the_name() -> None:
    stores = [LONG, replace(LONG, name="old", status="expired"), replace(LONG, name="new", status="in_progress")]
    lines = [line.text for line in store_lines(stores, Look(NOW, 80))]
    assert "  a name " in lines[1]
    assert "  ! old " in lines[2]
    assert lines[-2] == "(! is not completed: 1 expired, 1 in_progress)"
    assert "STATUS" not in "".join(lines)
    assert "!" not in "".join(line.text for line in store_lines(stores, Look(NOW, 160)))


def test_a_hostile_stores_name_does_nothing() -> None:
    stores = [store_info("vs_1", "a\n::error::\x1b[2J", status="x\ny")]
    assert all(line.text.isprintable() for line in store_lines(stores, LOOK))


FILE = UploadedFile("file-1", "a.md", 1_500, "assistants", NOW - 7_200)


def use(store: str, owner: Owner | None = None) -> Use:
    return Use(store, "", "a.md", owner, {})


def test_files_stand_in_a_table() -> None:
    assert [line.text for line in file_lines([FILE], LOOK)] == [
        "ID      NAME  PURPOSE       SIZE  AGE",
        "file-1  a.md  assistants  1.5 KB  2 h",
        "1 File, 1.5 KB",
    ]


def test_the_stores_that_list_a_file_are_named_and_whose_it_is() -> None:
    ours = Owner("acme/docs", "default")
    shown = file_lines([FILE], LOOK, {"file-1": [use("vs_1", ours), use("vs_2", ours)]})[1].text
    assert shown.endswith("vs_1, vs_2  acme/docs")
    assert file_lines([FILE], LOOK, {})[1].text.endswith("none    -")
    assert owner_text([use("vs_1", ours), use("vs_2")]) == "several"
    assert owner_text([use("vs_1")]) == "-"


def entry(file_id: str, status: str, **attributes: str | float | bool) -> StoreEntry:
    error = "unsupported_file" if status == "failed" else ""
    return StoreEntry(file_id, status, attributes, None, error, "no \x1btext" if error else "", NOW - 60, 10)


def test_failed_entries_come_first_with_their_errors() -> None:
    entries = failed_first(
        [
            entry("file-1", "completed", path="b.md"),
            entry("file-2", "failed", path="z.md"),
            entry("file-3", "in_progress"),
        ]
    )
    assert [item.file_id for item in entries] == ["file-2", "file-3", "file-1"]
    lines = [line.text for line in entry_lines(entries, LOOK, {"file-3": "named.md"})]
    assert lines[0].split() == ["STATUS", "PATH", "SIZE", "AGE", "ERROR", "ID"]
    assert "unsupported_file: no \\x1btext" in lines[1]
    assert "named.md" in lines[2]


def test_the_attributes_of_people_are_shown_and_not_those_of_vsync() -> None:
    shown = entry_lines([entry("file-1", "completed", path="a.md", owner="secret-ish", team="docs", level=3)], LOOK)[1]
    assert shown.text.endswith("team=docs, level=3")
    assert "owner" not in shown.text
