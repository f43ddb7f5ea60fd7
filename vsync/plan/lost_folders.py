"""Folders that held documents at the last sync, and in which nothing is left now. Pure: what asks the folder is passed in.

In a commit somebody has removed such a folder. In a plain folder its disk may not be mounted: then the folder is gone or
empty, and its documents must not be deleted without a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from vsync.git.changes import Lost

FROM_DOCUMENTS = 2
"""Of how many documents a folder must have been. To remove the only document of a folder is an everyday change."""


def lost_folders(deleted: Iterable[str], ask: Callable[[str], Lost | None]) -> dict[str, Lost]:
    """The lost folders of these deleted documents, each without the folders in it.

    They count at any depth: a disk may be mounted anywhere, and a link to it may lead nowhere. A renamed folder is none of
    them, because a rename deletes nothing.
    """
    held = Counter(folder for path in deleted for folder in _above(path))
    found: dict[str, Lost] = {}
    for folder in sorted(held, key=lambda name: (name.count("/"), name)):
        if held[folder] < FROM_DOCUMENTS or found.keys() & set(_above(folder)):
            continue
        state = ask(folder)
        if state is not None:
            found[folder] = state
    return found


def told(lost: Mapping[str, Lost]) -> str:
    """The lost folders in words."""
    shown = [f"{folder!r} is {state}" for folder, state in lost.items()][:3]
    more = len(lost) - len(shown)
    return f"the folder {', the folder '.join(shown)}{f', and {more:,} more' if more else ''}"


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]
