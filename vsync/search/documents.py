"""The documents of a search's results, read from the clone or folder where these bytes are there.

Nothing is fetched. A store's attributes may be anybody's, so a text is believed only when it has the SHA-256 of the
entry.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vsync.documents.convert import NotConvertible
from vsync.documents.document import Document
from vsync.documents.filetypes import file_type
from vsync.documents.prepare import Prepared, lines_before, prepare
from vsync.errors import VsyncError
from vsync.search.found import Text
from vsync.search.passage import decoded

if TYPE_CHECKING:
    from vsync.config.targets import Target
    from vsync.store.entries import Hit
    from vsync.sync.workspace import Workspace

_MAX_BYTES = 8 * 1024 * 1024
"""A larger file is not read: a person wants the results at once."""


class Documents:
    """The documents of one target in a workspace. A partial clone does not fetch what it lacks."""

    def __init__(self, workspace: Workspace, target: Target) -> None:
        self._source, self._repository, self._target = workspace.source, workspace.repository, target

    def text_of(self, hit: Hit) -> Text | None:
        """The text of the result's document. None where it is not on this machine."""
        path, sha256, commit = (hit.attributes.get(name) for name in ("path", "sha256", "commit"))
        kind = file_type(self._target.sent_as(path)) if isinstance(path, str) else None
        if not isinstance(path, str) or kind is None or not kind.text or not _is_inside(path):
            return None
        head = self._source.head
        # The commit of the sync that uploaded this version may be gone from the history. The head may have the same bytes.
        named = [commit] if isinstance(commit, str) else []
        candidates: list[str | None] = [*named, head] if head is not None else [None]
        for candidate in dict.fromkeys(candidates):
            data = self._read(candidate, path)
            found = self._as_uploaded(path, data) if data is not None else None
            if data is not None and found is not None and hashlib.sha256(found.data).hexdigest() == sha256:
                return Text(decoded(found.data), candidate, found if found.parts else None, lines_before(data, found))
        return None

    def _read(self, commit: str | None, path: str) -> bytes | None:
        try:
            if self._repository is not None:
                known = commit is not None and self._repository.has_commit(commit)
                return self._repository.file_here(commit, path, _MAX_BYTES) if commit is not None and known else None
            document = Document(path, "", "")
            if self._source.sizes([document]).get(path, _MAX_BYTES + 1) > _MAX_BYTES:
                return None
            return b"".join(self._source.chunks(document))
        except VsyncError:
            return None

    def _as_uploaded(self, path: str, data: bytes) -> Prepared | None:
        try:
            return prepare(path, data, self._target.recipe(path))
        except NotConvertible:
            return None


def _is_inside(path: str) -> bool:
    return path.isprintable() and not {"", ".", ".."} & set(path.split("/"))
