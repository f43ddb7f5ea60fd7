"""What the manifest records of targets that the config does not have, and the commands that remove it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from vsync.config.settings import DEFAULT_CONFIG
from vsync.plan.plan import Plan
from vsync.state.manifest import Manifest, TargetState
from vsync.state.seal import Seal
from vsync.sync.config_targets import ConfigTargets
from vsync.system.wording import count


def left_behind(
    manifest: Manifest | None, configured: ConfigTargets, options: Sequence[str], left_open: Mapping[str, Seal]
) -> Iterator[str]:
    """A warning for each target that the config has not and that still has something in its store, or may have.

    `options` are those with which a command finds the manifest and the store. `left_open` are open seals, by target, of runs
    that have ended. On a branch a manifest keeps the ids of replaced Files after they were deleted, and only the
    seal says that they are gone. So these ids alone mean something only under an open seal. A first run that died has left
    nothing but its seal.
    """
    targets = manifest.targets if manifest is not None else {}
    in_use = configured.stores | {state.vector_store_id for name, state in targets.items() if name in configured.names}
    for name, state in targets.items():
        if name in configured.names or is_void(state) or not (state.files or name in left_open):
            continue
        store = state.vector_store_id
        shared = not in_use.isdisjoint({store, state.vector_store_name}) or any(
            other.vector_store_id == store for other in targets.values() if other is not state
        )
        then = "" if shared else f" Then `{deletes_store(store, options)}` deletes the store."
        yield (
            f"The store {store} still holds {_documents(state)} of the target {name!r}, which the config does not have any more. "
            f"`{deletes_documents(name, store, options)}` deletes what is left.{then}"
        )

    for name, seal in left_open.items():
        recorded = targets.get(name)
        if name not in configured.names and (recorded is None or is_void(recorded)):
            yield _unfinished(name, seal, recorded, options)


def _unfinished(name: str, seal: Seal, recorded: TargetState | None, options: Sequence[str]) -> str:
    """What is told of a target of which only the seal says that something may be left."""
    told = (
        f"The last run of the target {name!r}, which the config does not have any more, did not end, so some of its documents "
        "may be left in its store."
    )
    if recorded is not None:
        return f"{told} `{deletes_documents(name, recorded.vector_store_id, options)}` deletes them."
    if seal.head is None:
        return f"{told} `{deletes_documents(name, 'ID', options)}` deletes them: put the id of that store in the place of ID."
    which = ["--head", seal.head, "--config", DEFAULT_CONFIG, "--target", name, "--exclude", "*"]
    command = shlex.join(["vsync", "sync", *options, *which, "--force"])
    return f"{told} `{command}` deletes them, from the store that the config of that commit gives."


def held_twice(
    manifest: Manifest | None,
    configured: Collection[str],
    store_id: str | None,
    documents: Callable[[], Collection[str]],
    options: Sequence[str],
) -> Iterator[str]:
    """A warning for each target that is not known here and has some of the same documents in the same store.

    `documents` gives the paths that a target of this run has in the store `store_id`, or puts there; it is asked only where
    another target uses that store. For a run that may be one of several steps: a target that the config has not may well be
    synced by another step.
    """
    targets = manifest.targets if manifest is not None else {}
    others = {
        name: state
        for name, state in targets.items()
        if name not in configured and state.vector_store_id == store_id and state.files
    }
    paths = documents() if others else ()
    for name, state in others.items():
        if twice := sorted(state.files.keys() & paths):
            them = "this document" if len(twice) == 1 else "these documents"
            yield (
                f"The store {state.vector_store_id} holds {count(len(twice), 'document')} of the target {name!r} that this target "
                f"has there as well, so a search finds {them} twice: {_shown(twice)}. If no run syncs the target {name!r} any "
                f"more, `{deletes_documents(name, state.vector_store_id, options)}` deletes its documents."
            )


def documents_after(state: TargetState | None, plan: Plan) -> set[str]:
    """The paths of a target's documents once the plan is carried out."""
    before = state.files.keys() if state is not None else set()
    deleted = {operation.path for operation in plan.operations if operation.document is None}
    return ({*before} - deleted) | {operation.path for operation in plan.operations if operation.document is not None}


def is_void(state: TargetState) -> bool:
    """Whether nothing is recorded that could be left in the store."""
    return not state.files and not state.pending_delete


def deletes_documents(target: str, store_id: str, options: Sequence[str]) -> str:
    """The command that deletes the documents of a target, and nothing else, from its recorded store.

    It names all that a variable could say otherwise.
    """
    which = ["--config", "none", "--target", target, "--vector-store-id", store_id, "--exclude", "*"]
    return shlex.join(["vsync", "sync", *options, *which, "--force"])


def deletes_store(store_id: str, options: Sequence[str]) -> str:
    """The command that deletes a store that a manifest names."""
    return shlex.join(["vsync", "stores", "delete", store_id, *options, "--force"])


def _documents(state: TargetState) -> str:
    return count(len(state.files) or len(state.pending_delete), "document" if state.files else "replaced File")


_SHOWN = 3


def _shown(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return ", ".join(f"'{path}'" for path in paths[:_SHOWN]) + more
