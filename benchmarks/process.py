"""Runs the command `vsync` as a user's shell would."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.measure import Run, run
from benchmarks.repositories import ENVIRONMENT

SOURCE = "bench/docs"


def vsync(folder: Path, *arguments: str, base_url: str = "", python: Sequence[str] = ()) -> Run:
    """Runs vsync on the repository `folder/repository`, as a user's shell would, but with nothing else in its environment."""
    environment = {
        **ENVIRONMENT,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_BASE_URL": base_url,
    }
    name, *options = arguments
    place = ["--repo", str(folder / "repository"), "--source", SOURCE]
    return run([sys.executable, *python, "-m", "vsync", name, *place, *options], ROOT, environment)


def shown(*arguments: str) -> str:
    name, *options = arguments
    return " ".join(["python -m vsync", name, "--repo REPOSITORY --source", SOURCE, *options])
