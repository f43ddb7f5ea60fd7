"""How much the callers of the REST API may ask for. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call, one key and all calls together may take.

    | field | meaning |
    | --- | --- |
    | `max_body` | bytes of a body |
    | `max_ids` | ids in one call |
    | `max_calls` | calls that are answered at the same time |
    | `calls_per_minute` | calls of one key |
    """

    max_body: int = 4_000_000
    max_ids: int = 10_000
    max_calls: int = 200
    calls_per_minute: int = 600
