"""What the codes and reasons of a report mean, and what a person can do. Data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TOO_MANY = "The API was busy. The next run tries again; a lower concurrency helps."
_BUSY = "The API failed. The next run tries again."

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "unsupported_file": "The store cannot index this content. Change the file, or exclude it; it is tried again when it changes.",
        "invalid_file": "The store could not parse the file: a damaged or encrypted file, a PDF without text, or too many tokens. "
        "Mend it, or exclude it; it is tried again when it changes.",
        "server_error": "The server failed each time. The next run tries again.",
        "unanswered": _BUSY,
        "index-timeout": "Indexing took too long. The next run tries again; a higher index-timeout waits longer.",
        "unreadable": "The file's bytes could not be read. Look for a partial clone, a full disk, or a file that changed meanwhile.",
        "rate_limit_exceeded": _TOO_MANY,
        "http_429": _TOO_MANY,
        "http_413": "The file is too large for the API. Split it, or exclude it.",
        "http_415": "The API does not take this type of file. Exclude it.",
        "failed": _BUSY,
        "cancelled": "Indexing was cancelled from outside. The next run tries again.",
    }
)
"""By the code of a failed document; see `remedy`."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "the file is empty",
        "too-large": "larger than the API takes (512 MB)",
        "unsupported-type": "a type that the store cannot index",
        "not-text": "not text in UTF-8, UTF-16 or ASCII",
        "undecodable-name": "its name is not UTF-8",
        "symlink": "a symbolic link; what it points to is a document of its own, if it is selected",
        "submodule": "a submodule: another repository",
        "lfs-pointer": "a Git LFS pointer: the file itself is not in the repository",
        "secret": "it seems to hold a secret: remove and revoke it, or allow the path (allow-secrets)",
    }
)
"""By the reason for which a file was skipped."""


DRIFT: Mapping[str, str] = MappingProxyType(
    {
        "expired": "--repair makes a new store of the same name and uploads everything into it. Where the store's id is given, "
        "give another one.",
        "missing": "--repair uploads it anew.",
        "dangling": "Its File was deleted by somebody else. --repair takes the entry out and uploads the document anew.",
        "failed": "--repair uploads it anew. What fails again for its content must be mended or excluded.",
        "stuck": "--repair waits for it, at most index-timeout, and then uploads it anew.",
        "duplicate": "--repair keeps one entry for each document and deletes the others.",
        "left-over": "--repair deletes it.",
        "chunking": "--repair uploads it anew with the chunking of the settings.",
        "attributes": "--repair writes the attributes anew; nothing is uploaded.",
    }
)
"""By the kind of drift."""


def remedy(code: str) -> str:
    """What to do about a failed document, from its code."""
    if code in REMEDIES:
        return REMEDIES[code]
    if code.startswith("http_5"):
        return _BUSY
    return "The reason stands beside the document; the next run tries again unless the refusal is final."
