"""What ids and names stand for, as it was found out, and what becomes of what stands for nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from vsync.errors import StoreConflict
from vsync.manage.bulk_report import NO_SUCH, Failure, Spared
from vsync.manage.chosen import Rules
from vsync.store.answers import is_id
from vsync.system.wording import shortened

T = TypeVar("T")


@dataclass(slots=True)
class Given(Generic[T]):
    """What was given.

    | field | meaning |
    | --- | --- |
    | `things` | what exists, by its id |
    | `words` | the words by which each of them was given |
    | `failed`, `spared` | what does not exist, and what could not be looked up |
    | `earlier` | what does not exist any more, because an earlier run of the same job has deleted it |
    """

    things: dict[str, T] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        twice = [item for item, words in self.words.items() if len(words) > 1]
        return [f"{item} was given by its id and by its name." for item in twice[:5]]


def sort_out(
    given: Sequence[str],
    found: Mapping[str, T | Failure],
    id_of: Callable[[T], str],
    missing: Callable[[str], Failure],
    *,
    rules: Rules,
    earlier: Collection[str],
) -> Given[T]:
    """What each word stands for. `found` lacks the words that stand for nothing; `missing` is the failure of such a word."""
    result = Given[T]()
    for word in given:
        thing = found.get(word)
        if isinstance(thing, Failure):
            result.failed.append(thing)
        elif thing is not None:
            result.things[id_of(thing)] = thing
            result.words.setdefault(id_of(thing), []).append(word)
        elif word in earlier:
            result.earlier.append(word)
        else:
            failure = missing(word)
            if rules.missing_ok and failure.status_code == NO_SUCH:
                result.spared.append(Spared(word, "it does not exist"))
            else:
                result.failed.append(failure)
    return result


def by_name(things: Iterable[T], name_of: Callable[[T], str | None]) -> Mapping[str, Sequence[T]]:
    """The things of each name. What has no name has none: an empty text, such as an unset variable, must not mean it."""
    found: dict[str, list[T]] = {}
    for thing in things:
        name = name_of(thing)
        if name:
            found.setdefault(name, []).append(thing)
    return found


def only(word: str, named: Sequence[T], id_of: Callable[[T], str], what: str) -> T:
    """The one thing of a name. Raises StoreConflict when several have it."""
    if len(named) > 1:
        ids = ", ".join(id_of(thing) for thing in named[:5])
        raise StoreConflict(
            f"There are {len(named):,} {what} named {shortened(word)!r}: {ids}{', …' if len(named) > 5 else ''}.",
            "Give the id of one of them, or choose them with --name.",
        )
    return named[0]


def missing(word: str, what: str, form: str, *, rules: Rules, name_of: str | None) -> Failure:
    """The failure of a word that stands for nothing.

    `what` is the word for such a thing, `form` how its ids look. `name_of`: the id of a thing that has the word as its name.
    """
    if name_of is not None:
        why = f"There is no {what} of this id for this key. It is the name of {name_of}: --name chooses by names."
        return Failure(word, why, NO_SUCH)
    if rules.names:
        return Failure(word, f"There is no {what} of this id or name for this key.", NO_SUCH)
    if is_id(word):
        return Failure(word, f"There is no {what} of this id for this key.", NO_SUCH)
    return Failure(word, f"This cannot be the id of a {what} ({form}).", 400)
