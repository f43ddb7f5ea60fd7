"""Who takes what a command found, beside what it prints. On the command line nobody does; the action does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vsync.errors import VsyncError
    from vsync.manage.bulk_report import BulkReport
    from vsync.records.stream_report import StreamReport


class Listener:
    """Listens and does nothing. The texts that it gets may still hold secrets, apart from those of a report.

    `only_shows` says why a command only shows what it would change; None: it may change things. `has_input` says whether
    standard input can bring something.
    """

    only_shows: str | None = None
    has_input: bool = True

    def failed(self, error: VsyncError) -> None:
        """The command ended early, and has no report."""

    def found(self, markdown: str, data: Any = None) -> None:
        """What a command that reads has found, for a job summary. `data` is the same as JSON; None: there is none."""

    def deleted(self, report: BulkReport) -> None:
        """The report of a command that deletes, without secrets."""

    def applied(self, report: StreamReport) -> None:
        """The report of a stream of records, without secrets."""
