"""Where the last confirmed state is kept: the manifest and the seal as local files.

The manifest is a file of the repository or folder; the seal stands in git's common directory (linked worktrees share
it), or beside a folder's manifest. The seal is changed only under an OS lock, its holder keeps a second lock for as
long as it lives, and the kernel drops that one with the process: so a dead holder is known at once, a stopped one after
it has not renewed for three minutes.

`Publication` is what `sync` asks for; a manifest and seal on a git remote are another class with the same methods.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .errors import ConfigurationError, ManifestError, PublicationFailed, SealHeld, VsyncError
from .manifest import Seal, blob_id, dump_seal, parse_seal

RENEW_EVERY_S = 60.0
STALE_AFTER_S = 180.0
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Published:
    """What stands there: the manifest's bytes (None: there is none) and the seal (None: there is none)."""

    manifest: bytes | None
    seal: Seal | None

    @property
    def blob(self) -> str | None:
        return None if self.manifest is None else blob_id(self.manifest)


class Publication(Protocol):
    """The manifest and seal of one target."""

    name: str

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

    def exclusive(self) -> AbstractContextManager[None]:
        """Keeps the runs of other targets from writing the manifest, which they share."""

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        """Fixes the owner of all targets of this manifest before anything is written to a store.

        One that is not `sure` but newly minted gives way to that of another target's first run that was earlier.
        """

    def publish(self, manifest: bytes, serial: int, content: str | None = None) -> None:
        """Writes the manifest and vouches for it, and for this target's part of it, in the seal."""

    def close(self) -> None:
        """Closes the seal: everything is done that the manifest implies."""

    def abandon(self) -> None:
        """Gives the seal back as it was before `take`: nothing was written to the store."""

    def doubt(self) -> None:
        """Has the next run list the store: this one lost the seal while it was at work, and left something there."""

    def release(self) -> None:
        """Lets go of an open seal, so that the next run need not wait. Harmless when nothing is held."""


