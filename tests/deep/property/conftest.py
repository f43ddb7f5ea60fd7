"""The same examples every time; `--hypothesis-profile=search` looks for new ones, `soak` (`make soak`) for an hour or more."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("repeatable", derandomize=True, max_examples=80, database=None, **_COMMON)  # type: ignore[arg-type]  # options by name
settings.register_profile("search", max_examples=3_000, database=None, **_COMMON)  # type: ignore[arg-type]  # options by name
settings.register_profile("soak", max_examples=20_000, database=None, **_COMMON)  # type: ignore[arg-type]  # options by name

if settings.get_current_profile_name() not in {"search", "soak"}:
    settings.load_profile("repeatable")
