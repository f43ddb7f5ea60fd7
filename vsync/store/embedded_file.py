"""The embedded store's file, and what vsync keeps beside it.

| beside FILE | what it is |
| --- | --- |
| `FILE-wal`, `FILE-shm`, `FILE-journal` | SQLite's own files |
| `FILE.manifest.json` | the manifest of what is in the embedded store |
| `FILE.seal/` | seals, locks and journals |

All of these stay on this machine. They are never documents, never committed and never pushed.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vsync.errors import ConfigurationError
from vsync.git.exclude import exclude
from vsync.system.atomic_write import keep_out_of_git, make_folder
from vsync.system.regular_file import is_something_else

DEFAULT_LOCAL_STORE = ".vsync/local.db"
"""The embedded store's file when none is named. It stands at the top of the repository."""

_SQLITE_HEADER = b"SQLite format 3\0"
"""How every SQLite database begins: https://www.sqlite.org/fileformat.html#the_database_header."""

_SIDE_FILES = ("-wal", "-shm", "-journal")
_APPLICATION_ID_AT = 68
_APPLICATION_ID = b"vsyn"
"""The application id of every embedded store, as it stands in SQLite's header."""

_CHOOSE_ANOTHER = "Give the path of another file with --local (VSYNC_LOCAL)."


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """The embedded store's file. `given` is how the user named it; empty: it is the default file."""

    path: Path
    given: str = ""

    @property
    def manifest(self) -> Path:
        return self.path.with_name(f"{self.path.name}.manifest.json")

    @property
    def seal_folder(self) -> Path:
        return self.path.with_name(f"{self.path.name}.seal")

    @property
    def files(self) -> Sequence[Path]:
        """The files of the embedded store, apart from those in the seal's folder."""
        sqlite = [self.path.with_name(f"{self.path.name}{suffix}") for suffix in ("", *_SIDE_FILES)]
        return [*sqlite, self.manifest]

    @property
    def option(self) -> str:
        """The option that names this file on the command line."""
        return f"--local={shlex.quote(self.given)}" if self.given else "--local"

    def check_exists(self) -> None:
        """Raises ConfigurationError when there is no such file. Commands that only read do not make it."""
        if not self.path.exists():
            raise ConfigurationError(
                f"There is no embedded store {self.path}.",
                f"Run `vsync sync {self.option}` first, or `vsync batch submit` or `vsync records` with the same option: it makes the "
                "store. If there is one in another folder, name its file: --local FILE.",
            )

    def make_folder(self) -> None:
        """Makes the file's folder, and has git ignore the file and what stands beside it."""
        folder = self.path.parent
        try:
            if folder.name == ".vsync":
                keep_out_of_git(folder)
            else:
                make_folder(folder)
                with contextlib.suppress(OSError):  # a clone that cannot be written can be synced all the same
                    exclude([*self.files, self.seal_folder], "Written by vsync: an embedded store is not for commits.")
        except OSError as error:
            raise ConfigurationError(
                f"The embedded store's folder {folder} cannot be made: {error.strerror}.",
                "Repair that, or name a file with --local (VSYNC_LOCAL).",
            ) from error


def embedded_file(given: str, top: Path) -> EmbeddedFile:
    """The embedded store's file. `given` empty: the default file below `top`, the top folder of the repository.

    Raises ConfigurationError when no embedded store can be there. Nothing has been written then.
    """
    path = Path(given).resolve() if given else top / DEFAULT_LOCAL_STORE
    if given:
        _check_path(path, given)
    try:
        _check_file(path, given or str(path))
    except OSError as error:
        raise ConfigurationError(
            f"The embedded store {given or path} cannot be read: {error.strerror}.",
            "Repair that. Or name another file with --local (VSYNC_LOCAL).",
        ) from error
    return EmbeddedFile(path, given)


def _check_path(path: Path, given: str) -> None:
    """Refuses a path where a new file would do harm, or could not be named in git's ignore rules."""
    if len(given.splitlines()) > 1 or given != given.rstrip("\r\n"):
        raise ConfigurationError(f"The path of the embedded store holds a line break: {given!r}.", _CHOOSE_ANOTHER)
    if any(part.lower() == ".git" for part in path.parts):
        raise ConfigurationError(f"The embedded store {given} would stand in git's own folder.", _CHOOSE_ANOTHER)


def _check_file(path: Path, name: str) -> None:
    """Refuses what stands at the path when it is no embedded store. `name` is how messages call it. Raises OSError."""
    if path.is_dir():
        raise ConfigurationError(f"The embedded store {name} is a folder.", _CHOOSE_ANOTHER)
    for suffix in ("", *_SIDE_FILES):
        if is_something_else(path.with_name(f"{path.name}{suffix}")):
            raise ConfigurationError(f"The embedded store {name}{suffix} is a device or a pipe.", _CHOOSE_ANOTHER)
    if not path.exists():
        return
    if path.with_name(f"{path.name}-journal").exists():
        return  # a run writes the first pages, or died while it did: SQLite repairs them
    with path.open("rb") as file:
        head = file.read(_APPLICATION_ID_AT + len(_APPLICATION_ID))
    if head and not head.startswith(_SQLITE_HEADER):
        raise ConfigurationError(
            f"The embedded store cannot be opened: {name} is a file of another kind.", _CHOOSE_ANOTHER
        )
    if head and head[_APPLICATION_ID_AT:] != _APPLICATION_ID:
        raise ConfigurationError(
            f"The embedded store cannot be opened: {name} is another application's database.", _CHOOSE_ANOTHER
        )
