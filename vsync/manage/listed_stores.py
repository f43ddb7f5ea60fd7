"""The stores of the last `vsync stores list`, kept in the user's cache folder for the shell's completion.

Each API, organization and project has a file of its own. The file holds ids and names of stores, and never a key.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from vsync.auth.api_address import api_address
from vsync.auth.credentials import Credentials
from vsync.documents.document import fingerprint
from vsync.store.embedded_file import EmbeddedFile
from vsync.system.atomic_write import write_durably
from vsync.system.regular_file import read_file

_VERSION = 1
_MOST = 1_000


class ListedStore(NamedTuple):
    id: str
    name: str


def cache_file(environ: Mapping[str, str], keys: Credentials, embedded: EmbeddedFile | None) -> Path | None:
    """Where the stores of that API are kept. None: this user has no cache folder.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    folder, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if not folder.startswith("/"):
        if not home.startswith("/"):
            return None
        folder = f"{home}/.cache"
    place = str(embedded.path) if embedded is not None else None
    api = fingerprint([api_address(keys, embedded=embedded is not None), place, keys.organization, keys.project], 16)
    return Path(folder, "vsync", f"stores-{api}.json")


def remember(file: Path, stores: Iterable[ListedStore]) -> None:
    """Keeps the stores. Where that is not possible, completion knows no stores, and nothing else is wrong."""
    listed = [[store.id, store.name] for store in stores][:_MOST]
    content = json.dumps({"version": _VERSION, "stores": listed}, ensure_ascii=True)
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(file, content.encode())


def recall(file: Path) -> list[ListedStore]:
    """The stores that were kept. Empty where there are none, or the file is damaged."""
    try:
        data = json.loads(read_file(file))
        if data["version"] != _VERSION:
            return []
        return [ListedStore(str(store_id), str(name)) for store_id, name in data["stores"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []
