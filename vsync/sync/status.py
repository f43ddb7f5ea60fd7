"""`vsync status`: which commit is live, how far behind it is, and whether a path is in the store. Asks no store."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vsync.config.settings import DEFAULT_TARGET, NO_MANIFEST, Settings
from vsync.config.state_options import state_options
from vsync.errors import VsyncError
from vsync.git.changes import REGULAR, TreeEntry
from vsync.plan.scan import scan_path
from vsync.plan.selected import selector_for
from vsync.report.markup import code, prose
from vsync.state.manifest import TargetState
from vsync.state.manifest_parser import parse_manifest
from vsync.state.seal import Trust
from vsync.sync.named_path import find_path
from vsync.sync.path_status import PathStatus, judge, path_line
from vsync.sync.read_target import read_target
from vsync.sync.same_store import expiry_warnings
from vsync.sync.target_state import place_of, unread_manifest
from vsync.system.redaction import printable
from vsync.system.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vsync.config.targets import Target
    from vsync.source.base import Source
    from vsync.state.publication import Publication, Published
    from vsync.sync.workspace import Workspace


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
    plan: str = "vsync plan"
    """The command that plans what a sync of this target would do."""

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
            data["path"] = self.path.to_json()
        return data


def status(
    publication: Publication,
    workspace: Workspace,
    settings: Settings,
    target: Target,
    path: str | None,
    *,
    in_workflow: bool = False,
) -> Status:
    """Reads manifest and seal, and asks git how far the head is ahead. Makes no request.

    `path` is a path as it was typed. `in_workflow` is as for `state_options`. Raises ConfigurationError when there is no such
    file.
    """
    if workspace.embedded is not None:
        workspace.embedded.check_exists()
    options = state_options(settings, in_workflow=in_workflow)
    recorded = read_target(publication, workspace.identity, target, options=options)
    state, trusted = recorded.state, recorded.trust
    head = workspace.source.head
    fetched = _fetched(workspace, settings) if state is None else None
    behind = None
    if state and state.commit and head and workspace.repository and workspace.source.knows(state.commit):
        behind = workspace.repository.count_between(state.commit, head)
    return Status(
        settings.target.name,
        state,
        trusted,
        head,
        behind,
        _path_status(workspace, target, state or fetched, path) if path is not None else None,
        unknown=_unknown(recorded.published, workspace, settings, fetched) if state is None else "",
        doubt=recorded.published.doubt if trusted == "doubtful" else "",
        plan=_plan_command(settings, options),
    )


def _plan_command(settings: Settings, options: Sequence[str]) -> str:
    name = settings.target.name
    of_target = () if name == DEFAULT_TARGET else ("--target", name)
    to_head = () if settings.head is None else ("--head", settings.head)
    return shlex.join(["vsync", "plan", *options, *of_target, *to_head])


def _unknown(published: Published, workspace: Workspace, settings: Settings, fetched: TargetState | None) -> str:
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
        return _told(fetched, settings) or (
            "Nothing has been synced yet as far as this clone knows: there is no manifest for this target here. The action and "
            "sync --push keep the manifest on the remote `origin`; with --push, status looks there."
        )
    return "Nothing has been synced yet: there is no manifest for this target."


def _fetched(workspace: Workspace, settings: Settings) -> TargetState | None:
    """What this clone has fetched of the remote's manifest. None: nothing of this target."""
    branch = unread_manifest(settings, workspace)
    if workspace.repository is None or branch is None:
        return None
    name = place_of(settings, workspace).name
    try:
        content = workspace.repository.file(f"refs/remotes/origin/{branch}", name)
        manifest = parse_manifest(content, name) if content is not None else None
    except VsyncError:  # there is no such branch, or the file is no manifest
        return None
    return manifest.targets.get(settings.target.name) if manifest is not None else None


def _told(state: TargetState | None, settings: Settings) -> str | None:
    """That the manifest is elsewhere, and what it says. None: nothing is known of it."""
    if state is None:
        return None
    at = f", {state.commit[:12]} is live" if state.commit else ""
    return (
        f"The manifest of this target stands on the remote `origin` (branch {settings.manifest_branch}), and not here. "
        f"As this clone has fetched it, {count(len(state.files), 'document')} are in the store{at}. With --push, status asks the remote."
    )


def _path_status(workspace: Workspace, target: Target, state: TargetState | None, given: str) -> PathStatus:
    source = workspace.reaching(workspace.source, target)
    where = source.head[:12] if source.head else "the folder"
    path, entry, submodule = find_path(given, workspace.root, source.entries(), state.files if state else (), where)
    plan = scan_path(source, state, target, path, entry)
    why_not = f"it lies in the submodule {submodule}, which is another repository" if submodule else None
    if why_not is None:
        why_not = _why_not(source, target, entry or TreeEntry(path.encode(), REGULAR, ""))
    return judge(path, state, plan, at_head=entry is not None, why_not=why_not)


def _why_not(source: Source, target: Target, entry: TreeEntry) -> str | None:
    path = entry.path.decode("utf-8", "surrogateescape")
    return selector_for(source, target, path).why_not(path, entry.mode)


def status_lines(found: Status) -> list[str]:
    """The status for people."""
    state = found.state
    if state is None:
        return [printable(line) for line in (found.unknown, *_path_lines(found))]
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
    return [printable(line) for line in (*lines, *_path_lines(found))]


def _path_lines(found: Status) -> list[str]:
    return [path_line(found.path, found.head)] if found.path is not None else []


def status_summary(found: Status) -> str:
    """The status as Markdown."""
    first, *rest = (prose(line) for line in status_lines(found))
    target = "" if found.target == "default" else f" {code(found.target)}"
    if found.state is None:
        lines = [f"## vsync status{target}: nothing recorded", "", first, "", *(f"- {line}" for line in rest)]
    else:
        lines = [f"## vsync status{target}: {first}", "", *(f"- {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _behind(found: Status) -> str:
    if found.head is None:
        return "a plain folder has no commits to be behind"
    if found.behind is None:
        return f"how far {found.head[:12]} is ahead is not known: the live commit is not in this clone"
    if found.behind == 0 and found.state is not None and found.state.commit != found.head:
        return f"ahead of {found.head[:12]}"
    if found.behind == 0:
        return f"up to date with {found.head[:12]}"
    # The manifest keeps its commit when later commits change no document.
    what = "the commit changes" if found.behind == 1 else "these commits change"
    return f"{count(found.behind, 'commit')} behind {found.head[:12]}: `{found.plan}` tells whether {what} a document"
