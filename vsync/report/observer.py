"""What a run tells while it goes on. The terminal and the action's log are two listeners of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsync.report.report import Report


class Observer:
    """Listens and does nothing; a front end overrides what it shows."""

    def note(self, text: str) -> None:
        """One line about what goes on."""

    def planned(self, report: Report) -> None:
        """The plan, before anything is written."""

    def stage(self, name: str, total: int) -> None:
        """`name` ("uploading", "indexing", "deleting") begins or has grown: so many documents in all."""

    def advance(self, name: str) -> None:
        """One more document of that stage is done."""

    def failed(self, path: str, code: str, message: str) -> None:
        """A document was not synced."""

    def finished(self) -> None:
        """No more stages: take a progress bar away."""
