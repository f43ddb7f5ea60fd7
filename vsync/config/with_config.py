"""From what is given and a config to the targets of a run. Pure.

Precedence: option > environment > config > default. What is given counts for every target that runs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from vsync.config.limits import Limits
from vsync.config.overrides import Overrides
from vsync.config.settings import Settings
from vsync.config.target_config import Config, TargetConfig
from vsync.config.targets import Target
from vsync.config.values import root_folder
from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import Describing, Rule
from vsync.documents.path_template import check_template
from vsync.documents.recipe import OWN
from vsync.documents.selection import Rules
from vsync.errors import ConfigurationError
from vsync.system.nearest import nearest
from vsync.system.wording import count

T = TypeVar("T")

_MOST_NAMED = 20


def settings_of_targets(settings: Settings, config: Config | None) -> tuple[Settings, ...]:
    """The settings of each target to run, in the order of the config, each with its whole `Target`.

    The targets are those that `settings.targets` names; where it names none, all of the config. Without a config it is the
    one target of the settings. Raises ConfigurationError: an unknown target; several without a config; an id or a name
    of a store, or the id of a plan, that is given for several; a template of a given attribute that is wrong.
    """
    _check_templates(settings.overrides)
    if config is None:
        if len(settings.targets) > 1:
            raise ConfigurationError(
                f"{count(len(settings.targets), 'target')} are named ({', '.join(settings.targets)}), but there is no config "
                "that says what they are.",
                "Name one --target (input target), or describe the targets in .vsync.yml and commit it.",
            )
        return (settings,)
    chosen = _chosen(settings.targets, config)
    if len(chosen) > 1:
        _refuse_what_names_one(settings, chosen)
    return tuple(replace(settings, target=_target(settings, entry)) for entry in chosen)


def _check_templates(given: Overrides) -> None:
    """Raises ConfigurationError for an attribute of an option whose template is wrong. The config's are checked as it is read."""
    for name, value in given.attributes.items():
        wrong = check_template(value, url=False) if isinstance(value, str) else None
        if wrong is not None:
            raise ConfigurationError(
                f"The attribute {name!r} is {value!r}, and {wrong}.", "Correct --attributes (input attributes)."
            )


def one_target(found: Sequence[Settings]) -> Settings:
    """The only target, or the first of those that share one named store. Raises ConfigurationError where several are meant."""
    stores = {(each.target.vector_store_id, each.target.vector_store_name) for each in found}
    if len(found) > 1 and (len(stores) > 1 or stores == {(None, None)}):
        names = listed([each.target.name for each in found])
        raise ConfigurationError(
            f"The config has {count(len(found), 'target')}: {names}.", "Name one with --target (input target)."
        )
    return found[0]


def _chosen(names: Collection[str], config: Config) -> Sequence[TargetConfig]:
    known = {entry.name: entry for entry in config.targets}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise _unknown(unknown, config)
    return [entry for entry in config.targets if not names or entry.name in names]


def _unknown(name: str, config: Config) -> ConfigurationError:
    if not config.named:
        return ConfigurationError(
            f"There is no target {name!r}: {config.path} names no targets, so its only one is `default`.",
            "Leave out --target (input target), or write the keys below `targets:` and a name.",
        )
    names = [entry.name for entry in config.targets]
    meant = nearest(name, names)
    return ConfigurationError(
        f"There is no target {name!r} in {config.path}. There {'is' if len(names) == 1 else 'are'} {listed(names)}.",
        f"Did you mean {meant}?" if meant else "Name one of these with --target (input target).",
    )


def listed(names: Sequence[str]) -> str:
    """Names for a sentence, at most twenty of them."""
    more = f", and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _refuse_what_names_one(settings: Settings, chosen: Sequence[TargetConfig]) -> None:
    """Raises ConfigurationError for a setting that means one target where several run."""
    expected = {} if settings.expect is None else {"expect": settings.expect}
    for option in (*settings.overrides.store, *expected):
        what = "is the id of the plan of one target" if option == "expect" else "names one store"
        raise ConfigurationError(
            f"--{option} {what}, but {count(len(chosen), 'target')} run: {listed([entry.name for entry in chosen])}.",
            "Name one with --target (input target).",
        )


