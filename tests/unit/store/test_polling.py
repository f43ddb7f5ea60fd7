"""Entries that are asked for until they are indexed: how often, for how long, and what an answer changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.support.builders import store_entry
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry
from vsync.store.poll_times import EMBEDDED, SERVER, PollTimes
from vsync.store.polling import ask_for_each, wait_until_indexed


def in_progress(file_id: str) -> StoreEntry:
    return store_entry(file_id, f"{file_id}.md", status="in_progress")


def done(file_id: str) -> StoreEntry:
    return store_entry(file_id, f"{file_id}.md")


class Store:
    """A store whose entries end being indexed at a later look, and a clock that only its pauses move."""

    def __init__(self, poll_times: PollTimes = SERVER, **looks: Sequence[StoreEntry | Refused | None]) -> None:
        self.poll_times = poll_times
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self._looks = {file_id: list(answers) for file_id, answers in looks.items()}

    async def entry(self, file_id: str, *, listed: bool = False) -> StoreEntry | None:
        self.asked.append(file_id)
        looks = self._looks[file_id]
        found = looks.pop(0) if len(looks) > 1 else looks[0]
        if isinstance(found, Refused):
            raise found
        return found

    def wait(self, *entries: StoreEntry, timeout_s: float = 60.0, look_at_once: bool = True) -> dict[str, str]:
        """Waits for entries. Gives their status by id."""
        store: Any = self

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        found = asyncio.run(
            wait_until_indexed(
                store,
                entries,
                timeout_s=timeout_s,
                pause=pause,
                look_at_once=look_at_once,
                clock=lambda: sum(self.pauses),
            )
        )
        return {entry.file_id: entry.status for entry in found}


def test_what_is_indexed_already_is_not_asked_for() -> None:
    store = Store()
    assert store.wait(done("a"), store_entry("b", status="failed")) == {"a": "completed", "b": "failed"}
    assert (store.asked, store.pauses) == ([], [])


@pytest.mark.parametrize(("at_once", "pauses"), [(True, [1.0, 1.0]), (False, [1.0, 1.0, 1.0])])
def test_entries_are_asked_for_once_a_second_until_they_are_indexed(at_once: bool, pauses: list[float]) -> None:
    store = Store(a=[in_progress("a"), in_progress("a"), done("a")], b=[done("b")])
    assert store.wait(in_progress("a"), in_progress("b"), look_at_once=at_once) == {"a": "completed", "b": "completed"}
    assert store.asked == ["a", "b", "a", "a"]
    assert store.pauses == pauses


def test_an_entry_that_has_gone_is_left_out() -> None:
    assert Store(a=[None]).wait(in_progress("a"), done("b")) == {"b": "completed"}


@pytest.mark.parametrize(
    ("timeout_s", "at_once", "asked"), [(0.0, True, 1), (0.0, False, 0), (3.0, True, 4), (3.0, False, 3)]
)
def test_an_entry_that_is_never_indexed_is_asked_for_until_the_time_is_over(
    timeout_s: float, at_once: bool, asked: int
) -> None:
    store = Store(a=[in_progress("a")])
    assert store.wait(in_progress("a"), timeout_s=timeout_s, look_at_once=at_once) == {"a": "in_progress"}
    assert len(store.asked) == asked


def test_a_refused_question_leaves_the_entry_as_it_was_and_is_asked_again() -> None:
    store = Store(a=[Refused(500, "busy", "busy"), done("a")])
    assert store.wait(in_progress("a")) == {"a": "completed"}
    assert store.asked == ["a", "a"]


def test_the_embedded_store_is_asked_again_at_once() -> None:
    store = Store(EMBEDDED, a=[in_progress("a"), in_progress("a"), done("a")])
    assert store.wait(in_progress("a")) == {"a": "completed"}
    assert sum(store.pauses) < 0.2


@pytest.mark.parametrize(("most", "go_on"), [(40, lambda asked: True), (3, lambda asked: asked < 3)])
def test_no_question_is_sent_after_a_no(most: int, go_on: Callable[[int], bool]) -> None:
    ids = [f"f{number}" for number in range(40)]
    store: Any = Store(SERVER, **{file_id: [done(file_id)] for file_id in ids})
    seen: list[str] = []
    asyncio.run(
        ask_for_each(store, ids, lambda file_id, _: seen.append(file_id), go_on=lambda: go_on(len(store.asked)))
    )
    assert seen == store.asked == ids[:most]


def test_an_error_is_raised_after_every_question_has_ended() -> None:
    class Failing(Store):
        async def entry(self, file_id: str, *, listed: bool = False) -> StoreEntry | None:
            await asyncio.sleep(0)
            self.asked.append(file_id)
            if file_id == "f1":
                raise KeyError(file_id)
            return done(file_id)

    store: Any = Failing()
    seen: list[str] = []
    with pytest.raises(KeyError):
        asyncio.run(ask_for_each(store, ["f0", "f1", "f2"], lambda file_id, _: seen.append(file_id)))
    assert seen == ["f0", "f2"]


def test_a_server_is_asked_ever_more_rarely() -> None:
    ages = [SERVER.first_s[0]]
    while ages[-1] < 60:
        ages.append(SERVER.after(ages[-1]))
    gaps = [later - earlier for earlier, later in pairwise(ages)]
    assert ages[0] == 0.3
    assert all(later >= earlier - 0.01 for earlier, later in pairwise(gaps))
    assert max(gaps) == pytest.approx(5.0)
    assert len(ages) <= 20
