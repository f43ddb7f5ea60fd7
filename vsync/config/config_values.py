"""Makes the targets of a config from the values that were read, and checks what concerns several keys. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vsync.config.config_mistakes import KeyPath, Mistakes
from vsync.config.key_reader import Found
from vsync.config.keys import MOST_ATTRIBUTES
from vsync.config.limits import Limits
from vsync.config.target_config import TargetConfig
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import NO_HOOKS, Check, Describing, Hooks, Rule
from vsync.documents.recipe import DIRECTORY, URL

_DEFAULT_SIZE = Chunking().size


def target_config(found: Found, keys: KeyPath, mistakes: Mistakes, name: str = "default") -> TargetConfig:
    """The target. What does not fit together is noted in `mistakes`."""
    values = found.values
    if "vector-store-id" in found.marks and "vector-store-name" in found.marks:
        mistakes.add(
            max(found.marks["vector-store-id"], found.marks["vector-store-name"]),
            keys,
            "both vector-store-id and vector-store-name are given. Give one of them.",
        )
    says = _describing(found, keys, mistakes)
    return TargetConfig(
        name=name,
        vector_store_id=values.get("vector-store-id"),
        vector_store_name=values.get("vector-store-name"),
        description=values.get("description"),
        metadata=values.get("metadata", {}),
        expires_after_days=values.get("expires-after-days"),
        branch=values.get("branch"),
        root=values.get("root"),
        types=values.get("types"),
        include=values.get("include"),
        exclude=values.get("exclude"),
        allow_secrets=values.get("allow-secrets"),
        says=says,
        convert=values.get("convert", {}),
        limits=_limits(values),
        submodules=values.get("submodules", False),
        symlinks=values.get("symlinks", False),
        rules=_rules(values, keys, says, mistakes),
        checks=tuple(_check(check.values) for check in values.get("checks", ())),
        line=found.mark.line,
    )


def _rules(values: Mapping[str, Any], keys: KeyPath, says: Describing, mistakes: Mistakes) -> tuple[Rule, ...]:
    """The rules of a target that says this of all documents."""
    rules: list[Rule] = []
    for number, rule in enumerate(values.get("rules", ()), 1):
        sizes = [_size(says) or _DEFAULT_SIZE, *(_size(other.says) for other in rules)]
        described = _describing(rule, (*keys, "rules", number), mistakes, max(sizes))
        rules.append(Rule(rule.values.get("match", ()), described))
    return tuple(rules)


def _size(says: Describing) -> int:
    """The size of chunks that is given; 0: none is."""
    return (says.chunking and says.chunking.size) or 0


def _describing(found: Found, keys: KeyPath, mistakes: Mistakes, size: int = _DEFAULT_SIZE) -> Describing:
    """What is said there. `size` is the largest size of chunks that holds where no other is said."""
    values = found.values
    front_matter = values.get("front-matter")
    if isinstance(front_matter, tuple):
        front_matter = {key: key for key in front_matter}
    says = Describing(
        attributes=values.get("attributes", {}),
        front_matter=front_matter,
        git=None if values.get("git") is None else tuple(dict.fromkeys(values["git"])),
        url=values.get("url"),
        directory=values.get("directory"),
        chunking=_chunking(values.get("chunking"), (*keys, "chunking"), mistakes, size),
        content=_hooks(values.get("content")),
    )
    _check_room(says, found, keys, mistakes)
    return says


def _check_room(says: Describing, found: Found, keys: KeyPath, mistakes: Mistakes) -> None:
    """The API takes 16 attributes of a document, and six are vsync's own.

    Front matter does not count: documents seldom have all of its keys. What does not fit is told of each document.
    """
    names = {
        *says.attributes,
        *(says.git or ()),
        *([URL] if says.url else []),
        *([DIRECTORY] if says.directory else []),
    }
    if len(names) > MOST_ATTRIBUTES:
        mistakes.add(
            min(found.marks[key] for key in ("attributes", "git", "url", "directory") if key in found.marks),
            keys,
            f"attributes, git, url and directory give {len(names)} attributes, and {MOST_ATTRIBUTES} fit beside vsync's own. "
            "Remove some.",
        )


def _chunking(found: Found | None, keys: KeyPath, mistakes: Mistakes, before: int) -> GivenChunking | None:
    if found is None:
        return None
    size, overlap = found.values.get("size"), found.values.get("overlap")
    if size is None and "size" in found.marks:
        return None  # the size is wrong, which is noted
    most = (before if size is None else size) // 2
    if overlap is not None and overlap > most:
        mistakes.add(
            found.marks["overlap"],
            (*keys, "overlap"),
            f"expected a whole number from 0 to {most}, half of the size, found {overlap}.",
        )
        return None
    return None if size is None and overlap is None else GivenChunking(size, overlap)


def _hooks(found: Found | None) -> Hooks:
    if found is None:
        return NO_HOOKS
    return Hooks(**{name.replace("-", "_"): value for name, value in found.values.items()})


def _limits(values: Mapping[str, Any]) -> Limits:
    given = values["limits"].values if "limits" in values else {}
    deletes, percent = given.get("max-delete", (None, None))
    uploads, upload_bytes = given.get("max-upload", (None, None))
    return Limits(max_deletes=deletes, max_delete_percent=percent, max_uploads=uploads, max_upload_bytes=upload_bytes)


def _check(values: Mapping[str, Any]) -> Check:
    expect = values.get("expect", ())
    given = {"within": values["within"]} if "within" in values else {}
    return Check(
        question=values.get("question", ""),
        paths=expect if isinstance(expect, tuple) else (),
        attributes=expect if isinstance(expect, dict) else {},
        filter=values.get("filter", {}),
        **given,
    )
