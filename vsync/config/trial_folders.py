"""Folders of tests, examples and patterns for new projects: what looks like documentation there is data. Pure."""

from __future__ import annotations

_NAMES = frozenset(
    (
        "test tests testing __tests__ spec specs e2e testdata fixtures example examples sample samples demo demos "
        "template templates benchmark benchmarks playground playgrounds sandbox node_modules vendor third_party"
    ).split()
)


def is_trial_folder(name: str) -> bool:
    """Whether a folder of that name usually holds data of tests and examples."""
    return name.lower() in _NAMES or name.lower().endswith(("-tests", "_tests"))


def is_for_trial(path: str) -> bool:
    """Whether the path lies in such a folder, at any depth."""
    return any(map(is_trial_folder, path.split("/")[:-1]))
