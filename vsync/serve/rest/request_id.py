"""The id of a call: it stands in the answer, in the log and in error bodies. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_TAKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id(given: Sequence[bytes], make: Callable[[], str]) -> str:
    """The caller's own id, if it gave one id of harmless characters; else a new one."""
    if len(given) == 1 and _TAKEN.fullmatch(given[0]):
        return given[0].decode("ascii")
    return make()
