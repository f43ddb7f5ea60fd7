"""Refuses a run that would begin a second record of a store that already has a record on the remote `origin`.

Two records of one store do not know of each other's uploads, and so documents are put there twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vsync.config.settings import DEFAULT_MANIFEST_BRANCH
from vsync.errors import ManifestError, VsyncError
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Doubt:
    """It is not known whether the remote has a record, and why."""

    why: str

    def __str__(self) -> str:
        return (
            f"Whether the remote origin keeps a record of this target is not known: {self.why} If a workflow or another clone "
            "syncs this target with --push (input commit: true), use --push here too: two records of one store lead to duplicates."
        )


def check_no_second_record(ports: Ports, context: RunContext, recorded: Recorded) -> Doubt | None:
    """Raises ManifestError when the remote has a record of this target and this run would begin another one.

    Asks the remote once, and only where there is no record here and none on the remote would be read. Gives the doubt
    when the remote does not answer.
    """
    if recorded.state is not None or context.settings.push or ports.embedded is not None:
        return None
    branch = context.settings.manifest_branch
    try:
        refs = ports.origin_refs(("refs/vsync/*", f"refs/heads/{branch}"))
    except VsyncError as error:
        if context.unread_manifest is not None:  # the clone has fetched it, so the remote had it
            raise _unreachable_record(recorded.target, context.unread_manifest, error) from error
        return Doubt(error.message)
    found = record_in(refs, recorded.target, branch)
    if found:
        raise _refusal(recorded.target, found, context)
    return None


def record_in(refs: Collection[str], target: str, branch: str) -> list[str]:
    """The refs that show a record of the target. Pure.

    A copy of a repository may have the branches alone, without the seals. Nobody but vsync makes the branch that it keeps
    the manifest on by default.
    """
    seals = [ref for ref in refs if ref.startswith("refs/vsync/")]
    if f"refs/vsync/{target}" in seals:
        return [f"refs/vsync/{target}"]
    manifest = f"refs/heads/{branch}"
    return [manifest] if not seals and branch == DEFAULT_MANIFEST_BRANCH and manifest in refs else []


def _unreachable_record(target: str, branch: str, error: VsyncError) -> ManifestError:
    return ManifestError(
        f"The remote origin keeps a record of the target {target!r}, on its branch {branch}, as far as this clone knows; and it does "
        f"not answer now ({error.message.rstrip('.')}). Without that record documents could be put into the store twice. Nothing was done.",
        "Run again with --push (input commit: true) where git reaches the remote. For another store with a record of its own use "
        "another --target (input target). If that branch is gone, `git fetch --prune origin` makes this clone forget it.",
    )


def _refusal(target: str, refs: Collection[str], context: RunContext) -> ManifestError:
    named = ", ".join(refs)
    instead = "Give --push (input commit: true)"
    if not context.keeps_manifest:
        instead = "Leave out --manifest none (input manifest), give --push (input commit: true)"
    return ManifestError(
        f"The remote origin keeps a record of the target {target!r} ({named}), and this run would not read it. Two records of one "
        "store do not know of each other's uploads, and documents would be put there twice. Nothing was done.",
        f"{instead}, and vsync goes on from that record. For another store with a record of its own use another --target (input "
        f"target). If nobody uses the record any more, delete it: git push origin --delete {' '.join(refs)}",
    )
