"""The id of a plan, by which `sync --expect` knows the plan that somebody has reviewed. Pure."""

from __future__ import annotations

from vsync.documents.document import fingerprint
from vsync.plan.plan import Operation, Plan

_DIGITS = 16
_VERSION = 1
"""Raised when the same plan gets another id."""


def plan_id(target: str, api: str, store: str, plan: Plan) -> str:
    """The fingerprint of what the plan does to the store.

    `api` is the address of the API, as the manifest has it. `store` is the store's id, or the name of a store that is still
    to be created. Commits, times and sizes do not count: two plans that do the same have the same id.
    """
    operations = [_operation(operation) for operation in plan.operations]
    return fingerprint([_VERSION, target, api, store, operations, list(plan.pending_delete)], _DIGITS)


def _operation(operation: Operation) -> list[str | None]:
    document, previous = operation.document, operation.previous
    return [
        operation.kind,
        operation.path,
        document.blob if document is not None else None,
        document.tag if document is not None else None,
        previous.file_id if previous is not None else None,
    ]
