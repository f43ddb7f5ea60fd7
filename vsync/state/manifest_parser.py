"""Reads a manifest: checks every field, and salvages what it can from a damaged one. Pure: bytes in, values out.

Anybody who may push can change the manifest, so its bytes are hostile. A manifest of a newer format is refused.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from vsync.auth.api_address import OPENAI_API, normalised
from vsync.errors import ManifestError
from vsync.state.manifest import MAX_NUMBER, VERSION, Entry, Failure, Manifest, Skipped, TargetState, dump_manifest

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ENTRY_KEYS = ("blob", "bytes", "file_id", "sha256", "tag")
_MAX_PROBLEM_CHARACTERS = 500
_CONFLICT_MARKS = (b"<<<<<<< ", b"=======\n", b">>>>>>> ")


class _Damaged(Exception):
    """A manifest that cannot be read. The message says in a few words what is wrong."""


class _Newer(_Damaged):
    """A manifest that a newer vsync wrote. It is not damaged."""


@functools.lru_cache(maxsize=1)
def parse_manifest(content: bytes, name: str) -> Manifest:
    """The manifest in these bytes. `name` is how messages call the file. Raises ManifestError.

    The last one is kept: the targets of a run all read the same manifest, and 100,000 documents take half a second.
    """
    try:
        manifest = _manifest(json.loads(content.decode("utf-8"), object_pairs_hook=_unique))
        if _SURROGATE.search(content):
            dump_manifest(manifest)  # a lone surrogate parses, but cannot be written as UTF-8
    except (ValueError, RecursionError, _Damaged) as error:
        if any(line.startswith(_CONFLICT_MARKS) for line in content.splitlines(keepends=True)):
            problem = "it holds the conflict markers of an unfinished merge"
        elif isinstance(error, json.JSONDecodeError):
            problem = f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        else:
            problem = str(error)[:_MAX_PROBLEM_CHARACTERS]
        if isinstance(error, _Newer):
            raise ManifestError(
                f"The manifest {name} cannot be used: {problem}.",
                "Nothing was changed. Update vsync; in a workflow that is the version after `uses: …/vsync@`.",
            ) from error
        raise ManifestError(
            f"The manifest {name} cannot be used: {problem}.",
            f"Nothing was changed. {_repair(name)}",
        ) from error
    return manifest


def may_name_target(content: bytes, target: str) -> bool:
    """Whether a manifest in these bytes has the target. An unreadable one may have it."""
    try:
        return target in parse_manifest(content, "").targets
    except ManifestError:
        return True


def _repair(name: str) -> str:
    """What to do about a damaged manifest. Git has no earlier version of the manifest beside an embedded store."""
    if name.endswith(".manifest.json"):
        return (
            "Make the manifest again from the store (vsync verify --rebuild). Or delete the file: the next sync lists the "
            "store and writes the manifest again."
        )
    return (
        f"Bring back the last good version (`{_history(name)}`), make it again from the store (vsync verify --rebuild), "
        "or delete the file to start again."
    )


def _history(name: str) -> str:
    """The command that lists the versions of a manifest. `name` is how messages call the file."""
    path, on_branch, branch = name.partition(" on the branch ")
    return f"git fetch origin {branch} && git log FETCH_HEAD -- {path}" if on_branch else f"git log -- {path}"


def salvage_manifest(content: bytes, name: str) -> tuple[Manifest | None, tuple[str, ...] | None]:
    """The readable part of a damaged manifest (None: nothing), and the names of the lost targets (None: unknown).

    Raises ManifestError when a newer vsync wrote the manifest: then it is not damaged.
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
            dump_manifest(Manifest("-", "-", targets={target: targets[target]}))  # a lone surrogate cannot be written
        except (_Damaged, ValueError):
            targets.pop(target, None)
    lost = tuple(sorted(top["targets"].keys() - targets.keys()))
    try:
        repository_id = top.get("repository_id")
        if not isinstance(repository_id, str):
            repository_id = None
        manifest = Manifest(_string(top, "owner"), _string(top, "source"), repository_id, targets, _formerly(top))
        dump_manifest(manifest)
    except (_Damaged, ValueError):
        return None, tuple(sorted(top["targets"]))
    return manifest, lost


def _lenient(pairs: list[tuple[str, Any]]) -> Any:
    """A JSON object; None, which every reader refuses, when a key is there twice (after a bad merge)."""
    try:
        return _unique(pairs)
    except _Damaged:
        return None


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    """A JSON object, or the Entry that it describes. Raises _Damaged when a key is there twice.

    Entries are made here, so that a manifest with thousands of them is read in one pass.
    """
    if len(pairs) == 5 and tuple(key for key, _ in pairs) == _ENTRY_KEYS:
        blob, size, file_id, sha256, tag = (value for _, value in pairs)
        if (
            type(size) is int
            and 0 <= size < MAX_NUMBER
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
        formerly=_formerly(top),
    )


def _formerly(top: Mapping[str, Any]) -> tuple[str, ...]:
    names = top.get("formerly", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise _Damaged('"formerly" is not a list of names')
    return tuple(names)


def _target(data: dict[str, Any]) -> TargetState:
    serial = data.get("serial", 0)
    if type(serial) is not int or not 0 <= serial < MAX_NUMBER:
        raise _Damaged('"serial" is not a number')
    pending = data.get("pending_delete", [])
    if not isinstance(pending, list) or not all(isinstance(file_id, str) and file_id for file_id in pending):
        raise _Damaged('"pending_delete" is not a list of file ids')
    days = data.get("expires_after_days")
    if days is not None and (type(days) is not int or not 0 < days < MAX_NUMBER):
        raise _Damaged('"expires_after_days" is not a number of days')
    return TargetState(
        vector_store_id=_string(data, "vector_store_id"),
        api=normalised(_optional(data, "api") or OPENAI_API),
        vector_store_name=_optional(data, "vector_store_name"),
        expires_after_days=days,
        branch=_optional(data, "branch"),
        commit=_optional(data, "commit"),
        serial=serial,
        settings=_optional(data, "settings") or "",
        run=_object(data.get("run", {}), '"run"'),
        files={path: _entry(path, value) for path, value in _object(data.get("files", {}), '"files"').items()},
        failed=_failures(data, "failed"),
        unindexed=_failures(data, "unindexed"),
        skipped={
            path: Skipped(*_texts(path, value, Skipped._fields))
            for path, value in _object(data.get("skipped", {}), '"skipped"').items()
        },
        pending_delete=tuple(pending),
        signature=_optional(data, "signature") or "",
    )


def _entry(path: str, value: object) -> Entry:
    if not isinstance(value, Entry):
        raise _Damaged(f"the record of {path!r} does not have just {', '.join(_ENTRY_KEYS)}")
    return value


def _failures(data: dict[str, Any], key: str) -> dict[str, Failure]:
    return {path: _failure(path, value) for path, value in _object(data.get(key, {}), f'"{key}"').items()}


def _failure(path: str, value: object) -> Failure:
    tries = _object(value, f"the record of {path!r}").get("tries", 0)
    if type(tries) is not int or not 0 <= tries < MAX_NUMBER:
        raise _Damaged(f'"tries" of {path!r} is not a number')
    blob, tag, code = _texts(path, value, ("blob", "tag", "code"))
    return Failure(blob, tag, code, tries)


def _texts(path: str, value: object, keys: tuple[str, ...]) -> list[str]:
    record = _object(value, f"the record of {path!r}")
    return [_string(record, key) for key in keys]


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
