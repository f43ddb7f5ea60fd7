"""How long a File lives: `expires_after` of Files and Uploads, `output_expires_after` of batches."""

from __future__ import annotations

from vsync.embedded.arguments import Arguments
from vsync.embedded.messages import invalid

BATCH_FILE_S = 30 * 24 * 3600
"""Of a File for a batch or of a batch, where the request says nothing."""
_LEAST_S, _MOST_S = 3600, 2_592_000


def default(purpose: str) -> int | None:
    """The lifetime in seconds of a File whose request names none. None is for ever."""
    return BATCH_FILE_S if purpose == "batch" else None


def asked_for(body: Arguments, name: str) -> int | None:
    """The lifetime in seconds that a JSON body asks for, or None. Raises ApiError."""
    if not body.has(name):
        return None
    policy = body.nested(name, ("anchor", "seconds"))
    return checked(body.param(name), policy.raw("anchor"), policy.raw("seconds"))


def checked(param: str, anchor: object, seconds: object) -> int:
    """The seconds, if both values are allowed. Raises ApiError."""
    if anchor != "created_at":
        raise invalid(f"Invalid '{param}.anchor': expected 'created_at'.", f"{param}.anchor", "invalid_value")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not _LEAST_S <= seconds <= _MOST_S:
        raise invalid(
            f"Invalid '{param}.seconds': expected a value from {_LEAST_S} to {_MOST_S}.",
            f"{param}.seconds",
            "invalid_value",
        )
    return seconds
