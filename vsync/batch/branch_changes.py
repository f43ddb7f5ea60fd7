"""What a commit changes in the results on a branch to which other runs publish too. Pure.

A results file and its summary belong together: a commit has both of them or none.

| results on the branch | what is published |
| --- | --- |
| are not there, or are those that this run began with | the results here |
| hold all batches of the results here | nothing: another run has published the same, or more |
| lack a batch of the results here, and hold no other | the results here |
| are of another content of the request file, whose batch is older | the results here; the others are kept under their old name |
| are anything else | nothing, and it is told: the next run begins with the results on the branch |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from vsync.batch.result_places import kept_path, results_among, summary_path
from vsync.batch.summary_file import Summary

RESULTS, SUMMARY = ".jsonl", ".summary.json"

Verdict = Literal["ours", "theirs", "both", "older", "unclear"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A results file and its summary, each as the id of its blob; None: it is not there."""

    results: str | None = None
    summary: str | None = None

    def lacks(self, other: Pair) -> bool:
        """Whether the other pair has a file that this one has not."""
        return (other.results is not None and self.results is None) or (
            other.summary is not None and self.summary is None
        )

    def files(self, place: str) -> dict[str, str]:
        """The blobs by path. `place` is the path of the results file."""
        both = {place: self.results, summary_path(place): self.summary}
        return {path: blob for path, blob in both.items() if blob is not None}


Pairs = Mapping[str, Pair]
"""By the path of the results file, which need not be there."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit changes.

    | field | meaning |
    | --- | --- |
    | `files` | the blobs by path; None: the file is removed |
    | `put` | the places of the results that come from here |
    | `left_out` | by place, why results here are not published: a sentence or two |
    """

    files: dict[str, str | None] = field(default_factory=dict)
    put: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)


def pairs_of(files: Mapping[str, str]) -> dict[str, Pair]:
    """The results files and summaries among these files: blobs by path."""
    return {place: Pair(files.get(place), files.get(summary_path(place))) for place in results_among(files)}


def judge(ours: Summary | None, theirs: Summary | None) -> Verdict:
    """Which of two different results at one place are to be on the branch. None: there is no summary that vsync wrote."""
    if ours is None or theirs is None:
        return "unclear"
    if ours.sha256 != theirs.sha256:
        return "both" if _newest(ours) > _newest(theirs) else "older"
    here, there = ({batch.id for batch in summary.batches} for summary in (ours, theirs))
    if there >= here:
        return "theirs"
    return "ours" if here > there else "unclear"


def _newest(summary: Summary) -> int:
    return max((batch.created_at for batch in summary.batches), default=0)


def decide(
    ours: Pairs, theirs: Pairs, known: Pairs, judged: Callable[[str], Verdict], theirs_sha256: Callable[[str], str]
) -> Changes:
    """What to commit. `known` are the results of the branch that this run began with, as they were then.

    `judged` compares the results at a place, and `theirs_sha256` says of which content those on the branch are. Both are
    asked only where it matters.
    """
    files: dict[str, str | None] = {}
    left_out: dict[str, str] = {}
    put: list[str] = []
    for place, pair in sorted(ours.items()):
        there = theirs.get(place, Pair())
        if pair == there or pair.results is None or pair.lacks(there):
            continue
        verdict: Verdict = "ours" if there.results is None or there == known.get(place) else judged(place)
        if verdict == "both":
            kept = kept_path(place, theirs_sha256(place))
            if kept not in ours and kept not in theirs:
                files.update(there.files(kept))
            elif theirs.get(kept) != there and ours.get(kept) != there:
                verdict = "unclear"
        if verdict in ("ours", "both"):
            files.update(pair.files(place))
            put.append(place)
        elif verdict != "theirs":
            left_out[place] = _REASONS[verdict]
    files.update(dict.fromkeys(_moved(ours, theirs, known, {*put})))
    return Changes(files, tuple(put), left_out)


def _moved(ours: Pairs, theirs: Pairs, known: Pairs, put: set[str]) -> list[str]:
    """The files of the branch that were moved here: their results are, or will be, on the branch under another name.

    A request file may move to another folder, and its results with it. Anything else that is missing here stays on the branch:
    a clone need not have everything.
    """
    staying = {ours[place].results for place in ours if place in put or ours[place] == theirs.get(place)}
    return [
        path
        for place, pair in known.items()
        if place not in ours and theirs.get(place) == pair and pair.results in staying
        for path in pair.files(place)
        if pair.results is not None
    ]


_REASONS: Mapping[Verdict, str] = {
    "older": (
        "The branch has results of another content of this request file, whose batch is newer. They stay there; the results "
        "here stay on this machine."
    ),
    "unclear": (
        "The branch has other results, which are neither older nor newer than those here. They stay there; the results here "
        "stay on this machine. Move them away, and fetch again: the next fetch begins with the results on the branch."
    ),
}
