"""`vsync status`: which commit is live, how far behind it is, and whether a path is in the store. Asks no store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vsync.config.settings import NO_MANIFEST, Settings
from vsync.state.manifest import Entry, Failure, Skipped, TargetState
from vsync.state.seal import Trust
from vsync.sync.recorded import read_recorded
from vsync.sync.same_store import check_store, expiry_warnings
from vsync.system.redaction import printable
from vsync.system.wording import count

if TYPE_CHECKING:
    from vsync.config.targets import Target
    from vsync.state.publication import Publication, Published
    from vsync.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PathStatus:
    """Whether a path is in the store, and which version of it."""

    path: str
    entry: Entry | None
    failure: Failure | None
    skipped: Skipped | None


@dataclass(frozen=True, slots=True)
class Status:
    """`behind` counts commits, and is None where history does not tell."""

    target: str
    state: TargetState | None
    trust: Trust
    head: str | None
    behind: int | None
    path: PathStatus | None
    unknown: str = ""
    """Why nothing is recorded, and where else the manifest may be."""
    doubt: str = ""
    """Why the manifest is not believed."""

    def to_json(self) -> dict[str, Any]:
        state = self.state
        data: dict[str, Any] = {
            "target": self.target,
            "vector_store_id": state.vector_store_id if state else None,
            "expires_after_days": state.expires_after_days if state else None,
            "commit": state.commit if state else None,
            "head": self.head,
            "behind": self.behind,
            "documents": len(state.files) if state else 0,
            "failed": [
                {"path": path, "code": failure.code} for path, failure in (state.failed if state else {}).items()
            ],
            "interrupted": self.trust == "doubtful",
            "doubt": self.doubt or None,
            "unknown": self.unknown or None,
            "run": dict(state.run) if state else None,
        }
        if self.path is not None:
            data["path"] = {
                "path": self.path.path,
                "in_store": self.path.entry is not None,
                "file_id": self.path.entry.file_id if self.path.entry else None,
                "blob": self.path.entry.blob if self.path.entry else None,
                "failed": self.path.failure.code if self.path.failure else None,
                "skipped": self.path.skipped.reason if self.path.skipped else None,
            }
        return data


def status(
    publication: Publication, workspace: Workspace, settings: Settings, target: Target, path: str | None
) -> Status:
    """Reads manifest and seal, and asks git how far the head is ahead. Makes no request."""
    if workspace.embedded is not None:
        workspace.embedded.check_exists()
    recorded = read_recorded(publication, workspace.identity, target.name)
    check_store(recorded.state, target, publication.title)
    state, trusted = recorded.state, recorded.trust
    head = workspace.source.head
    behind = None
    if state and state.commit and head and workspace.repository and workspace.source.knows(state.commit):
        behind = workspace.repository.count_between(state.commit, head)
    return Status(
        settings.target.name,
        state,
        trusted,
        head,
        behind,
        _path_status(state, path),
        unknown=_unknown(recorded.published, workspace, settings) if state is None else "",
        doubt=recorded.published.doubt if trusted == "doubtful" else "",
    )


def _unknown(published: Published, workspace: Workspace, settings: Settings) -> str:
    if settings.manifest == NO_MANIFEST:
        return "Nothing is kept (--manifest none), so nothing is known: vsync plan asks the store what it holds."
    seal = published.seal
    if published.manifest is None and seal is not None and seal.manifest is not None:
        return (
            "Documents were synced, but the manifest is gone: vsync verify --rebuild makes it again from the store, and so "
            "does the next sync, which lists the store."
        )
    if seal is not None and seal.state == "open":
        return "The first sync did not end: the next one lists the store and goes on."
    if workspace.embedded is not None:
        return "Nothing has been synced into this embedded store yet: there is no manifest for this target beside it."
    if workspace.remote is None and workspace.repository is not None and workspace.repository.push_url() is not None:
        return (
            "Nothing has been synced yet as far as this clone knows: there is no manifest for this target here. The action and "
            "sync --push keep the manifest on the remote `origin`; with --push, status looks there."
        )
    return "Nothing has been synced yet: there is no manifest for this target."


def path_in(root: Path, path: str) -> str:
    """The path as the manifest names it: as given, or where that is no file, as seen from the current folder."""
    here = Path(os.path.normpath(Path.cwd() / path))
    if (root / path).exists() or not here.exists() or not here.is_relative_to(root):
        return path
    return here.relative_to(root).as_posix()


def _path_status(state: TargetState | None, path: str | None) -> PathStatus | None:
    if path is None:
        return None
    path = path.removeprefix("./")
    if state is None:
        return PathStatus(path, None, None, None)
    return PathStatus(path, state.files.get(path), state.failed.get(path), state.skipped.get(path))


def status_lines(found: Status) -> list[str]:
    """The status for people."""
    state = found.state
    if state is None:
        return [found.unknown]
    lines = [f"{count(len(state.files), 'document')} in {state.vector_store_id}"]
    if state.commit is None and not (found.head is None and state.settings):
        lines.append("  live: no complete sync yet; the next run goes on")
    elif state.commit is None:
        lines.append(f"  live: synced {state.run.get('when', 'at an unknown time')}")
    else:
        lines.append(f"  live: {state.commit[:12]}, synced {state.run.get('when', 'at an unknown time')}")
        lines.append("  " + _behind(found))
    if found.trust == "doubtful":
        lines.append(f"  {found.doubt}: the next sync lists the store first.")
    lines += [f"  {warning}" for warning in expiry_warnings(state.vector_store_id, state.expires_after_days)]
    lines += [f"  failed: {printable(path)}: {failure.code}" for path, failure in state.failed.items()]
    if found.path is not None:
        lines.append(_path_line(found.path))
    return [printable(line) for line in lines]


def _behind(found: Status) -> str:
    if found.head is None:
        return "a plain folder has no commits to be behind"
    if found.behind is None:
        return f"how far {found.head[:12]} is ahead is not known: the live commit is not in this clone"
    if found.behind == 0 and found.state is not None and found.state.commit != found.head:
        return f"ahead of {found.head[:12]}"
    if found.behind == 0:
        return f"up to date with {found.head[:12]}"
    return f"{count(found.behind, 'commit')} behind {found.head[:12]}"


def _path_line(path: PathStatus) -> str:
    name = printable(path.path)
    if path.entry is not None:
        failed = f"; its newer version failed: {path.failure.code}" if path.failure else ""
        return f"{name} is in the store ({path.entry.file_id}, {path.entry.bytes} bytes){failed}"
    if path.failure is not None:
        return f"{name} is not in the store: {path.failure.code}"
    if path.skipped is not None:
        return f"{name} is not in the store: skipped, {path.skipped.reason}"
    return f"{name} is not in the store"
