"""Files of the project as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vsync.manage.filters import Use
from vsync.manage.owner import Owner

if TYPE_CHECKING:
    from vsync.store.entries import UploadedFile


def file_data(file: UploadedFile, uses: Sequence[Use] | None = None) -> dict[str, Any]:
    """A File as JSON. Times are seconds since the epoch. `uses` None: the stores were not asked, and nothing is said of them."""
    data = {
        "id": file.id,
        "object": "file",
        "filename": file.filename,
        "bytes": file.bytes,
        "purpose": file.purpose,
        "status": file.status,
        "created_at": file.created_at,
        "expires_at": file.expires_at,
    }
    if uses is None:
        return data
    owner = owner_of_file(uses)
    stores = [{"id": use.store_id, "name": use.store_name, "path": use.path or None} for use in uses]
    return {**data, "stores": stores, "owner": owner and owner.to_json()}


def owner_of_file(uses: Sequence[Use]) -> Owner | None:
    """The owner that all entries of the File show; None when one shows another owner, or none."""
    owners = {use.owner for use in uses}
    return owners.pop() if len(owners) == 1 else None
