"""The scripts of `.ci/`, which is no package, as modules."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.support.places import ROOT


def load(name: str) -> Any:
    """The script `.ci/NAME.py`, not run."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
