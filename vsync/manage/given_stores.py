"""The vector stores that are meant by ids and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vsync.manage.bulk_report import Failure
from vsync.manage.chosen import Rules
from vsync.manage.each import Working
from vsync.manage.find_store import looks_like_id
from vsync.manage.given import Given, by_name, missing, only, sort_out
from vsync.manage.look_up import look_up
from vsync.store.answers import is_id
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

    unlisted = [
        word for word in given if word not in listed and is_id(word) and (looks_like_id(word) or word not in named)
    ]
    found |= await look_up(unlisted, Stores(api).find, rules, working)
    for word in given:
        if word not in found and word in named and not looks_like_id(word):
            found[word] = only(word, named[word], _id, "vector stores")

    def no_such(word: str) -> Failure:
        name_of = named[word][0].id if word in named else None
        return missing(word, "vector store", "vs_…", rules=rules, name_of=name_of)

    return sort_out(given, found, _id, no_such, rules=rules, earlier=earlier)


def _id(info: StoreInfo) -> str:
    return info.id
