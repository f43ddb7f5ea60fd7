"""Things of the API, each asked for by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from vsync.manage.bulk_report import Failure, failure_of
from vsync.manage.chosen import Rules
from vsync.manage.each import Working
from vsync.manage.usage import side_by_side
from vsync.store.api_errors import Refused

T = TypeVar("T")

_MOST = 1_000
"""How many ids that a listing lacks are asked for one by one. Of more ids, the listing alone says whether they exist."""


async def look_up(
    ids: Sequence[str], find: Callable[[str], Awaitable[T | None]], rules: Rules, working: Working
) -> dict[str, T | Failure]:
    """What `find` gives for each id, or why it was refused. What does not exist is left out, and so are too many ids."""
    found: dict[str, T | Failure] = {}

    async def one(word: str) -> None:
        try:
            thing = await find(word)
        except Refused as error:
            if not is_unknown(error, rules):
                found[word] = failure_of(word, error)
        else:
            if thing is not None:
                found[word] = thing

    if len(ids) <= _MOST:
        await side_by_side(ids, one, working.concurrency)
    return found


def is_unknown(error: Refused, rules: Rules) -> bool:
    """Whether a refusal says that the text is no id: where names are allowed, it may be a name that does not exist."""
    return error.by_api and error.status == 400 and rules.names
