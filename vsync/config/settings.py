"""Everything the user can set, checked once. Pure: strings in, one `Settings` value out.

The command line, the environment (`VSYNC_…`) and the action's inputs give strings under the same names. This module
alone turns them into values, so a wrong value gives the same error wherever it stood.
Precedence: option > environment > default. An empty string counts as unset: GitHub passes one for a missing secret.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast, get_args

from vsync.config.limits import Limits
from vsync.config.targets import Target
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


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, with its target. Times in seconds.

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
    "config",
    "manifest", "manifest-branch", "head", "base", "branch", "full", "local", "attributes", "chunk-size", "chunk-overlap", "max-delete",
    "max-upload", "force", "concurrency", "index-timeout", "lock-timeout", "uploads-per-minute", "writes-per-minute",
    "commit", "push", "expect", "reindex",
)  # fmt: skip
"""Every setting, under the name that options and inputs share."""


_PATHS = {"repo", "folder", "root", "manifest", "local", "include", "exclude", "allow-secrets", "reindex"}
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
    _refuse_what_is_not_there_yet(reader)
    target = _target(reader)
    if reader.text("folder") is not None and (reader.text("head") or reader.text("base")):
        raise ConfigurationError(
            "A plain folder has no commits.",
            "Give either --folder (input folder), or --head and --base (inputs head and base).",
        )
    return Settings(
        target=target,
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


def _target(reader: _Reader) -> Target:
    name, source = reader.text("target") or "default", reader.text("source") or ""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ConfigurationError(
            f"The target name {name!r} is not usable.",
            "Use letters, digits, dots, dashes and underscores, at most 64.",
        )
    if len(source) > MAX_VALUE_CHARACTERS:
        raise ConfigurationError(
            f"The source name has {len(source)} characters.", f"Use at most {MAX_VALUE_CHARACTERS}."
        )
    return Target(
        name=name,
        source=source,
        vector_store_id=reader.store_id("vector-store-id"),
        vector_store_name=reader.text("vector-store-name"),
        branch=reader.branch("branch"),
        rules=Rules(
            reader.lines("include"),
            reader.lines("exclude"),
            reader.lines("allow-secrets"),
            types=reader.optional("types", _types),
            root=reader.root(),
        ),
        attributes=parse_attributes(_pairs(reader.lines("attributes"))),
        chunking=Chunking.parse(reader.optional("chunk-size", _whole), reader.optional("chunk-overlap", _whole)),
        limits=_limits(reader),
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

    def root(self) -> str:
        """A folder of the source, as its path from the top folder. Empty: the top folder itself."""
        value = self.text("root")
        if value is None:
            return ""
        if value.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", value):
            raise ConfigurationError(
                f"root is {value!r}, which is a path of this machine.",
                "Give the folder's path from the top folder of the repository, such as services/api.",
            )
        path = posixpath.normpath(value)
        if path.split("/")[0] == "..":
            raise ConfigurationError(
                f"root is {value!r}, which leads out of the repository.",
                "Give the folder's path from the top folder of the repository, such as services/api.",
            )
        return "" if path == "." else path

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
        """A branch's name, by https://git-scm.com/docs/git-check-ref-format."""
        value = (self.text(name) or "").removeprefix("refs/heads/")
        wrong = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[-./]|[./]$|^@$", value)
        if wrong:
            raise ConfigurationError(f"{name} is {value!r}, which is no name of a branch.", "Give a branch's name.")
        return value or None

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


def _refuse_what_is_not_there_yet(reader: _Reader) -> None:
    if reader.text("config") is not None:
        raise ConfigurationError(
            "config is not available in this version.",
            "Give its settings as options, inputs or VSYNC_… variables.",
        )


def _limits(reader: _Reader) -> Limits:
    delete = reader.optional("max-delete", _max_delete)
    count, size = reader.optional("max-upload", _max_upload) or (None, None)
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


_DELETE_FORM = "a number of documents (20) or a share of them (30%)"
_UPLOAD_FORM = "a number of documents (5000), a size (2GB), or both (5000,2GB)"
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def _max_delete(text: str) -> tuple[int | None, float | None]:
    if match := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*%", text):
        percent = float(match[1])
        if percent <= 100:
            return None, percent
    elif re.fullmatch(r"[0-9]{1,12}", text):
        return int(text), None
    raise ValueError(_DELETE_FORM)


def _max_upload(text: str) -> tuple[int | None, int | None]:
    count: int | None = None
    size: int | None = None
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,12}(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", part)
        if match and match[2].lower() in _UNITS and size is None:
            size = int(float(match[1]) * _UNITS[match[2].lower()])
        elif match and not match[2] and "." not in match[1] and count is None:
            count = int(match[1])
        else:
            raise ValueError(_UPLOAD_FORM)
    return count, size
