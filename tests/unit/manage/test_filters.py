"""Which stores, Files and entries a filter means."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.project import DAY, NOW, of_vsync
from vsync.manage.filters import Age, EntryFilter, FileFilter, StoreFilter, Use
from vsync.manage.owner import Owner, Whose, owner_of_store
from vsync.manage.usage import use_of
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

OURS = {"vsync_owner": "o1", "vsync_source": "acme/docs", "vsync_target": "default", "vsync_nonce": "n" * 32}


def store(**fields: Any) -> StoreInfo:
    made = StoreInfo(
        "vs_1", "docs-main", "completed", 3, 100, NOW - 10 * DAY, {"team": "docs"}, last_active_at=NOW - DAY
    )
    return dataclasses.replace(made, **fields)


def entry(**fields: Any) -> StoreEntry:
    made = StoreEntry(
        "file-1", "completed", {"path": "docs/a.md", "stars": 3.0, "live": True}, None, created_at=NOW - DAY
    )
    return dataclasses.replace(made, **fields)


def file(**fields: Any) -> UploadedFile:
    made = UploadedFile("file-1", "a.md", 100, "assistants", NOW - 10 * DAY, "processed")
    return dataclasses.replace(made, **fields)


def use(store_id: str = "vs_1", **attributes: Any) -> Use:
    return use_of(store(id=store_id), entry(attributes=attributes))


def means(chosen: StoreFilter, info: StoreInfo) -> bool:
    return chosen.matches(info, owner_of_store(info), NOW)


# --- Ages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "days", "meant"),
    [
        (Age(), 10, True),
        (Age(older_than_s=10 * DAY), 10, True),
        (Age(older_than_s=10 * DAY + 1), 10, False),
        (Age(newer_than_s=10 * DAY), 10, True),
        (Age(newer_than_s=10 * DAY - 1), 10, False),
        (Age(2 * DAY, 5 * DAY), 3, True),
        (Age(2 * DAY, 5 * DAY), 6, False),
    ],
)
def test_an_age_has_two_ends(age: Age, days: int, meant: bool) -> None:
    assert age.matches(NOW - days * DAY, NOW) == meant


@pytest.mark.parametrize("age", [Age(older_than_s=DAY), Age(newer_than_s=10**10), Age(0), Age(0, 10**10)])
def test_what_names_no_time_of_its_making_is_of_no_age(age: Age) -> None:
    assert not age.matches(0, NOW)
    assert Age().matches(0, NOW)


def test_what_was_made_in_the_future_is_not_old() -> None:
    assert not Age(older_than_s=1).matches(NOW + DAY, NOW)
    assert Age(newer_than_s=0).matches(NOW + DAY, NOW)


# --- Stores -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        (StoreFilter(), True),
        (StoreFilter(names=("docs-*",)), True),
        (StoreFilter(names=("other", "docs-????")), True),
        (StoreFilter(names=("DOCS-*",)), False),
        (StoreFilter(names=("docs",)), False),
        (StoreFilter(metadata=(("team", "d*"),)), True),
        (StoreFilter(metadata=(("team", "d*"), ("stage", "*"))), False),
        (StoreFilter(statuses=("expired", "completed")), True),
        (StoreFilter(statuses=("expired",)), False),
        (StoreFilter(age=Age(9 * DAY)), True),
        (StoreFilter(age=Age(11 * DAY)), False),
        (StoreFilter(unused_for_s=DAY), True),
        (StoreFilter(unused_for_s=DAY + 1), False),
        (StoreFilter(empty=True), False),
        (StoreFilter(whose=Whose(owned=True)), False),
        (StoreFilter(whose=Whose(owned=False)), True),
    ],
)
def test_each_part_of_a_filter_of_stores(chosen: StoreFilter, meant: bool) -> None:
    assert means(chosen, store()) == meant


def test_an_empty_store_is_meant_where_empty_ones_are() -> None:
    assert means(StoreFilter(empty=True), store(files=0, counted=0))


def test_a_store_that_does_not_say_how_many_entries_it_has_is_not_empty() -> None:
    assert not means(StoreFilter(empty=True), store(files=0, counted=None))


def test_a_store_that_was_never_used_is_unused_since_it_was_made() -> None:
    never = store(last_active_at=None)
    assert means(StoreFilter(unused_for_s=10 * DAY), never)
    assert not means(StoreFilter(unused_for_s=11 * DAY), never)


def test_a_store_that_names_no_time_at_all_is_never_unused() -> None:
    assert not means(StoreFilter(unused_for_s=1), store(last_active_at=None, created_at=0))


def test_a_store_without_a_name_has_an_empty_one() -> None:
    assert means(StoreFilter(names=("",)), store(name=None))
    assert not means(StoreFilter(names=("?*",)), store(name=None))


def test_the_secret_of_a_store_cannot_be_searched_for() -> None:
    ours = store(metadata=OURS)
    assert means(StoreFilter(metadata=(("vsync_source", "acme/*"),)), ours)
    assert not means(StoreFilter(metadata=(("vsync_nonce", "*"),)), ours)


# --- Entries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        (EntryFilter(), True),
        (EntryFilter(paths=("docs/*",)), True),
        (EntryFilter(paths=("a.md",)), False),
        (EntryFilter(attributes=(("stars", "3"),)), True),
        (EntryFilter(attributes=(("stars", "3.0"),)), False),
        (EntryFilter(attributes=(("live", "true"),)), True),
        (EntryFilter(attributes=(("lives", "*"),)), False),
        (EntryFilter(statuses=("completed",)), True),
        (EntryFilter(statuses=("failed", "cancelled")), False),
        (EntryFilter(age=Age(DAY)), True),
        (EntryFilter(age=Age(2 * DAY)), False),
        (EntryFilter(whose=Whose(owned=True)), False),
    ],
)
def test_each_part_of_a_filter_of_entries(chosen: EntryFilter, meant: bool) -> None:
    assert chosen.matches(entry(), NOW) == meant


def test_a_number_with_a_fraction_is_written_as_people_write_it() -> None:
    assert EntryFilter(attributes=(("x", "2.5"),)).matches(entry(attributes={"x": 2.5}), NOW)


# --- Files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        (FileFilter(), True),
        (FileFilter(names=("*.md",)), True),
        (FileFilter(names=("*.txt",)), False),
        (FileFilter(purposes=("batch", "assistants")), True),
        (FileFilter(purposes=("batch",)), False),
        (FileFilter(statuses=("processed",)), True),
        (FileFilter(statuses=("error",)), False),
        (FileFilter(age=Age(10 * DAY)), True),
        (FileFilter(age=Age(newer_than_s=DAY)), False),
        (FileFilter(larger_than=99), True),
        (FileFilter(larger_than=100), False),
    ],
)
def test_each_part_that_the_listing_of_files_tells(chosen: FileFilter, meant: bool) -> None:
    assert chosen.may_match(file(), NOW) == meant
    assert not chosen.needs_usage


VSYNCS, OTHERS = use("vs_1", **of_vsync()), use("vs_2", **of_vsync(source="other/docs"))
PLAIN = use("vs_2", team="docs")


@pytest.mark.parametrize(
    ("chosen", "uses", "meant"),
    [
        (FileFilter(attached=True), [PLAIN], True),
        (FileFilter(attached=True), [], False),
        (FileFilter(attached=False), [], True),
        (FileFilter(attached=False), [PLAIN], False),
        (FileFilter(in_stores=("vs_2", "vs_9")), [VSYNCS, PLAIN], True),
        (FileFilter(in_stores=("vs_9",)), [VSYNCS, PLAIN], False),
        (FileFilter(attributes=(("team", "d*"),)), [VSYNCS, PLAIN], True),
        (FileFilter(attributes=(("team", "d*"), ("source", "*"))), [VSYNCS, PLAIN], False),
        (FileFilter(whose=Whose(owned=True)), [VSYNCS], True),
        (FileFilter(whose=Whose(owned=True)), [], False),
        (FileFilter(whose=Whose(owned=False)), [], True),
        (FileFilter(whose=Whose(source="acme/docs")), [VSYNCS, VSYNCS], True),
    ],
)
def test_each_part_that_only_the_stores_tell(chosen: FileFilter, uses: list[Use], meant: bool) -> None:
    assert chosen.matches_uses(uses) == meant
    assert chosen.needs_usage


@pytest.mark.parametrize("other", [OTHERS, PLAIN])
def test_a_file_that_somebody_else_uses_as_well_is_nobodys_alone(other: Use) -> None:
    chosen = FileFilter(whose=Whose(source="acme/docs"))
    assert not chosen.matches_uses([VSYNCS, other])
    assert not chosen.matches_uses([other, VSYNCS])
    assert not FileFilter(whose=Whose(owned=False)).matches_uses([VSYNCS, PLAIN])


@pytest.mark.parametrize("chosen", [StoreFilter(), EntryFilter(), FileFilter()])
def test_a_filter_that_says_nothing_is_empty(chosen: StoreFilter | EntryFilter | FileFilter) -> None:
    assert chosen.is_empty
    for part in dataclasses.fields(chosen):
        said: Any = {"age": Age(0), "whose": Whose(target="t")}.get(part.name, ("x",))
        if part.name in {"unused_for_s", "larger_than", "empty", "attached"}:
            said = 0 if part.name in {"unused_for_s", "larger_than"} else part.name == "empty"
        assert not dataclasses.replace(chosen, **{part.name: said}).is_empty, part.name


# --- All parts must hold ------------------------------------------------------------------------------------

patterns = st.sampled_from(["a*", "*.md", "b", "?*", "[ab]*"])
several = st.lists(patterns, max_size=2).map(tuple)
pairs = st.lists(st.tuples(st.sampled_from(["team", "path"]), patterns), max_size=2).map(tuple)
seconds = st.none() | st.integers(0, 3 * DAY)
ages = st.builds(Age, seconds, seconds)
anybody = st.builds(
    Whose, st.none() | st.booleans(), st.none() | st.sampled_from(["acme/docs", "b"]), st.none() | st.just("default")
)
names = st.sampled_from(["a.md", "b", "ab", ""])
times = st.integers(NOW - 3 * DAY, NOW) | st.just(0)
shown = st.dictionaries(st.sampled_from(["team", "path"]), names) | st.just(of_vsync())
infos = st.builds(
    store,
    name=st.none() | names,
    status=st.sampled_from(["completed", "expired"]),
    files=st.integers(0, 1),
    created_at=times,
    last_active_at=st.none() | times,
    metadata=st.dictionaries(st.sampled_from(["team", "path"]), names) | st.just(OURS),
)
statuses = st.lists(st.sampled_from(["completed", "expired", "processed"]), max_size=2).map(tuple)
store_filters = st.builds(StoreFilter, several, pairs, statuses, ages, seconds, st.booleans(), anybody)
entry_filters = st.builds(EntryFilter, several, pairs, statuses, ages, anybody)
file_filters = st.builds(
    FileFilter,
    several,
    st.lists(st.sampled_from(["assistants", "batch"]), max_size=2).map(tuple),
    statuses,
    ages,
    st.none() | st.integers(0, 2),
    st.none() | st.booleans(),
    st.lists(st.sampled_from(["vs_1", "vs_2"]), max_size=2).map(tuple),
    pairs,
    anybody,
)


def alone(chosen: Any) -> list[Any]:
    """A filter for each part of it, with this part alone."""
    empty = type(chosen)()
    return [
        dataclasses.replace(empty, **{part.name: getattr(chosen, part.name)}) for part in dataclasses.fields(chosen)
    ]


@given(store_filters, infos)
def test_a_store_is_meant_when_every_part_means_it(chosen: StoreFilter, info: StoreInfo) -> None:
    assert means(chosen, info) == all(means(part, info) for part in alone(chosen))


@given(entry_filters, st.builds(entry, attributes=shown, created_at=times))
def test_an_entry_is_meant_when_every_part_means_it(chosen: EntryFilter, one: StoreEntry) -> None:
    assert chosen.matches(one, NOW) == all(part.matches(one, NOW) for part in alone(chosen))


@given(
    file_filters,
    st.builds(file, filename=names, bytes=st.integers(0, 3), created_at=times),
    st.lists(st.builds(use, st.sampled_from(["vs_1", "vs_2"]), team=names) | st.sampled_from([VSYNCS, OTHERS])),
)
def test_a_file_is_meant_when_every_part_means_it(chosen: FileFilter, one: UploadedFile, uses: list[Use]) -> None:
    def meant(part: FileFilter) -> bool:
        return part.may_match(one, NOW) and part.matches_uses(uses)

    assert meant(chosen) == all(meant(part) for part in alone(chosen))


@given(file_filters, st.builds(file, filename=names, created_at=times))
def test_a_filter_that_needs_no_stores_means_the_same_whatever_they_list(chosen: FileFilter, one: UploadedFile) -> None:
    if not chosen.needs_usage:
        assert chosen.matches_uses([]) == chosen.matches_uses([PLAIN]) is True


def test_the_owner_of_a_use_is_the_entrys() -> None:
    assert (VSYNCS.owner, PLAIN.owner) == (Owner("acme/docs", "default"), None)
