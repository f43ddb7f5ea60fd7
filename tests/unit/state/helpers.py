"""A manifest to try things with, as a value and as JSON."""

from __future__ import annotations

import json
from typing import Any

from vsync.state.manifest import Entry, Failure, Manifest, Skipped, TargetState, dump_manifest
from vsync.state.manifest_parser import parse_manifest

NAME = ".vsync/manifest.json"


ENTRY = Entry("b" * 40, "5" * 64, 12, "file-1", "t1.t2")


STATE = TargetState(
    vector_store_id="vs_1",
    branch="main",
    commit="c" * 40,
    serial=3,
    settings="0123456789abcdef",
    run={"head": "c" * 40, "added": 1},
    files={"docs/a.md": ENTRY, "docs/é b.md": ENTRY._replace(file_id="file-2")},
    failed={"bad.md": Failure("b" * 40, "t1.t2", "invalid_file")},
    skipped={"empty.md": Skipped("b" * 40, "empty")},
    pending_delete=("file-8", "file-9"),
)


MANIFEST = Manifest("owner-1", "acme/docs", "1234", {"default": STATE})


def parse(content: bytes) -> Manifest:
    return parse_manifest(content, NAME)


def data(**changes: Any) -> dict[str, Any]:
    """The parsed JSON of a sound manifest; changes of its target by name, of its top level by `top_` and name."""
    found: dict[str, Any] = json.loads(dump_manifest(MANIFEST))
    for key, value in changes.items():
        if key.startswith("top_"):
            found[key.removeprefix("top_")] = value
        else:
            found["targets"]["default"][key] = value
    return found


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode()
