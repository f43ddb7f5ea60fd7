"""Everything the user can set, checked once. Pure: strings in, one `Settings` value out.

The command line, the environment (`VSYNC_…`) and the action's inputs give strings under the same names. This module
alone turns them into values, so a wrong value gives the same error wherever it stood.
Precedence: option > environment > config > default. An empty string counts as unset: GitHub passes one for a missing
secret. The config stands in what is synced, and is not known here: `with_config` puts it between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast, get_args

from vsync.config.limits import Limits
from vsync.config.overrides import NOTHING_GIVEN, Overrides
from vsync.config.targets import Target
from vsync.config.values import branch_name, max_delete, max_upload, root_folder, target_name
from vsync.documents.attributes import MAX_VALUE_CHARACTERS, parse_attributes
from vsync.documents.chunking import Chunking
from vsync.documents.selection import Rules, Types
from vsync.errors import ConfigurationError
from vsync.store.store_id import check_store_id
from vsync.system.utf8 import check_utf8

T = TypeVar("T")
Given = Mapping[str, str | Sequence[str] | bool | None]

MAX_CONCURRENCY = 256
NO_MANIFEST = "none"
DEFAULT_MANIFEST = ".vsync/manifest.json"
DEFAULT_MANIFEST_BRANCH = "vsync-manifest"
DEFAULT_CONFIG = ".vsync.yml"
NO_CONFIG = "none"
DEFAULT_TARGET = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, with its target. Times in seconds.

    `target` is what the run would do without a config. `targets` are the names that were given, and `overrides` what was
    given of the targets: `with_config` makes the target from both and the config. `config` is the path of the config
    ("none": it is ignored; None: the default path, where there may be none).
    `local` is the embedded store's file ("": the default file). `manifest` is None where no manifest is named: then it
    has its default place. A rate is None where none is given: then the limits of OpenAI's API hold, and none for the
    embedded store. `expect` is the id of the only plan that may be carried out. Documents that match `reindex`
    (gitignore patterns) are uploaded again.

    | `commit` | `push` | the manifest is |
    | --- | --- | --- |
    | False | False | a file |
    | True | False | a file on a branch of the clone |
    | any | True | a file on a branch of the clone's remote |
    """

    target: Target = field(default_factory=Target)
    targets: tuple[str, ...] = ()
    overrides: Overrides = NOTHING_GIVEN
    config: str | None = None
    repo: str = "."
    folder: str | None = None
    manifest: str | None = None
    manifest_branch: str = DEFAULT_MANIFEST_BRANCH
    commit: bool = False
    push: bool = False
    head: str | None = None
    base: str | None = None
    full: bool = False
    expect: str | None = None
    reindex: tuple[str, ...] = ()
    local: str | None = None
    concurrency: int = 16
    index_timeout: float = 600.0
    lock_timeout: float = 600.0
    uploads_per_minute: int | None = None
    writes_per_minute: int | None = None


NAMES = (
    "repo", "folder", "target", "source", "vector-store-id", "vector-store-name", "root", "types", "include", "exclude", "allow-secrets",
    "default-root", "config",
    "manifest", "manifest-branch", "head", "base", "branch", "full", "local", "attributes", "chunk-size", "chunk-overlap", "max-delete",
    "max-upload", "force", "concurrency", "index-timeout", "lock-timeout", "uploads-per-minute", "writes-per-minute",
    "commit", "push", "expect", "reindex",
)  # fmt: skip
"""Every setting, under the name that options and inputs share."""


_PATHS = {
    "repo",
    "folder",
    "root",
    "default-root",
    "config",
    "manifest",
    "local",
    "include",
    "exclude",
    "allow-secrets",
    "reindex",
}
"""Settings that name files, whose names can be any bytes."""


PREFIX = "VSYNC_"


