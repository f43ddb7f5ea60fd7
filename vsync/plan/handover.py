"""Deletes of documents that another target of the same store takes over. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from vsync.plan.plan import Plan


def hand_over(plan: Plan, takers: Mapping[str, str], there: Collection[str]) -> Plan:
    """The plan that keeps each document until the target that takes it over has it.

    `takers` names the target for each path, and `there` are the paths that such a target has already.
    """
    awaited = {op.path: takers[op.path] for op in plan.of("delete") if op.path in takers and op.path not in there}
    kept = tuple(op for op in plan.operations if op.kind != "delete" or op.path not in awaited)
    return replace(
        plan,
        operations=kept,
        renamed=tuple((old, new) for old, new in plan.renamed if old not in awaited),
        unchanged=plan.unchanged + len(awaited),
        awaited=awaited,
        handed=frozenset(op.path for op in kept if op.kind == "delete" and op.path in takers),
    )
