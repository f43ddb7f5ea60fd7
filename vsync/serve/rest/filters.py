"""The filters of the calls, in a query and in a body, as those of `manage`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from vsync.manage import filters
from vsync.manage.ages import seconds_of
from vsync.manage.owner import Whose
from vsync.manage.sizes import bytes_of
from vsync.serve.rest.fields import (
    MOST_VALUES,
    OWNED,
    Age,
    Ages,
    Chosen,
    EntryStatus,
    Exact,
    FileStatus,
    Glob,
    Id,
    Nothing,
    OnlyTrue,
    OnlyTruth,
    Ownership,
    Pair,
    Pairs,
    Several,
    Size,
    StoreStatus,
    Switch,
    Truth,
)

_NAME = "Only what has one of these names. `*` and `?` stand for other characters."
_STATUS = "Only what has one of these statuses."
_EMPTY = "`true`: only stores that list no file."
_ATTACHED = "`true`: only Files that a store lists. `false`: only Files that no store lists."
_UNUSED = "Only stores that nobody has used for so long."
_METADATA = "Only stores with this metadata: `key=value`, the value a pattern."
_ATTRIBUTE = "Only entries with this attribute: `key=value`, the value a pattern."


# --- Vector stores ------------------------------------------------------------------------------------------


class _Stores(Ages, Ownership):
    unused_since: Age | Nothing = Field(default=None, description=_UNUSED, examples=["30d"])


class StoresInQuery(_Stores):
    empty: OnlyTrue | Nothing = Field(default=None, description=_EMPTY)
    name: list[Glob] | Nothing = Field(default=None, description=_NAME, examples=[["docs-*"]], max_length=MOST_VALUES)
    metadata: list[Pair] | Nothing = Field(default=None, description=_METADATA, max_length=MOST_VALUES)
    status: list[StoreStatus] | Nothing = Field(default=None, description=_STATUS, max_length=MOST_VALUES)


class StoresInBody(_Stores, Chosen):
    """Which vector stores are meant. All parts must hold."""

    owned: Truth | Nothing = Field(default=None, description=OWNED, examples=[True])
    empty: OnlyTruth | Nothing = Field(default=None, description=_EMPTY, examples=[True])
    name: Glob | Several[Glob] | Nothing = Field(default=None, description=_NAME, examples=["docs-*"])
    metadata: Pairs | Nothing = Field(
        default=None,
        description="Only stores with this metadata; the values are patterns.",
        examples=[{"team": "docs"}],
    )
    status: StoreStatus | Several[StoreStatus] | Nothing = Field(default=None, description=_STATUS)


def store_filter(given: StoresInQuery | StoresInBody) -> filters.StoreFilter:
    return filters.StoreFilter(
        names=_texts(given.name),
        metadata=_pairs(given.metadata),
        statuses=_texts(given.status),
        age=_age(given),
        unused_for_s=_seconds(given.unused_since),
        empty=given.empty is not None,
        whose=_whose(given),
    )


# --- Entries of a store -------------------------------------------------------------------------------------


class EntriesInQuery(Ages, Ownership):
    path: list[Glob] | Nothing = Field(
        default=None,
        description="Only entries with one of these paths.",
        examples=[["docs/*.md"]],
        max_length=MOST_VALUES,
    )
    attribute: list[Pair] | Nothing = Field(default=None, description=_ATTRIBUTE, max_length=MOST_VALUES)
    status: list[EntryStatus] | Nothing = Field(default=None, description=_STATUS, max_length=MOST_VALUES)


class EntriesInBody(Ages, Ownership, Chosen):
    """Which entries of a vector store are meant. All parts must hold."""

    owned: Truth | Nothing = Field(default=None, description=OWNED, examples=[True])
    path: Glob | Several[Glob] | Nothing = Field(
        default=None, description="Only entries with one of these paths.", examples=["docs/*.md"]
    )
    attribute: Pairs | Nothing = Field(
        default=None,
        description="Only entries with these attributes; the values are patterns.",
        examples=[{"team": "docs"}],
    )
    status: EntryStatus | Several[EntryStatus] | Nothing = Field(default=None, description=_STATUS, examples=["failed"])


def entry_filter(given: EntriesInQuery | EntriesInBody) -> filters.EntryFilter:
    return filters.EntryFilter(
        paths=_texts(given.path),
        attributes=_pairs(given.attribute),
        statuses=_texts(given.status),
        age=_age(given),
        whose=_whose(given),
    )


# --- Files --------------------------------------------------------------------------------------------------


class _Files(Ages, Ownership):
    larger_than: Size | Nothing = Field(default=None, description="Only Files of more bytes.", examples=["10MB"])


class FilesInQuery(_Files):
    attached: Switch | Nothing = Field(default=None, description=_ATTACHED)
    name: list[Glob] | Nothing = Field(default=None, description=_NAME, examples=[["*.md"]], max_length=MOST_VALUES)
    purpose: list[Exact] | Nothing = Field(
        default=None,
        description="Only Files of one of these purposes.",
        examples=[["assistants"]],
        max_length=MOST_VALUES,
    )
    status: list[FileStatus] | Nothing = Field(default=None, description=_STATUS, max_length=MOST_VALUES)
    in_store: list[Id] | Nothing = Field(
        default=None, description="Only Files that one of these vector stores lists.", max_length=MOST_VALUES
    )
    attribute: list[Pair] | Nothing = Field(default=None, description=_ATTRIBUTE, max_length=MOST_VALUES)


class FilesInBody(_Files, Chosen):
    """Which Files are meant. All parts must hold."""

    owned: Truth | Nothing = Field(default=None, description=OWNED, examples=[True])
    attached: Truth | Nothing = Field(default=None, description=_ATTACHED, examples=[True])
    name: Glob | Several[Glob] | Nothing = Field(default=None, description=_NAME, examples=["*.md"])
    purpose: Exact | Several[Exact] | Nothing = Field(
        default=None, description="Only Files of one of these purposes.", examples=["assistants"]
    )
    status: FileStatus | Several[FileStatus] | Nothing = Field(default=None, description=_STATUS)
    in_store: Id | Several[Id] | Nothing = Field(
        default=None, description="Only Files that one of these vector stores lists.", examples=["vs_abc123"]
    )
    attribute: Pairs | Nothing = Field(
        default=None, description="Only Files of which an entry has these attributes; the values are patterns."
    )


def file_filter(given: FilesInQuery | FilesInBody) -> filters.FileFilter:
    return filters.FileFilter(
        names=_texts(given.name),
        purposes=_texts(given.purpose),
        statuses=_texts(given.status),
        age=_age(given),
        larger_than=None if given.larger_than is None else bytes_of(given.larger_than),
        attached=given.attached,
        in_stores=_texts(given.in_store),
        attributes=_pairs(given.attribute),
        whose=_whose(given),
    )


# --- Parts --------------------------------------------------------------------------------------------------


def _texts(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def _pairs(given: Mapping[str, str] | Iterable[str] | None) -> filters.Pairs:
    if isinstance(given, Mapping):
        return tuple(given.items())
    return tuple((name, value) for name, _, value in (text.partition("=") for text in given or ()))


def _age(given: Ages) -> filters.Age:
    return filters.Age(_seconds(given.older_than), _seconds(given.newer_than))


def _seconds(text: str | None) -> int | None:
    return None if text is None else seconds_of(text)


def _whose(given: Ownership) -> Whose:
    return Whose(given.owned, given.source, given.target)
