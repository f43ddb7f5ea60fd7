"""The name of the store that a target's documents go into, where no id is known. Pure."""

from __future__ import annotations

from vsync.config.targets import Target


def store_name(target: Target, old: str | None = None) -> str:
    """The name given, else that of the store whose place is taken, else the source's with the target's."""
    if target.vector_store_name or old:
        return target.vector_store_name or old or ""
    return target.source if target.name == "default" else f"{target.source} ({target.name})"
