"""The audit facts of a run, for the manifest and for the message of its commit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vsync import __version__
from vsync.config.origin import Origin
from vsync.plan.plan import Plan
from vsync.state.manifest import TargetState
from vsync.store.api_errors import BY_GATEWAY
from vsync.sync.next_state import deletable
from vsync.system.wording import count
from vsync.transfer.outcome import Outcome

_BY_GATEWAY = "refused_by_gateway"


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
    by_gateway = sum(item.code == BY_GATEWAY for item in outcome.failed.values())
    if by_gateway and outcome.cause is None:
        facts[_BY_GATEWAY] = by_gateway
    if origin.run_id:
        facts |= {"id": origin.run_id, "url": origin.run_url}
    return facts


def refused_before(state: TargetState) -> int:
    """How many documents a gateway may refuse in this run although it lets documents through.

    As many as it refused in the last run, which got others through; and one, where any document is in the store.
    """
    number = state.run.get(_BY_GATEWAY)
    return max(1, number if type(number) is int else 0) if state.files else 0


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
