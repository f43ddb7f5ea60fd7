"""The manifest and the seal as values: parsing, checking, writing. Pure: text in, values out.

The manifest is written by vsync alone and committed to the repository; the seal is a target's lock and its last
published state. Their formats are a contract (`docs/architecture.md`); a reader of a newer format refuses the file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vsync.errors import ManifestError

VERSION = 1
_CONFLICT_MARKS = (b"<<<<<<< ", b"=======\n", b">>>>>>> ")


class Entry(NamedTuple):
    """One document that is confirmed to be in the store."""

    blob: str
    sha256: str
    bytes: int
    file_id: str
    tag: str


class Failure(NamedTuple):
    """A final refusal: not retried while blob and tag are the same, still reported."""

    blob: str
    tag: str
    code: str


class Skipped(NamedTuple):
    """A selected path that is no document, as of the manifest's commit."""

    blob: str
    reason: str


@dataclass(frozen=True, slots=True)
class TargetState:
    """The last confirmed state of one target. `commit` is None until a run left nothing to retry."""

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


EMPTY_STATE = TargetState(vector_store_id="")
"""The state of a target that was never synced."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """All targets of a repository. `owner` is minted at the first sync and marks every entry in the store."""

    owner: str
    source: str
    repository_id: str | None = None
    targets: Mapping[str, TargetState] = field(default_factory=dict)

    def with_target(self, name: str, state: TargetState) -> Manifest:
        return dataclasses.replace(self, targets={**self.targets, name: state})


def content_id(manifest: Manifest, target: str) -> str | None:
    """What identifies a target's part of a manifest; None when it has none."""
    state = manifest.targets.get(target)
    return (
        None if state is None else blob_id(json.dumps([manifest.owner, _target_data(state)], sort_keys=True).encode())
    )


def blob_id(content: bytes) -> str:
    """The id git gives to these bytes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


# --- Manifest: reading -----------------------------------------------------------------------------------------------

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ENTRY_KEYS = ("blob", "bytes", "file_id", "sha256", "tag")
_MAX_PROBLEM = 500
_MAX_NUMBER = 2**63
"""Python reads numbers of thousands of digits, but does not write all that it can count on to."""


class _Damaged(Exception):
    """What is wrong with a manifest's content, in a few words."""


class _Newer(_Damaged):
    """Nothing is wrong with it: a newer vsync wrote it."""


def parse_manifest(content: bytes, name: str) -> Manifest:
    """The manifest in these bytes; `name` is how messages call the file. Raises ManifestError."""
    try:
        manifest = _manifest(json.loads(content.decode("utf-8"), object_pairs_hook=_unique))
        if _SURROGATE.search(content):
            dump_manifest(manifest)  # half a character parses, but can never be written back
    except (ValueError, RecursionError, _Damaged) as error:
        if any(line.startswith(_CONFLICT_MARKS) for line in content.splitlines(keepends=True)):
            problem = "it holds the conflict markers of an unfinished merge"
        elif isinstance(error, json.JSONDecodeError):
            problem = f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        else:
            problem = str(error)[:_MAX_PROBLEM]
        if isinstance(error, _Newer):
            raise ManifestError(
                f"The manifest {name} cannot be used: {problem}.",
                "Nothing was changed. Update vsync; in a workflow that is the version after `uses: …/vsync@`.",
            ) from error
        raise ManifestError(
            f"The manifest {name} cannot be used: {problem}.",
            f"Nothing was changed. Bring back the last good version (`{_history(name)}`), make it anew from the "
            "store (vsync verify --rebuild), or delete the file to start anew.",
        ) from error
    return manifest


def _history(name: str) -> str:
    """The command that lists the versions of a manifest, from what messages call it."""
    path, there, branch = name.partition(" on the branch ")
    return f"git fetch origin {branch} && git log FETCH_HEAD -- {path}" if there else f"git log -- {path}"


def salvage_manifest(content: bytes, name: str) -> tuple[Manifest | None, tuple[str, ...] | None]:
    """What of a manifest can still be read (None: nothing), and the names of targets that are lost (None: not known).

    Raises ManifestError for one that a newer vsync wrote: it is not damaged.
    """
    try:
        return parse_manifest(content, name), ()
    except ManifestError:
        try:
            top = json.loads(content.decode("utf-8"), object_pairs_hook=_lenient)
        except (ValueError, RecursionError):
            return None, None
        if isinstance(top, dict) and type(top.get("version")) is int and top["version"] > VERSION:
            raise
    return _salvaged(top)


def _salvaged(top: object) -> tuple[Manifest | None, tuple[str, ...] | None]:
    if not isinstance(top, dict) or not isinstance(top.get("targets"), dict):
        return None, None
    targets = {}
    for target, data in top["targets"].items():
        try:
            targets[target] = _target(_object(data, "a target"))
            dump_manifest(Manifest("-", "-", targets={target: targets[target]}))  # half a character cannot be written
        except (_Damaged, ValueError):
            targets.pop(target, None)
    lost = tuple(sorted(top["targets"].keys() - targets.keys()))
    try:
        repository_id = top.get("repository_id")
        known = repository_id if isinstance(repository_id, str) else None
        manifest = Manifest(_string(top, "owner"), _string(top, "source"), known, targets)
        dump_manifest(manifest)
    except (_Damaged, ValueError):
        return None, tuple(sorted(top["targets"]))
    return manifest, lost


