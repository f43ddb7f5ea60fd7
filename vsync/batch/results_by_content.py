"""Which results of the results folder are of which content, wherever they stand. No link is followed."""

from __future__ import annotations

import contextlib
from itertools import islice

from vsync.batch.result_places import results_among, summary_path
from vsync.batch.summary_file import MOST_BYTES, NewerSummary, Summary, parse_summary
from vsync.errors import ConfigurationError
from vsync.system.beneath import Beneath
from vsync.system.redaction import printable

_MOST_FILES = 200_000
NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


def read_summary(files: Beneath, path: str) -> Summary | None:
    """The summary of the results at the path; None: there is none.

    Raises OSError, ValueError where it is not from vsync, and ConfigurationError where it is from a newer one.
    """
    place = summary_path(path)
    try:
        with files.open(place) as file:
            content = file.read(MOST_BYTES + 1)
    except NOT_THERE:
        return None
    try:
        return parse_summary(content)
    except NewerSummary as error:
        raise ConfigurationError(
            f"{printable(place)} was written by a newer vsync: {error}.",
            "Update vsync. This version changes nothing, so that nothing is lost.",
        ) from error


class ResultsByContent:
    """The places of results by the SHA-256 of their request file.

    The folder is read once, when it is first asked for. What is written later is to be noted.
    """

    def __init__(self, files: Beneath, folder: str) -> None:
        self._files = files
        self._folder = folder
        self._places: dict[str, list[str]] | None = None

    def places(self, sha256: str) -> list[str]:
        """Where a summary of this content stands or stood, by the path of its results, which need not be there.

        Raises OSError when the folder cannot be read, and ConfigurationError when a newer vsync wrote something in it.
        """
        if self._places is None:
            self._places = self._read()
        return list(self._places.get(sha256, ()))

    def note(self, path: str, sha256: str) -> None:
        """Takes note of results that were written."""
        if self._places is not None and path not in self.places(sha256):
            self._places.setdefault(sha256, []).append(path)

    def _read(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._paths():
            summary = None
            # What is no summary, or cannot be read, is told when its place is needed.
            with contextlib.suppress(OSError, ValueError):
                summary = read_summary(self._files, path)
            if summary is not None:
                found.setdefault(summary.sha256, []).append(path)
        return found

    def _paths(self) -> list[str]:
        """The paths of results, and those of results whose summary alone is there."""
        with contextlib.suppress(*NOT_THERE):
            return list(results_among(list(islice(self._files.names(self._folder), _MOST_FILES))))
        return []
