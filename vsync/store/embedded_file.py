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

DEFAULT_LOCAL_STORE = ".vsync/local.db"
"""The embedded store's file when none is named. It stands at the top of the repository."""


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
        sqlite = [self.path.with_name(f"{self.path.name}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]
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
                f"Run `vsync sync {self.option}` first: it makes the store.",
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
    """The embedded store's file. `given` empty: the default file below `top`, the top folder of the repository."""
    path = Path(given).resolve() if given else top / DEFAULT_LOCAL_STORE
    if path.is_dir():
        raise ConfigurationError(
            f"The embedded store {given or path} is a folder.", "Give the path of a file with --local (VSYNC_LOCAL)."
        )
    return EmbeddedFile(path, given)
