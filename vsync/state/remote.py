"""The manifest and the seal on a git remote, where every run of a repository finds them, on any machine.

| what | where |
| --- | --- |
| manifest | a file on a branch; each change of it is one commit that changes nothing else |
| seal | the ref `refs/vsync/<target>`: a commit without parents that holds a small JSON |

Every push names the commits that the refs must have before (`--force-with-lease`). The manifest and the seal that
vouches for it go in one atomic push. So of two runs the second fails, and a push that is forbidden fails when the seal
is taken, before anything is uploaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping

from vsync.errors import GitUnavailable, ManifestError, PushRefused, SealHeld
from vsync.git.refs import RefUpdate
from vsync.git.remote import Remote
from vsync.state.figures import Figures
from vsync.state.manifest import blob_id
from vsync.state.publication import STALE_AFTER_S, ManifestMoved, Published, taken_over
from vsync.state.remote_refs import MAX_TRIES, Snapshot, TargetRefs
from vsync.state.seal import Seal, succeed
from vsync.state.waiting import Look, Rule, Waiting

LOOK_EVERY_S = 3.0
_SAFE_FOR_S = STALE_AFTER_S / 2
_GRACE_S = 15.0
"""The container of a cancelled job may work on for ten seconds after GitHub says that the run has ended."""

_LONG_AGO_S = 600.0
"""Clocks of machines differ by less than this. A holder renews its seal every minute."""


def _rule() -> Rule:
    return Rule(silent_s=STALE_AFTER_S, old_s=_LONG_AGO_S, dead_s=_GRACE_S, look_every_s=LOOK_EVERY_S)


class RemotePublication:
    """One target's manifest (the file `name` on `branch`) and seal on a remote.

    | argument | meaning |
    | --- | --- |
    | `shared` | people use the branch too: commits on it ask for no workflow runs, and only trees are fetched |
    | `is_dead` | whether the workflow run of that id is known to have ended |
    | `log` | gets messages for the user |
    """

    rewritable = False

    def __init__(
        self,
        remote: Remote,
        name: str,
        branch: str,
        target: str,
        *,
        shared: bool,
        is_dead: Callable[[str], bool] = lambda run: False,
        log: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.name = name
        self.title = f"{name} on the branch {branch}"
        self.commit: str | None = None
        self._remote = remote
        self._refs = TargetRefs(remote, name, branch, target, shared=shared, log=log)
        self._shared = shared
        self._log = log
        self._last_read = Snapshot()
        self._before = Snapshot()
        self._mine: Seal | None = None
        self._mine_commit: str | None = None
        self._renewed = 0.0
        self._lock = threading.RLock()
        self._waiting = Waiting(self._look, lambda seal: is_dead(seal.run), _rule, log)

    def read(self) -> Published:
        with self._lock:
            self._last_read = self._refs.read()
            return self._last_read.published

    # --- The seal -------------------------------------------------------------------------------------------

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Seal | None:
        def attempt(look: Look[Snapshot], _: bool) -> Snapshot | None:
            return look.found if self._try_take(look.found, seal) else None

        return self._waiting.until_free(timeout_s, waiting, pause, attempt, api_ahead).published.seal

    def wait(
        self,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Published:
        snapshot = self._waiting.until_free(timeout_s, waiting, pause, lambda look, _: look.found, api_ahead)
        with self._lock:
            self._last_read = snapshot
        return snapshot.published

    def _look(self) -> Look[Snapshot]:
        with self._lock:
            snapshot = self._refs.read()
        return Look(snapshot.seal, snapshot.seal_commit, snapshot.seal_date, snapshot)

    def _try_take(self, snapshot: Snapshot, seal: Seal) -> bool:
        started = _now()
        mine = succeed(snapshot.published.seal, dataclasses.replace(seal, place=self._refs.place))
        commit = self._refs.seal_commit(mine)
        updates = [RefUpdate(self._refs.seal, commit, snapshot.seal_commit)]
        if snapshot.doubt_commit is not None:  # from now on the open seal of this run says the same
            updates.append(RefUpdate(self._refs.doubt, None, snapshot.doubt_commit))
        with self._lock:
            if not self._remote.push(updates):
                return False
            self._before = snapshot
            self._holds(mine, commit, started)
            self._check_branch(snapshot)
            return True

    def _check_branch(self, snapshot: Snapshot) -> None:
        """Raises PushRefused, before anything is uploaded, when the seal may be written but the branch is protected."""
        content = (snapshot.manifest or b"") + b"\n"
        trial = self._remote.commit(snapshot.tip, self.name, content, "vsync: a trial\n")
        refusal = self._remote.refusal(RefUpdate(self._refs.branch, trial, snapshot.tip), self._refs.seal)
        if refusal is not None:
            self.abandon()
            raise refusal

    def _holds(self, seal: Seal, commit: str, since: float) -> None:
        """`since` is from before the push: this process may have been stopped while it waited for the answer."""
        self._mine, self._mine_commit, self._renewed = seal, commit, since

    def _holds_no_more(self) -> None:
        self._mine = self._mine_commit = None

    def renew(self) -> None:
        with self._lock:
            seal = self._check_mine()
            self._set_seal(seal)

    def check(self) -> None:
        with self._lock:
            self._check_mine()
            if _now() - self._renewed >= _SAFE_FOR_S:
                self.renew()

    def _check_mine(self) -> Seal:
        if self._mine is None:
            raise SealHeld("This run does not hold the seal of its target any more.", "Run again.")
        return self._mine

    def _set_seal(self, seal: Seal, *others: RefUpdate) -> bool:
        """Changes this run's seal together with other refs, or nothing.

        False: one of the other refs has moved. Raises SealHeld when the seal has.
        """
        started = _now()
        commit = self._refs.seal_commit(seal)
        if self._remote.push([*others, RefUpdate(self._refs.seal, commit, self._mine_commit)]):
            self._holds(seal, commit, started)
            return True
        if self._remote.refs(self._refs.seal).get(self._refs.seal) != self._mine_commit:
            self._holds_no_more()
            raise taken_over()
        return False

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keeps nobody out: of two pushes the second fails."""
        yield

    def tell_clock(self, ahead: int) -> None:
        with self._lock:
            self._set_seal(dataclasses.replace(self._check_mine(), clock=ahead))

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        """The first runs of two targets agree by a ref that only one of them can make. `publish` removes the ref."""
        with self._lock:
            mine = self._check_mine()
            if not sure and self._last_read.manifest is None:
                return self._agree(mine, owner)
            if owner != mine.owner:
                self._set_seal(dataclasses.replace(mine, owner=owner))
            return owner

    def _agree(self, mine: Seal, owner: str) -> str:
        for _ in range(MAX_TRIES):
            commit = self._remote.refs(self._refs.owner).get(self._refs.owner)
            others = []
            if commit is None:
                commit = self._refs.owner_commit(owner)
                others = [RefUpdate(self._refs.owner, commit, None)]
            else:
                owner = self._refs.agreed_owner(commit)
            if self._set_seal(dataclasses.replace(mine, owner=owner), *others):
                self._last_read = dataclasses.replace(self._last_read, owner_commit=commit)
                return owner
        raise GitUnavailable(f"{self._refs.owner} moved {MAX_TRIES} times.", "Run again.")

    # --- The manifest ---------------------------------------------------------------------------------------

    def publish(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        with self._lock:
            seal = dataclasses.replace(
                self._check_mine(), manifest=blob_id(manifest), content=content, serial=serial, figures=None
            )
            self._publish(manifest, seal, summary)

    def publish_and_close(
        self,
        manifest: bytes,
        serial: int,
        content: str | None = None,
        *,
        summary: str = "",
        figures: Figures | None = None,
    ) -> None:
        with self._lock:
            seal = dataclasses.replace(
                self._check_mine(),
                state="closed",
                manifest=blob_id(manifest),
                content=content,
                serial=serial,
                figures=figures,
            )
            self._publish(manifest, seal, summary)
            self._holds_no_more()

    def _publish(self, manifest: bytes, seal: Seal, summary: str) -> None:
        based_on = self._last_read.manifest
        for _ in range(MAX_TRIES):
            if self._push_manifest(manifest, seal, summary):
                return
            self._last_read = self._refs.read()
            if self._last_read.manifest not in (based_on, manifest):
                raise ManifestMoved
        raise GitUnavailable(
            f"{self.title} could not be pushed: the branch moved {MAX_TRIES} times.", "Run again: nothing is lost."
        )

    def _push_manifest(self, manifest: bytes, seal: Seal, summary: str) -> bool:
        """Pushes manifest and seal together, or the seal alone when the branch already holds this manifest."""
        if manifest == self._last_read.manifest:
            return self._set_seal(seal)
        tip = self._last_read.tip
        commit = self._remote.commit(tip, self.name, manifest, self._message(summary))
        updates = [RefUpdate(self._refs.branch, commit, tip)]
        if self._last_read.owner_commit is not None:  # from now on the manifest itself names the owner
            updates.append(RefUpdate(self._refs.owner, None, self._last_read.owner_commit))
        if not self._set_seal(seal, *updates):
            return False
        self.commit = commit
        self._last_read = dataclasses.replace(self._last_read, tip=commit, owner_commit=None, manifest=manifest)
        return True

    def _message(self, summary: str) -> str:
        """The commit's message, on one line. On a shared branch it asks GitHub to start no workflow.

        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
        """
        return f"vsync: {summary or 'manifest'}{' [skip ci]' if self._shared else ''}\n"

    # --- Letting go of the seal -----------------------------------------------------------------------------

    def close(self, figures: Figures | None = None) -> None:
        with self._lock:
            mine = self._check_mine()
            self._set_seal(dataclasses.replace(mine, state="closed", figures=figures or mine.figures))
            self._holds_no_more()

    def abandon(self) -> None:
        with self._lock:
            self._check_mine()
            before = self._before
            updates = [RefUpdate(self._refs.seal, self._given_back(before), self._mine_commit)]
            if before.doubt_commit is not None:
                updates.append(RefUpdate(self._refs.doubt, self._refs.doubt_commit(before.overtaken), None))
            if not self._remote.push(updates):
                self._log("The seal was taken over by another run before it could be given back.")
            self._holds_no_more()

    def _given_back(self, before: Snapshot) -> str | None:
        """The commit of the seal as it was before `take`.

        When the seal was open, its holder is known to be dead. So the seal is marked as released, and the next run need
        not wait. The commit keeps the date of the holder's last sign of life.
        """
        seal = before.seal
        if seal is None or before.seal_commit is None or seal.state == "closed" or seal.released:
            return before.seal_commit
        if before.seal_date is None:
            return before.seal_commit
        return self._refs.seal_commit(dataclasses.replace(seal, released=True), before.seal_date)

    def release(self) -> None:
        with self._lock:
            if self._mine is None:
                return
            try:
                self._set_seal(dataclasses.replace(self._mine, released=True))
            except (GitUnavailable, PushRefused, SealHeld) as error:
                self._log(f"The seal stays open; the next run waits for three minutes: {error.message}")
            self._holds_no_more()

    # --- Without holding the seal ---------------------------------------------------------------------------

    def note(self, run: str, head: str | None) -> bool:
        snapshot = self._last_read
        if snapshot.seal is None or snapshot.seal_commit is None:
            return True
        commit = self._refs.seal_commit(dataclasses.replace(snapshot.seal, run=run, head=head))
        try:
            return self._remote.push([RefUpdate(self._refs.seal, commit, snapshot.seal_commit)])
        except (GitUnavailable, PushRefused) as error:
            self._log(f"That there is nothing to do could not be recorded in {self._refs.seal}: {error.message}")
            return True

    def others_open(self) -> bool:
        with self._lock:
            return self._refs.others_open()

    def left_open(
        self, but_not: Collection[str], recorded: Collection[str] = (), *, may_ask: bool = False
    ) -> Mapping[str, Seal]:
        """A seal is open for sure where its run let go of it, or has not renewed it for so long that no clock explains it."""
        with self._lock:
            others = self._last_read.others if may_ask else ()
            known = {*but_not, *recorded}
            found = {target: self._refs.seal_of(target, commit) for target, commit in others if target not in known}
        now = time.time()
        return {
            target: seal
            for target, (seal, date) in found.items()
            if seal is not None and (seal.released or (date is not None and now - date >= _LONG_AGO_S))
        }

    def doubt(self, seal: Seal | None = None) -> None:
        with contextlib.suppress(
            GitUnavailable, ManifestError, PushRefused
        ):  # the run ends with the error that led here
            self._refs.mark(seal)


def _now() -> float:
    """Seconds that also count while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()
