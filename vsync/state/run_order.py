"""Which of two workflow runs is newer. Pure."""

from __future__ import annotations

import re

_RUN_ID = re.compile(r"[0-9]{1,20}")


def newest_run(*runs: object) -> str | None:
    """The newest of these workflow runs; None when none of them is the number of a workflow run."""
    numbers = [run for run in runs if isinstance(run, str) and _RUN_ID.fullmatch(run)]
    return max(numbers, key=int, default=None)


def is_late(published: object, run_id: str | None, head: str | None) -> bool:
    """Whether the run `published` is newer than this run. An explicit head is a person's order, so it is never late."""
    if head is not None or run_id is None or not isinstance(published, str):
        return False
    return all(_RUN_ID.fullmatch(text) for text in (published, run_id)) and int(run_id) < int(published)
