"""What GitHub's runner takes for a command, wherever it stands in a line of a step's log. Pure."""

from __future__ import annotations

_COMMAND = "##["


def inert(text: str) -> str:
    """The text for a person, with nothing in it that the runner takes for a command of the older form (`##[error]`)."""
    return text.replace(_COMMAND, "##\N{ZERO WIDTH SPACE}[")


def inert_json(text: str) -> str:
    """The same for JSON: programs read the same values from it. A `#` stands in strings alone."""
    return text.replace(_COMMAND, "\\u0023#[")
