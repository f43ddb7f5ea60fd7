"""Which paths that checks expect are no documents of the target, or not in the store yet: no search can find them.

Asks the source for these paths alone. Only where one of them is unknown, the whole tree is listed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from vsync.config.targets import Target
from vsync.documents.nearest import nearest_path
from vsync.documents.selection import Selector
from vsync.git.changes import TreeEntry
from vsync.plan.selected import select, selector_for
from vsync.source.base import Source

_MOST = 20
"""Warnings. Of more paths only the number is told."""


def path_warnings(source: Source, target: Target, synced: Collection[str] | None) -> list[str]:
    """A sentence for each path that the target's checks expect and that is no document at the head, or not synced yet.

    `synced` are the documents that are in the store; None: it is not known.
    """
    paths = sorted({path for check in target.checks for path in check.paths})
    there = source.find([_as_bytes(path) for path in paths])
    documents = _documents(source, there, target, whole=False)
    unknown = sorted(set(paths).difference(documents))
    shown = list(_sentences(source, target, unknown[:_MOST], {entry.path: entry for entry in there}))
    if len(unknown) > _MOST:
        shown.append(f"Checks expect {len(unknown) - _MOST:,} more paths that are no documents of the target.")
    late = sorted(set(documents).difference(synced)) if synced is not None else []
    for path in late[:_MOST]:
        shown.append(f"A check expects {path}, which is not in the store yet: sync first.")
    return shown


def _sentences(source: Source, target: Target, paths: Sequence[str], there: dict[bytes, TreeEntry]) -> Iterator[str]:
    where = f"the commit {source.head[:12]}" if source.head else "the folder"
    missing = [path for path in paths if _as_bytes(path) not in there]
    known = _documents(source, source.entries(), target, whole=True) if missing else []
    for path in paths:
        entry = there.get(_as_bytes(path))
        if entry is None:
            near = nearest_path(path, known)
            hint = f" Did you mean {near}?" if near else ""
            yield f"A check expects {path}, but there is no such file in {where}.{hint}"
        else:
            why = selector_for(source, target, path).why_not(path, entry.mode) or "it cannot be a document"
            yield f"A check expects {path}, which is no document of the target: {why}."


def _documents(source: Source, entries: Iterable[TreeEntry], target: Target, *, whole: bool) -> list[str]:
    selected = select(source, entries, Selector(target.rules), target, whole=whole)
    return [document.path for document in selected.documents]


def _as_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