class LocalPublication:
    """Manifest and seal as files. `manifest` None keeps no manifest (`--manifest none`)."""

    def __init__(self, manifest: Path | None, seal_folder: Path, target: str, name: str) -> None:
        self.name = name
        self._manifest = manifest
        shared = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
        key = f"{target}-{shared}"
        self._shared_lock = seal_folder / f"manifest-{shared}.lock"
        self._owner = seal_folder / f"manifest-{shared}.owner"
        self._seal = seal_folder / f"{key}.seal.json"
        self._lock = seal_folder / f"{key}.lock"
        self._doubt = seal_folder / f"{key}.doubt"
        self._holder = seal_folder / f"{key}.holder"
        self._held: int | None = None
        self._mine: Seal | None = None
        self._before: Seal | None = None

    def read(self) -> Published:
        return Published(self._read_manifest(), self._read_seal())

    def take(
        self,
        seal: Seal,
        timeout_s: float,
        waiting: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> Seal | None:
        deadline = time.monotonic() + timeout_s
        told = False
        with _writable(self._seal):
            make_folder(self._seal.parent)
            while not self._try_take(seal):
                other = self._read_seal()
                since = other.since if other else "just now"
                if time.monotonic() >= deadline:
                    raise SealHeld(
                        f"Another run is at work on this target since {since}, and {timeout_s:g} s have passed.",
                        "Run again when it has ended, or wait longer with --lock-timeout (input lock-timeout).",
                    )
                if not told:
                    waiting(
                        f"Another run is at work on this target since {since}; waiting up to {timeout_s:g} s for it."
                    )
                    told = True
                pause(_LOOK_EVERY_S)
        return self._before

    def renew(self) -> None:
        with self._critical():
            self._check_mine()
            os.utime(self._seal)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        with _writable(self._shared_lock, PublicationFailed), _locked(self._shared_lock):
            yield

    def claim_owner(self, owner: str, *, sure: bool) -> str:
        with self.exclusive():
            earlier = self._owner.read_text().strip() if self._owner.exists() else ""
            owner = owner if sure or not earlier else earlier
            if owner != earlier:
                write_durably(self._owner, f"{owner}\n".encode())
            with self._critical():
                self._write_seal(dataclasses.replace(self._check_mine(), owner=owner))
        return owner

    def publish(self, manifest: bytes, serial: int, content: str | None = None) -> None:
        with _writable(self._manifest or self._seal, PublicationFailed), self._critical():
            mine = self._check_mine()
            blob = None
            if self._manifest is not None:
                write_durably(self._manifest, manifest)
                blob = blob_id(manifest)
            self._write_seal(dataclasses.replace(mine, manifest=blob, content=content, serial=serial))

    def close(self) -> None:
        with _writable(self._seal, PublicationFailed), self._critical():
            self._write_seal(dataclasses.replace(self._check_mine(), state="closed"))
            self.release()

    def abandon(self) -> None:
        with _writable(self._seal), self._critical():
            self._check_mine()
            if self._before is None:
                self._seal.unlink(missing_ok=True)
            else:
                self._write_seal(self._before)
            self.release()

    def doubt(self) -> None:
        with _writable(self._doubt, PublicationFailed):
            write_durably(self._doubt, b"")

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _try_take(self, seal: Seal) -> bool:
        with self._critical():
            before = self._read_seal()
            held = self._lock_holder()
            if held is None and self._stale():
                # A new file: the stopped process keeps its lock on the old one.
                self._holder.unlink(missing_ok=True)
                held = self._lock_holder()
            if held is None:
                return False
            self._held, self._before = held, before
            self._doubt.unlink(missing_ok=True)  # this run's own open seal says it from now on
            vouched = (before.manifest, before.content) if before else (None, None)
            self._write_seal(dataclasses.replace(seal, manifest=vouched[0], content=vouched[1]))
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

    def _stale(self) -> bool:
        try:
            return time.time() - self._seal.stat().st_mtime > STALE_AFTER_S
        except FileNotFoundError:
            return False

    def _critical(self) -> AbstractContextManager[None]:
        return _locked(self._lock)

    def _check_mine(self) -> Seal:
        seal = self._read_seal()
        if seal is None or self._mine is None or seal.run != self._mine.run or not self._holds():
            raise SealHeld(
                "Another run has taken over this target, because this one did not answer for three minutes.",
                "Nothing is lost: what was done is in the store, and the other run goes on from there.",
            )
        return seal

    def _holds(self) -> bool:
        """Whether the lock on the holder's file is this process's: one that took over has made another file."""
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
            return self._manifest.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ManifestError(
                f"The manifest {self.name} cannot be read: {error.strerror}.", "Mend that and run again."
            ) from error

    def _read_seal(self) -> Seal | None:
        try:
            seal = parse_seal(self._seal.read_bytes())
            return dataclasses.replace(seal, state="open") if self._doubt.exists() else seal
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _write_seal(self, seal: Seal) -> None:
        write_durably(self._seal, dump_seal(seal))
        self._mine = seal


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds an OS lock on a file, which is made when it is not there."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        give_to_owner_of(path.parent, path)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _writable(path: Path, failure: type[VsyncError] = ManifestError) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failure(
            f"{path} cannot be written: {error.strerror}.", "Mend that and run again: nothing is lost."
        ) from error


def write_durably(path: Path, content: bytes) -> None:
    """Writes a file so that after a crash it holds the old bytes or the new ones, never a part.

    Files that root makes in somebody's folder (the container in a workspace) are given to the folder's owner.
    """
    make_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        give_to_owner_of(path.parent, Path(temporary))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder_descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder_descriptor)
    finally:
        os.close(folder_descriptor)


def keep_out_of_git(folder: Path) -> None:
    """Tells git to ignore what vsync writes into its folder, but for the manifest."""
    if folder.is_symlink():
        raise ConfigurationError(f"{folder} is a symbolic link.", "Replace it by a folder: vsync writes there.")
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_durably(
            ignore, b"# Written by vsync: the embedded store and reports are not for commits.\n*\n!manifest.json\n"
        )


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, each given to the owner of the one it is made in."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        give_to_owner_of(folder.parent, folder)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """What root makes in somebody's folder (the container in a workspace) is theirs."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
