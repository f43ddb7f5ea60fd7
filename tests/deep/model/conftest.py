"""The same histories every time, and few; `--hypothesis-profile=soak` looks for new ones, for long."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("soak", database=None, deadline=None)
