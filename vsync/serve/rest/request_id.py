"""The id of a call: it stands in the answer, in the log and in error bodies. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from vsync.system.redaction import redacted

_TAKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id(given: Sequence[bytes], make: Callable[[], str], secrets: Collection[bytes] = ()) -> str:
    """The caller's own id, if it gave one id of harmless characters; else a new one.

    `secrets` are headers that hold a key or a token. An id that stands in one of them, or looks like a key, is not taken.
    """
    if len(given) != 1 or not _TAKEN.fullmatch(given[0]) or any(given[0] in secret for secret in secrets):
        return make()
    text = given[0].decode("ascii")
    return text if redacted(text, ()) == text else make()
