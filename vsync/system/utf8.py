"""Text from outside must be UTF-8: the API, git and JSON accept nothing else."""

from __future__ import annotations

from vsync.errors import ConfigurationError


def check_utf8(name: str, value: str) -> None:
    """Raises ConfigurationError when the value is not UTF-8. `name` is how the message calls it."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigurationError(f"{name} holds bytes that are not UTF-8 text.", "Correct it and run again.") from None
