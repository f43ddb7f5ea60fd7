"""The words of a refusal for lack of a permission, for requests of the Batch API."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from vsync.errors import PermissionDenied
from vsync.store.failed_try import ALLOWED

_FOR_BATCHES = "Files and the Batch API"


@contextlib.contextmanager
def permission_named() -> Iterator[None]:
    """Meanwhile a PermissionDenied says what batches need, and not what vector stores need."""
    try:
        yield
    except PermissionDenied as error:
        raise error.mapped(lambda text: text.replace(ALLOWED, _FOR_BATCHES)) from error
