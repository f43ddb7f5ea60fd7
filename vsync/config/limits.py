"""How much one run may do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may do. None means the default. `max_delete_percent` is a share of the manifest's documents."""

    max_deletes: int | None = None
    max_delete_percent: float | None = None
    max_uploads: int | None = None
    max_upload_bytes: int | None = None
    force: bool = False
