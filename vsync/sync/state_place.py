"""Where this machine keeps the state of a target: its manifest, seal and journal.

| the run's store | manifest | seal and journal |
| --- | --- | --- |
| behind an API | a path in the repository or folder | git's common directory; for a plain folder beside the manifest |
| the embedded store | beside the embedded store's file | a folder beside the embedded store's file |

A remote may keep manifest and seal instead (`target_state`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vsync.config.settings import DEFAULT_MANIFEST, NO_MANIFEST, Settings
from vsync.errors import ManifestError
from vsync.store.embedded_file import EmbeddedFile


@dataclass(frozen=True, slots=True)
class StatePlace:
    """Where the state of a target is kept.

    `manifest` is None for `--manifest none`. `name` is how reports and messages call the manifest. `key` is the same for
    every run that uses this manifest, and the seal is found by it.
    """

    manifest: Path | None
    name: str
    key: str
    seal_folder: Path


def state_place(settings: Settings, root: Path, seal_folder: Path, embedded: EmbeddedFile | None) -> StatePlace:
    """`seal_folder` is where the seal is kept for a repository, or for a folder without a manifest. Raises ManifestError."""
    if settings.manifest == NO_MANIFEST:
        return StatePlace(None, NO_MANIFEST, NO_MANIFEST, embedded.seal_folder if embedded else seal_folder)
    if embedded is not None and settings.manifest is None:
        return StatePlace(embedded.manifest, _name(embedded.manifest, root), "embedded", embedded.seal_folder)
    given = settings.manifest or DEFAULT_MANIFEST
    path = _path(given, root)
    name = _name(path, root)
    if embedded is not None:
        return StatePlace(path, name, str(root / name), embedded.seal_folder)
    return StatePlace(path, name, name, seal_folder if settings.folder is None else path.parent)


def _name(path: Path, root: Path) -> str:
    """One name for one manifest, however its path is written. It is the same in every linked worktree."""
    path = Path(os.path.normpath(path))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _path(given: str, root: Path) -> Path:
    """The manifest's file. A relative path counts from the repository's top folder."""
    path = root / given
    if not Path(given).is_absolute() and not path.parent.resolve().is_relative_to(root):
        raise ManifestError(
            f"The manifest {given} would stand outside of {root}.",
            "Give a path inside the repository, or an absolute one.",
        )
    if path.is_dir():
        raise ManifestError(f"The manifest {given} is a folder.", "Give the path of a file.")
    if path.exists() and not path.is_file():
        raise ManifestError(f"The manifest {given} is a device or a pipe.", "Give the path of a file.")
    return path
