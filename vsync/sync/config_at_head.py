"""The config of what is synced: of a commit, or of a plain folder. The working tree's config counts only once it is committed."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from vsync.config.settings import DEFAULT_CONFIG, NO_CONFIG, Settings
from vsync.config.target_config import MOST_BYTES, Config
from vsync.config.with_config import settings_of_targets
from vsync.documents.document import Document
from vsync.documents.nearest import nearest_path
from vsync.errors import ConfigurationError
from vsync.git.changes import FOLDER, SUBMODULE, SYMLINK
from vsync.source.base import Source
from vsync.sync.workspace import Workspace
from vsync.system.regular_file import read_file

_LIKE_THE_DEFAULT = tuple(
    stem + ending
    for stem in (".vsync", ".Vsync", ".VSYNC", "vsync", "Vsync", "VSYNC")
    for ending in (".yml", ".Yml", ".YML", ".yaml", ".Yaml", ".YAML")
    if stem + ending != DEFAULT_CONFIG
)
"""Names that somebody may give to the config, and that are not read."""

_KINDS = {SYMLINK: "a symbolic link, and links are not followed", SUBMODULE: "a submodule", FOLDER: "a folder"}


class AtHead(NamedTuple):
    """The settings of each target of a run, the config that they come from (None: there is none), and what to warn of.

    `warnings` are of the run as a whole, `of_target` those of one target, by its name.
    """

    targets: tuple[Settings, ...]
    config: Config | None
    warnings: tuple[str, ...]
    of_target: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class _Read(NamedTuple):
    """What stands at the path of the config in the source: its bytes (None: there is no such file).

    `alike` are the files that somebody may have meant as the config.
    """

    path: str
    content: bytes | None
    alike: tuple[str, ...] = ()


def targets_at_head(settings: Settings, workspace: Workspace) -> AtHead:
    """The targets to run of an opened workspace. Raises ConfigurationError."""
    read = _read(workspace.source, settings, _working_tree(settings, workspace))
    config = _parsed(read)
    return AtHead(settings_of_targets(settings, config), config, _warnings(settings, workspace, read))


def config_of(source: Source, settings: Settings) -> Config | None:
    """The config of a source: for pull requests also of their base (`workspace.at(commit)`). None: it has no `.vsync.yml`.

    Reads `settings.config`: None is `.vsync.yml`, which may be missing; "none" ignores it; another path must exist.
    Raises ConfigurationError: a path outside of the source, no such file, a link, a config that cannot be read.
    """
    return _parsed(_read(source, settings))


def _parsed(read: _Read | None) -> Config | None:
    if read is None or read.content is None:
        return None
    from vsync.config.config_parser import parse_config  # late: a run without a config does not wait for the reader

    return parse_config(read.content, read.path)


def _read(source: Source, settings: Settings, working_tree: Path | None = None) -> _Read | None:
    """What is read as the config. None: the config is ignored."""
    path = _path(settings)
    if path is None:
        return None
    names = [path, *(_LIKE_THE_DEFAULT if settings.config is None else ())]
    found = {entry.path: entry for entry in source.find([name.encode("utf-8", "surrogateescape") for name in names])}
    entry = found.pop(path.encode("utf-8", "surrogateescape"), None)
    if entry is None:
        if settings.config is None:
            return _Read(path, None, tuple(sorted(name.decode() for name in found)))
        raise _missing(path, source, working_tree)
    if entry.mode in _KINDS:
        raise ConfigurationError(f"The config {path} is {_KINDS[entry.mode]}.", "Make it a file.")
    document = Document(path, entry.blob, "")
    source.prefetch([document])
    size = source.sizes([document]).get(path, 0)
    if size > MOST_BYTES:
        raise ConfigurationError(
            f"The config {path} has {size:,} bytes; at most {MOST_BYTES:,} are read.", "Make it smaller."
        )
    return _Read(path, b"".join(source.chunks(document)))


def _path(settings: Settings) -> str | None:
    """The path of the config in the source. None: no config is read. Raises ConfigurationError."""
    given = settings.config
    if given == NO_CONFIG:
        return None
    if given is None:
        return DEFAULT_CONFIG
    remedy = f"Give its path from the top folder, such as {DEFAULT_CONFIG}: the config is read from what is synced."
    if given.startswith("/"):
        raise ConfigurationError(f"config is {given!r}, which is a path of this machine.", remedy)
    path = posixpath.normpath(given)
    if path.split("/")[0] in {".", ".."}:
        raise ConfigurationError(f"config is {given!r}, which is no file of what is synced.", remedy)
    return path


def _missing(path: str, source: Source, working_tree: Path | None) -> ConfigurationError:
    where = f"the commit {source.head[:12]}" if source.head else "the folder"
    what = f"There is no config {path} in {where}."
    if working_tree is not None and (working_tree / path).is_file():
        return ConfigurationError(what, "It stands in the working tree: commit it first.")
    near = nearest_path(path, (entry.path.decode("utf-8", "surrogateescape") for entry in source.entries()))
    return ConfigurationError(what, f"The nearest path is '{near}'." if near else "Leave out --config (input config).")


def _working_tree(settings: Settings, workspace: Workspace) -> Path | None:
    """The folder of the working tree whose commit is synced. None: another commit is synced, or a plain folder."""
    return workspace.root if workspace.repository is not None and settings.head is None else None


def _warnings(settings: Settings, workspace: Workspace, read: _Read | None) -> tuple[str, ...]:
    """What to say where somebody may wait for the effect of a config that does not count."""
    if read is None:
        return ()
    tree = _working_tree(settings, workspace)
    here = _content(tree / read.path) if tree is not None else None
    if read.content is None and here is not None:
        return (f"{read.path} is not committed, so it is not read: commit it first.",)
    if read.content is not None and here is not None and here.splitlines() != read.content.splitlines():
        # Git may change the ends of lines when it writes the working tree.
        return (f"{read.path} of the working tree is not the committed one: only what is committed counts.",)
    return tuple(f"{name} is not read: the config is called {read.path}." for name in read.alike)


def _content(path: Path) -> bytes | None:
    with contextlib.suppress(OSError, ValueError):
        if not path.is_symlink():
            return read_file(path, MOST_BYTES)
    return None
