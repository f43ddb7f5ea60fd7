"""When a store is asked whether it has indexed what was attached. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PollTimes:
    """The ages at which Files are asked for, in seconds since they were attached: first these, then one every `every_s`."""

    first_s: tuple[float, ...]
    every_s: float

    def after(self, age_s: float) -> float:
        """The age at which Files of this age are asked for next."""
        return next((age for age in self.first_s if age > age_s), age_s + self.every_s)


SERVER = PollTimes((0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.9, 4.2), 5.0)
"""A server indexes in the background. It is asked ever more rarely, so that a long wait costs few requests."""

EMBEDDED = PollTimes((0.0,), 0.05)
"""The embedded store indexes only while it answers a request. Each pause between two requests is lost time."""
