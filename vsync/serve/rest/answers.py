"""What the calls answer, as the OpenAPI description shows it. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, RootModel

_STORE: dict[str, JsonValue] = {
    "id": "vs_abc123",
    "object": "vector_store",
    "name": "docs-main",
    "status": "completed",
    "files": 2,
    "in_progress": 0,
    "failed": 0,
    "file_counts": {"in_progress": 0, "completed": 2, "failed": 0, "cancelled": 0, "total": 2},
    "usage_bytes": 20480,
    "created_at": 1767225600,
    "last_active_at": 1767225600,
    "expires_at": None,
    "expires_after_days": None,
    "metadata": {"vsync_source": "acme/docs", "vsync_target": "default"},
    "owner": {"source": "acme/docs", "target": "default"},
    "cost_per_day": 0.000002,
}
_ENTRY: dict[str, JsonValue] = {
    "id": "file-abc123",
    "object": "vector_store.file",
    "vector_store_id": "vs_abc123",
    "path": "docs/install.md",
    "status": "completed",
    "error": None,
    "attributes": {"path": "docs/install.md", "source": "acme/docs"},
    "usage_bytes": 10240,
    "created_at": 1767225600,
    "owner": None,
}
_FILE: dict[str, JsonValue] = {
    "id": "file-abc123",
    "object": "file",
    "filename": "install.md",
    "bytes": 5120,
    "purpose": "assistants",
    "status": "processed",
    "created_at": 1767225600,
    "expires_at": None,
}
_REPORT: dict[str, JsonValue] = {
    "kind": "stores",
    "dry_run": False,
    "success": ["vs_abc123"],
    "failed": [{"id": "vs_def456", "error": "There is no vector store of this id for this key.", "status_code": 404}],
    "spared": [],
    "bytes": 20480,
    "breaks": [],
    "message": "1 deleted, 1 failed.",
    "warnings": [],
    "requests": {"GET /vector_stores": 1, "DELETE /vector_stores/{id}": 1},
    "duration_s": 0.21,
    "error": None,
}


class OwnerObject(BaseModel):
    """Whose it is: the source and target whose sync put it there."""

    source: str
    target: str


class Counts(BaseModel):
    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class StoreObject(BaseModel):
    """A vector store. Times are seconds since the epoch."""

    id: str
    object: Literal["vector_store"]
    name: str | None
    status: str
    files: int = Field(description="All its entries, whatever their status.")
    in_progress: int
    failed: int
    file_counts: Counts
    usage_bytes: int
    created_at: int
    last_active_at: int | None
    expires_at: int | None
    expires_after_days: int | None
    metadata: dict[str, str]
    owner: OwnerObject | None
    cost_per_day: float | None = Field(
        description="US dollars, without the free gigabyte; null where the API is not OpenAI's own."
    )


class EntryError(BaseModel):
    code: str
    message: str


class EntryObject(BaseModel):
    """A file of a vector store. Times are seconds since the epoch."""

    id: str
    object: Literal["vector_store.file"]
    vector_store_id: str
    path: str | None
    status: str
    error: EntryError | None
    attributes: dict[str, str | float | bool]
    usage_bytes: int = Field(description="What it takes in the store.")
    created_at: int
    owner: OwnerObject | None


class UseObject(BaseModel):
    """That a vector store lists the File."""

    id: str
    name: str
    path: str | None


class FileObject(BaseModel):
    """A File of the project. Times are seconds since the epoch."""

    id: str
    object: Literal["file"]
    filename: str
    bytes: int
    purpose: str
    status: str
    created_at: int
    expires_at: int | None
    stores: list[UseObject] = Field(default=[], description="With `usage=true`: the vector stores that list it.")
    owner: OwnerObject | None = Field(default=None, description="With `usage=true`: whose it is.")


# Objects stand before ids: programs that are made from the description try the first one first, and take anything for a text.
# It is `anyOf`, since an empty array is both.


_Ids = Annotated[list[str], Field(title="Ids")]


class StoreList(RootModel[Annotated[list[StoreObject], Field(title="Vector stores")] | _Ids]):
    """Ids; with `details=true` vector stores."""


class EntryList(RootModel[Annotated[list[EntryObject], Field(title="Files of the store")] | _Ids]):
    """Ids; with `details=true` files of the store."""


class FileList(RootModel[Annotated[list[FileObject], Field(title="Files")] | _Ids]):
    """Ids; with `details=true` Files."""


class FailedItem(BaseModel):
    id: str
    error: str = Field(description="What happened. `not tried: …`: the job ended before.")
    status_code: int | None = Field(description="The API's status, or the one that fits.")
    request_id: str = Field(default="", description="The API's id of the request, if it gave one.")


class SparedItem(BaseModel):
    id: str
    reason: str


class FilesPart(BaseModel):
    """What became of the Files."""

    success: list[str]
    failed: list[FailedItem]
    spared: list[SparedItem]


class BulkAnswer(BaseModel):
    """What became of each thing that was asked for: `success`, `failed` and `spared` together are all of them."""

    kind: Literal["stores", "files", "entries"]
    dry_run: bool
    success: list[str] = Field(description="The ids that were deleted; in a dry run: that would be.")
    failed: list[FailedItem]
    spared: list[SparedItem] = Field(description="What was left alone on purpose, and why.")
    files: FilesPart = Field(
        default=FilesPart(success=[], failed=[], spared=[]),
        description="The Files of the stores or entries, where these were to go as well. Else it is left out.",
    )
    bytes: int
    breaks: list[str]
    message: str = Field(description="One sentence that says what was done.")
    warnings: list[str]
    requests: dict[str, int] = Field(description="What was sent to the API for this call.")
    duration_s: float
    error: str | None = Field(description="What ended the job early.")


EXAMPLES: dict[str, JsonValue] = {
    "StoreObject": _STORE,
    "EntryObject": _ENTRY,
    "FileObject": _FILE,
    "BulkAnswer": _REPORT,
}
"""An example of each answer, by the name of its model."""

ITEMS = {"StoreList": "StoreObject", "EntryList": "EntryObject", "FileList": "FileObject"}
"""The models of what the lists hold."""
