"""Whether the store that is given is the recorded one, and what the manifest records of a store. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vsync.auth.api_address import EMBEDDED_API, OPENAI_API
from vsync.config.targets import Target
from vsync.errors import ManifestError
from vsync.network.address import NOT_SHOWN, shown
from vsync.state.manifest import TargetState
from vsync.store.entries import StoreInfo
from vsync.sync.left_behind import deletes_documents, is_void
from vsync.system.wording import count


def has_moved(state: TargetState | None, target: Target) -> bool:
    """Whether another store is given than the recorded one, in which no document is left."""
    if state is None or not is_void(state):
        return False
    try:
        check_store(state, target, "")
    except ManifestError:
        return True
    return False


def check_store(state: TargetState | None, target: Target, title: str, options: Sequence[str] = ()) -> None:
    """Raises ManifestError when another API, id or name is given than the manifest records.

    `title` is how messages call the manifest, `options` are those with which a command finds it. The recorded id settles
    which store is meant: with it any name is accepted.
    """
    if state is None:
        return
    if target.api is not None and target.api != state.api:
        raise _other_api(state.api, target.api, title)
    wanted = target.vector_store_id
    if wanted is not None and wanted != state.vector_store_id:
        raise ManifestError(
            f"The manifest {title} belongs to the vector store {state.vector_store_id}, but {wanted} is given. "
            f"{_left(state, target)}",
            f"Leave the id out, or give {state.vector_store_id}, to go on with the old store. {_way_to_another(state, target, options)}",
        )
    if state.vector_store_name is not None:
        _check_name(state, state.vector_store_name, target, title, options)


def _left(state: TargetState, target: Target) -> str:
    return (
        f"{count(len(state.files), 'document')} of the target {target.name!r} would be left in {state.vector_store_id}."
    )


def _way_to_another(state: TargetState, target: Target, options: Sequence[str]) -> str:
    command = deletes_documents(target.name, state.vector_store_id, options)
    return (
        f"To move to the new store, delete what is in the old one (`{command}`) and run again. Or, so that a search finds the "
        "documents meanwhile, use another --target (input target; in the config another name), and run that command after it."
    )


def has_unknown_name(state: TargetState | None, target: Target) -> bool:
    """Whether a name is given, and only the store itself can say whether it has that name."""
    return (
        state is not None
        and state.vector_store_name is None
        and target.vector_store_name is not None
        and target.vector_store_id is None
    )


def check_live_name(state: TargetState | None, target: Target, info: StoreInfo, title: str) -> None:
    """Raises ManifestError when no name is recorded and the store has another name than the given one."""
    if state is not None and has_unknown_name(state, target):
        _check_name(state, info.name, target, title)


def _check_name(state: TargetState, name: str | None, target: Target, title: str, options: Sequence[str] = ()) -> None:
    given = target.vector_store_name
    if given is None or target.vector_store_id is not None or given == name:
        return
    named = "which has no name" if name is None else f"named {name!r}"
    raise ManifestError(
        f"The manifest {title} belongs to the vector store {state.vector_store_id}, {named}, but the name {given!r} is given. "
        f"{_left(state, target)}",
        "Leave the name out to go on with this store. If this store was renamed, give its id as well: --vector-store-id "
        f"{state.vector_store_id} (input vector-store-id). {_way_to_another(state, target, options)}",
    )


def _other_api(recorded: str, given: str, title: str) -> ManifestError:
    return ManifestError(
        f"The manifest {title} records documents in {_where(recorded)}, but this run uses {_where(given)}.",
        f"{_way_back(recorded, given)} {_way_on(recorded, given)}",
    )


def _where(api: str) -> str:
    if api == EMBEDDED_API:
        return "the embedded store"
    if api == OPENAI_API:
        return f"OpenAI's API ({OPENAI_API})"
    written = shown(api)
    return f"an API whose address is {written}" if written == NOT_SHOWN else f"the API at {written}"


def _way_back(recorded: str, given: str) -> str:
    if recorded == EMBEDDED_API:
        return "To go on with the embedded store, give --local (VSYNC_LOCAL)."
    if given == EMBEDDED_API:
        return "To go on with the recorded API, leave out --local (VSYNC_LOCAL)."
    if recorded == OPENAI_API:
        return "To go on with OpenAI's API, leave out OPENAI_BASE_URL (input openai-base-url)."
    # Whoever may push can write any address into the manifest, and a key goes to the address that is set.
    return "To go on with that API, set OPENAI_BASE_URL (input openai-base-url) to its address, if you know it and trust it."


def _way_on(recorded: str, given: str) -> str:
    if given == EMBEDDED_API:
        return "For the embedded store leave out --manifest (VSYNC_MANIFEST): it has a manifest of its own."
    another = "For another API use another --target (input target), or another --manifest (input manifest)."
    if recorded == EMBEDDED_API:
        return another
    return f"{another} If the same server has a new address, delete the manifest and run `vsync verify --rebuild`."


def with_store(state: TargetState, target: Target, info: StoreInfo) -> TargetState:
    """The state with what is known of the store that holds the documents.

    A recorded name stays until the user gives the id or the store is another one. Else a run without a name would have a
    workflow refused that still gives the old name of a renamed store.
    """
    keeps_name = (
        state.vector_store_id == info.id and state.vector_store_name is not None and target.vector_store_id is None
    )
    return replace(
        state,
        vector_store_id=info.id,
        api=target.api or state.api,
        vector_store_name=state.vector_store_name if keeps_name else info.name,
        expires_after_days=info.expires_after_days,
    )


def other_expiry(target: Target, state: TargetState | None) -> int | None:
    """After how many days without use the store is to expire, where another number is recorded. A given store is left alone."""
    if state is None or target.vector_store_id is not None or target.expires_after_days == state.expires_after_days:
        return None
    return target.expires_after_days


def expiry_warnings(store_id: str, days: int | None) -> tuple[str, ...]:
    """What it means that a store expires. `days` None: it does not."""
    if days is None:
        return ()
    return (
        f"The vector store {store_id} expires: its server deletes it after {count(days, 'day')} without use, and then a "
        "search finds nothing. Each search renews this time. To keep the store for good, set its `expires_after` to null "
        f"(POST /vector_stores/{store_id}). The next sync that changes a document notices that.",
    )
