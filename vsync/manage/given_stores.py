"""The vector stores that are meant by ids and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vsync.manage.bulk_report import NO_SUCH, Failure, failure_of
from vsync.manage.chosen import Rules
from vsync.manage.each import Working
from vsync.manage.find_store import looks_like_id
from vsync.manage.given import MOST_LOOK_UPS, Given, by_name, is_unknown, only, sort_out
from vsync.manage.usage import side_by_side
from vsync.store.answers import is_id
from vsync.store.api_errors import Refused
from vsync.store.client import Api
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores


async def stores_given(
    given: Sequence[str],
    listed: Mapping[str, StoreInfo],
    rules: Rules,
    api: Api,
    working: Working,
    earlier: Collection[str],
) -> Given[StoreInfo]:
    """Finds each store: by its id, else by its name. A listing may lack a new store, so ids are asked for besides.

    What looks like an id is never taken for a name: the store of that id may be gone, and anybody may give its id to another
    store as a name. What of `earlier` is not found was deleted by an earlier run. Raises StoreConflict.
    """
    named = by_name(listed.values(), lambda info: info.name) if rules.names else {}
    found: dict[str, StoreInfo | Failure] = {word: listed[word] for word in given if word in listed}

    async def look_up(word: str) -> None:
        try:
            info = await Stores(api).find(word)
        except Refused as error:
            if not is_unknown(error, rules):
                found[word] = failure_of(word, error)
        else:
            if info is not None:
                found[word] = info

    unlisted = [
        word for word in given if word not in listed and is_id(word) and (looks_like_id(word) or word not in named)
    ]
    if len(unlisted) <= MOST_LOOK_UPS:
        await side_by_side(unlisted, look_up, working.concurrency)
    for word in given:
        if word not in found and word in named and not looks_like_id(word):
            found[word] = only(word, named[word], _id, "vector stores")
    return sort_out(given, found, _id, lambda word: _missing(word, rules, named), rules=rules, earlier=earlier)


def _id(info: StoreInfo) -> str:
    return info.id


def _missing(word: str, rules: Rules, named: Mapping[str, Sequence[StoreInfo]]) -> Failure:
    if word in named:
        other = named[word][0].id
        why = f"There is no vector store of this id for this key. It is the name of {other}: --name chooses by names."
        return Failure(word, why, NO_SUCH)
    if rules.names:
        return Failure(word, "There is no vector store of this id or name for this key.", NO_SUCH)
    if is_id(word):
        return Failure(word, "There is no vector store of this id for this key.", NO_SUCH)
    return Failure(word, "This cannot be the id of a vector store (vs_…).", 400)
