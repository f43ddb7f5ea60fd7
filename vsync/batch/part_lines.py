"""Where the errors of a refused resubmission stand in the request file.

The API counts the lines of what was uploaded. A batch of just what failed was made of some lines of its request file, and that
upload is nowhere on disk. As long as the results are those that it was made by, the same lines are found once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vsync.batch.decide_fetch import Folders
from vsync.batch.merge import with_good_result
from vsync.batch.metadata import OwnBatch
from vsync.batch.partial import find_lines
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import open_request_file
from vsync.batch.results_folder import ResultsFolder
from vsync.errors import ConfigurationError, PublicationFailed
from vsync.store.batch_info import BatchError


class PartLines:
    """Finds the lines. Each batch is looked at once in a run: that reads its request file and its results."""

    def __init__(self, root: Path, folders: Folders, results: ResultsFolder) -> None:
        self._root = root
        self._folders = folders
        self._results = results
        self._found: dict[tuple[str, str], Mapping[int, int]] = {}

    def located(self, own: Sequence[OwnBatch], present: PresentNames) -> list[OwnBatch]:
        """The batches, with errors at the lines of their request files."""
        return [self._located(batch, present) if _counts_otherwise(batch) else batch for batch in own]

    def _located(self, batch: OwnBatch, present: PresentNames) -> OwnBatch:
        paths = present.of(batch.made.sha256)
        lines = next(filter(None, (self._lines(batch, path) for path in paths)), {})
        errors = tuple(_at_line(error, lines) for error in batch.info.errors)
        return replace(batch, info=replace(batch.info, errors=errors))

    def _lines(self, batch: OwnBatch, path: str) -> Mapping[int, int]:
        key = path, batch.info.id
        if key not in self._found:
            self._found[key] = self._looked_up(batch, path)
        return self._found[key]

    def _looked_up(self, batch: OwnBatch, path: str) -> Mapping[int, int]:
        wanted = {error.line for error in batch.info.errors if error.line is not None}
        # What hinders here is told by the run where it matters.
        with contextlib.suppress(OSError, ConfigurationError, PublicationFailed):
            good = with_good_result(self._results, self._folders.place(path), batch.made.sha256)
            with open_request_file(self._root, path) as content:
                sha256, lines = find_lines(content, good, wanted)
            return lines if sha256 == batch.made.part_sha256 else {}
        return {}


def _counts_otherwise(batch: OwnBatch) -> bool:
    return bool(batch.made.part_sha256) and any(error.line is not None for error in batch.info.errors)


def _at_line(error: BatchError, lines: Mapping[int, int]) -> BatchError:
    if error.line is None:
        return error
    if error.line in lines:
        return replace(error, line=lines[error.line])
    message = f"Line {error.line:,} of the resubmitted requests: {error.message or error.code}"
    return replace(error, line=None, message=message)
