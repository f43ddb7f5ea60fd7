"""What runs say while they are at work."""

from __future__ import annotations

import re
from pathlib import Path

from vsync.report.observer import Observer


class Told(Observer):
    """Keeps the notes of runs in a file, so that the notes of a run that died in its own process are there too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{text}\n")

    def _lines(self, start: str) -> list[str]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return [line for line in lines if line.startswith(start)]

    def stopped(self) -> set[str]:
        """The Files that were named by runs which another run overtook."""
        lines = self._lines("This run uploaded these Files before it stopped: ")
        return {file_id for line in lines for file_id in re.findall(r"\bfile-\w+", line)}

    def unanswered(self) -> set[str]:
        """The filenames of which such runs may have left further Files."""
        lines = self._lines("These uploads of this run were never answered: ")
        return {name for line in lines for name in line.partition(": ")[2].partition(". Each may")[0].split(", ")}

    def leftovers(self) -> tuple[set[str], set[str]]:
        """The Files that runs named: those that are deleted, and those that are not touched."""
        named = [(line.split()[2], line) for line in self._lines("The File ")]
        return (
            {file_id for file_id, line in named if " is deleted: " in line},
            {file_id for file_id, line in named if " is not touched: " in line},
        )
