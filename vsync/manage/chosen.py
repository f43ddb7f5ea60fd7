"""What a bulk job is asked to delete: ids and names as they were given, or a filter. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vsync.errors import ConfigurationError, LimitExceeded
from vsync.system.wording import count


class Words(NamedTuple):
    """What a caller gives to say these things, in the words of the front. Empty: errors name no word for it."""

    every: str = ""
    force: str = ""


_NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a bulk job may do besides.

    | field | meaning |
    | --- | --- |
    | `every` | a filter may match everything |
    | `force` | what this repository's manifest names may go as well |
    | `missing_ok` | what does not exist is no failure |
    | `names` | what is given may be a name |
    | `only_shows` | nothing is deleted: a filter that matches everything is shown, with a warning |
    | `words` | how the front names `every` and `force` |
    """

    every: bool = False
    force: bool = False
    missing_ok: bool = False
    names: bool = True
    only_shows: bool = False
    words: Words = _NO_WORDS


def check_choice(given: Sequence[str] | None, *, has_filter: bool, rules: Rules, what: str) -> None:
    """Raises ConfigurationError unless there are either ids, or a filter, or the wish for everything."""
    if given is None and not has_filter and not rules.every:
        raise ConfigurationError(
            f"Nothing says which {what} are meant.",
            f"Give ids, or a filter, or say that all are meant{_by(rules.words.every)}.",
        )
    if given is not None and (has_filter or rules.every):
        raise ConfigurationError(f"Both ids and a filter say which {what} are meant.", "Give one of them.")


def check_patterns(option: str, patterns: Iterable[str]) -> None:
    """Raises ConfigurationError for an empty pattern: an unset variable must not mean all that has no name."""
    if not all(patterns):
        raise ConfigurationError(
            f"A pattern of {option} is empty: it would mean what has no name. Nothing was deleted.",
            "Leave it out, or give a pattern. What has no name is deleted by its id.",
        )


def check_not_everything(
    matching: int, there_are: int, *, rules: Rules, what: str, many: str | None = None
) -> Sequence[str]:
    """Raises LimitExceeded when a filter matches everything that there is, which is often a mistake in the filter.

    Where nothing is deleted, this is a warning, which it gives.
    """
    if not matching or matching != there_are or rules.every:
        return ()
    found = f"The filter matches everything: {count(matching, what, many)} of {there_are:,}."
    said = f"say that everything is meant{_by(rules.words.every)}"
    if rules.only_shows:
        return [f"{found} The delete is refused unless you {said}."]
    raise LimitExceeded(f"{found} Nothing was deleted.", f"Correct the filter, or {said}.")


def _by(word: str) -> str:
    return f" ({word})" if word else ""


def without_duplicates(given: Iterable[str]) -> tuple[list[str], list[str]]:
    """What was given, each once and in its order, and warnings about what was given more than once."""
    numbers = Counter(given)
    twice = sum(1 for number in numbers.values() if number > 1)
    warnings = [f"{count(twice, 'id was', 'ids were')} given more than once."] if twice else []
    return list(numbers), warnings


def refuse_protected(named: Sequence[str], what: str, words: Words = _NO_WORDS) -> None:
    """Raises LimitExceeded for what this repository's manifest names. `named` are words for it."""
    if named:
        more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
        raise LimitExceeded(
            f"This repository's manifest names {', '.join(named[:5])}{more}. Nothing was deleted.",
            f"Leave {what} out, or say that what the manifest names is meant{_by(words.force)}. Then `vsync verify --repair` "
            "makes it again; until then, syncs that change something end with exit code 3.",
        )
