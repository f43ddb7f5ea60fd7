"""Which paths are compared, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vsync.state.manifest import TargetState

ComparisonMode = Literal["diff", "full"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which paths were looked at, and why just these paths."""

    mode: ComparisonMode
    reason: str


def choose_comparison(
    state: TargetState | None, settings: str, *, full: bool, base_known: bool, base: str | None
) -> Comparison:
    """Which comparison to make.

    `base_known` says whether the manifest's commit is in this clone; `base` is a commit the user named instead.
    """
    if state is None:
        return Comparison("full", "nothing is recorded for this target: first sync")
    if full:
        return Comparison("full", "asked for")
    if state.commit is None:
        return Comparison("full", "no run has completed yet")
    if not state.settings or state.run.get("head") != state.commit:
        # A partial run confirms documents of a newer commit or of other settings. When that commit or these settings
        # are taken back, a diff from the last complete run would not show those documents.
        return Comparison("full", "the last run left documents to retry")
    if state.settings != settings:
        return Comparison("full", "the settings changed since the last sync")
    if not base_known:
        return Comparison(
            "full",
            f"this clone does not have the last synced commit {state.commit[:12]}, which is usual for a shallow clone",
        )
    if base is not None and base != state.commit:
        return Comparison("full", f"the given base {base[:12]} is not the last synced commit {state.commit[:12]}")
    return Comparison("diff", f"git diff since the last synced commit {state.commit[:12]}")
