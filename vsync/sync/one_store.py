"""Refuses two targets of a run that would put the same file into one store: a search would find that file twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.documents.selection import Selector
from vsync.errors import ConfigurationError
from vsync.git.changes import TreeEntry
from vsync.plan.selected import is_attributes, read_attributes
from vsync.source.base import Source
from vsync.sync.recorded import Recorded
from vsync.sync.store_name import store_name
from vsync.system.wording import count

_SHOWN = 3


class Move(NamedTuple):
    """Documents go from one target to another, each by its number."""

    giver: int
    taker: int


@dataclass(frozen=True, slots=True)
class OfTarget:
    """A target with what is recorded of it."""

    target: Target
    recorded: Recorded

    @property
    def store_id(self) -> str | None:
        state = self.recorded.state
        return self.target.vector_store_id or (state.vector_store_id if state is not None else None)

    @property
    def store_name(self) -> str:
        state = self.recorded.state
        return store_name(self.target, state.vector_store_name if state is not None else None)


def check_one_store(source: Source, targets: Sequence[OfTarget], beside: Sequence[OfTarget] = ()) -> list[Move]:
    """The moves of documents between the targets. `beside` are targets that do not run.

    Raises ConfigurationError when one of the targets shares a store and a path with another one, or one of `beside`.
    """
    pairs = (*itertools.combinations(targets, 2), *itertools.product(targets, beside))
    sharing = [pair for pair in pairs if share_a_store(*pair)]
    if not sharing:
        return []
    paths = _Paths(source)
    for one, other in sharing:
        both = paths.of_both(one, other)
        if both:
            shown = ", ".join(f"'{path}'" for path in both[:_SHOWN])
            more = f" and {count(len(both) - _SHOWN, 'more file')}" if len(both) > _SHOWN else ""
            raise ConfigurationError(
                f"The targets {one.target.name!r} and {other.target.name!r} would both put {shown}{more} into the store "
                f"{one.store_id or other.store_id or repr(one.store_name)}, and a search would find {_them(both)} twice.",
                f"Give each target a store of its own, or let only one of them select {_them(both)} (include and exclude).",
            )
    numbers = {found.target.name: number for number, found in enumerate(targets)}
    both_run = [pair for pair in sharing if all(found.target.name in numbers for found in pair)]
    both_ways = (found for one, other in both_run for found in ((one, other), (other, one)))
    return [
        Move(numbers[giver.target.name], numbers[taker.target.name])
        for giver, taker in both_ways
        if paths.go(giver, taker)
    ]


def _them(paths: Sequence[str]) -> str:
    return "it" if len(paths) == 1 else "them"


def share_a_store(one: OfTarget, other: OfTarget) -> bool:
    """Whether two targets put their documents into one store, as far as it is known before the API is asked."""
    if one.store_id is not None and other.store_id is not None:
        return one.store_id == other.store_id
    return one.store_name == other.store_name


class _Paths:
    """The selected paths of each target."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._of: dict[str, set[str]] = {}

    def of_both(self, one: OfTarget, other: OfTarget) -> list[str]:
        return self._unmarked(self._selected(one) & self._selected(other), one, other)

    def go(self, giver: OfTarget, taker: OfTarget) -> bool:
        """Whether documents of one target go over to the other one, which does not have them yet."""
        had, has = giver.recorded.state, taker.recorded.state
        left = (set() if had is None else had.files.keys() - self._selected(giver)) - (
            has.files.keys() if has else set()
        )
        return bool(left & self._selected(taker))

    def _selected(self, of_target: OfTarget) -> set[str]:
        name = of_target.target.name
        if name not in self._of:
            self._of[name] = self._as_recorded(of_target) or set(_decided(self._source.entries(), of_target.target))
        return self._of[name]

    def _as_recorded(self, of_target: OfTarget) -> set[str] | None:
        """The recorded paths, where the target's last run has judged this commit by these settings."""
        state = of_target.recorded.state
        if state is None or not self._source.head or of_target.recorded.trust != "sealed":
            return None
        judged = state.commit == self._source.head and state.settings == of_target.target.fingerprint
        return {*state.files, *state.failed} if judged else None

    def _unmarked(self, paths: set[str], one: OfTarget, other: OfTarget) -> list[str]:
        """Those of the paths that no mark in `.gitattributes` takes from either target."""
        selectors = [
            Selector(found.target.rules) for found in (one, other) if found.target.rules.documentation_only and paths
        ]
        if not selectors:
            return sorted(paths)
        attributes = read_attributes(
            self._source, [entry for entry in self._source.entries() if is_attributes(entry.path)]
        )
        return sorted(
            path for path in paths if all(selector.marked(path, attributes) is None for selector in selectors)
        )


def _decided(entries: Iterable[TreeEntry], target: Target) -> Iterable[str]:
    selector = Selector(target.rules)
    for entry in entries:
        verdict = selector.decide(entry.path, entry.mode)
        if verdict.path is not None and verdict.skipped is None:
            yield verdict.path
