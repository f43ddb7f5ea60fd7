"""Whether a search finds what a check of the config expects. Pure.

A check passes when one of its first `within` results is a document that it expects: one of the paths that it names, or
a document with all the attributes that it names. Results are documents: several chunks of one document count once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from vsync.documents.attributes import AttributeValue, path_attribute
from vsync.documents.describing import Check
from vsync.search.query import one_a_document
from vsync.store.entries import Hit


class Whose(NamedTuple):
    """Whose documents a path means: those of this target, from a source that has or had one of these names."""

    target: str
    sources: Collection[str]

    def owns(self, hit: Hit) -> bool:
        """Whether the result is such a document. Other documents of a shared store may have the same path."""
        target, source = hit.attributes.get("target"), hit.attributes.get("source")
        return target in {None, self.target} and (source is None or source in self.sources)


class Result(NamedTuple):
    """A document that was found. `of` names its source and target where the target that is checked does not own it."""

    name: str
    score: float
    path: str | None
    file_id: str
    of: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "name": self.name, "file_id": self.file_id, "score": self.score}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check with what the search found.

    | field | meaning |
    | --- | --- |
    | `place` | the place of the first expected document among all results, from 1; None: it is not among them |
    | `found` | that document |
    | `first` | the first results, at most as many as the check looks at |
    """

    check: Check
    place: int | None
    found: Result | None
    first: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        return self.place is not None and self.place <= self.check.within

    def mapped(self, change: Callable[[str], str]) -> CheckResult:
        """The same result with every text changed."""

        def result(one: Result) -> Result:
            path = None if one.path is None else change(one.path)
            return Result(change(one.name), one.score, path, change(one.file_id), change(one.of))

        check = replace(
            self.check,
            question=change(self.check.question),
            paths=tuple(map(change, self.check.paths)),
            attributes=_changed(self.check.attributes.items(), change),
            filter=_changed(self.check.filter.items(), change),
        )
        found = None if self.found is None else result(self.found)
        return CheckResult(check, self.place, found, tuple(map(result, self.first)))

    def to_json(self) -> dict[str, Any]:
        check = self.check
        return {
            "question": check.question,
            "expect": list(check.paths) or dict(check.attributes),
            "within": check.within,
            "filter": dict(check.filter),
            "passed": self.passed,
            "place": self.place,
            "score": None if self.found is None else self.found.score,
            "results": [result.to_json() for result in self.first],
        }


def judge(check: Check, hits: Sequence[Hit], whose: Whose) -> CheckResult:
    """What the check says of these results of its question, the best first."""
    documents = one_a_document(hits, len(hits))
    results = [_result(hit, whose) for hit in documents]
    place = next((number for number, hit in enumerate(documents, 1) if _is_expected(hit, check, whose)), None)
    return CheckResult(check, place, None if place is None else results[place - 1], tuple(results[: check.within]))


def _is_expected(hit: Hit, check: Check, whose: Whose) -> bool:
    if check.paths:
        return whose.owns(hit) and hit.attributes.get("path") in set(map(path_attribute, check.paths))
    return bool(check.attributes) and all(
        name in hit.attributes and _same(hit.attributes[name], value) for name, value in check.attributes.items()
    )


def _same(one: AttributeValue, other: AttributeValue) -> bool:
    """Whether two values are the same for a filter of the API: true is not 1 there, and 1 is 1.0."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _result(hit: Hit, whose: Whose) -> Result:
    path = hit.attributes.get("path")
    known = path if isinstance(path, str) and path else None
    owners = [str(hit.attributes[name]) for name in ("source", "target") if name in hit.attributes]
    of = "" if whose.owns(hit) else ", ".join(owners)
    return Result(known or hit.filename or hit.file_id, hit.score, known, hit.file_id, of)


def _changed(pairs: Collection[tuple[str, AttributeValue]], change: Callable[[str], str]) -> dict[str, AttributeValue]:
    return {change(name): change(value) if isinstance(value, str) else value for name, value in pairs}
