"""Refuses one file in two roles of a stream: what is written would destroy what is read, or the stream would read itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vsync.errors import ConfigurationError

_BESIDE_A_STATE = ("-wal", "-shm", "-journal", ".lock")


def refuse_one_file_for_two(
    source: Path | None, template: Path | None, state: Path, letters: Path, store: Sequence[Path]
) -> None:
    """Raises ConfigurationError. `store` are the files of the embedded store, where there is one."""
    read = [
        *([("FILE", source)] if source is not None else []),
        *([("--template", template)] if template is not None else []),
        *(("the embedded store", path) for path in store),
    ]
    states = [("--state", state), *(("what stands beside --state", Path(f"{state}{end}")) for end in _BESIDE_A_STATE)]
    for role, path in states:
        _compare(role, path, read)
    _compare("--dead-letter", letters, [*read, *states])


def _compare(role: str, path: Path, others: Sequence[tuple[str, Path]]) -> None:
    for other, its in others:
        if _is_same(path, its):
            raise ConfigurationError(f"{other} and {role} are one file, {path}.", "Name another file for one of them.")


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one file, also by a link of any kind."""
    if one.resolve() == other.resolve():
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False  # one of them is not there yet
