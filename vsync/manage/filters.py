"""Which stores, Files and entries are meant: by name, metadata, state, age and owner. Pure.

All parts of a filter must hold. Of several names, or of several states, one must hold. A name or a value is a pattern of the
shell (`docs-*`), and letters count as they are. Times are seconds since the epoch, by the server's clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vsync.manage.owner import Owner, Whose, owner_of_entry
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

Pairs = tuple[tuple[str, str], ...]
"""Names and the patterns of their values. All of them must hold."""

ANYBODY = Whose()


@dataclass(frozen=True, slots=True)
class Age:
    """How old something is, in seconds. None: any age. What names no time of its making is of no age that is asked for."""

    older_than_s: int | None = None
    newer_than_s: int | None = None

    def matches(self, made_at: int, now: int) -> bool:
        if made_at <= 0:
            return self == ANY_AGE
        age = now - made_at
        if self.older_than_s is not None and age < self.older_than_s:
            return False
        return self.newer_than_s is None or age <= self.newer_than_s


ANY_AGE = Age()


@dataclass(frozen=True, slots=True)
class StoreFilter:
    """Which stores are meant. `unused_for_s`: nobody has used the store for so long. `empty`: it says that it lists nothing."""

    names: tuple[str, ...] = ()
    metadata: Pairs = ()
    statuses: tuple[str, ...] = ()
    age: Age = ANY_AGE
    unused_for_s: int | None = None
    empty: bool = False
    whose: Whose = ANYBODY

    @property
    def is_empty(self) -> bool:
        return self == StoreFilter()

    def matches(self, info: StoreInfo, owner: Owner | None, now: int) -> bool:
        if not Age(self.unused_for_s).matches(info.last_active_at or info.created_at, now):
            return False
        return (
            _one_of(info.name or "", self.names)
            and _all_hold(info.shown_metadata, self.metadata)
            and (not self.statuses or info.status in self.statuses)
            and self.age.matches(info.created_at, now)
            and not (self.empty and info.counted != 0)  # a store that says no count may hold anything
            and self.whose.matches(owner)
        )


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of a store are meant."""

    paths: tuple[str, ...] = ()
    attributes: Pairs = ()
    statuses: tuple[str, ...] = ()
    age: Age = ANY_AGE
    whose: Whose = ANYBODY

    @property
    def is_empty(self) -> bool:
        return self == EntryFilter()

    def matches(self, entry: StoreEntry, now: int) -> bool:
        return (
            _one_of(str(entry.attributes.get("path", "")), self.paths)
            and _all_hold(entry.attributes, self.attributes)
            and (not self.statuses or entry.status in self.statuses)
            and self.age.matches(entry.created_at, now)
            and self.whose.matches(owner_of_entry(entry))
        )


@dataclass(frozen=True, slots=True)
class Use:
    """That a store lists a File: the store, and what the entry shows."""

    store_id: str
    store_name: str
    path: str
    owner: Owner | None
    attributes: Mapping[str, object]
    status: str = ""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which Files of the project are meant.

    `attached`: True for Files that a store lists, False for Files that no store lists. `in_stores` are ids of stores, of
    which one must list the File. A File is an owner's when an entry of it shows that owner.
    """

    names: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    age: Age = ANY_AGE
    larger_than: int | None = None
    attached: bool | None = None
    in_stores: tuple[str, ...] = ()
    attributes: Pairs = ()
    whose: Whose = ANYBODY

    @property
    def is_empty(self) -> bool:
        return self == FileFilter()

    @property
    def needs_usage(self) -> bool:
        """Whether the listing of the Files does not tell which are meant: the stores must be listed as well."""
        return self.attached is not None or bool(self.in_stores or self.attributes) or not self.whose.is_any

    def may_match(self, file: UploadedFile, now: int) -> bool:
        """Whether the File is meant, as far as its own listing tells."""
        return (
            _one_of(file.filename, self.names)
            and (not self.purposes or file.purpose in self.purposes)
            and (not self.statuses or file.status in self.statuses)
            and self.age.matches(file.created_at, now)
            and (self.larger_than is None or file.bytes > self.larger_than)
        )

    def matches_uses(self, uses: Sequence[Use]) -> bool:
        """Whether the File is meant, as far as the entries of it tell."""
        if self.attached is not None and self.attached != bool(uses):
            return False
        if self.in_stores and not any(use.store_id in self.in_stores for use in uses):
            return False
        if self.attributes and not any(_all_hold(use.attributes, self.attributes) for use in uses):
            return False
        if self.whose.is_any:
            return True
        # Of a File that two owners use, neither may say that it is his alone.
        return all(self.whose.matches(use.owner) for use in uses) if uses else self.whose.matches(None)


def _one_of(text: str, patterns: Collection[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


def _all_hold(values: Mapping[str, object], pairs: Pairs) -> bool:
    return all(name in values and fnmatchcase(as_text(values[name]), pattern) for name, pattern in pairs)


def as_text(value: object) -> str:
    """A value as people write it: `true`, `3` and `2.5`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
