"""What has become of one path: what the store holds of it, and what the next sync does about it. Pure.

| state | meaning |
| --- | --- |
| `current` | the store holds the version of the head |
| `outdated` | the store holds another version, and the next sync replaces it |
| `waiting` | the store holds nothing of it, and the next sync uploads it |
| `failed` | the store has refused the version of the head; it may hold an older version |
| `skipped` | the rules select the path, and the file cannot be a document |
| `not-selected` | the rules do not select the path |
| `removed` | the store holds a version, and the head has no such file |
| `not-committed` | the file lies in the folder, and the head has no such file |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vsync.plan.plan import Operation, Plan
from vsync.report.remedies import REASONS, remedy
from vsync.state.manifest import Entry, TargetState
from vsync.system.redaction import printable

PathState = Literal["current", "outdated", "waiting", "failed", "skipped", "not-selected", "removed", "not-committed"]


@dataclass(frozen=True, slots=True)
class PathStatus:
    """`entry` is what the store holds. `word` is the code of a failure or the reason of a skip. `why` says more in words."""

    path: str
    state: PathState
    entry: Entry | None = None
    word: str = ""
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "state": self.state,
            "in_store": self.entry is not None,
            "file_id": self.entry.file_id if self.entry else None,
            "blob": self.entry.blob if self.entry else None,
            "failed": self.word if self.state == "failed" else None,
            "skipped": self.word if self.state == "skipped" else None,
            "reason": self.why or None,
        }


def judge(path: str, state: TargetState | None, plan: Plan, *, at_head: bool, why_not: str | None) -> PathStatus:
    """`plan` is what a sync would do about this path alone. `why_not`: why the rules do not select it; None: they do."""
    entry = state.files.get(path) if state is not None else None
    failure, skipped = (plan.failed or {}).get(path), (plan.skipped or {}).get(path)
    operation = next((found for found in plan.operations if found.path == path), None)
    if failure is not None:
        return PathStatus(path, "failed", entry, failure.code, remedy(failure.code))
    if skipped is not None:
        return PathStatus(path, "skipped", entry, skipped.reason, REASONS.get(skipped.reason, ""))
    if not at_head and (entry is not None or why_not is None):
        return PathStatus(path, "removed" if entry is not None else "not-committed", entry, why=_held(path, plan))
    if why_not is not None:
        return PathStatus(path, "not-selected", entry, why=why_not)
    return _selected(path, entry, operation)


def _held(path: str, plan: Plan) -> str:
    """Why the store keeps a document whose file has another name now; empty: it does not."""
    if path not in plan.held:
        return ""
    if plan.held[path] in (plan.skipped or {}):
        return f"the file is the Git LFS pointer {plan.held[path]} now, and what it stands for is not in this checkout"
    return "the file was renamed, and the store has refused it under its new name"


def _selected(path: str, entry: Entry | None, operation: Operation | None) -> PathStatus:
    if entry is None:
        return PathStatus(path, "waiting")
    if operation is None:
        return PathStatus(path, "current", entry)
    if operation.kind == "retag":
        return PathStatus(path, "current", entry, why="the next sync gives it other attributes")
    same = operation.document is not None and operation.document.blob == entry.blob
    return PathStatus(path, "outdated", entry, why="the same file was uploaded with other settings" if same else "")


def path_line(found: PathStatus, head: str | None) -> str:
    """The status of a path for people. `head` is the commit that is compared; None: a plain folder is the source."""
    return printable(_line(found, head))


def _line(found: PathStatus, head: str | None) -> str:
    name, at = found.path, head[:12] if head else "the folder"
    why = f": {found.why}" if found.why else ""
    if found.entry is None:
        return f"{name} is not in the store: {_absent(found, head)}"
    held = f"{found.entry.file_id}, {found.entry.bytes} bytes"
    match found.state:
        case "current":
            return f"{name} is in the store ({held}), as it is in {at}{why}"
        case "outdated":
            return f"{name} is in the store ({held}), but not as it is in {at}{why}. The next sync replaces it"
        case "failed":
            return f"{name} is in the store ({held}); its newer version failed: {found.word}{_in_brackets(found.why)}"
        case "skipped":
            return f"{name} is still in the store ({held}), and the next sync removes it: skipped, {_skip(found)}"
        case "removed" if found.why:
            return f"{name} is still in the store ({held}), although {at} does not have it{why}"
        case "removed":
            return f"{name} is still in the store ({held}), and the next sync removes it: {at} does not have it"
    return f"{name} is still in the store ({held}), and the next sync removes it: not selected{why}"


def _absent(found: PathStatus, head: str | None) -> str:
    """Why the store does not hold it."""
    match found.state:
        case "waiting":
            return "the next sync uploads it"
        case "failed":
            return f"{found.word}{_in_brackets(found.why)}"
        case "skipped":
            return f"skipped, {_skip(found)}"
        case "not-selected":
            return f"not selected, {found.why}"
    return f"{head[:12]} does not have it. Commit it first" if head else "it is not a file"


def _skip(found: PathStatus) -> str:
    return f"{found.word}{_in_brackets(found.why)}"


def _in_brackets(why: str) -> str:
    return f" ({why.removesuffix('.')})" if why else ""
