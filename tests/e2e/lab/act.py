"""`act` runs workflows as GitHub does, on one machine. Installed from its lock, apart from everything else."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.e2e.lab.engine import required


def installed(lock: Path, cache: Path, tell: Callable[[str], None]) -> Path:
    """The program, installed in the cache when the lock asks for another than the last time."""
    folder = cache / f"act-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    program = folder / "bin" / "act"
    if not program.exists():
        tell("Installing act …")
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
        required(*pip, "--require-hashes", "--requirement", str(lock), "--target", str(unfinished))
        unfinished.rename(folder)
    return program
