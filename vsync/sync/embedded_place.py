"""Where the embedded store is, for commands that need neither a commit nor a repository."""

from __future__ import annotations

from pathlib import Path

from vsync.config.settings import Settings
from vsync.git.discovery import checked_top
from vsync.store.embedded_file import EmbeddedFile, embedded_file


def embedded_file_of(settings: Settings, trusted: Path | None = None) -> EmbeddedFile | None:
    """The embedded store's file. None: another store is meant.

    `trusted` is a folder whose repositories may belong to another user.
    """
    if settings.local is None:
        return None
    if settings.folder is not None:
        return embedded_file(settings.local, Path(settings.folder).resolve())
    return embedded_file(settings.local, checked_top(Path(settings.repo), trusted))
