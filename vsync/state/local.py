"""The manifest and the seal as local files.

| file | where |
| --- | --- |
| manifest | in the repository or folder |
| seal | in git's common directory, which linked worktrees share; for a plain folder beside its manifest |
| lock | beside the seal; a run holds it while it changes the seal |
| holder | beside the seal; the run that has the seal keeps it locked, and the kernel drops that lock with the process |

So other runs see at once that a holder has died. A holder that is only stopped loses the seal when it has not renewed
the seal for three minutes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal

from vsync.errors import ManifestError, PublicationFailed, VsyncError
from vsync.state.figures import Figures
from vsync.state.file_lock import locked
from vsync.state.manifest import blob_id
from vsync.state.publication import STALE_AFTER_S, Published, taken_over
from vsync.state.seal import Seal, doubted, dump_seal, instant, parse_seal, succeed
from vsync.state.waiting import Look, Rule, Waiting
from vsync.system.atomic_write import give_to_owner_of, make_folder, remove_stale_temporaries, write_durably
from vsync.system.regular_file import read_file, read_text

_LOOK_EVERY_S = 0.2
_MOST_BYTES = 1_000_000
"""Of a seal."""


def _rule() -> Rule:
    """The seal's times and the holder's lock are this machine's own, so the age of the seal is known for sure."""
    return Rule(silent_s=STALE_AFTER_S, old_s=STALE_AFTER_S, dead_s=0.0, look_every_s=_LOOK_EVERY_S)


