"""The bodies of the bulk deletes: ids, or a filter. Pure."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import Chosen, Ids, Nothing, Strict
from vsync.serve.rest.filters import EntriesInBody, FilesInBody, StoresInBody

IDS = ("vector_store_ids", "file_ids")
"""The fields that hold ids."""


def _one_of_both(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)
    schema["minProperties"] = schema["maxProperties"] = 1
    ids = next(name for name in IDS if name in schema["properties"])
    # The page /docs offers the first one.
    schema["examples"] = [{ids: schema["properties"][ids].pop("examples")[0]}, {"filter": {"older_than": "30d"}}]


class _Body(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra=_one_of_both)


class DeleteStores(_Body):
    """Which vector stores to delete: `vector_store_ids`, or `filter`."""

    vector_store_ids: Ids | Nothing = Field(
        default=None, description="Their ids.", examples=[["vs_def456", "vs_ghi789"]]
    )
    filter: StoresInBody | Nothing = Field(default=None, description="Which vector stores are meant.")


class DeleteEntries(_Body):
    """Which files to take out of the vector store: `file_ids`, or `filter`."""

    file_ids: Ids | Nothing = Field(default=None, description="Their ids.", examples=[["file-abc123"]])
    filter: EntriesInBody | Nothing = Field(default=None, description="Which files of the store are meant.")


class DeleteFiles(_Body):
    """Which Files to delete: `file_ids`, or `filter`."""

    file_ids: Ids | Nothing = Field(default=None, description="Their ids.", examples=[["file-abc123"]])
    filter: FilesInBody | Nothing = Field(default=None, description="Which Files are meant.")


def check_named(ids: list[str] | None, chosen: Chosen | None, most: int, param: str) -> None:
    """Raises Failure unless a body names something, and when it names too many ids."""
    if ids is None and chosen is None:
        message = f"The body holds neither {param} nor filter. Send one of them."
        raise Failure(400, "nothing_named", message, param="body")
    if chosen is not None and not chosen.model_fields_set:
        message = (
            'The filter is empty. To mean everything, send a filter that fits everything, such as "*", and all=true.'
        )
        raise Failure(400, "nothing_named", message, param="filter")
    if ids is not None and len(ids) > most:
        message = f"The call names {len(ids):,} ids, and at most {most:,} are taken. Send them in several calls."
        raise Failure(422, "too_many_ids", message, param=param)
