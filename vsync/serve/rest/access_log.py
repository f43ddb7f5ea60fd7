"""The line that the log gets for each call, as JSON. Pure.

The line holds no value of the query, no header and no body: any of them may be secret. A path is shown without what looks
like a key.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vsync.system.redaction import printable, redacted

HUNG_UP = 499
"""The status of a call whose caller hung up before its answer. nginx logs this number as well."""

_MOST_OF_PATH = 200
_MOST_READ = 4_000


@dataclass(slots=True)
class Call:
    """One call, and what became of it. `route` is the pattern of its path; `secrets` are never shown.

    `requests` counts what was sent to the API for it. `cut`: the answer broke off after its beginning, for that `reason`.
    """

    request_id: str
    method: str
    path: str
    client: str
    secrets: tuple[str, ...] = ()
    route: str | None = None
    status: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    cut: bool = False
    reason: str | None = None


def log_line(call: Call, now: float, took_s: float) -> str:
    """The line for a call that has ended. `now` is the time of day in seconds since the epoch."""
    line: dict[str, object] = {
        "time": stamp(now),
        "request_id": call.request_id,
        "method": printable(call.method)[:20],
        "path": shown_path(call.path, call.secrets),
        "route": call.route,
        "status": call.status,
        "duration_ms": round(took_s * 1000, 1),
        "upstream_requests": call.requests.total(),
        "client": call.client,
    }
    if call.cut:
        line["cut"] = call.reason or "hung up"
    return json.dumps(line)


def stamp(now: float) -> str:
    """A time of day in UTC, with milliseconds."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown_path(path: str, secrets: tuple[str, ...]) -> str:
    """The path without the secrets of the call, on one line."""
    # Cut afterwards: what is left of a secret that was cut would not be known as one.
    return printable(redacted(path[:_MOST_READ], secrets)[:_MOST_OF_PATH])
