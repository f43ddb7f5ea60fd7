"""What can be the id of a vector store. Pure."""

from __future__ import annotations

import re

from vsync.errors import ConfigurationError

_MOST_CHARACTERS = 256


def check_store_id(store_id: str, name: str) -> None:
    """Raises ConfigurationError for text that cannot be one part of a request's path, as ids are. `name` is the setting.

    OpenAI's ids are `vs_` and letters and digits. Compatible servers may have others.
    """
    fault = _fault(store_id)
    if fault is not None:
        shown = store_id if len(store_id) <= 60 else f"{store_id[:60]}…"
        raise ConfigurationError(
            f"{name} is {shown!r}, but {fault}.",
            "Give the id of a vector store (vs_…), as `vsync stores list` shows it; a name is given as vector-store-name.",
        )


def _fault(store_id: str) -> str | None:
    if len(store_id) > _MOST_CHARACTERS:
        return f"an id has at most {_MOST_CHARACTERS} characters"
    if not store_id.isascii() or re.search(r"[\s\x00-\x1f\x7f/\\?#%]", store_id):
        return "an id holds no blank, no slash, no ?, # or %, and only ASCII characters"
    return "an id is not only dots" if not store_id.strip(".") else None
