"""The manifest as a value, and how it is written. Pure: values in, bytes out. `manifest_parser` reads it.

vsync alone writes the manifest, and it is committed to the repository. Its format is a contract
(`docs/architecture.md`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vsync.auth.api_address import OPENAI_API

VERSION = 1
MAX_NUMBER = 2**63
"""Numbers in a manifest or seal stay below this. Python parses longer numbers than it can write."""

UNKNOWN_BLOB = "unknown"
"""The blob of an entry of which only the store tells that it is there. No manifest records it."""


class Entry(NamedTuple):
    """One document that is confirmed to be in the store."""

    blob: str
    sha256: str
    bytes: int
    file_id: str
    tag: str


class Failure(NamedTuple):
    """A document that was refused for good. It is not retried while blob and tag are the same, but still reported.

    `tries`: how often the server failed to index it; 0: it refused the document.
    """

    blob: str
    tag: str
    code: str
    tries: int = 0


class Skipped(NamedTuple):
    """A selected path that cannot be a document, as of the manifest's commit."""

    blob: str
    reason: str


@dataclass(frozen=True, slots=True)
class TargetState:
    """The last confirmed state of one target.

    | field | meaning |
    | --- | --- |
    | `api` | the address of the API that has the store; `embedded` for the embedded store |
    | `vector_store_name` | the name of the store; None: not known |
    | `expires_after_days` | after how many days without use the store is deleted; None: never, or not known |
    | `unindexed` | documents that the server failed to index in one run. The next run tries them again |
    | `commit` | the last commit that was synced and left nothing to retry |
    | `signature` | the store's signature over all of this (`signature`); empty: there is none |
    """

    vector_store_id: str
    branch: str | None = None
    commit: str | None = None
    serial: int = 0
    settings: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Entry] = field(default_factory=dict)
    failed: Mapping[str, Failure] = field(default_factory=dict)
    skipped: Mapping[str, Skipped] = field(default_factory=dict)
    pending_delete: tuple[str, ...] = ()
    api: str = OPENAI_API
    vector_store_name: str | None = None
    expires_after_days: int | None = None
    unindexed: Mapping[str, Failure] = field(default_factory=dict)
    signature: str = ""

    @property
    def file_ids(self) -> frozenset[str]:
        """Every File that it names, of documents and of what is to be deleted."""
        return frozenset((*(entry.file_id for entry in self.files.values()), *self.pending_delete))


EMPTY_STATE = TargetState(vector_store_id="")
"""The state of a target that was never synced."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """All targets of a repository. `owner` is made at the first sync, and every entry in the store carries it.

    `formerly` are the names that the repository had before: entries of targets that were not synced since show them.
    """

    owner: str
    source: str
    repository_id: str | None = None
    targets: Mapping[str, TargetState] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()

    def with_target(self, name: str, state: TargetState) -> Manifest:
        return dataclasses.replace(self, targets={**self.targets, name: state})


def content_id(manifest: Manifest, target: str) -> str | None:
    """The hash of a target's part of a manifest; None when the manifest has no such target."""
    state = manifest.targets.get(target)
    if state is None:
        return None
    return blob_id(json.dumps([manifest.owner, target_data(state)], sort_keys=True).encode())


def blob_id(content: bytes) -> str:
    """The id that git gives to these bytes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as bytes: sorted keys, one document a line, newline at the end. Equal values give equal bytes."""
    targets = {name: target_data(state) for name, state in manifest.targets.items()}
    data: dict[str, Any] = {
        "version": VERSION,
        "owner": manifest.owner,
        "source": manifest.source,
        "repository_id": manifest.repository_id,
        "targets": targets,
    }
    if manifest.formerly:
        data["formerly"] = list(manifest.formerly)
    return ("".join(_lines(data, 0)) + "\n").encode("utf-8")


def target_data(state: TargetState) -> dict[str, Any]:
    """A target's part of the manifest as JSON."""
    data: dict[str, Any] = {
        "vector_store_id": state.vector_store_id,
        "branch": state.branch,
        "commit": state.commit,
        "serial": state.serial,
        "settings": state.settings or None,
        "run": dict(state.run),
        "files": {path: entry._asdict() for path, entry in state.files.items()},
        "failed": {path: _failure_data(failure) for path, failure in state.failed.items()},
        "pending_delete": sorted(state.pending_delete),
    }
    if state.api != OPENAI_API:
        data["api"] = state.api
    if state.vector_store_name is not None:
        data["vector_store_name"] = state.vector_store_name
    if state.expires_after_days is not None:
        data["expires_after_days"] = state.expires_after_days
    if state.unindexed:
        data["unindexed"] = {path: _failure_data(failure) for path, failure in state.unindexed.items()}
    if state.signature:
        data["signature"] = state.signature
    if state.skipped:
        data["skipped"] = {path: skipped._asdict() for path, skipped in state.skipped.items()}
    return data


def _failure_data(failure: Failure) -> dict[str, Any]:
    data = failure._asdict()
    if not failure.tries:
        del data["tries"]
    return data


_DEPTH_OF_ONE_LINE = 4
"""Objects at this depth stand on one line. Above them are: top level, targets, target, files."""


def _lines(value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or not value or depth == _DEPTH_OF_ONE_LINE:
        yield json.dumps(value, ensure_ascii=False, sort_keys=True)
        return
    indent = " " * (depth + 1)
    separator = "{\n"
    for key in sorted(value):
        yield f"{separator}{indent}{json.dumps(key, ensure_ascii=False)}: "
        yield from _lines(value[key], depth + 1)
        separator = ",\n"
    yield f"\n{' ' * depth}}}"