class LocalPublication:
    """Manifest and seal as files. `manifest` None: no manifest is kept (`--manifest none`).

    `name` is how messages call the manifest. The seal is found by `key`; without a key by the name. `stopped` says for how
    many seconds the run has been told to stop; None: it has not been told.
    """

    commit: str | None = None
    rewritable = True

    def __init__(
        self,
        manifest: Path | None,
        seal_folder: Path,
        target: str,
        name: str,
        *,
        key: str | None = None,
        stopped: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.name = self.title = name
        self._manifest = manifest
        self._stopped = stopped
        shared = hashlib.sha256(os.fsencode(key or name)).hexdigest()[:8]
        self._shared = shared
        key = f"{target}-{shared}"
        self._shared_lock = seal_folder / f"manifest-{shared}.lock"
        self._owner = seal_folder / f"manifest-{shared}.owner"
        self._seal = seal_folder / self._seal_name(target)
        self._lock = seal_folder / f"{key}.lock"
        self._doubt = seal_folder / f"{key}.doubt"
        self._holder = self._holder_of(target)
        self._held: int | None = None
        self._mine: Seal | None = None
        self._before: Seal | None = None
        self._waiting = Waiting(self._look, self._is_dead, _rule)

    def read(self) -> Published:
        return Published(self._read_manifest(), self._read_seal())

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Seal | None:
        with _writable(self._seal):
            make_folder(self._seal.parent)
            for path in (self._seal, self._manifest):
                if path is not None:
                    remove_stale_temporaries(path.parent)
            self._waiting.until_free(
                timeout_s, waiting, pause, lambda look, silent: self._try_take(seal, look, silent=silent) or None
            )
        return self._before

    def wait(
        self,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
        api_ahead: Callable[[], int] = lambda: 0,
    ) -> Published:
        return self._waiting.until_free(timeout_s, waiting, pause, lambda look, _: self._read_at(look))

    def renew(self) -> None:
        with _writable(self._seal, PublicationFailed), self._critical():
            self._check_mine()
            os.utime(self._seal)

    def check(self) -> None:
        self.renew()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        with _writable(self._shared_lock, PublicationFailed), locked(self._shared_lock, self._stopped):
            yield

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        with self.exclusive():
            earlier = read_text(self._owner, _MOST_BYTES).strip() if self._owner.exists() else ""
            owner = owner if sure or not earlier else earlier
            if owner != earlier:
                write_durably(self._owner, f"{owner}\n".encode())
            with self._critical():
                self._write_seal(dataclasses.replace(self._check_mine(), owner=owner))
        return owner

    def publish(self, manifest: bytes, serial: int, content: str | None = None, *, summary: str = "") -> None:
        self._publish(manifest, serial, content)

    def publish_and_close(
        self,
        manifest: bytes,
        serial: int,
        content: str | None = None,
        *,
        summary: str = "",
        figures: Figures | None = None,
    ) -> None:
        self._publish(manifest, serial, content, figures, state="closed")

    def close(self, figures: Figures | None = None) -> None:
        with _writable(self._seal, PublicationFailed), self._critical():
            mine = self._check_mine()
            self._write_seal(dataclasses.replace(mine, state="closed", figures=figures or mine.figures))
            self.release()

    def abandon(self) -> None:
        with _writable(self._seal), self._critical():
            self._check_mine()
            if self._before is None:
                self._seal.unlink(missing_ok=True)
            else:
                self._write_seal(self._before)
                self._keep_last_sign(self._before)
            self.release()

    def note(self, run: str, head: str | None) -> bool:
        """Nothing to record: runs on one machine follow each other, and the manifest says which run was the last."""
        return True

    def others_open(self) -> bool:
        return any(_is_open(path) for path in self._seal.parent.glob("*.seal.json") if path != self._seal)

    def left_open(
        self, but_not: Collection[str], recorded: Collection[str] = (), *, may_ask: bool = False
    ) -> Mapping[str, Seal]:
        found = {}
        ending = self._seal_name("")
        for path in sorted(self._seal.parent.glob(f"*{ending}")):
            target = path.name.removesuffix(ending)
            if target in but_not or path == self._seal:
                continue
            with contextlib.suppress(OSError):  # a seal that cannot be read is not known
                seal = parse_seal(read_file(path, _MOST_BYTES))
                if seal.state == "open" and seal.run and not _is_held(self._holder_of(target)):
                    found[target] = seal
        return found

    def tell_clock(self, ahead: int) -> None:
        with _writable(self._seal, PublicationFailed), self._critical():
            self._write_seal(dataclasses.replace(self._check_mine(), clock=ahead))

    def doubt(self, seal: Seal | None = None) -> None:
        with _writable(self._doubt, PublicationFailed):
            write_durably(self._doubt, b"")

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _publish(
        self,
        manifest: bytes,
        serial: int,
        content: str | None,
        figures: Figures | None = None,
        state: Literal["open", "closed"] = "open",
    ) -> None:
        with _writable(self._manifest or self._seal, PublicationFailed), self._critical():
            mine = self._check_mine()
            blob = None
            if self._manifest is not None:
                write_durably(self._manifest, manifest)
                blob = blob_id(manifest)
            self._write_seal(
                dataclasses.replace(mine, state=state, manifest=blob, content=content, serial=serial, figures=figures)
            )
            if state == "closed":
                self.release()

    def _seal_name(self, target: str) -> str:
        return f"{target}-{self._shared}.seal.json"

    def _holder_of(self, target: str) -> Path:
        return self._seal.parent / f"{target}-{self._shared}.holder"

    def _look(self) -> Look[None]:
        """Looks at the seal without a lock, so that a command that only reads can look as well."""
        status, content = self._seal_file()
        if status is None:
            return Look(None, None, None, None)
        return Look(parse_seal(content), f"{status.st_ino} {status.st_mtime_ns}", status.st_mtime, None)

    def _read_at(self, look: Look[None]) -> Published | None:
        """What is published; None when the seal has changed since that look."""
        published = self.read()
        return published if self._look().sign == look.sign else None

    def _is_dead(self, seal: Seal) -> bool:
        """Whether the process that took the seal has ended: the kernel has dropped its lock on the holder file."""
        return not _is_held(self._holder)

    def _try_take(self, seal: Seal, look: Look[None], *, silent: bool) -> bool:
        """Takes the seal. False: it has changed since that look, or another run holds it.

        `silent`: the holder was silent for too long, or is dead, and its lock counts no more.
        """
        with self._critical():
            if self._look().sign != look.sign:
                return False
            before = self._read_seal()
            held = self._lock_holder()
            if held is None and silent:
                # A new file, because the stopped process keeps its lock on the old file.
                self._holder.unlink(missing_ok=True)
                held = self._lock_holder()
            if held is None:
                return False
            self._held, self._before = held, before
            try:
                self._write_seal(succeed(before, seal))
                self._doubt.unlink(missing_ok=True)  # from now on the open seal of this run says the same
            except BaseException:
                self.release()
                raise
            return True

    def _lock_holder(self) -> int | None:
        descriptor = os.open(self._holder, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        give_to_owner_of(self._holder.parent, self._holder)
        return descriptor

    def _critical(self) -> AbstractContextManager[None]:
        return locked(self._lock, self._stopped)

    def _check_mine(self) -> Seal:
        seal = self._read_seal()
        if seal is None or self._mine is None or seal.run != self._mine.run or not self._holds():
            raise taken_over()
        return seal

    def _holds(self) -> bool:
        """Whether this process still has the lock on the holder file. A run that took over has made another file."""
        if self._held is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._held), self._holder.stat())
        except FileNotFoundError:
            return False

    def _read_manifest(self) -> bytes | None:
        if self._manifest is None:
            return None
        if self._manifest.is_symlink():
            raise ManifestError(f"The manifest {self.name} is a symbolic link.", "Replace it by a file, or delete it.")
        try:
            return read_file(self._manifest)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ManifestError(
                f"The manifest {self.name} cannot be read: {error.strerror}.", "Mend that and run again."
            ) from error

    def _read_seal(self) -> Seal | None:
        status, content = self._seal_file()
        if status is None:
            return None
        seal = dataclasses.replace(parse_seal(content), seen=instant(status.st_mtime))
        return doubted(seal) if self._doubt.exists() else seal

    def _seal_file(self) -> tuple[os.stat_result | None, bytes]:
        """The seal's file: its status and its bytes. None: there is no seal."""
        try:
            return self._seal.stat(), read_file(self._seal, _MOST_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None, b""

    def _keep_last_sign(self, seal: Seal) -> None:
        """Dates the seal of a dead run, which is given back, as it was: its date is that run's last sign of life."""
        if seal.seen is not None:
            seen = datetime.fromisoformat(seal.seen).timestamp()
            os.utime(self._seal, (seen, seen))

    def _write_seal(self, seal: Seal) -> None:
        write_durably(self._seal, dump_seal(seal))
        self._mine = seal


def _is_held(holder: Path) -> bool:
    """Whether a process has the lock on that holder file."""
    try:
        descriptor = os.open(holder, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_open(seal: Path) -> bool:
    """Whether that seal is open. A seal that is removed meanwhile is not open."""
    try:
        return parse_seal(read_file(seal, _MOST_BYTES)).state == "open"
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _writable(path: Path, failure: type[VsyncError] = ManifestError) -> Iterator[None]:
    """Raises `failure` when the system refuses a write. `path` is what the message names."""
    try:
        yield
    except OSError as error:
        raise failure(
            f"{path} cannot be written: {error.strerror}.", "Mend that and run again: nothing is lost."
        ) from error
