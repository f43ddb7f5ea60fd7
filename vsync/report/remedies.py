"""What a person can do about the codes and reasons in a report. Data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TOO_MANY = "The API was busy. The next run tries again. A lower concurrency helps."
_BUSY = "The API failed. The next run tries again."

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "unsupported_file": "The store cannot index this content. Change the file, or exclude it. vsync tries again when the file changes.",
        "invalid_file": "The store could not parse the file. It may be damaged or encrypted, be a PDF without text, or have too many "
        "tokens. Mend it, or exclude it. vsync tries again when the file changes.",
        "refused-by-gateway": "Something between vsync and the API refused this document: a gateway, a proxy or a firewall. Its log "
        "names the rule. Let it pass such documents, or exclude the file. The next run tries again. If "
        "it refuses every document, check the key as well.",
        "server_error": "The server failed each time. The next run tries again. After two runs in which it indexed other documents, "
        "vsync tries again only when the file changes, or with --reindex PATH. If the server does not take this type, exclude the file.",
        "unanswered": _BUSY,
        "index-timeout": "Indexing took too long. The next run tries again. With a higher index-timeout it waits longer.",
        "unreadable": "The file could not be read. Check whether the clone is partial, the disk is full, or the file changed "
        "during the run.",
        "rate_limit_exceeded": _TOO_MANY,
        "http_429": _TOO_MANY,
        "http_413": "The file is too large for the API. Split it, or exclude it.",
        "http_415": "The API does not take this type of file. Exclude it.",
        "failed": _BUSY,
        "cancelled": "Somebody else cancelled the indexing. The next run tries again.",
    }
)
"""By the code of a failed document. See `remedy`."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "the file is empty, or has no text",
        "too-large": "larger than the API takes (512 MB)",
        "unsupported-type": "a type that the store cannot index",
        "not-text": "binary data, not text",
        "unknown-encoding": "text whose encoding nobody can tell for sure: save the file as UTF-8",
        "not-notebook": "not a notebook that vsync can read (JSON of the notebook format 3 or 4, at most 32 MB)",
        "template": "an HTML template for a program: an include rule that names it selects it",
        "minified": "packed by a machine, with very long lines: an include rule that names it selects it",
        "undecodable-name": "its name is not UTF-8",
        "symlink": "a symbolic link: `symlinks: true` in .vsync.yml follows it, as far as it stays inside",
        "submodule": "a submodule: `submodules: true` in .vsync.yml and in actions/checkout brings its files",
        "lfs-pointer": "a Git LFS pointer whose file is not in this checkout: check out with `lfs: true`",
        "secret": "it seems to hold a secret: remove and revoke the secret, or allow the path (allow-secrets)",
    }
)
"""By the reason for which a file was skipped."""


NO_LONGER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "empty": ("the file is empty, or has no text", "To keep it, give the file its text back."),
        "too-large": ("the file is larger than the API takes (512 MB)", "To keep it, split the file."),
        "unsupported-type": (
            "the store cannot index its type",
            "To keep it, save it as a type that the store can index.",
        ),
        "not-text": ("the file is binary data, not text", "To keep it, save the file as text in UTF-8."),
        "unknown-encoding": (
            "the encoding of the file's text cannot be told for sure",
            "To keep it, save the file as UTF-8.",
        ),
        "not-notebook": (
            "the file is not a notebook that vsync can read",
            "To keep it, save the notebook again in the notebook format 4, with at most 32 MB.",
        ),
        "template": (
            "the file is an HTML template for a program",
            "To keep it, name the file in an include rule (--include, input include).",
        ),
        "minified": (
            "the file is packed by a machine, with very long lines",
            "To keep it, name the file in an include rule (--include, input include).",
        ),
        "symlink": (
            "a symbolic link stands in its place",
            "To keep its text, select the link's target, or follow links (symlinks: true in .vsync.yml).",
        ),
        "submodule": (
            "a submodule stands in its place",
            "To keep it, put the file into this repository, or read submodules (submodules: true in .vsync.yml).",
        ),
        "lfs-pointer": (
            "the file is a Git LFS pointer, and what it stands for is not in this checkout",
            "To keep it, check out with `lfs: true` (actions/checkout), or run `git lfs pull`.",
        ),
        "secret": (
            "the file seems to hold a secret",
            "Remove the secret from the file. Revoke the secret, because the repository's history still holds it. "
            "If it is no secret, allow the path with --allow-secrets (input allow-secrets).",
        ),
    }
)
"""Why a document of the store is no document any more, and what to do, by the reason for which its file is skipped."""

DRIFT: Mapping[str, str] = MappingProxyType(
    {
        "expired": "--repair makes a new store of the same name and uploads everything into it. If you gave the store's id, "
        "give the id of another store.",
        "missing": "--repair uploads the document again.",
        "dangling": "Somebody else deleted its File. --repair takes the entry out and uploads the document again.",
        "failed": "--repair uploads the document again. If it fails again because of its content, mend the file or exclude it.",
        "stuck": "--repair waits for the document, at most index-timeout, and then uploads it again.",
        "duplicate": "--repair keeps one entry for each document and deletes the others.",
        "left-over": "--repair deletes the entry or the File.",
        "chunking": "--repair uploads the document again with the chunking of the settings.",
        "attributes": "--repair writes the attributes again. It uploads nothing.",
    }
)
"""By the kind of drift."""


def no_longer(reason: str) -> tuple[str, str]:
    """Why a document of the store is no document any more, and what to do, from the reason for which it is skipped."""
    return NO_LONGER.get(reason, (f"the file is skipped ({reason})", ""))


def remedy(code: str) -> str:
    """What to do about a failed document, from its code."""
    if code in REMEDIES:
        return REMEDIES[code]
    if code.startswith("http_5"):
        return _BUSY
    return "The reason stands beside the document. The next run tries again unless the refusal is final."
