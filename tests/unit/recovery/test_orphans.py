"""Which Files are inferred to be ours: by name, size, time, number, and by what else may be going on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

import pytest

from tests.support.builders import store_info
from vsync.recovery.orphans import (
    NEAR_S,
    SETTLED_AFTER_S,
    Found,
    Search,
    Suspects,
    candidates,
    judge,
    look_for,
    orphan_warnings,
)
from vsync.report.body import Orphan
from vsync.state.journal_record import Attempt
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.store.files import Files
from vsync.store.listed_elsewhere import MAX_REQUESTS

NOW = 1_000


def file(
    file_id: str = "file-1", name: str = "a.md", size: int = 3, at: int = 105, purpose: str = "assistants"
) -> UploadedFile:
    return UploadedFile(file_id, name, size, purpose, at)


def attempt(name: str = "a.md", size: int = 3, since: int | None = 100, until: int | None = 110) -> Attempt:
    return Attempt(name, size, since, until)


# Candidates


def test_a_file_of_the_name_and_size_that_was_made_in_the_window_is_a_candidate() -> None:
    assert candidates([attempt()], [file()], (), NOW) == [file()]


@pytest.mark.parametrize("at", [100, 110])
def test_the_window_holds_both_its_ends(at: int) -> None:
    assert candidates([attempt()], [file(at=at)], (), NOW) == [file(at=at)]


@pytest.mark.parametrize(
    "other",
    [
        file(name="b.md"),
        file(name="docs/a.md"),
        file(size=4),
        file(purpose="batch"),
        file(at=99),
        file(at=111),
    ],
    ids=["name", "folder", "size", "purpose", "before", "after"],
)
def test_any_other_file_is_none(other: UploadedFile) -> None:
    assert candidates([attempt()], [other], (), NOW) == []


def test_a_file_that_an_answer_named_is_no_candidate() -> None:
    assert candidates([attempt()], [file()], {"file-1"}, NOW) == []


def test_without_a_time_before_the_request_nothing_is_known_of_it() -> None:
    assert candidates([attempt(since=None)], [file()], (), NOW) == []


def test_the_window_of_a_dead_run_ends_now() -> None:
    dead = attempt(until=None)
    assert candidates([dead], [file(at=NOW), file("file-2", at=NOW + 1)], (), NOW) == [file(at=NOW)]


# The rule


def test_as_many_files_as_attempts_are_ours() -> None:
    files = [file(), file("file-2"), file("file-3", "b.md")]
    inferred, rest = judge([attempt(), attempt(), attempt("b.md")], files, NOW)
    assert (sorted(item.id for item in inferred), rest) == (["file-1", "file-2", "file-3"], [])


def test_of_more_files_than_attempts_none_is_ours() -> None:
    files = [file(), file("file-2")]
    assert judge([attempt()], files, NOW) == ([], files)


def test_too_many_of_one_name_say_nothing_of_another() -> None:
    one, two, other = file(), file("file-2"), file("file-3", "b.md")
    assert judge([attempt(), attempt("b.md")], [one, two, other], NOW) == ([other], [one, two])


def test_each_file_needs_an_attempt_of_its_own_time() -> None:
    early, late = attempt(since=100, until=110), attempt(since=200, until=210)
    both_early = [file(at=101), file("file-2", at=102)]
    assert judge([early, late], both_early, NOW) == ([], both_early)
    one_each = [file("file-2", at=205), file(at=101)]
    assert judge([late, early], one_each, NOW) == (one_each, [])


def test_a_wide_window_is_left_to_the_file_that_only_it_fits() -> None:
    wide, narrow = attempt(since=100, until=None), attempt(since=100, until=110)
    files = [file(at=105), file("file-2", at=300)]
    assert judge([wide, narrow], files, NOW)[0] == files


# Asking


class Project:
    """Files and stores as far as they are asked for; keeps the order of the questions."""

    def __init__(
        self, files: Iterable[UploadedFile], attached: Iterable[tuple[str, str]] = (), stores: Sequence[str] = ("vs_1",)
    ) -> None:
        self.files = list(files)
        self.attached = set(attached)
        self.stores = stores
        self.asked: list[str] = []
        self.waits: list[float] = []
        self.open = False
        self.refuses = False

    async def since(self, time: int) -> list[UploadedFile]:
        self.asked.append("files")
        return [item for item in self.files if item.created_at >= time]

    async def is_in(self, store_id: str, file_id: str) -> bool:
        self.asked.append(f"{store_id}/{file_id}")
        if self.refuses:
            raise Refused(500, "server_error", "overloaded")
        return (store_id, file_id) in self.attached

    def others_open(self) -> bool:
        self.asked.append("others")
        return self.open

    def look(
        self,
        *attempts: Attempt,
        doubtful: Sequence[Attempt] = (),
        known: Iterable[str] = (),
        now: int | None = NOW,
    ) -> list[Orphan]:
        return list(self.find(*attempts, doubtful=doubtful, known=known, now=now).orphans)

    def find(
        self,
        *attempts: Attempt,
        doubtful: Sequence[Attempt] = (),
        known: Iterable[str] = (),
        now: int | None = NOW,
    ) -> Found:
        async def stores() -> Sequence[StoreInfo]:
            self.asked.append("stores")
            # Their listings are long, so that each File is asked for.
            return [store_info(store_id, files=1_000_000) for store_id in self.stores]

        async def pause(seconds: float) -> None:
            self.waits.append(seconds)

        search = Search(cast(Files, self), stores, lambda: now, self.others_open, pause)
        return asyncio.run(look_for(Suspects(attempts, doubtful, set(known)), search))


def verdicts(found: Iterable[Orphan]) -> dict[str, str]:
    return {item.file_id: item.verdict for item in found}


def test_what_no_store_lists_is_deleted() -> None:
    project = Project([file()], stores=("vs_1", "vs_2"))
    assert verdicts(project.look(attempt())) == {"file-1": "deleted"}
    assert project.asked == ["files", "others", "stores", "vs_1/file-1", "vs_2/file-1"]
    assert project.waits == []


def test_a_file_that_some_store_lists_is_not_reported() -> None:
    project = Project([file()], attached=[("vs_2", "file-1")], stores=("vs_1", "vs_2"))
    assert project.look(attempt()) == []


def test_an_attached_file_does_not_count_against_an_unattached_one() -> None:
    project = Project([file(), file("file-2")], attached=[("vs_1", "file-1")])
    assert verdicts(project.look(attempt())) == {"file-2": "deleted"}


def test_while_another_run_is_open_nothing_is_touched() -> None:
    project = Project([file()])
    project.open = True
    (found,) = project.look(attempt())
    assert (found.verdict, "another run" in found.why) == ("listed", True)
    assert project.asked == ["files", "others"]


def test_more_questions_than_fifty_are_not_asked() -> None:
    stores = [f"vs_{number}" for number in range(MAX_REQUESTS)]
    assert verdicts(Project([file()], stores=stores).look(attempt())) == {"file-1": "deleted"}
    project = Project([file()], stores=[*stores, "vs_x"])
    assert verdicts(project.look(attempt())) == {"file-1": "listed"}
    assert project.asked == ["files", "others", "stores"]


def test_a_file_whose_stores_do_not_answer_is_only_reported() -> None:
    project = Project([file()])
    project.refuses = True
    assert verdicts(project.look(attempt())) == {"file-1": "listed"}


def test_a_young_file_is_given_time_to_be_attached() -> None:
    project = Project([file(at=NOW - 1)])
    assert verdicts(project.look(attempt(until=None), now=NOW)) == {"file-1": "deleted"}
    assert project.waits == [SETTLED_AFTER_S - 1]


def test_a_listing_that_may_be_stale_is_asked_for_once_more() -> None:
    project = Project([])
    assert project.look(attempt(until=NOW - 1)) == []
    assert project.asked == ["files", "files"]


def test_without_any_time_a_file_in_no_store_is_named_and_nothing_inferred() -> None:
    project = Project([file(), file("file-2"), file("file-3", name="b.md")], attached=[("vs_1", "file-2")])
    (found,) = project.look(attempt(since=None))
    assert (found.file_id, found.verdict) == ("file-1", "listed")
    assert "no date" in found.why


def test_without_any_time_what_the_stores_do_not_tell_is_named_too() -> None:
    project = Project([file()])
    project.refuses = True
    assert [item.verdict for item in project.look(attempt(since=None))] == ["listed"]


def test_without_any_time_many_files_are_named_without_asking_the_stores() -> None:
    project = Project([file(f"file-{number}") for number in range(MAX_REQUESTS + 1)])
    assert len(project.look(attempt(since=None))) == MAX_REQUESTS + 1
    assert project.asked == ["files", "stores"]


# What the rule does not cover


@pytest.mark.parametrize("at", [100 - NEAR_S, 99, 111, 110 + NEAR_S])
def test_a_file_from_shortly_before_or_after_is_named(at: int) -> None:
    (found,) = Project([file(at=at)]).look(attempt(), now=10_000)
    assert (found.verdict, "about then" in found.why) == ("listed", True)


@pytest.mark.parametrize("at", [100 - NEAR_S - 1, 110 + NEAR_S + 1])
def test_a_file_from_long_before_or_after_is_not_reported(at: int) -> None:
    assert Project([file(at=at)]).look(attempt(), now=10_000) == []


def test_what_an_upload_may_have_left_that_was_answered_is_named_and_nothing_inferred() -> None:
    assert verdicts(Project([file()]).look(doubtful=[attempt()])) == {"file-1": "listed"}
    assert Project([file()], attached=[("vs_1", "file-1")]).look(doubtful=[attempt()]) == []


def test_of_many_such_files_only_the_number_is_reported() -> None:
    project = Project([file(f"file-{number}") for number in range(MAX_REQUESTS + 1)])
    assert project.find(doubtful=[attempt()]) == Found([], MAX_REQUESTS + 1)


def test_where_answers_have_no_date_nothing_is_inferred_of_a_dead_run() -> None:
    assert verdicts(Project([file()]).look(attempt(until=None), now=None)) == {"file-1": "listed"}


# Warnings


def test_each_file_is_named_with_what_becomes_of_it() -> None:
    deleted = Orphan("file-1", "a.md", 3, "deleted", "nobody has it")
    listed = Orphan("file-2", "b.md", 4, "listed", "it may be another's")
    told = orphan_warnings([deleted, listed])
    assert "file-1 (a.md, 3 bytes) is deleted" in told[0]
    assert "file-2 (b.md, 4 bytes)" in told[1]
    assert "not touched" in told[1]


def test_of_very_many_some_are_named_and_all_are_counted() -> None:
    many = [Orphan(f"file-{number}", "a.md", 3, "listed", "why") for number in range(25)]
    told = orphan_warnings(many)
    assert len(told) == 21
    assert "5 more" in told[-1]


@pytest.mark.parametrize("until", [NOW - SETTLED_AFTER_S, 110])
def test_a_listing_that_is_no_longer_stale_is_not_asked_for_again(until: int) -> None:
    project = Project([])
    assert project.look(attempt(until=until)) == []
    assert project.asked == ["files"]
    assert project.waits == []


def test_one_young_attempt_is_enough_to_ask_again() -> None:
    project = Project([file()])
    project.look(attempt(), attempt("b.md", until=NOW - SETTLED_AFTER_S + 1))
    assert project.asked[:2] == ["files", "files"]
    assert project.waits == [2.0]


def test_when_every_attempt_has_its_file_nothing_is_asked_again() -> None:
    project = Project([file(at=NOW - 10)])
    project.look(attempt(until=NOW - 1))
    assert project.asked.count("files") == 1


def test_a_file_is_old_enough_after_five_seconds_and_the_youngest_counts() -> None:
    project = Project([file(at=NOW - 100), file("file-2", at=NOW - SETTLED_AFTER_S)])
    project.look(attempt(until=None), attempt(until=None))
    assert project.waits == []
    project = Project([file(at=NOW - 100), file("file-2", at=NOW - 2)])
    project.look(attempt(until=None), attempt(until=None))
    assert project.waits == [SETTLED_AFTER_S - 2]


def test_a_file_that_an_answer_named_is_not_asked_about() -> None:
    project = Project([file(), file("file-2")])
    assert verdicts(project.look(attempt(), known=["file-1"])) == {"file-2": "deleted"}


def test_only_files_since_the_first_attempt_are_listed() -> None:
    project = Project([file(at=50 - NEAR_S), file("file-2", at=105)])
    assert verdicts(project.look(attempt(since=100), attempt("b.md", since=200))) == {"file-2": "deleted"}


def test_the_uploads_of_a_run_that_just_died_are_looked_for_twice() -> None:
    project = Project([])
    assert project.look(attempt(until=None)) == []
    assert project.asked == ["files", "files"]


def test_where_the_server_tells_no_time_nothing_is_inferred() -> None:
    project = Project([file()])
    assert verdicts(project.look(attempt(until=None), now=0)) == {"file-1": "listed"}


def test_each_file_in_each_store_is_a_question() -> None:
    stores = [f"vs_{number}" for number in range(MAX_REQUESTS // 2)]
    files = [file(), file("file-2")]
    assert set(verdicts(Project(files, stores=stores).look(attempt(), attempt())).values()) == {"deleted"}
    project = Project(files, stores=[*stores, "vs_x"])
    assert set(verdicts(project.look(attempt(), attempt())).values()) == {"listed"}
    assert project.asked == ["files", "others", "stores"]
