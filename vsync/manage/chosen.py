"""What a bulk job is asked to delete: ids and names as they were given, or a filter. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vsync.errors import ConfigurationError, LimitExceeded
from vsync.system.wording import count


@dataclass(frozen=True, slots=True)
class Rules:
    """What a bulk job may do besides.

    | field | meaning |
    | --- | --- |
    | `every` | a filter may match everything |
    | `force` | what this repository's manifest names may go as well |
    | `missing_ok` | what does not exist is no failure |
    | `names` | what is given may be a name |
    """

    every: bool = False
    force: bool = False
    missing_ok: bool = False
    names: bool = True


def check_choice(given: Sequence[str] | None, *, has_filter: bool, every: bool, what: str) -> None:
    """Raises ConfigurationError unless there are either ids, or a filter, or the wish for everything."""
    if given is None and not has_filter and not every:
        raise ConfigurationError(
            f"Nothing says which {what} are meant.", "Give ids, or a filter; --all (all=true) means every one of them."
        )
    if given is not None and (has_filter or every):
        raise ConfigurationError(f"Both ids and a filter say which {what} are meant.", "Give one of them.")


def check_patterns(option: str, patterns: Iterable[str]) -> None:
    """Raises ConfigurationError for an empty pattern: an unset variable must not mean all that has no name."""
    if not all(patterns):
        raise ConfigurationError(
            f"A pattern of {option} is empty: it would mean what has no name. Nothing was deleted.",
            "Leave it out, or give a pattern. What has no name is deleted by its id.",
        )


def check_not_everything(matching: int, there_are: int, *, every: bool, what: str, many: str | None = None) -> None:
    """Raises LimitExceeded when a filter matches everything that there is, which is often a mistake in the filter."""
    if matching and matching == there_are and not every:
        raise LimitExceeded(
            f"The filter matches everything: {count(matching, what, many)} of {there_are:,}. Nothing was deleted.",
            "Correct the filter, or give --all (all=true) as well.",
        )


def without_duplicates(given: Iterable[str]) -> tuple[list[str], list[str]]:
    """What was given, each once and in its order, and warnings about what was given more than once."""
    numbers = Counter(given)
    twice = sum(1 for number in numbers.values() if number > 1)
    warnings = [f"{count(twice, 'id was', 'ids were')} given more than once."] if twice else []
    return list(numbers), warnings


def refuse_protected(named: Sequence[str], what: str) -> None:
    """Raises LimitExceeded for what this repository's manifest names. `named` are words for it."""
    if named:
        more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
        raise LimitExceeded(
            f"This repository's manifest names {', '.join(named[:5])}{more}. Nothing was deleted.",
            f"Leave {what} out, or give --force as well. Then `vsync verify --repair` makes it again; until then, syncs that change "
            "something end with exit code 3.",
        )
