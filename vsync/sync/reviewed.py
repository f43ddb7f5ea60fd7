"""`sync --expect`: whether the plan is still the one that somebody has reviewed. Pure."""

from __future__ import annotations

from vsync.auth.api_address import OPENAI_API
from vsync.config.targets import Target
from vsync.plan.plan import Plan
from vsync.plan.plan_id import plan_id
from vsync.state.manifest import TargetState
from vsync.sync.store_name import store_name


def id_of(plan: Plan, target: Target, state: TargetState | None) -> str:
    """The plan's id. `state` is what is recorded of the target's store."""
    recorded = state.vector_store_id if state is not None else ""
    # A plan without credentials may not know the address, and mostly it is OpenAI's own.
    api = state.api if state is not None else target.api or OPENAI_API
    return plan_id(target.name, api, recorded or target.vector_store_id or store_name(target), plan)


def unexpected(expected: str | None, plan: Plan, now: str, state: TargetState | None) -> str | None:
    """Why the plan must not be carried out: it is not the expected one. None: it is, or no plan is expected.

    `now` is the plan's id. `state` is what is recorded, with the id of the plan that was carried out last.
    """
    if expected is None or expected == now:
        return None
    if not plan.is_empty:
        return (
            f"The plan is not the expected one: {expected} is expected, and now the plan is {now}. The source, the settings "
            "or the store changed since the plan was reviewed."
        )
    facts = state.run if state is not None else {}
    if facts.get("plan_id") == expected:
        return f"The expected plan {expected} was carried out already, at {facts.get('when')}: nothing is left to do."
    return f"The plan is not the expected one: {expected} is expected, and now there is nothing to do."


def remedy(plan: Plan, now: str) -> str:
    """What to do about a plan that is not the expected one."""
    if plan.is_empty:
        return "Leave out --expect (VSYNC_EXPECT), or review a new plan."
    return f"Nothing was changed. Review the plan as it is now; to carry it out, give --expect {now} (VSYNC_EXPECT)."
