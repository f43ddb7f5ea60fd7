"""Listings: every page once, and an end whatever the server says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from vsync.errors import EndlessListing
from vsync.store import pages as module
from vsync.store.answers import id_of
from vsync.store.pages import pages


def page(*ids: str, has_more: bool | None = True) -> Any:
    return SimpleNamespace(data=[SimpleNamespace(id=name) for name in ids], has_more=has_more)


def listed(answers: Iterator[Any], clock: Callable[[], float] = lambda: 0.0, **given: Any) -> list[str]:
    async def ask(send: Callable[[], Awaitable[Any]]) -> Any:
        return await send()

    async def fetch(after: dict[str, Any]) -> Any:
        return next(answers)

    async def run() -> list[str]:
        return [item async for found in pages(ask, fetch, id_of, clock=clock, **given) for item in found]

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 50)
    monkeypatch.setattr(module, "MAX_ITEMS", 200)


def test_a_listing_is_read_to_its_end() -> None:
    assert listed(iter([page("a", "b"), page("c", has_more=False)])) == ["a", "b", "c"]
    assert listed(iter([page("a", has_more=None), page(has_more=None)])) == ["a"]


def test_a_server_that_ignores_the_cursor_is_not_read_twice() -> None:
    assert listed(iter([page("a", "b"), page("a", "b")])) == ["a", "b"]


def test_a_server_that_repeats_a_full_page_may_hide_the_rest() -> None:
    with pytest.raises(EndlessListing, match="the same 2 items again"):
        listed(iter([page("a", "b"), page("a", "b")]), size=2)
    with pytest.raises(EndlessListing, match="the same 2 items again"):
        listed(iter([page("a", "b", has_more=None), page("c", "d"), page("c", "d", has_more=None)]), size=2)
    assert listed(iter([page("a", "b"), page("a", "b", has_more=False)]), size=2) == ["a", "b"]
    assert listed(iter([page("a", "b", "c"), page("a", "b", "c")]), size=2) == ["a", "b", "c"]


def test_where_a_hidden_item_costs_money_a_repeated_page_is_an_error_when_there_is_more() -> None:
    with pytest.raises(EndlessListing, match="the same 2 items again"):
        listed(iter([page("a", "b"), page("a", "b")]), costly=True)
    with pytest.raises(EndlessListing, match="the same 1 item again"):
        listed(iter([page("a", "b"), page("b")]), costly=True)
    assert listed(iter([page("a", "b"), page("a", "b", has_more=False)]), costly=True) == ["a", "b"]
    assert listed(iter([page("a", has_more=None), page("a", has_more=None)]), costly=True) == ["a"]


def with_odd_items(answers: Iterator[Any]) -> tuple[list[str | None], list[str | None]]:
    """The ids of what is listed, None for an item without one, and the items after which the pages were asked for."""
    asked: list[str | None] = []

    async def ask(send: Callable[[], Awaitable[Any]]) -> Any:
        return await send()

    async def fetch(after: dict[str, Any]) -> Any:
        asked.append(after.get("after"))
        return next(answers)

    async def run() -> list[str | None]:
        read = pages(ask, fetch, lambda item: item.id)
        return [item async for found in read for item in found]

    return asyncio.run(run()), asked


ODD: Any = None


def test_what_follows_the_last_item_with_an_id_is_asked_for() -> None:
    answers = [page("a", "b", ODD), page(ODD, "c", ODD), page(ODD, has_more=False)]
    assert with_odd_items(iter(answers)) == (["a", "b", ODD, ODD, "c", ODD, ODD], [None, "b", "c"])


def test_a_page_without_any_id_may_only_be_the_last_one() -> None:
    assert with_odd_items(iter([page("a"), page(ODD, has_more=None)])) == (["a", ODD], [None, "a"])
    with pytest.raises(ValueError, match="no item of the page has an id"):
        with_odd_items(iter([page("a"), page(ODD)]))


def test_an_empty_page_is_the_last_one() -> None:
    assert listed(iter([page("a"), page()])) == ["a"]


def test_a_listing_without_end_ends_the_run() -> None:
    asked = itertools.count()
    with pytest.raises(EndlessListing, match="has no end") as error:
        listed(page(f"file-{next(asked)}") for _ in itertools.count())
    assert next(asked) == 50
    assert error.value.exit_code == 3
    assert "OPENAI_BASE_URL" in error.value.remedy


def test_pages_that_are_larger_than_asked_for_count_by_their_items() -> None:
    asked = itertools.count()
    with pytest.raises(EndlessListing, match="200 items"):
        listed(page(*(f"file-{next(asked)}" for _ in range(90))) for _ in itertools.count())
    assert next(asked) == 270


def test_a_listing_that_takes_hours_ends_the_run() -> None:
    times = itertools.count(step=3_600.0)
    with pytest.raises(EndlessListing, match="hours"):
        listed((page(f"file-{number}") for number in itertools.count()), lambda: next(times))


def test_a_listing_of_just_the_most_items_is_whole() -> None:
    answers = [page(*(f"file-{number}-{item}" for item in range(100)), has_more=number == 0) for number in range(2)]
    assert len(listed(iter(answers))) == 200
