"""The bodies of the calls on batches. Each may be left out. Pure."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from vsync.batch.limits import ENDPOINTS
from vsync.serve.rest.fields import Glob, Most, Nothing, Several, Strict, Truth

_ALL = "Paths or patterns of request files, from the top of the repository or from the folder of the request files."


def _known_endpoint(value: str) -> str:
    if value not in ENDPOINTS:
        raise PydanticCustomError("enum", "must be an endpoint", {"expected": ", ".join(ENDPOINTS)})
    return value


def _a_number(value: Any) -> Any:
    """JSON knows one kind of number, so 5.0 is the whole number 5. Texts and truth values are none."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "must be a whole number")
    return value


Endpoint = Annotated[str, AfterValidator(_known_endpoint), Field(json_schema_extra={"enum": list(ENDPOINTS)})]
Number = Annotated[Most, BeforeValidator(_a_number, json_schema_input_type=Most)]


def _careful(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        if field.get("default", ...) is None:
            del field["default"]
    schema["examples"] = [{"dry_run": True}]  # the page /docs offers it, so that one click pays for nothing


class _Body(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra=_careful)


class SubmitBatches(_Body):
    """What to submit. Without a body: every request file that is new or changed."""

    paths: Several[Glob] | Nothing = Field(
        default=None, description=f"{_ALL} Left out: all request files.", examples=[["batches/nightly/*.jsonl"]]
    )
    endpoint: Endpoint | Nothing = Field(
        default=None, description="The endpoint of every request. A file for another one is not submitted."
    )
    limit: Number | Nothing = Field(default=None, description="Make at most so many batches.", examples=[10])
    again: Several[Glob] | Nothing = Field(
        default=None,
        description=f"{_ALL} These are submitted although they have a batch or results. It is paid for again.",
        examples=[["batches/questions.jsonl"]],
    )
    dry_run: Truth = Field(default=False, description="`true`: says what would be submitted, and submits nothing.")


class FetchBatches(_Body):
    """What to fetch. Without a body: the results of every batch that has ended."""

    paths: Several[Glob] | Nothing = Field(
        default=None, description=f"{_ALL} Left out: all request files.", examples=[["batches/nightly/*.jsonl"]]
    )
    resubmit_failed: Truth = Field(
        default=False,
        description="`true`: makes a batch of just the requests that failed. They are paid for again.",
    )
    clean: Truth = Field(
        default=False,
        description="`true`: deletes the Files at the API of batches whose results are on disk, as far as vsync made them.",
    )
    dry_run: Truth = Field(default=False, description="`true`: says what would be fetched, and writes nothing.")
