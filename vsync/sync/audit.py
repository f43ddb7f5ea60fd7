"""The audit facts of a run, for the manifest and for the message of its commit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vsync import __version__
from vsync.config.origin import Origin
from vsync.plan.plan import Plan
from vsync.sync.next_state import deletable
from vsync.system.wording import count
from vsync.transfer.outcome import Outcome


def audit(
    plan: Plan,
    outcome: Outcome,
    *,
    plan_id: str | None,
    base: str | None,
    head: str | None,
    origin: Origin,
    now: datetime,
) -> dict[str, Any]:
    """The audit facts of the manifest's `run`."""
    done = outcome.confirmed.keys()
    facts: dict[str, Any] = {
        "when": now.isoformat(timespec="seconds"),
        "version": __version__,
        "base": base,
        "head": head,
        "added": sum(op.path in done for op in plan.of("upload")),
        "updated": sum(op.path in done for op in plan.of("replace")),
        "retagged": sum(op.path in done for op in plan.of("retag")),
        "removed": len(deletable(plan, done)),
        "failed": len(outcome.failed),
        "plan_id": plan_id,
    }
    if origin.run_id:
        facts |= {"id": origin.run_id, "url": origin.run_url}
    return facts


def rebuilt(documents: int, *, head: str | None, origin: Origin, now: datetime) -> dict[str, Any]:
    """The audit facts of a manifest that was made again from its store."""
    facts: dict[str, Any] = {"when": now.isoformat(timespec="seconds"), "version": __version__, "head": head}
    facts["rebuilt"] = documents
    if origin.run_id:
        facts |= {"id": origin.run_id, "url": origin.run_url}
    return facts


def headline(facts: Mapping[str, Any]) -> str:
    """The audit facts in one line, for a commit's message."""
    if facts.get("rebuilt"):
        return f"made again from the store, which holds {count(facts['rebuilt'], 'document')}"
    words = ("added", "updated", "retagged", "removed", "failed")
    numbers = ", ".join(f"{facts[word]} {word}" for word in words if facts.get(word)) or "what the store holds"
    return f"{numbers} at {facts['head'][:12]}" if facts.get("head") else numbers