def variable(name: str) -> str:
    """The variable of a setting, or of another option."""
    return PREFIX + name.upper().replace("-", "_")


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings given as `VSYNC_…` variables; empty ones left out."""
    found = {name: environ.get(variable(name), "") for name in NAMES}
    return {name: value for name, value in found.items() if value.strip()}


def resolve(given: Given, environ: Mapping[str, str]) -> Settings:
    """The settings of a run. Raises ConfigurationError naming the first wrong value and where it stood."""
    reader = _Reader(given, from_environment(environ))
    targets, overrides = _names(reader), _overrides(reader)
    if reader.text("folder") is not None and (reader.text("head") or reader.text("base")):
        raise ConfigurationError(
            "A plain folder has no commits.",
            "Give either --folder (input folder), or --head and --base (inputs head and base).",
        )
    return Settings(
        target=_target(targets[0] if targets else DEFAULT_TARGET, reader.text("source") or "", overrides),
        targets=targets,
        overrides=overrides,
        config=reader.text("config"),
        repo=reader.text("repo") or ".",
        folder=reader.text("folder"),
        manifest=reader.text("manifest"),
        manifest_branch=reader.branch("manifest-branch") or DEFAULT_MANIFEST_BRANCH,
        commit=reader.flag("commit"),
        push=reader.flag("push"),
        head=reader.revision("head"),
        base=reader.revision("base"),
        full=reader.flag("full"),
        expect=reader.optional("expect", _plan_id),
        reindex=reader.lines("reindex"),
        local=reader.local(),
        concurrency=reader.get("concurrency", _concurrency, 16),
        index_timeout=reader.get("index-timeout", _seconds, 600.0),
        lock_timeout=reader.get("lock-timeout", _seconds, 600.0),
        uploads_per_minute=reader.optional("uploads-per-minute", _positive),
        writes_per_minute=reader.optional("writes-per-minute", _positive),
    )


def _names(reader: _Reader) -> tuple[str, ...]:
    """The names of the targets, each once: one a line, or separated by commas."""
    names = [name.strip() for line in reader.lines("target") for name in line.split(",") if name.strip()]
    return tuple(dict.fromkeys(map(target_name, names)))


def _overrides(reader: _Reader) -> Overrides:
    overrides = Overrides(
        vector_store_id=reader.store_id("vector-store-id"),
        vector_store_name=reader.text("vector-store-name"),
        branch=reader.branch("branch"),
        root=reader.root("root"),
        types=reader.optional("types", _types),
        include=reader.lines("include") or None,
        exclude=reader.lines("exclude") or None,
        allow_secrets=reader.lines("allow-secrets") or None,
        attributes=parse_attributes(_pairs(reader.lines("attributes"))),
        chunk_size=reader.optional("chunk-size", _whole),
        chunk_overlap=reader.optional("chunk-overlap", _whole),
        limits=_limits(reader),
        default_root=reader.root("default-root") or "",
    )
    Chunking.parse(overrides.chunk_size, overrides.chunk_overlap)
    return overrides


def _target(name: str, source: str, given: Overrides) -> Target:
    """The target of a run without a config."""
    if len(source) > MAX_VALUE_CHARACTERS:
        raise ConfigurationError(
            f"The source name has {len(source)} characters.", f"Use at most {MAX_VALUE_CHARACTERS}."
        )
    return Target(
        name=name,
        source=source,
        vector_store_id=given.vector_store_id,
        vector_store_name=given.vector_store_name,
        branch=given.branch,
        rules=Rules(
            given.include or (),
            given.exclude or (),
            given.allow_secrets or (),
            types=given.types,
            root=given.default_root if given.root is None else given.root,
        ),
        attributes=given.attributes,
        chunking=Chunking.parse(given.chunk_size, given.chunk_overlap),
        limits=given.limits,
    )


class _Reader:
    """The given values by precedence. An error names the setting that holds a wrong value."""

    def __init__(self, given: Given, environment: Mapping[str, str]) -> None:
        self._given = given
        self._environment = environment

    def raw(self, name: str) -> str | Sequence[str] | bool | None:
        value = self._given.get(name)
        if value is None or (not isinstance(value, bool) and not "".join(value).strip()):
            return self._environment.get(name)
        return value

    def text(self, name: str) -> str | None:
        value = self.raw(name)
        if isinstance(value, str):
            value = value.strip()
            if "\0" in value:
                raise ConfigurationError(f"{name} holds a NUL character.", "Remove it.")
            if name not in _PATHS:
                check_utf8(name, value)
            return value or None
        return None

    def lines(self, name: str) -> tuple[str, ...]:
        value = self.raw(name)
        if isinstance(value, str):
            value = value.splitlines()
        if value is None or isinstance(value, bool):
            return ()
        if name not in _PATHS:
            check_utf8(name, "".join(value))
        return tuple(line for item in value for line in item.splitlines() if line.strip() and line.lstrip()[0] != "#")

    def root(self, name: str) -> str | None:
        """A folder of the source, as its path from the top folder. Empty: the top folder itself. None: none is given."""
        value = self.text(name)
        return None if value is None else root_folder(value)

    def local(self) -> str | None:
        """None: not asked for. "": the default file (`--local` without a value, VSYNC_LOCAL=true)."""
        value = self.text("local")
        try:
            return None if value is None or not boolean(value) else ""
        except ValueError:
            return value

    def store_id(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None:
            check_store_id(value, name)
        return value

    def revision(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and value.startswith("-"):
            raise ConfigurationError(
                f"{name} is {value!r}, which is not a revision.", "Give a commit, a branch or a tag."
            )
        return value

    def branch(self, name: str) -> str | None:
        value = self.text(name)
        return None if value is None else branch_name(name, value) or None

    def flag(self, name: str) -> bool:
        value = self.raw(name)
        if isinstance(value, bool):
            return value
        return self.optional(name, boolean) or False

    def optional(self, name: str, parse: Callable[[str], T]) -> T | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise ConfigurationError(
                f"{name} is {value!r}, but must be {error}.", "Correct it and run again."
            ) from None

    def get(self, name: str, parse: Callable[[str], T], default: T) -> T:
        value = self.optional(name, parse)
        return default if value is None else value


def _limits(reader: _Reader) -> Limits:
    delete = reader.optional("max-delete", max_delete)
    count, size = reader.optional("max-upload", max_upload) or (None, None)
    return Limits(
        max_deletes=delete[0] if delete else None,
        max_delete_percent=delete[1] if delete else None,
        max_uploads=count,
        max_upload_bytes=size,
        force=reader.flag("force"),
    )


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            raise ConfigurationError(f"The attribute {line!r} has no value.", "Write it as name=value, one a line.")
        pairs[key.strip()] = value.strip()
    return pairs


def boolean(text: str) -> bool:
    """`true` or `false`, also as 1/0, yes/no and on/off. Raises ValueError saying what it must be."""
    word = text.lower()
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"false", "0", "no", "off"}:
        return False
    raise ValueError("true or false")


def _types(text: str) -> Types:
    for name in get_args(Types):
        if text.lower() == name:
            return cast(Types, name)
    raise ValueError("documentation or any")


def _plan_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{16}", text):
        raise ValueError("the plan_id that `vsync plan` shows: 16 digits and letters from a to f")
    return text


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError("a whole number")
    return int(text)


def _positive(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ValueError("a whole number from 1 on")
    return int(text)


def _concurrency(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_CONCURRENCY:
        raise ValueError(f"a whole number from 1 on, at most {MAX_CONCURRENCY}")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        raise ValueError("a number of seconds")
    return float(text)
