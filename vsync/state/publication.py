"""Where a target's manifest and seal are kept. `Publication` is what a run asks for.

`local` keeps both as files. `remote` keeps them on a git remote, where runs on any machine find them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from vsync.errors import SealHeld
from vsync.state.figures import Figures
from vsync.state.manifest import blob_id
from vsync.state.seal import Seal

RENEW_EVERY_S = 60.0
STALE_AFTER_S = 180.0


@dataclass(frozen=True, slots=True)
class Published:
    """The manifest's bytes and the seal as they are kept now. None: there is no manifest, or no seal."""

    manifest: bytes | None
    seal: Seal | None

    @property
    def blob(self) -> str | None:
        return None if self.manifest is None else _blob_id(self.manifest)

    @property
    def doubt(self) -> str:
        """Why the manifest is `doubtful`, in a few words. Ask only when it is."""
        if self.seal is not None and self.seal.state == "open":
            return "The last run did not end" if self.seal.run else "The seal that the last run left cannot be read"
        if self.manifest is None:
            return "The manifest is gone"
        return "The manifest is not the one that was published last (a revert, a merge, or an edit)"


@functools.lru_cache(maxsize=1)
def _blob_id(manifest: bytes) -> str:
    """The last one is kept: several targets of a run ask it of the same bytes."""
    return blob_id(manifest)


class ManifestMoved(Exception):
    """Another run has written the manifest, so a plan made from the old manifest may be wrong. Plan again."""


def taken_over() -> SealHeld:
    """The error of a run whose seal another run has taken."""
    return SealHeld(
        "Another run has taken over this target: it saw no sign of life of this run for three minutes, or the clocks of the "
        "two machines are minutes apart.",
        "Nothing is lost: what was done is in the store, and the other run goes on from there.",
    )


class Publication(Protocol):
    """The manifest and seal of one target. `name` is the manifest's path, `title` how messages call it."""

    name: str
    title: str
    commit: str | None
    """The commit in which this run published the manifest; None: it is a file, or it was not published."""
    rewritable: bool
    """Whether the manifest can be written once more at no cost. If not, a closed seal says that nothing is pending."""

    def read(self) -> Published:
        """Reads the manifest and the seal."""

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Seal | None:
        """Opens the seal for this run, and returns the seal that it replaces (None: there was no seal).

        While another run holds the seal, `pause` waits, and `waiting` gets one message. Raises SealHeld when
        the other run still holds the seal after `timeout_s`. The rule stands in `waiting`, and there what `api_ahead` is for.
        """

    def renew(self) -> None:
        """Shows that this run is alive. Raises SealHeld when another run has taken over."""

    def check(self) -> None:
        """Raises SealHeld when another run may have taken over. Makes no request while that is impossible."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keeps runs of other targets from writing the manifest, which all targets share."""

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        """Fixes the owner of all targets of this manifest before anything is written to a store. Returns the owner.

        `sure` false: the owner was newly made, and the owner of another target's earlier first run replaces it.
        """

    def publish(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        """Writes the manifest, and in the seal its blob id and `content`, the hash of this target's part.

        `summary` says in a few words what the run did. Raises ManifestMoved when the manifest is not the one that
        `read` returned last.
        """

    def publish_and_close(
        self,
        manifest: bytes,
        serial: int,
        content: str | None = None,
        *,
        summary: str = "",
        figures: Figures | None = None,
    ) -> None:
        """The same as `publish`, and closes the seal: nothing is left to do. `figures` is what the store shows now."""

    def close(self, figures: Figures | None = None) -> None:
        """Closes the seal. The manifest stays as it was published.

        `figures` is what the store shows now. Without it the seal keeps those of the manifest that it names.
        """

    def abandon(self) -> None:
        """Gives the seal back as it was before `take`. Only for a run that wrote nothing to the store."""

    def note(self, run: str, head: str | None) -> bool:
        """Records that this run found nothing to do. So an older run that starts later is known to be late.

        False: another run has changed the seal meanwhile, so there may be something to do.
        """

    def others_open(self) -> bool:
        """Whether another target of this repository has an open seal: its run may have uploaded files as well."""

    def left_open(
        self, but_not: Collection[str], recorded: Collection[str] = (), *, may_ask: bool = False
    ) -> Mapping[str, Seal]:
        """The open seals of other targets of this manifest whose runs have ended, by target, without the targets `but_not`.

        Where it takes a git command to read them, only with `may_ask`, and not those of targets that are `recorded`. Call it
        after `read`.
        """

    def wait(
        self,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Published:
        """Waits like `take`, but takes nothing. Returns what is published when no other run works on this target."""

    def tell_clock(self, ahead: int) -> None:
        """Writes into this run's seal by how many seconds the API's clock is ahead of this machine's."""

    def doubt(self, seal: Seal | None = None) -> None:
        """Marks the seal as not to be trusted, so that the next run lists the store.

        For a run that lost the seal while it worked: it may have left something in the store. `seal` is its seal.
        """

    def release(self) -> None:
        """Lets go of an open seal, so that the next run need not wait. Does nothing when this run holds no seal."""
