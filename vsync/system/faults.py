"""What the operating system refuses: a full disk, a read-only folder, too many open files. Users can mend these. Pure."""

from __future__ import annotations

import errno

from vsync.errors import ConfigurationError
from vsync.system.redaction import printable

_AGAIN = "Run again afterwards: what was done is not lost."
_REMEDIES = {
    errno.ENOSPC: "Free space there (TMPDIR names the folder of temporary files).",
    errno.EDQUOT: "Free space there, or raise the quota.",
    errno.EROFS: "Make it writable, or choose another place (TMPDIR names the folder of temporary files).",
    errno.EACCES: "Give this user access to it.",
    errno.EPERM: "Give this user access to it.",
    errno.ENOENT: "Check that it is there (TMPDIR names the folder of temporary files).",
    errno.ENOTDIR: "Check the path.",
    errno.EISDIR: "Check the path.",
    errno.ELOOP: "Check the path: its symbolic links lead in a circle.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`), or lower --concurrency (input concurrency).",
    errno.ENFILE: "Close programs on this machine: it has no open files left.",
    errno.ENOMEM: "Give the process more memory.",
    errno.EAGAIN: "Raise the limit of processes and threads (`ulimit -u`), or lower --concurrency (input concurrency).",
    errno.EFBIG: "Raise the limit of the size of files (`ulimit -f`).",
    errno.EIO: "Check the disk.",
    errno.ENXIO: "Remove it, or name another path: it must be a regular file, and none of enormous size.",
    errno.ESTALE: "Check the network file system.",
    errno.ETXTBSY: "Wait until no program writes it.",
}


def system_fault(error: BaseException) -> ConfigurationError | None:
    """The error for what the system refused; None for an error of another kind."""
    if isinstance(error, MemoryError):
        return ConfigurationError("The system has no memory left for vsync.", f"{_REMEDIES[errno.ENOMEM]} {_AGAIN}")
    if isinstance(error, RuntimeError) and str(error).startswith("can't start new thread"):
        return ConfigurationError("The system starts no more threads for vsync.", f"{_REMEDIES[errno.EAGAIN]} {_AGAIN}")
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error.strerror):
        return ConfigurationError(
            "There is no folder for temporary files that can be written.",
            f"Set TMPDIR to such a folder, and check that its disk has space. {_AGAIN}",
        )
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    place = error.filename if isinstance(error.filename, str) else ""
    # Without a place, a missing file says nothing to a user: then it is an error of vsync.
    if not place and error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}:
        return None
    where = f"{printable(place)[:200]} cannot be used" if place else "The system refused to go on"
    return ConfigurationError(f"{where}: {error.strerror}.", f"{_REMEDIES[error.errno]} {_AGAIN}")
