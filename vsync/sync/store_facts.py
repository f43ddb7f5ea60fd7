"""What a report says of the store without asking it. Pure."""

from __future__ import annotations

from dataclasses import replace

from vsync.config.targets import Target
from vsync.report.last_sync import last_sync
from vsync.report.report import Report
from vsync.state.manifest import TargetState


def with_store_facts(report: Report, target: Target, state: TargetState | None) -> Report:
    """The report with the id and the name of the store, its API, and the last sync, as settings and manifest give them."""
    return replace(
        report,
        vector_store_id=state.vector_store_id if state else target.vector_store_id,
        vector_store_name=(state.vector_store_name if state else None) or target.vector_store_name,
        api=state.api if state else target.api,
        last_sync=last_sync(state),
    )
