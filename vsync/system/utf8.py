"""Text that comes from outside must be UTF-8: the API, git and JSON take nothing else."""

from __future__ import annotations

from vsync.errors import ConfigurationError


def check_utf8(name: str, value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigurationError(f"{name} holds bytes that are not UTF-8 text.", "Correct it and run again.") from None
