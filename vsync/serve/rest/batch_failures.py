"""What ends a call on batches, in words for its caller. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from vsync.batch.chosen import NoRequestFile
from vsync.errors import ConfigurationError, PublicationFailed, RepositoryError, SealHeld, VsyncError
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.upstream import failure_of
from vsync.system.redaction import printable

BUSY_AGAIN_S = 10.0
"""When a caller may try again that found another call at work."""

ACCESS = "Files and the Batch API"


def batch_failure(error: VsyncError, root: Path, paths: Collection[str] = ()) -> Failure:
    """The failure to answer with. `root` is the folder of the repository, `paths` are the words of the field `paths`."""
    if isinstance(error, NoRequestFile):
        param = "paths" if error.word in paths else "again"
        return Failure(400, "unknown_request_file", printable(f"{error.message} {error.remedy}"), param=param)
    if isinstance(error, SealHeld):
        return busy()
    if isinstance(error, ConfigurationError | RepositoryError | PublicationFailed):
        # The caller learns what is wrong, but not where on its machine the operator keeps the repository.
        said = printable(error.message.replace(str(root), "the repository"))
        return Failure(500, "folder_unusable", f"The server cannot work with its folders. {said} Tell its operator.")
    return failure_of(error, access=ACCESS)


def busy() -> Failure:
    """The failure of a call that finds others at work."""
    message = "Another call or program is at work with the request files of this server. Try again in a moment."
    return Failure(503, "busy", message, retry_after=BUSY_AGAIN_S)


def not_offered() -> Failure:
    """The failure of a call on batches where the operator offers none."""
    message = (
        "This server offers no batches. Its operator can offer the request files of a folder: vsync serve --source DIR."
    )
    return Failure(404, "no_batches", message)
