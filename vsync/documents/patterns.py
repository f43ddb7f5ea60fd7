"""Regular expressions that are compiled at their first use: most runs read no file. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable


def lazily(pattern: str) -> Callable[[], re.Pattern[str]]:
    """A function that gives the compiled pattern."""
    return functools.cache(lambda: re.compile(pattern))
