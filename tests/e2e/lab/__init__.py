"""What the end-to-end tests need of a machine: a Docker engine, the base image, and `act`.

A machine whose engine can pull images is used as it is. Elsewhere, on Debian as root, an engine of the tests' own is
started, and the base image is made of Debian's packages. All that is kept lies in the user's cache.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.lab import act, base_image
from tests.e2e.lab.engine import Engine, NoLab, own_engine, running_engine

__all__ = ["Engine", "Lab", "NoLab", "open_lab"]


@dataclass(frozen=True)
class Lab:
    engine: Engine
    base: str
    """The image that the Dockerfile starts from."""
    act: Path


Tell = Callable[[str], None]


@contextmanager
def open_lab(root: Path, tell: Tell) -> Iterator[Lab]:
    """The lab for the repository in `root`. Raises NoLab where there can be none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vsync-e2e"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        # One at a time: two engines cannot share what they keep.
        fcntl.flock(lock, fcntl.LOCK_EX)
        base = base_image.name_in(root / "Dockerfile")
        with _engine(base, cache, tell) as engine:
            yield Lab(engine, base, act.installed(root / "requirements" / "e2e.txt", cache, tell))


@contextmanager
def _engine(base: str, cache: Path, tell: Tell) -> Iterator[Engine]:
    """An engine that has the base image: the machine's, or one of our own."""
    found = running_engine()
    if found is not None and base_image.had_or_pulled(found, base, tell):
        yield found
        return
    with own_engine(cache / "docker", tell) as engine:
        if not base_image.had_or_pulled(engine, base, tell):
            base_image.make(engine, base, tell)
        yield engine
