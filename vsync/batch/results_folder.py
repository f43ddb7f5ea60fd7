"""The results folder: a results file and its summary for each request file. No link in it is followed.

| step of a write | what a run that dies after it leaves |
| --- | --- |
| results of another content go to their kept name | the old results, complete, under one of two names |
| the new results are written to a temporary file | the old files |
| the summary is replaced | a summary that does not match its results: they are merged again, with themselves as base |
| the results are replaced | the new files |
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Collection
from typing import IO

from vsync.batch.result_places import foreign_path, summary_path
from vsync.batch.results_by_content import NOT_THERE
from vsync.batch.results_reader import ResultsReader
from vsync.batch.summary_file import Summary, dump_summary
from vsync.system.beneath import version_of
from vsync.system.spool import CHUNK_BYTES


class ResultsFolder(ResultsReader):
    """The results folder, to be written. Paths of its methods are those of results files, relative to the root."""

    def write(self, path: str, sha256: str, fill: Callable[[IO[bytes]], Summary]) -> Summary:
        """Writes results of this content, and their summary. `fill` writes the results and returns the summary of them.

        What stands there of another content is kept under another name. When `fill` or the disk fails, the results and the
        summary stay as they were.
        """
        with self._refusals(path, "written"):
            self._make_room(path, sha256)
            with self._files.new(path) as file:
                summary = fill(file)
                file.flush()
                os.fsync(file.fileno())
                self._write_summary(path, summary)
        self._by_content.note(path, sha256)
        return summary

    def keep_old(self, path: str) -> str | None:
        """Moves results and summary to the name that tells their content. Returns that name; None: there were no results.

        A move that was cut is finished. Where results are without a summary, nothing is known of them: `write` moves them.
        """
        summary = self.summary(path)
        if summary is None:
            return None
        place = self._kept_name(path, summary.sha256)
        with self._refusals(path, "moved"):
            if self._files.exists(path):
                self._move(path, place, summary)
            self._remove_summary(path)
            return place if self._files.exists(place) else None

    def promote(self, path: str, sha256: str, *, request: str = "", beside: Collection[str] = ()) -> str | None:
        """Brings results of this content to the path, from wherever they are. Gives the place where they were; None: the path
        has some already, or there are none.

        `request` is the path of the request file. From the places `beside`, which have request files of the same content, the
        results are copied, and from others they are moved. Results of another content that stand at the path are kept.
        A move that was cut is finished.
        """
        if self.holds(path, sha256):
            self._remove_leftovers(sha256)
            return self._copied_from_better(path, sha256, request)
        for place in self.places_of(sha256):
            summary = self._summary_of(place, sha256)
            if summary is None:
                continue
            named = dataclasses.replace(summary, path=request or summary.path)
            if place in beside:
                self.write(path, sha256, self._copy_of(place, named))
                return place
            with self._refusals(path, "moved"):
                self._make_room(path, sha256)
                self._move(place, path, named)
                self._remove_summary(place)
            return place
        return None

    def _copied_from_better(self, path: str, sha256: str, request: str) -> str | None:
        """Copies results of the same content that have more good ones. Gives their place; None: there are none."""
        here = self.summary(path)
        if here is None or not here.failed:
            return None
        for place in self.places_of(sha256):
            there = self._summary_of(place, sha256)
            if place != path and there is not None and there.completed > here.completed:
                self.write(path, sha256, self._copy_of(place, dataclasses.replace(there, path=request or there.path)))
                return place
        return None

    def _copy_of(self, place: str, summary: Summary) -> Callable[[IO[bytes]], Summary]:
        def fill(out: IO[bytes]) -> Summary:
            with self._files.open(place) as file:
                shutil.copyfileobj(file, out, CHUNK_BYTES)
            return summary

        return fill

    def _remove_leftovers(self, sha256: str) -> None:
        """Removes summaries of this content whose results a run moved away before it died."""
        with self._refusals(self.path, "read"):
            for place in self._by_content.places(sha256):
                if place not in self._owned and self._summary_of(place, sha256) and not self.holds(place, sha256):
                    self._remove_summary(place)

    def _write_summary(self, path: str, summary: Summary) -> None:
        place = summary_path(path)
        with self._refusals(place, "written"):
            self._files.write(place, dump_summary(summary))

    def _remove_summary(self, path: str) -> None:
        place = summary_path(path)
        with self._refusals(place, "removed"):
            self._files.remove(place)

    def _make_room(self, path: str, sha256: str) -> None:
        """Moves away results that are not of this content."""
        summary = self.summary(path)
        if summary is None:
            self._set_aside(path)
        elif summary.sha256 != sha256:
            self.keep_old(path)

    def _move(self, path: str, place: str, summary: Summary) -> None:
        """Moves results. The summary is written at the new name first, so no results are without one.

        Better results of this content that stand there already stay.
        """
        there = self.summary(place)
        if there is None or there.sha256 != summary.sha256:
            self._set_aside(place)
        elif self._files.exists(place) and there.completed > summary.completed:
            self._set_aside(path)
            return
        self._write_summary(place, summary)
        self._files.rename(path, place)
        self._by_content.note(place, summary.sha256)

    def _set_aside(self, path: str) -> None:
        """Moves a results file that is not known to be ours to a name of its own, if there is one."""
        try:
            with self._files.open(path) as file:
                own = self._hash(file, version_of(file))
        except NOT_THERE:
            return
        place = foreign_path(path, own)
        if self._files.exists(place):
            place = foreign_path(path, own, digits=64)
        self._files.rename(path, place)
        self.warn(f"{path} was there without a summary that belongs to it. It was renamed {place.rpartition('/')[2]}.")
