"""Where the last confirmed state of a target is kept: its manifest and its seal.

`Publication` is what a run asks for. `local` keeps both as files; `remote` keeps them on a git remote, where runs on any
machine find them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from vsync.state.manifest import blob_id
from vsync.state.run_order import newest_run
from vsync.state.seal import Seal, Unsettled

RENEW_EVERY_S = 60.0
STALE_AFTER_S = 180.0


@dataclass(frozen=True, slots=True)
class Published:
    """What stands there: the manifest's bytes (None: there is none) and the seal (None: there is none)."""

    manifest: bytes | None
    seal: Seal | None

    @property
    def blob(self) -> str | None:
        return None if self.manifest is None else blob_id(self.manifest)

    @property
    def doubt(self) -> str:
        """Why a manifest that is `doubtful` is: what is known of it, in a few words."""
        if self.seal is not None and self.seal.state == "open":
            return "The last run did not end" if self.seal.run else "The seal that the last run left cannot be read"
        if self.manifest is None:
            return "The manifest is gone"
        return "The manifest is not the one that was published last (a revert, a merge, or an edit)"


def instant(time_s: float) -> str:
    """Seconds since the epoch as a seal writes times."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")


def succeed(before: Seal | None, seal: Seal) -> Seal:
    """The seal that a run opens: what the one before vouches for goes on, and what it knew of owner and newest run."""
    if before is None:
        return replace(seal, manifest=None, content=None)
    return replace(
        seal,
        serial=before.serial,
        manifest=before.manifest,
        content=before.content,
        owner=seal.owner or before.owner,
        ended=newest_run(before.ended, before.run if before.state == "closed" else None),
        unsettled=unsettled(before),
    )


def doubted(seal: Seal, overtaken: Seal | None = None) -> Seal:
    """The seal under a mark of doubt: as good as open, but its run came to its end all the same.

    `overtaken` is the seal of the run that left the mark: its last uploads may still have to be looked for.
    """
    runs = (*seal.unsettled, *unsettled(overtaken))[-_MOST_UNSETTLED:]
    if seal.state == "open":
        return replace(seal, unsettled=runs)
    return replace(seal, state="open", ended=newest_run(seal.ended, seal.run), unsettled=runs)


_MOST_UNSETTLED = 20


def unsettled(seal: Seal | None) -> tuple[Unsettled, ...]:
    """The runs that died under this seal, the one that holds it included."""
    if seal is None or seal.state == "closed":
        return ()
    return (*seal.unsettled, Unsettled(seal.run, seal.since, seal.head, seal.seen))[-_MOST_UNSETTLED:]


class ManifestMoved(Exception):
    """The manifest was written by somebody else meanwhile, so what was planned from it may be wrong. Plan again."""


class Publication(Protocol):
    """The manifest and seal of one target. `name` is the manifest's path, `title` how messages call it."""

    name: str
    title: str
    commit: str | None
    """The commit in which this run published the manifest; None where it is a file, or as it was."""
    rewritable: bool
    """Whether the manifest can be written once more at no cost. Elsewhere a closed seal says that nothing is pending."""

    def read(self) -> Published: ...

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> Seal | None:
        """Opens the seal for this run and gives the one that it replaces (None: there was none).

        `waiting` is told once when it must wait, and `pause` waits. Raises SealHeld when another run keeps the seal
        longer than that.
        """

    def renew(self) -> None:
        """Says that this run lives. Raises SealHeld when another one has taken over."""

    def check(self) -> None:
        """Raises SealHeld when another run may have taken over; costs nothing as long as none can have."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keeps the runs of other targets from writing the manifest, which they share."""

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        """Fixes the owner of all targets of this manifest before anything is written to a store.

        One that is not `sure` but newly minted gives way to that of another target's first run that was earlier.
        """

    def publish(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        """Writes the manifest and vouches for it, and for this target's part of it, in the seal.

        `summary` says in a few words what the run did. Raises ManifestMoved when the manifest is no longer the one
        that `read` gave last.
        """

    def publish_and_close(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        """The same, when nothing is left to do: closes the seal with it."""

    def close(self) -> None:
        """Closes the seal over the manifest that it vouches for."""

    def abandon(self) -> None:
        """Gives the seal back as it was before `take`: nothing was written to the store."""

    def note(self, run: str, head: str | None) -> bool:
        """Records that this run found nothing to do, so that an older one that comes later is known to be late.

        False: another run was quicker, so there may be something to do after all.
        """

    def others_open(self) -> bool:
        """Whether a run of another target of this repository is at work, or died: it may have uploaded as well."""

    def busy(self) -> str | None:
        """Since when another run is at work on this target; None when none is, or the one that was is dead."""

    def doubt(self, seal: Seal | None = None) -> None:
        """Has the next run list the store: this one lost the seal that it had while it was at work, and left something there."""

    def release(self) -> None:
        """Lets go of an open seal, so that the next run need not wait. Harmless when nothing is held."""
