"""What is in the results folder: results, their summaries, and whose they are. No link is followed, and nothing is written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO

from vsync.batch.result_places import kept_paths, summary_path
from vsync.batch.results_by_content import NOT_THERE, ResultsByContent, read_summary
from vsync.batch.summary_file import Summary
from vsync.errors import ConfigurationError, PublicationFailed
from vsync.system.beneath import Beneath, Version, version_of
from vsync.system.redaction import printable
from vsync.system.spool import CHUNK_BYTES


class ResultsReader:
    """The folder `results` below `root`. Paths of its methods are those of results files, relative to `root`.

    `warn` is told what is odd but hinders nothing. Methods raise ConfigurationError where a link stands in the way, and
    PublicationFailed when the disk refuses.
    """

    def __init__(self, root: Path, results: str, *, warn: Callable[[str], None] = lambda text: None) -> None:
        self._files = Beneath(root)
        self.path = results
        self._warn = warn
        self._warned: set[str] = set()
        self._hashes: dict[Version, str] = {}
        self._by_content = ResultsByContent(self._files, results)
        self._owned: frozenset[str] = frozenset()

    def check_writable(self) -> None:
        """Raises ConfigurationError when no results could be written. Makes nothing."""
        try:
            self._files.check_writable(self.path)
        except OSError as error:
            raise ConfigurationError(
                f"The results folder {printable(self.path)} cannot be written: {_reason(error)}.",
                "Mend that, or give another folder with --results (VSYNC_RESULTS).",
            ) from error

    def warn(self, text: str) -> None:
        """Tells something odd, once."""
        if text not in self._warned:
            self._warned.add(text)
            self._warn(printable(text))

    # --- Reading ----------------------------------------------------------------------------------------------

    def reserve(self, paths: Collection[str]) -> None:
        """Takes note of the places that belong to request files: nothing else is moved there.

        Raises ConfigurationError when a newer vsync wrote something in the folder.
        """
        self._owned = frozenset(paths)
        self.places_of("")

    def summary(self, path: str) -> Summary | None:
        """The summary of a results file; None: there is none that can be read. It may not match the results: see `matches`."""
        place = summary_path(path)
        with self._refusals(place, "read"):
            try:
                return read_summary(self._files, path)
            except ValueError as error:
                self.warn(f"{place} is no summary that this vsync wrote ({error}), and is ignored.")
                return None

    def places_of(self, sha256: str) -> list[str]:
        """Where there are results of this content, in the whole folder: the best first. The folder is read once.

        Results that are as their summary says are better, then those with more good results.
        """
        with self._refusals(self.path, "read"):
            known = self._by_content.places(sha256)
        places = [place for place in known if self.holds(place, sha256)]
        return places if len(places) < 2 else sorted(places, key=self._rank)

    def nearest(self, path: str, sha256: str) -> str:
        """The path, if it has results of this content; else a place that has some; else the path."""
        return path if self.holds(path, sha256) else next(iter(self.places_of(sha256)), path)

    def place_of_old(self, path: str, sha256: str) -> str:
        """Where the results are of a content that no request file has any more, or where they are to go.

        `path` is the place of the request file that had the content. A name that is taken is not given.
        """
        return next(iter(self.places_of(sha256)), None) or self._kept_name(path, sha256)

    def holds(self, path: str, sha256: str) -> bool:
        """Whether there are results of this content at the path, also when a run died while it wrote others there."""
        if self._summary_of(path, sha256) is None:
            return False
        try:
            with self._files.open(path):
                return True
        except OSError:
            return False

    def matches(self, path: str, summary: Summary) -> bool:
        """Whether the results file is the one that the summary describes: else a run died while it wrote."""
        with self._refusals(path, "read"):
            try:
                with self._files.open(path) as file:
                    version = version_of(file)
                    return version.size == summary.results_bytes and self._hash(file, version) == summary.results_sha256
            except NOT_THERE:
                return False

    def is_sound(self, path: str, sha256: str) -> bool:
        """Whether there are no results of this content at the path, or such as their summary says."""
        summary = self._summary_of(path, sha256)
        return summary is None or not self.holds(path, sha256) or self.matches(path, summary)

    def is_current(self, path: str, sha256: str, batch_id: str) -> bool:
        """Whether the results of a batch are in the results file, for a request file with this content."""
        try:
            summary = self._summary_of(path, sha256)
            return summary is not None and summary.names(batch_id) and self.matches(path, summary)
        except (ConfigurationError, PublicationFailed):
            # Nobody can tell. Who writes there is told why not.
            return False

    def is_whole(self, path: str, sha256: str, batch_id: str) -> bool:
        """Whether the results file lacks nothing that a batch may still have: it has all that the API counted, or nothing is missing."""
        summary = self._summary_of(path, sha256) if self.is_current(path, sha256, batch_id) else None
        if summary is None:
            return False
        return not summary.failed or not any(batch.short for batch in summary.batches if batch.id == batch_id)

    def is_anywhere(self, path: str, sha256: str, batch_id: str) -> bool:
        """Whether the results of a batch are in the results file, or in other results for this content."""
        return any(self.is_current(place, sha256, batch_id) for place in (path, *self.places_of(sha256)))

    def complete(self, path: str, sha256: str) -> bool:
        """Whether there is a good result for each request of exactly this content, at the path or elsewhere in the folder."""
        for place in dict.fromkeys((path, *self.places_of(sha256))):
            summary = self._summary_of(place, sha256)
            if summary is not None and summary.requests and not summary.failed and self.matches(place, summary):
                return True
        return False

    def open_base(self, path: str, sha256: str) -> IO[bytes] | None:
        """The results that are there for this content, to merge others into them. The caller closes the file.

        They count also where the summary does not match them.
        """
        if self._summary_of(path, sha256) is None:
            return None
        with self._refusals(path, "read"):
            try:
                return self._files.open(path)
            except NOT_THERE:
                return None

    # --- Helpers ---------------------------------------------------------------------------------------------

    def _rank(self, path: str) -> tuple[bool, int, str]:
        summary = self.summary(path)
        if summary is None:
            return True, 0, path
        return not self.matches(path, summary), -summary.completed, path

    def _kept_name(self, path: str, sha256: str) -> str:
        """The name under which results of this content are kept that stand at the path, or belong there."""
        names = kept_paths(path, sha256, self.path)
        return next((name for name in names if self._is_free(name, sha256)), names[0])

    def _is_free(self, path: str, sha256: str) -> bool:
        """Whether results of this content may be moved to the path: it is no other's, and nothing but a file stands there."""
        if path in self._owned:
            return False
        try:
            with contextlib.suppress(FileNotFoundError), self._files.open(path):
                pass
            summary = read_summary(self._files, path)
        except OSError:
            return False
        except ValueError:
            return True
        return summary is None or summary.sha256 == sha256

    def _summary_of(self, path: str, sha256: str) -> Summary | None:
        summary = self.summary(path)
        return summary if summary is not None and summary.sha256 == sha256 else None

    def _hash(self, file: IO[bytes], version: Version) -> str:
        """The SHA-256 of a file. It is remembered as long as the file stays the same: results may have gigabytes."""
        if version not in self._hashes:
            found = hashlib.sha256()
            while chunk := file.read(CHUNK_BYTES):
                found.update(chunk)
            self._hashes[version] = found.hexdigest()
        return self._hashes[version]

    @contextlib.contextmanager
    def _refusals(self, path: str, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ConfigurationError(
                    f"{printable(path)} cannot be {done}: there is a symbolic link in its path.",
                    "Put a folder or a file in the place of the link: vsync follows none in the results folder.",
                ) from error
            raise PublicationFailed(
                f"{printable(path)} cannot be {done}: {_reason(error)}.",
                "Mend that and run again: the results that are there stay as they are, and the API keeps new ones for 30 days.",
            ) from error


def _reason(error: OSError) -> str:
    return "there is a symbolic link in its path" if error.errno == errno.ELOOP else error.strerror or str(error)
