"""Who takes what a command found, beside what it prints. On the command line nobody does; the action does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vsync.batch.batch_report import BatchReport
    from vsync.batch.status_report import StatusReport
    from vsync.errors import VsyncError
    from vsync.manage.bulk_report import BulkReport
    from vsync.records.stream_report import StreamReport
    from vsync.search.check_report import CheckReport


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

    def batched(self, report: BatchReport) -> None:
        """The report of a command that submits, fetches or cancels batches, without secrets."""

    def batches_found(self, report: StatusReport, markdown: str, data: Any) -> None:
        """How batches stand. `markdown` and `data` are as for `found`."""

    def checked(self, reports: Sequence[CheckReport], markdown: str) -> None:
        """The reports of the targets' checks, without secrets, and the same for a job summary."""

    def advice(self, text: str) -> str:
        """The text, with commands of `vsync batch` in it as its readers give them."""
        return text
