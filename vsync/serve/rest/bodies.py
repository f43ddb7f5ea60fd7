"""The bodies of the bulk deletes: ids, or a filter. Pure."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import Id, Nothing, Strict
from vsync.serve.rest.filters import EntriesInBody, FilesInBody, StoresInBody

IDS = ("vector_store_ids", "file_ids")
"""The fields that hold ids."""


def _one_of_both(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)
    schema["minProperties"] = schema["maxProperties"] = 1


class _Body(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra=_one_of_both)


class DeleteStores(_Body):
    """Which vector stores to delete: `vector_store_ids`, or `filter`."""

    vector_store_ids: list[Id] | Nothing = Field(
        default=None, description="Their ids.", examples=[["vs_abc123", "vs_def456"]]
    )
    filter: StoresInBody | Nothing = Field(default=None, description="Which vector stores are meant.")


class DeleteEntries(_Body):
    """Which files to take out of the vector store: `file_ids`, or `filter`."""

    file_ids: list[Id] | Nothing = Field(default=None, description="Their ids.", examples=[["file-abc123"]])
    filter: EntriesInBody | Nothing = Field(default=None, description="Which files of the store are meant.")


class DeleteFiles(_Body):
    """Which Files to delete: `file_ids`, or `filter`."""

    file_ids: list[Id] | Nothing = Field(default=None, description="Their ids.", examples=[["file-abc123"]])
    filter: FilesInBody | Nothing = Field(default=None, description="Which Files are meant.")


def check_number(ids: list[str] | None, most: int, param: str) -> None:
    """Raises Failure when a call names too many ids."""
    if ids is not None and len(ids) > most:
        message = f"The call names {len(ids):,} ids, and at most {most:,} are taken. Send them in several calls."
        raise Failure(422, "too_many_ids", message, param=param)