def _target(settings: Settings, entry: TargetConfig) -> Target:
    given, says = settings.overrides, entry.says
    store_is_given = bool(given.store)
    return Target(
        name=entry.name,
        source=settings.target.source,
        vector_store_id=given.vector_store_id if store_is_given else entry.vector_store_id,
        vector_store_name=given.vector_store_name if store_is_given else entry.vector_store_name,
        branch=_first(given.branch, entry.branch),
        rules=Rules(
            _first(given.include, entry.include) or (),
            _first(given.exclude, entry.exclude) or (),
            _first(given.allow_secrets, entry.allow_secrets) or (),
            types=_first(given.types, entry.types),
            root=_root(given, entry),
            convert=entry.convert,
        ),
        attributes=_attributes(given, entry),
        chunking=_chunking(given, says.chunking),
        limits=_limits(given.limits, entry.limits),
        description=entry.description,
        metadata=entry.metadata,
        expires_after_days=entry.expires_after_days,
        says=replace(says, attributes={}, chunking=None),
        described_by=_rules(given, entry),
        submodules=entry.submodules,
        symlinks=entry.symlinks,
        checks=entry.checks,
    )


def _first(given: T | None, configured: T | None) -> T | None:
    return configured if given is None else given


def _root(given: Overrides, entry: TargetConfig) -> str:
    if given.root is not None:
        return given.root
    return given.default_root if entry.root is None else root_folder(entry.root)


def _attributes(given: Overrides, entry: TargetConfig) -> Attributes:
    attributes = {**entry.says.attributes, **given.attributes}
    if len(attributes) > OWN:
        raise ConfigurationError(
            f"The config and --attributes (input attributes) give {len(attributes)} attributes; {OWN} fit beside vsync's own.",
            "Leave some out.",
        )
    return attributes


def _chunking(given: Overrides, configured: GivenChunking | None) -> Chunking:
    """A size that is given alone keeps the config's overlap where that fits."""
    if configured is None:
        return Chunking.parse(given.chunk_size, given.chunk_overlap)
    before = Chunking.parse(configured.size, configured.overlap)
    if given.chunk_overlap is None:
        return GivenChunking(given.chunk_size).after(before)
    return Chunking.parse(before.size if given.chunk_size is None else given.chunk_size, given.chunk_overlap)


def _rules(given: Overrides, entry: TargetConfig) -> tuple[Rule, ...]:
    """The rules of the config, and one that says last what is given: it goes before what the target and its rules say.

    Where nothing could win over what is given, there is no such rule: then all documents may be described alike.
    """
    says = entry.says
    chunked = given.chunk_size is not None or given.chunk_overlap is not None
    by_name = bool(given.attributes) and bool(says.front_matter or says.git or says.url)
    if not by_name and not (entry.rules and (given.attributes or chunked)):
        return entry.rules
    chunking = GivenChunking(given.chunk_size, given.chunk_overlap) if chunked else None
    return (*entry.rules, Rule(("*",), Describing(attributes=given.attributes, chunking=chunking)))


def _limits(given: Limits, configured: Limits) -> Limits:
    """Each limit by itself: a number and a share are one limit, and so are a number of documents and a size."""
    deletes = configured if given.max_deletes is None and given.max_delete_percent is None else given
    uploads = configured if given.max_uploads is None and given.max_upload_bytes is None else given
    return Limits(
        max_deletes=deletes.max_deletes,
        max_delete_percent=deletes.max_delete_percent,
        max_uploads=uploads.max_uploads,
        max_upload_bytes=uploads.max_upload_bytes,
        force=given.force,
    )
