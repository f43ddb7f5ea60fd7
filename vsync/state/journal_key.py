"""The key with which this user's vsync signs its journals. It stands outside of every repository.

A `.git` folder may come with an archive or from a shared folder, and a journal with it. A journal that this key has not
signed proves nothing. The key is a random value in `$XDG_STATE_HOME/vsync/` or `~/.local/state/vsync/`, made at first use, and
readable by the user alone. Where it cannot be kept, journals are written without a signature.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vsync.system.atomic_write import give_to_owner_of, make_folder

_NAME = "journal-key"
_BYTES = 32


def state_home(environ: Mapping[str, str]) -> Path | None:
    """The folder in which programs of this user keep their state; None: it is not known.

    https://specifications.freedesktop.org/basedir-spec/latest/: a relative path counts as none.
    """
    given, home = environ.get("XDG_STATE_HOME", ""), environ.get("HOME", "")
    if Path(given).is_absolute():
        return Path(given)
    return Path(home) / ".local" / "state" if Path(home).is_absolute() else None


@dataclass(frozen=True, slots=True)
class JournalKey:
    """The key in `home`, for the journals of one place. A key that stands in the repository itself is none.

    `place` is bound into each signature: a journal that was copied from another repository of the same user proves nothing.
    """

    home: Path | None = None
    repository: Path | None = None
    place: str = ""

    def sign(self, content: bytes) -> str:
        """The signature of a journal's content; empty where there is no key and none can be made."""
        key = self._read() or self._make()
        return self._signature(key, content) if key else ""

    def has_signed(self, content: bytes, signature: str) -> bool:
        key = self._read()
        return bool(key and signature) and hmac.compare_digest(
            signature.encode(errors="replace"), self._signature(key, content).encode()
        )

    def _signature(self, key: bytes, content: bytes) -> str:
        place = self.place.encode(errors="surrogateescape")
        return hmac.new(key, b"vsync journal 1\0%d\0%s\0%s" % (len(place), place, content), hashlib.sha256).hexdigest()

    @property
    def _path(self) -> Path | None:
        if self.home is None:
            return None
        try:
            home = self.home.resolve()
            if self.repository is not None and home.is_relative_to(self.repository.resolve()):
                return None
        except (OSError, RuntimeError):  # a circle of links
            return None
        return home / "vsync" / _NAME

    def _read(self) -> bytes:
        """The key; empty when there is none that only its user can read and write."""
        path = self._path
        if path is None:
            return b""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            seen = os.fstat(descriptor)
            # Root (a container) gives what it makes to the owner of the folder.
            owners = {os.geteuid(), path.parent.stat().st_uid} if os.geteuid() == 0 else {os.geteuid()}
            private = stat.S_ISREG(seen.st_mode) and not seen.st_mode & 0o077 and seen.st_uid in owners
            key = os.read(descriptor, _BYTES + 1) if private else b""
        except OSError:
            return b""
        finally:
            os.close(descriptor)
        return key if len(key) == _BYTES else b""

    def _make(self) -> bytes:
        """Makes the key, or reads the one that another run has made meanwhile; empty where that cannot be done."""
        path = self._path
        if path is None:
            return b""
        temporary = path.with_name(f".{_NAME}.{secrets.token_hex(8)}")
        try:
            make_folder(path.parent)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, secrets.token_bytes(_BYTES))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            give_to_owner_of(path.parent, temporary)
            os.link(temporary, path)  # never over the key of another run
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        return self._read()
