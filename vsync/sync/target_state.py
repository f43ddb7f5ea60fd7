"""What a target keeps of its syncs: opens manifest and seal, and finds a manifest that is not read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from vsync.config.settings import DEFAULT_MANIFEST_BRANCH, Settings
from vsync.errors import ConfigurationError, ManifestError
from vsync.state.local import LocalPublication
from vsync.state.manifest_parser import may_name_target
from vsync.state.publication import Publication
from vsync.state.remote import RemotePublication
from vsync.sync.state_place import StatePlace, state_place
from vsync.sync.workspace import Workspace

LARGEST_MANIFEST = 100_000_000
"""No larger manifest is read only to find out whether it has a target."""


def open_publication(
    settings: Settings, workspace: Workspace, log: Callable[[str], None] = lambda text: None
) -> Publication:
    """The manifest and seal of the target."""
    place = place_of(settings, workspace)
    name = place.name
    if workspace.remote is not None:
        if place.manifest is None or not place.manifest.is_relative_to(workspace.root):
            raise ManifestError(
                f"The manifest {name} is no path in the repository.",
                "Give a path relative to its top folder: it names a file on the manifest's branch.",
            )
        _check_names(settings.target.name, name)
        return RemotePublication(
            workspace.remote,
            name,
            settings.manifest_branch,
            settings.target.name,
            shared=settings.manifest_branch != DEFAULT_MANIFEST_BRANCH,
            is_dead=workspace.is_dead,
            log=log,
        )
    return LocalPublication(
        place.manifest, place.seal_folder, settings.target.name, name, key=place.key, stopped=workspace.stopped
    )


def unread_manifest(settings: Settings, workspace: Workspace) -> str | None:
    """The branch of the remote `origin` whose manifest has the target, where the manifest here is a file that does not exist.

    Asks no remote: a clone of all branches has the remote's branch.
    """
    repository, place = workspace.repository, place_of(settings, workspace)
    kept_elsewhere = workspace.remote is not None or workspace.embedded is not None
    if repository is None or kept_elsewhere or place.manifest is None or place.manifest.exists():
        return None
    branch = settings.manifest_branch
    fetched = f"refs/remotes/origin/{branch}"
    if not repository.has_file(fetched, place.name):
        return None
    manifest = repository.file_here(fetched, place.name, LARGEST_MANIFEST)
    return branch if manifest is None or may_name_target(manifest, settings.target.name) else None


def place_of(settings: Settings, workspace: Workspace) -> StatePlace:
    """Where this machine keeps the target's state. Raises ManifestError."""
    return state_place(settings, workspace.root, workspace.seal_folder, workspace.embedded)


def _check_names(target: str, manifest: str) -> None:
    """Refuses names that git takes for no ref and no file: https://git-scm.com/docs/git-check-ref-format."""
    if ".." in target or target.endswith((".lock", ".")):
        raise ConfigurationError(
            f"The target name {target!r} cannot be part of a ref's name, and the seal is the ref refs/vsync/<target>.",
            "Use a name without two dots in a row that does not end in a dot or in .lock.",
        )
    if any(map(_is_gits_own, re.split(r"[/\\]", manifest))):
        raise ManifestError(f"git takes no file {manifest} into a commit.", "Give another --manifest (input manifest).")


def _is_gits_own(part: str) -> bool:
    """Whether git takes a part of a path for its own folder, as file systems of Windows and macOS would: `.GIT`, `git~1`, `.git:x`.

    Such a file never gets into a commit: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectNTFS
    """
    seen = "".join(sign for sign in part.lower() if unicodedata.category(sign) != "Cf")
    return seen.split(":")[0].rstrip(" .") in {".git", "git~1"}
