"""Which removed path and which added path are one renamed document. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def pair_renames(removed: Mapping[str, str], added: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs (from, to) of one removed and one added path with the same blob, in sorted order.

    Both arguments map paths to blob ids. Each path is in at most one pair.
    """
    waiting: dict[str, list[str]] = {}
    for path in sorted(removed, reverse=True):
        waiting.setdefault(removed[path], []).append(path)
    pairs = []
    for path in sorted(added):
        candidates = waiting.get(added[path])
        if candidates:
            pairs.append((candidates.pop(), path))
    return sorted(pairs)
