"""The manifest and the seal on a git remote, where every run of a repository finds them, on whatever machine.

The manifest is a file on a branch; each time it changes is one commit that changes nothing else. The seal is the ref
`refs/vsync/<target>`, a parentless commit that holds a small JSON. Both are changed only by pushes that say what must be
there before (`--force-with-lease`), the manifest and the seal that vouches for it in one that is atomic. So of two runs
one is told that it came second, and a push that is not permitted fails when the seal is taken, before anything is
uploaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vsync.errors import GitUnavailable, ManifestError, PushRefused, SealHeld
from vsync.git.refs import RefUpdate
from vsync.git.remote import Remote
from vsync.state.manifest import blob_id
from vsync.state.publication import STALE_AFTER_S, ManifestMoved, Published
from vsync.state.seal import Seal, doubted, dump_seal, instant, parse_seal, succeed

SEAL_FILE = "seal.json"
_DOUBT_FILE = "doubt"
LOOK_EVERY_S = 3.0
_SAFE_FOR_S = STALE_AFTER_S / 2
_GRACE_S = 15.0
"""The container of a cancelled job may work on for ten seconds after GitHub says that the run has ended."""

_LONG_AGO_S = 600.0
"""More than clocks of machines are apart. A holder renews its seal every minute."""

_MAX_TRIES = 8


@dataclass(frozen=True, slots=True)
class _There:
    """What the remote held when it was looked at: the commits of its refs, and what these hold."""

    tip: str | None = None
    seal_commit: str | None = None
    doubt_commit: str | None = None
    owner_commit: str | None = None
    manifest: bytes | None = None
    seal: Seal | None = None
    overtaken: Seal | None = None

    @property
    def published(self) -> Published:
        if self.seal is None or self.doubt_commit is None:
            return Published(self.manifest, self.seal)
        return Published(self.manifest, doubted(self.seal, self.overtaken))


class RemotePublication:
    """One target's manifest (the file `name` on `branch`) and seal on a remote.

    `shared` says that people use the branch too: its commits then ask for no workflow runs, and only the trees of its
    tip are fetched.
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
        self._shared = shared
        self._is_dead = is_dead
        self._log = log
        self._branch = f"refs/heads/{branch}"
        self._place = f"{name} on {branch}"
        self._seal = f"refs/vsync/{target}"
        self._doubt = f"refs/vsync-doubt/{target}"
        self._owner = f"refs/vsync-owner/{blob_id(f'{branch}:{name}'.encode())[:12]}"
        self._there = _There()
        self._before = _There()
        self._mine: Seal | None = None
        self._mine_commit: str | None = None
        self._renewed = 0.0
        self._lock = threading.RLock()

    # --- Reading --------------------------------------------------------------------------------------------

    def read(self) -> Published:
        with self._lock:
            self._there = self._look()
            return self._there.published

    def _look(self) -> _There:
        """The state of the remote. What is fetched counts, should it have moved since the refs were listed."""
        for _ in range(_MAX_TRIES):
            names = (self._branch, self._seal, self._doubt, self._owner)
            refs = self._remote.refs(*names)
            tip, seal, doubt = refs.get(self._branch), refs.get(self._seal), refs.get(self._doubt)
            try:
                if tip is not None and not self._remote.has(tip):
                    self._remote.fetch(tip, blobs=not self._shared)
                if seal is not None and not self._remote.has(seal):
                    self._remote.fetch(seal, depth=2)
                    self._check_kind(self._seal, seal)
                if doubt is not None and not self._remote.has(doubt):
                    self._remote.fetch(doubt)
            except GitUnavailable:
                if self._remote.refs(*names) != refs:
                    continue  # it moved in between, and what it was is gone
                raise
            return _There(
                tip,
                seal,
                doubt,
                refs.get(self._owner),
                self._remote.file(tip, self.name) if tip else None,
                self._parsed(seal) if seal else None,
                self._overtaken(doubt) if doubt else None,
            )
        raise GitUnavailable(
            f"{self.title} moved {_MAX_TRIES} times while it was read.", "Run again when fewer runs are under way."
        )

    def _check_kind(self, ref: str, fetched: str) -> None:
        kind = self._remote.kind(fetched)
        if kind != "commit":
            raise ManifestError(
                f"The ref {ref} of {self._remote.shown} is no commit of vsync but a {kind}: somebody else has set it.",
                f"Delete it, `git push origin :{ref}`, and run again: the store is listed then, and nothing is lost.",
            )

    def _parsed(self, commit: str) -> Seal:
        """The seal in a commit, which is made anew with each sign of life."""
        seal = parse_seal(self._remote.file(commit, SEAL_FILE) or b"")
        if seal.place not in (None, self._place) and seal.state == "closed":
            self._log(
                f"The seal {self._seal} was closed over another manifest, {seal.place}; this one is {self._place}. Two manifests "
                "of one target have the store listed by each other's runs: give each a --target of its own (input target)."
            )
            # It vouches for nothing here, and who was late there is not late here.
            seal = dataclasses.replace(seal, run="", ended=None, manifest=None, content=None)
        return dataclasses.replace(seal, seen=instant(self._remote.date(commit)))

    # --- The seal -------------------------------------------------------------------------------------------

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> Seal | None:
        deadline = time.monotonic() + timeout_s
        watched: tuple[str | None, float] = (None, 0.0)
        told = False
        while True:
            there = self._look()
            if there.seal_commit != watched[0]:
                watched = (there.seal_commit, time.monotonic())
            if self._free(there, since=watched[1]) and self._try_take(there, seal):
                return there.published.seal
            other = there.seal
            since = other.since if other else "just now"
            if time.monotonic() >= deadline:
                raise SealHeld(
                    f"Another run ({other.run if other else 'unknown'}) is at work on this target since {since}, and "
                    f"{timeout_s:g} s have passed.",
                    "Run again when it has ended, or wait longer with --lock-timeout (input lock-timeout).",
                )
            if not told and not self._free(there, since=watched[1]):
                waiting(
                    f"Another run is at work on this target since {since}; waiting up to {timeout_s:g} s for it. "
                    "A run that was killed is taken over after three minutes."
                )
                told = True
            pause(min(LOOK_EVERY_S, max(0.1, deadline - time.monotonic())))

    def _free(self, there: _There, *, since: float) -> bool:
        """Whether the seal can be taken: it is closed, or its holder is dead or silent for three minutes.

        `since` is when this run first saw it as it is. Clocks of machines differ, so its commit's date counts only when it is
        so old that the holder died long ago: then nobody waits.
        """
        seal = there.seal
        if seal is None or there.seal_commit is None or seal.state == "closed" or seal.released:
            return True
        watched, age = time.monotonic() - since, time.time() - self._remote.date(there.seal_commit)
        if watched >= STALE_AFTER_S or age >= _LONG_AGO_S:
            return True
        return max(watched, age) >= _GRACE_S and self._is_dead(seal.run)

    def _try_take(self, there: _There, seal: Seal) -> bool:
        mine, started = succeed(there.published.seal, dataclasses.replace(seal, place=self._place)), _now()
        commit = self._seal_commit(mine)
        updates = [RefUpdate(self._seal, commit, there.seal_commit)]
        if there.doubt_commit is not None:  # this run's own open seal says it from now on
            updates.append(RefUpdate(self._doubt, None, there.doubt_commit))
        with self._lock:
            if not self._remote.push(updates):
                return False
            self._before = there
            self._holds(mine, commit, started)
            self._make_sure_of_the_branch(there)
            return True

    def _make_sure_of_the_branch(self, there: _There) -> None:
        """A rule may protect the branch though the seal can be written: that is to be known before anything is uploaded."""
        trial = self._remote.commit(there.tip, self.name, (there.manifest or b"") + b"\n", "vsync: a trial\n")
        refusal = self._remote.refusal(RefUpdate(self._branch, trial, there.tip), self._seal)
        if refusal is not None:
            self.abandon()
            raise refusal

    def _holds(self, seal: Seal, commit: str, since: float) -> None:
        """`since` is from before the push: the run may have been stopped while it waited for the answer."""
        self._mine, self._mine_commit, self._renewed = seal, commit, since

    def _seal_commit(self, seal: Seal, date: float | None = None) -> str:
        """A commit of its own for each state: the nonce keeps two runs from making the same one in the same second."""
        nonce = secrets.token_hex(8)
        return self._remote.commit(None, SEAL_FILE, dump_seal(seal), f"vsync seal {nonce}\n", date=date)

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

    def _set_seal(self, seal: Seal, *also: RefUpdate) -> bool:
        """Changes the seal from ours, with other refs or not at all. False: one of those moved; SealHeld: the seal did."""
        started = _now()
        commit = self._seal_commit(seal)
        if self._remote.push([*also, RefUpdate(self._seal, commit, self._mine_commit)]):
            self._holds(seal, commit, started)
            return True
        if self._remote.refs(self._seal).get(self._seal) != self._mine_commit:
            self._mine = self._mine_commit = None
            raise SealHeld(
                "Another run has taken over this target, because this one did not answer for three minutes.",
                "Nothing is lost: what was done is in the store, and the other run goes on from there.",
            )
        return False

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody is kept out: a push that comes second is told so."""
        yield

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        """Two targets' first runs agree by a ref that only one can make; publishing the manifest removes it."""
        with self._lock:
            mine = self._check_mine()
            if not sure and self._there.manifest is None:
                return self._agree(mine, owner)
            if owner != mine.owner:
                self._set_seal(dataclasses.replace(mine, owner=owner))
            return owner

    def _agree(self, mine: Seal, owner: str) -> str:
        for _ in range(_MAX_TRIES):
            there = self._remote.refs(self._owner).get(self._owner)
            also = []
            if there is None:
                there = self._remote.commit(None, "owner", owner.encode(), "vsync owner\n")
                also = [RefUpdate(self._owner, there, None)]
            else:
                self._remote.fetch(there)
                self._check_kind(self._owner, there)
                earlier = (self._remote.file(there, "owner") or b"").decode("utf-8", "replace").strip()
                owner = earlier or owner
            if self._set_seal(dataclasses.replace(mine, owner=owner), *also):
                self._there = dataclasses.replace(self._there, owner_commit=there)
                return owner
        raise GitUnavailable(f"{self._owner} moved {_MAX_TRIES} times.", "Run again.")

    # --- The manifest ---------------------------------------------------------------------------------------

    def publish(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        with self._lock:
            seal = dataclasses.replace(self._check_mine(), manifest=blob_id(manifest), content=content, serial=serial)
            self._publish(manifest, seal, summary)

    def publish_and_close(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        with self._lock:
            seal = dataclasses.replace(
                self._check_mine(), state="closed", manifest=blob_id(manifest), content=content, serial=serial
            )
            self._publish(manifest, seal, summary)
            self._mine = self._mine_commit = None

    def _publish(self, manifest: bytes, seal: Seal, summary: str) -> None:
        based_on = self._there.manifest
        for _ in range(_MAX_TRIES):
            if self._push_manifest(manifest, seal, summary):
                return
            self._there = self._look()
            if self._there.manifest not in (based_on, manifest):
                raise ManifestMoved
        raise GitUnavailable(
            f"{self.title} could not be pushed: the branch moved {_MAX_TRIES} times.", "Run again: nothing is lost."
        )

    def _push_manifest(self, manifest: bytes, seal: Seal, summary: str) -> bool:
        """Pushes manifest and seal together; the seal alone when the branch holds just this manifest already."""
        if manifest == self._there.manifest:
            return self._set_seal(seal)
        tip = self._there.tip
        commit = self._remote.commit(tip, self.name, manifest, self._message(summary))
        updates = [RefUpdate(self._branch, commit, tip)]
        if self._there.owner_commit is not None:  # from now on the manifest itself says whose the entries are
            updates.append(RefUpdate(self._owner, None, self._there.owner_commit))
        if not self._set_seal(seal, *updates):
            return False
        self.commit = commit
        self._there = dataclasses.replace(self._there, tip=commit, owner_commit=None, manifest=manifest)
        return True

    def _message(self, summary: str) -> str:
        """One line; on a branch that others use it asks GitHub to start no workflow for it.

        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
        """
        return f"vsync: {summary or 'manifest'}{' [skip ci]' if self._shared else ''}\n"

    def close(self) -> None:
        with self._lock:
            self._set_seal(dataclasses.replace(self._check_mine(), state="closed"))
            self._mine = self._mine_commit = None

    def abandon(self) -> None:
        with self._lock:
            self._check_mine()
            before = self._before
            updates = [RefUpdate(self._seal, self._given_back(before), self._mine_commit)]
            if before.doubt_commit is not None:
                updates.append(RefUpdate(self._doubt, self._mark(before.overtaken), None))
            if not self._remote.push(updates):
                self._log("The seal was taken over by another run before it could be given back.")
            self._mine = self._mine_commit = None

    def _given_back(self, before: _There) -> str | None:
        """The seal as it was. That its holder is dead need not be waited for again, and its last sign of life stays."""
        seal = before.seal
        if seal is None or before.seal_commit is None or seal.state == "closed" or seal.released:
            return before.seal_commit
        last_sign = self._remote.date(before.seal_commit)
        if not math.isfinite(last_sign):
            return before.seal_commit
        return self._seal_commit(dataclasses.replace(seal, released=True), last_sign)

    def note(self, run: str, head: str | None) -> bool:
        there = self._there
        if there.seal is None or there.seal_commit is None:
            return True
        commit = self._seal_commit(dataclasses.replace(there.seal, run=run, head=head))
        try:
            return self._remote.push([RefUpdate(self._seal, commit, there.seal_commit)])
        except (GitUnavailable, PushRefused) as error:
            self._log(f"That there is nothing to do could not be recorded in {self._seal}: {error.message}")
            return True

    def others_open(self) -> bool:
        """In doubt they are: a seal that cannot be read is taken for an open one."""
        with self._lock:
            refs = self._remote.refs("refs/vsync/*")
            for seal in {sha for ref, sha in refs.items() if ref != self._seal}:
                try:
                    self._remote.fetch(seal)
                    content = self._remote.file(seal, SEAL_FILE)
                except GitUnavailable:
                    return True
                if parse_seal(content or b"").state == "open":
                    return True
        return False

    def busy(self) -> str | None:
        with self._lock:
            there = self._look()
        free = self._free(there, since=time.monotonic())
        return None if free or there.seal is None else there.seal.since

    def doubt(self, seal: Seal | None = None) -> None:
        with contextlib.suppress(GitUnavailable, PushRefused):  # the run ends with the error that led here
            self._remote.push([RefUpdate(self._doubt, self._mark(seal), None)])

    def _mark(self, seal: Seal | None) -> str:
        """A commit of its own for each mark: an equal one that was removed in the same second would be taken for it."""
        content = dump_seal(seal) if seal else b""
        return self._remote.commit(None, _DOUBT_FILE, content, f"vsync doubt {secrets.token_hex(8)}\n")

    def _overtaken(self, doubt: str) -> Seal | None:
        content = self._remote.file(doubt, _DOUBT_FILE)
        return parse_seal(content) if content else None

    def release(self) -> None:
        with self._lock:
            if self._mine is None:
                return
            try:
                self._set_seal(dataclasses.replace(self._mine, released=True))
            except (GitUnavailable, PushRefused, SealHeld) as error:
                self._log(f"The seal stays open; the next run waits for three minutes: {error.message}")
            self._mine = self._mine_commit = None


def _now() -> float:
    """Seconds that also count while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()
