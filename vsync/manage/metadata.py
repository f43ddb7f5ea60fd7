"""The metadata of a new store. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.errors import ConfigurationError

_MOST_METADATA = 15
"""A store has at most 16 pairs, and vsync writes one of its own: https://platform.openai.com/docs/api-reference/vector-stores."""
_MOST_NAME, _MOST_VALUE = 64, 512


def checked_metadata(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The metadata. Raises ConfigurationError for what the API refuses, and for what only vsync writes."""
    metadata: dict[str, str] = {}
    for key, value in pairs:
        if metadata.setdefault(key, value) != value:
            raise ConfigurationError(f"The metadata {key!r} has two values.", "Give one of them.")
    own = [key for key in metadata if key.lower().startswith("vsync_")]
    if own:
        raise ConfigurationError(f"The metadata {own[0]!r} is vsync's own.", "Choose another name.")
    if len(metadata) > _MOST_METADATA:
        raise ConfigurationError(f"There are {len(metadata)} pairs of metadata.", f"Give at most {_MOST_METADATA}.")
    for key, value in metadata.items():
        if len(key) > _MOST_NAME or len(value) > _MOST_VALUE:
            raise ConfigurationError(
                f"The metadata {key[:_MOST_NAME]!r} is too long.",
                f"A name may have {_MOST_NAME} characters, a value {_MOST_VALUE}.",
            )
    return metadata
