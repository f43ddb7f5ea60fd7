"""The event that started the workflow, read from the runner's environment and payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..mode import Event


def read_event(environ: Mapping[str, str]) -> tuple[Event, str | None]:
    """The event, and what is wrong with its payload (None: nothing). A payload that cannot be read is empty."""
    payload, problem = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    repository = payload.get("repository")
    branch = repository.get("default_branch") if isinstance(repository, dict) else None
    ref = environ.get("GITHUB_REF", "").strip() or payload.get("ref")
    event = Event(
        name=environ.get("GITHUB_EVENT_NAME", "").strip(),
        ref=ref if isinstance(ref, str) else None,
        default_branch=branch if isinstance(branch, str) and branch else None,
        deleted=payload.get("deleted") is True,
    )
    return event, problem


def _payload(path: str) -> tuple[dict[str, Any], str | None]:
    if not path:
        return {}, None
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        return {}, f"The event's payload {path} cannot be read: {error.strerror}."
    except ValueError:
        return {}, f"The event's payload {path} is not JSON."
    return (data, None) if isinstance(data, dict) else ({}, f"The event's payload {path} is not a JSON object.")
