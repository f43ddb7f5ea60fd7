"""What a run reports while it goes on. The terminal and the log of the action listen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsync.report.report import Report


class Observer:
    """Listens and does nothing. A front end overrides what it shows."""

    def note(self, text: str) -> None:
        """One line about what the run is doing."""

    def planned(self, report: Report) -> None:
        """The plan, before anything is written."""

    def stage(self, name: str, total: int) -> None:
        """The stage `name` ("uploading", "indexing", "deleting") gets `total` more documents."""

    def advance(self, name: str) -> None:
        """One more document of that stage is done."""

    def failed(self, path: str, code: str, message: str) -> None:
        """A document was not synced."""

    def finished(self) -> None:
        """No stage is under way any more: a progress bar is taken away. Others may follow."""
