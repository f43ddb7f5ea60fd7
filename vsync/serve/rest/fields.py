"""The fields that several calls take, and how strictly they are read. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from vsync.manage.sizes import PATTERN

T = TypeVar("T")

ID_PATTERN = r"^[A-Za-z0-9_.:=+~@,|-]{1,512}$"

Nothing = SkipJsonSchema[None]
"""What a field holds that is left out. A caller cannot write it."""


def _true_or_false(value: Any) -> Any:
    """In a query only `true` and `false` are read: a slip in `dry_run` must not delete anything."""
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise PydanticCustomError("bool_parsing", "must be true or false")
        return value == "true"
    return value


def _no_number(value: Any) -> Any:
    """Python takes 1 for true."""
    if not isinstance(value, bool):
        raise PydanticCustomError("bool_type", "must be true")
    return value


def _without_default(schema: dict[str, Any]) -> None:
    """A field that may be left out has no default that a caller could write."""
    for field in schema.get("properties", {}).values():
        if field.get("default", ...) is None:
            del field["default"]


def _with_a_part(schema: dict[str, Any]) -> None:
    _without_default(schema)
    schema["minProperties"] = 1


class Strict(BaseModel):
    """Takes the fields that it knows, and no null."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_default)

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, data: Any) -> Any:
        _few_names(data)
        if isinstance(data, dict) and any(value is None for value in data.values()):
            raise PydanticCustomError("null_given", "holds a null")
        return data


Switch = Annotated[bool, BeforeValidator(_true_or_false, json_schema_input_type=bool)]
"""A switch in a query."""

OnlyTrue = Annotated[Literal[True], BeforeValidator(_true_or_false, json_schema_input_type=Literal[True])]
Truth = Annotated[bool, Field(strict=True)]
"""A switch in a body, where `0` and `"false"` are other values than `false`."""

OnlyTruth = Annotated[Literal[True], BeforeValidator(_no_number, json_schema_input_type=Literal[True])]
Glob = Annotated[str, Field(min_length=1, max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=512)]
Ids = Annotated[list[Id], Field(fail_fast=True)]
"""The first wrong id is told alone: errors for a million of them take a minute."""

PathId = Annotated[str, Field(pattern=ID_PATTERN)]
Exact = Annotated[str, Field(min_length=1, max_length=512)]
_AGE, _PAIR = r"^[0-9]{1,9}[smhdw]$", r"^[^=]{1,64}="
Age = Annotated[str, Field(pattern=_AGE)]
Size = Annotated[str, Field(pattern=PATTERN)]
Pair = Annotated[str, Field(pattern=_PAIR, max_length=600)]
FORMS = {
    ID_PATTERN: "an id, of at most 512 characters",
    _AGE: "a number and s, m, h, d or w, such as 30d",
    _PAIR: "a name, = and a value, such as team=docs",
    PATTERN: "a size, such as 500KB, 10MB or a number of bytes",
}
"""What the patterns mean, in words."""

Most = Annotated[int, Field(ge=1, le=1_000_000)]

MOST_VALUES = 100
"""How many values one part of a filter may have, and how many names an object."""


def _few_names(value: Any) -> Any:
    """Each wrong name costs an error, and a body has room for hundreds of thousands."""
    if isinstance(value, dict) and len(value) > MOST_VALUES:
        raise PydanticCustomError("too_long", "too many names", {"max_length": MOST_VALUES})
    return value


Several = Annotated[list[T], Field(fail_fast=True, min_length=1, max_length=MOST_VALUES)]
"""Values of which one must fit. An empty list fits nothing, but would read as no filter: so it is refused."""

Pairs = Annotated[dict[str, Glob], Field(min_length=1, max_length=MOST_VALUES), BeforeValidator(_few_names)]

StoreStatus = Literal["completed", "in_progress", "expired"]
EntryStatus = Literal["completed", "in_progress", "failed", "cancelled"]
FileStatus = Literal["uploaded", "processed", "error"]

OLDER = "Made longer ago than this: a number and `s`, `m`, `h`, `d` or `w`."
OWNED = "`true`: only what vsync put there. `false`: only what it did not."
NEWER = "Made no longer ago than this: a number and `s`, `m`, `h`, `d` or `w`."


def known_names() -> frozenset[str]:
    """The names of all fields that any call takes. Nothing else that a caller wrote is repeated in an error."""
    names: set[str] = set()
    models: list[type[BaseModel]] = [Strict]
    while models:
        model = models.pop()
        names.update(model.model_fields)
        models += model.__subclasses__()
    return frozenset(names)


class Ages(Strict):
    older_than: Age | Nothing = Field(default=None, description=OLDER, examples=["30d"])
    newer_than: Age | Nothing = Field(default=None, description=NEWER, examples=["12h"])


class Ownership(Strict):
    owned: Switch | Nothing = Field(default=None, description=OWNED, examples=[True])
    source: Exact | Nothing = Field(
        default=None, description="Only what the sync of this source put there.", examples=["acme/docs"]
    )
    target: Exact | Nothing = Field(
        default=None, description="Only what the sync of this target put there.", examples=["default"]
    )


class Chosen(Strict):
    """A filter in a body. It has at least one part."""

    model_config = ConfigDict(json_schema_extra=_with_a_part)


class Part(Strict):
    """Which part of a list is answered, and how."""

    details: Switch = Field(default=False, description="`true`: objects instead of ids.")
    limit: Most | Nothing = Field(default=None, description="At most so many items.", examples=[100])
    after: Id | Nothing = Field(
        default=None, description="Only what comes after the item of this id, in the order of this list."
    )


class Careful(Strict):
    dry_run: Switch = Field(default=False, description="`true`: says what would be deleted, and deletes nothing.")
    missing_ok: Switch = Field(
        default=False, description="`true`: an id that does not exist is spared; it is no failure."
    )


class Shared(Strict):
    shared: Switch = Field(
        default=False, description="`true`: Files that another vector store uses are deleted as well."
    )


class DeleteOptions(Careful):
    """How a bulk delete works."""

    all: Switch = Field(default=False, description="`true`: the filter may fit everything that there is.")


class DeleteWithShared(DeleteOptions, Shared):
    """How a bulk delete works that deletes Files as well."""
