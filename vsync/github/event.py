"""The event that started the workflow, read from the runner's environment and payload.

Payloads: https://docs.github.com/en/webhooks/webhook-events-and-payloads. A field with an unexpected value counts
as missing: a person can write any payload with `workflow_dispatch` and `repository_dispatch`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from vsync.github.mode import PULL_REQUEST_EVENTS, Event, PullRequest, Trigger
from vsync.system.regular_file import read_file

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MERGE_REF = re.compile(r"refs/pull/([0-9]{1,12})/merge")
_MAX_NUMBER = 10**12
_MOST_BYTES = 64 * 1024 * 1024
"""GitHub's payloads have at most 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""


def read_event(environ: Mapping[str, str]) -> tuple[Event, str | None]:
    """The event, and what is wrong with its payload (None: nothing). A payload that cannot be read counts as empty."""
    payload, problem = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    event = parse_event(payload, environ)
    if problem is None and event.name in PULL_REQUEST_EVENTS and event.pull_request is None:
        problem = (
            "The event's payload names no pull request: the plan is of all that the store lacks, without a comment."
        )
    return event, problem


def parse_event(payload: Mapping[str, Any], environ: Mapping[str, str]) -> Event:
    """The facts of a payload and the runner's variables. Pure."""
    name = environ.get("GITHUB_EVENT_NAME", "").strip()
    ref = environ.get("GITHUB_REF", "").strip()
    if name == "push":  # of a deleted branch the variable names the default branch instead
        ref = _text(payload, "ref") or ref
    before = _text(payload, "before") or ""
    return Event(
        name=name,
        action=_text(payload, "action"),
        ref=ref or _text(payload, "ref"),
        default_branch=_text(_part(payload, "repository"), "default_branch"),
        created=payload.get("created") is True or (bool(before) and not before.strip("0")),
        deleted=payload.get("deleted") is True or _is_zero(_text(payload, "after")),
        forced=payload.get("forced") is True,
        pull_request=_pull_request(payload, environ) if name in PULL_REQUEST_EVENTS else None,
        trigger=_trigger(payload) if name == "workflow_run" else None,
    )


def _is_zero(commit: str | None) -> bool:
    return bool(commit) and not (commit or "").strip("0")


def _pull_request(payload: Mapping[str, Any], environ: Mapping[str, str]) -> PullRequest | None:
    pull = _part(payload, "pull_request")
    merge_ref = _MERGE_REF.fullmatch(environ.get("GITHUB_REF", "").strip())
    candidates = (payload.get("number"), pull.get("number"), int(merge_ref[1]) if merge_ref else None)
    number = next((given for given in candidates if type(given) is int and 0 < given < _MAX_NUMBER), None)
    if number is None:
        return None
    base, head = _part(pull, "base"), _part(pull, "head")
    merged = pull.get("merged") is True
    closed = pull.get("state") == "closed" or payload.get("action") == "closed"
    state: Literal["open", "closed", "merged"] = "merged" if merged else "closed" if closed else "open"
    return PullRequest(
        number=number,
        state=state,
        base=_commit(base, "sha"),
        head=_commit(head, "sha"),
        merge=_commit({"sha": environ.get("GITHUB_SHA", "").strip()}, "sha") if merge_ref else None,
        fork=_is_fork(_part(base, "repo"), head),
    )


def _is_fork(base_repository: Mapping[str, Any], head: Mapping[str, Any]) -> bool:
    """Whether the files come from another repository. A repository that is gone was a fork that somebody deleted."""
    if "repo" not in head:
        return False
    there, here = _part(head, "repo"), base_repository
    ids = there.get("id"), here.get("id")
    if None not in ids:
        return bool(ids[0] != ids[1])
    return bool(there.get("full_name") != here.get("full_name"))


def _trigger(payload: Mapping[str, Any]) -> Trigger:
    run, here = _part(payload, "workflow_run"), _part(payload, "repository").get("full_name")
    there = _part(run, "head_repository").get("full_name")
    gone = "head_repository" in run and run["head_repository"] is None
    return Trigger(
        event=_text(run, "event"),
        branch=_text(run, "head_branch"),
        fork=gone or (there is not None and here is not None and there != here),
    )


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value else None


def _commit(data: Mapping[str, Any], key: str) -> str | None:
    value = _text(data, key)
    return value if value is not None and _COMMIT.fullmatch(value) else None


def _payload(path: str) -> tuple[dict[str, Any], str | None]:
    if not path:
        return {}, None
    try:
        data = json.loads(read_file(Path(path), _MOST_BYTES))
    except OSError as error:
        return {}, f"The event's payload {path} cannot be read: {error.strerror}."
    except (ValueError, RecursionError):
        return {}, f"The event's payload {path} is not JSON."
    return (data, None) if isinstance(data, dict) else ({}, f"The event's payload {path} is not a JSON object.")
