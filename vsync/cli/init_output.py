"""The files that `vsync init` makes: what is there already, how they are written, and what is left to do."""

from __future__ import annotations

import errno
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vsync.cli.terminal import put
from vsync.config.settings import DEFAULT_CONFIG, Settings
from vsync.errors import ConfigurationError, RepositoryError
from vsync.system.beneath import Beneath
from vsync.system.redaction import printable

if TYPE_CHECKING:
    from vsync.git.repository import Repository

WORKFLOW = ".github/workflows/vsync.yml"
FILES = (DEFAULT_CONFIG, WORKFLOW)


class Found(NamedTuple):
    """What is there: the folder of the files, which of the two files are in it, and which are in the last commit."""

    here: Beneath
    root: Path
    there: frozenset[str]
    committed: frozenset[str]


def find(repository: Repository, settings: Settings) -> Found:
    """Looks for the two files. Raises ConfigurationError, and RepositoryError where there is no working tree."""
    if repository.is_bare:
        raise RepositoryError(
            f"{settings.repo} is a bare repository, so there is no place for files.", "Run vsync init in a clone of it."
        )
    here = Beneath(repository.root)
    there = frozenset(path for path in FILES if _is_there(here, path))
    committed = frozenset(path for path in FILES if repository.has_file("HEAD", path))
    return Found(here, repository.root, there, committed)


def _is_there(here: Beneath, path: str) -> bool:
    """Whether a file is at the path. Raises ConfigurationError where something else is, or vsync may not look."""
    try:
        with here.open(path):
            return True
    except FileNotFoundError:
        if _exists(here, path):  # a link to nothing
            raise _refused(path, OSError(errno.ELOOP, "")) from None
        return False
    except OSError as error:
        raise _refused(path, error) from error


def _exists(here: Beneath, path: str) -> bool:
    try:
        return here.exists(path)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: str, error: OSError) -> ConfigurationError:
    if error.errno == errno.ELOOP:
        return ConfigurationError(
            f"{path} is a symbolic link, or lies behind one, and vsync writes through none.",
            "Replace the link by a file or a folder of the repository.",
        )
    return ConfigurationError(
        f"{path} cannot be used: {error.strerror or error}.", "Nothing was changed. Correct it and run again."
    )


def write(here: Beneath, texts: Mapping[str, str]) -> None:
    """Writes all files or none. A file that somebody else makes meanwhile stays as it is."""
    for path in texts:
        try:
            here.check_writable(path.rpartition("/")[0])
        except OSError as error:
            raise _refused(path, error) from error
    made: list[str] = []
    try:
        for path, text in texts.items():
            try:
                here.create(path, text.encode())
            except FileExistsError:
                put(sys.stdout, f"{path} is there meanwhile, and stays as it is.")
                continue
            except OSError as error:
                raise _refused(path, error) from error
            made.append(path)
    except BaseException:
        for path in made:
            here.remove(path)
        raise
    for path in made:
        put(sys.stdout, f"Wrote {path}.")


def show_next(found: Found, written: Collection[str]) -> None:
    """The steps that are left to a person. vsync reads the config from the commit, so the commit comes first."""
    new = [path for path in FILES if path in {*found.there, *written} and path not in found.committed]
    elsewhere = found.root != Path.cwd().resolve()
    put(sys.stdout, "Next:")
    if written:
        put(sys.stdout, f"  In {' and '.join(written)} replace OWNER by the owner of the repository of vsync.")
    if WORKFLOW in written:
        put(sys.stdout, "  Add your key to this repository as the secret OPENAI_API_KEY.")
    if new:
        git = ["git", *(["-C", str(found.root)] if elsewhere else [])]
        put(sys.stdout, f"  {printable(shlex.join([*git, 'add', *new]))}")
        put(sys.stdout, f"  {printable(shlex.join([*git, 'commit', '-m', 'add vsync', '--', *new]))}")
    plan = ["vsync", "plan", *(["--repo", str(found.root)] if elsewhere else [])]
    put(sys.stdout, f"  {printable(shlex.join(plan))}  # shows what a sync would do, by the config of the commit")