def _lenient(pairs: list[tuple[str, Any]]) -> Any:
    """An object, or what no reader takes for one where a bad merge names something twice."""
    try:
        return _unique(pairs)
    except _Damaged:
        return None


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    if len(pairs) == 5 and tuple(key for key, _ in pairs) == _ENTRY_KEYS:
        blob, size, file_id, sha256, tag = (value for _, value in pairs)
        if (
            type(size) is int
            and 0 <= size < _MAX_NUMBER
            and isinstance(blob, str)
            and isinstance(sha256, str)
            and isinstance(file_id, str)
            and file_id
            and isinstance(tag, str)
        ):
            return Entry(blob, sha256, size, file_id, tag)
    result = dict(pairs)
    if len(pairs) == 5 and result.keys() == set(_ENTRY_KEYS) and (*result,) != _ENTRY_KEYS:
        return _unique(sorted(pairs))
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # `add` returns None
        raise _Damaged(f"it names {twice!r} twice, as a bad merge does")
    return result


def _manifest(data: object) -> Manifest:
    top = _object(data, "the top level")
    version = top.get("version")
    if type(version) is not int or version < 1:
        raise _Damaged('it has no "version"')
    if version > VERSION:
        raise _Newer(f"it was written by a newer vsync (format {version}; this one reads {VERSION}): update vsync")
    targets = _object(top.get("targets"), '"targets"')
    repository_id = top.get("repository_id")
    if repository_id is not None and not isinstance(repository_id, str):
        raise _Damaged('"repository_id" is not a string')
    return Manifest(
        owner=_string(top, "owner"),
        source=_string(top, "source"),
        repository_id=repository_id,
        targets={name: _target(_object(state, f"target {name!r}")) for name, state in targets.items()},
    )


def _target(data: dict[str, Any]) -> TargetState:
    serial = data.get("serial", 0)
    if type(serial) is not int or not 0 <= serial < _MAX_NUMBER:
        raise _Damaged('"serial" is not a number')
    pending = data.get("pending_delete", [])
    if not isinstance(pending, list) or not all(isinstance(file_id, str) and file_id for file_id in pending):
        raise _Damaged('"pending_delete" is not a list of file ids')
    return TargetState(
        vector_store_id=_string(data, "vector_store_id"),
        branch=_optional(data, "branch"),
        commit=_optional(data, "commit"),
        serial=serial,
        settings=_optional(data, "settings") or "",
        run=_object(data.get("run", {}), '"run"'),
        files={path: _entry(path, value) for path, value in _object(data.get("files", {}), '"files"').items()},
        failed={
            path: _record(Failure, path, value) for path, value in _object(data.get("failed", {}), '"failed"').items()
        },
        skipped={
            path: _record(Skipped, path, value) for path, value in _object(data.get("skipped", {}), '"skipped"').items()
        },
        pending_delete=tuple(pending),
    )


def _entry(path: str, value: object) -> Entry:
    if not isinstance(value, Entry):
        raise _Damaged(f"the record of {path!r} does not have just {', '.join(_ENTRY_KEYS)}")
    return value


def _record(kind: Any, path: str, value: object) -> Any:
    record = _object(value, f"the record of {path!r}")
    return kind(*(_string(record, key) for key in kind._fields))


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Damaged(f"{what} is not an object")
    return value


def _string(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise _Damaged(f'"{key}" is missing or not a string')
    return value


def _optional(data: Mapping[str, Any], key: str) -> str | None:
    return None if data.get(key) is None else _string(data, key)


# --- Manifest: writing -----------------------------------------------------------------------------------------------


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as bytes: sorted keys, one document a line, newline at the end. The same value, the same bytes."""
    targets = {name: _target_data(state) for name, state in manifest.targets.items()}
    data = {
        "version": VERSION,
        "owner": manifest.owner,
        "source": manifest.source,
        "repository_id": manifest.repository_id,
        "targets": targets,
    }
    return ("".join(_lines(data, 0)) + "\n").encode("utf-8")


def _target_data(state: TargetState) -> dict[str, Any]:
    data: dict[str, Any] = {
        "vector_store_id": state.vector_store_id,
        "branch": state.branch,
        "commit": state.commit,
        "serial": state.serial,
        "settings": state.settings or None,
        "run": dict(state.run),
        "files": {path: entry._asdict() for path, entry in state.files.items()},
        "failed": {path: failure._asdict() for path, failure in state.failed.items()},
        "pending_delete": sorted(state.pending_delete),
    }
    if state.skipped:
        data["skipped"] = {path: skipped._asdict() for path, skipped in state.skipped.items()}
    return data


_DEPTH_OF_ONE_LINE = 4
"""Objects from this depth on stand on one line: top, targets, target, files, then one document a line."""


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
