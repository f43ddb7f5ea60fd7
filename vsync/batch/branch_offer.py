"""The results of this machine that can be published, held against the branch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from vsync.batch.branch_changes import Changes, Pair, Pairs, Verdict, decide, judge, pairs_of
from vsync.batch.branch_tip import BranchReader, Tip
from vsync.batch.results_on_disk import HereFile, ResultsOnDisk
from vsync.batch.summary_file import MOST_BYTES, Summary, parse_summary
from vsync.system.redaction import printable
from vsync.system.wording import size

MOST_FILE_BYTES = 100 * 1024 * 1024
"""GitHub refuses a push with a larger file:
https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github"""

_CONFIDENTIAL = (
    "It holds a secret of this run, such as the API key or a token. It stays on this machine. Replace that secret, because what a "
    "server repeats others may have seen; with a new one the next fetch publishes these results."
)
_HALF = (
    "It does not fit its summary: somebody changed it by hand, or a run died while it wrote both. A fetch that gets these results "
    "from the API writes both again."
)


class Offer:
    """What this machine has. `files` are all results files and summaries here, and `pairs` those that can be published.

    A file with one of the `secrets`, in one of the forms of `secret_search.needles`, is not published.
    """

    def __init__(self, disk: ResultsOnDisk, reader: BranchReader, secrets: tuple[bytes, ...] = ()) -> None:
        self.files: Mapping[str, HereFile] = disk.files()
        self.pairs: dict[str, Pair] = {}
        self._disk = disk
        self._reader = reader
        self._secrets = secrets
        self._unfit: dict[str, str] = {}
        self._found = pairs_of({path: file.blob for path, file in self.files.items()})
        for place, pair in self._found.items():
            reason = self._why_unfit(place, pair)
            if reason is None:
                self.pairs[place] = pair
            else:
                self._unfit[place] = reason

    def _why_unfit(self, place: str, pair: Pair) -> str | None:
        large = max(self.files[path].bytes for path in pair.files(place))
        if large > MOST_FILE_BYTES:
            return (
                f"It has {size(large)}, and GitHub takes no file above {size(MOST_FILE_BYTES)}. It stays on this machine: keep it "
                "with a step of actions/upload-artifact, or split the request file."
            )
        summary = self._summary(place) if pair.results and pair.summary else None
        return _HALF if summary is not None and summary.results_sha256 != self.files[place].sha256 else None

    def changes(self, tip: Tip, known: Pairs) -> Changes:
        """What a commit onto the tip changes. `known` are the results of the branch that this run began with."""
        theirs = pairs_of(tip.files)
        summaries: dict[str, Summary | None] = {}

        def theirs_at(place: str) -> Summary | None:
            if place not in summaries:
                blob = theirs[place].summary
                summaries[place] = _parsed(self._reader.small_file(blob, MOST_BYTES)) if blob is not None else None
            return summaries[place]

        def judged(place: str) -> Verdict:
            return judge(self._summary(place), theirs_at(place))

        def sha256_at(place: str) -> str:
            summary = theirs_at(place)
            assert summary is not None, "results that were judged by their summary"
            return summary.sha256

        obstructed = {
            place: f"On the branch {printable(there)} is in the way. Rename it there, and run again."
            for place, pair in self.pairs.items()
            for there in [next(filter(None, map(tip.in_the_way, pair.files(place))), None)]
            if there is not None
        }
        free = {place: pair for place, pair in self.pairs.items() if place not in obstructed}
        found = decide(free, theirs, known, judged, sha256_at)
        if with_secret := [place for place in found.put if self._holds_secret(place)]:
            self._unfit.update(dict.fromkeys(with_secret, _CONFIDENTIAL))
            self.pairs = {place: pair for place, pair in self.pairs.items() if place not in with_secret}
            return self.changes(tip, known)
        # What is on the branch as it is here needs no word, however it came there.
        unfit = {place: reason for place, reason in self._unfit.items() if self._found[place] != theirs.get(place)}
        left_out = {**unfit, **obstructed, **found.left_out}
        return replace(found, left_out=dict(sorted(left_out.items())))

    def _holds_secret(self, place: str) -> bool:
        return any(self._disk.holds_one_of(path, self._secrets) for path in self.pairs[place].files(place))

    def batches_at(self, places: Iterable[str]) -> frozenset[str]:
        """The ids of the batches whose results are in these results files."""
        found = filter(None, map(self._summary, places))
        return frozenset(batch.id for summary in found for batch in summary.batches)

    def _summary(self, place: str) -> Summary | None:
        return _parsed(self._disk.summary(place))


def _parsed(content: bytes | None) -> Summary | None:
    with contextlib.suppress(ValueError):
        return None if content is None else parse_summary(content)
    return None
