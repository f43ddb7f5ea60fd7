"""What differs between a manifest and its store. Pure.

A difference is drift only where it concerns our entries: those with our owner and target, and those that the last
published manifest names, if the store has signed it. Entries of others are listed as foreign. They are no drift: a store may be shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vsync.config.targets import Target
from vsync.documents.attributes import Attributes, Identity, path_attribute
from vsync.documents.document import attributes_half, same_content_rules
from vsync.documents.recipe import describe
from vsync.recovery.entry_tag import tag_of_entry
from vsync.recovery.repair import reserved_attributes
from vsync.report.verification import KINDS, Drift, Foreign
from vsync.state.manifest import Entry, TargetState
from vsync.store.entries import Inventory, StoreEntry, belongs


@dataclass(frozen=True, slots=True)
class Found:
    """What the comparison found, the gravest drift first. `sound` counts the documents that nothing is wrong with."""

    drift: tuple[Drift, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    sound: int = 0


def compare(
    state: TargetState,
    identity: Identity,
    inventory: Inventory,
    *,
    vouched: bool,
    target: Target | None = None,
    left: Iterable[tuple[str, str]] = (),
) -> Found:
    """What differs between a manifest's state and the store.

    | argument | meaning |
    | --- | --- |
    | `vouched` | the manifest is the last published one, and signed: an id in it is ours, whatever its entry says |
    | `target` | tells which attributes a document should have, where the manifest was written with the same settings |
    | `left` | Files (id, filename) that are surely ours and that no store lists |
    """
    listed = {entry.file_id: entry for entry in inventory.entries}
    found: list[Drift] = []
    sound = 0
    for path, record in state.files.items():
        seen = list(_of_record(path, record, listed.get(record.file_id), state, identity, inventory, vouched, target))
        found += seen
        sound += not seen
    recorded = {record.file_id for record in state.files.values()}
    others = [entry for entry in inventory.entries if entry.file_id not in recorded]
    pending = set(state.pending_delete) if vouched else set()
    ours = [entry for entry in others if belongs(entry, identity) or entry.file_id in pending]
    found += _without_record(ours, state)
    found += _in_no_store(inventory, listed, pending, left)
    known = {entry.file_id for entry in ours}
    if vouched:
        known |= recorded
    foreign = [
        _foreign(entry, identity, inventory.filenames)
        for entry in inventory.entries
        if entry.file_id not in known and not belongs(entry, identity)
    ]
    return Found(
        tuple(sorted(found, key=lambda item: (KINDS.index(item.kind), item.path or "", item.file_id or ""))),
        tuple(sorted(foreign, key=lambda item: (item.name, item.file_id))),
        sound,
    )


def _of_record(
    path: str,
    record: Entry,
    entry: StoreEntry | None,
    state: TargetState,
    identity: Identity,
    inventory: Inventory,
    vouched: bool,
    target: Target | None,
) -> Iterator[Drift]:
    """What is wrong with a document that the manifest names. An entry that no search finds is looked at no further."""
    if entry is None:
        yield Drift("missing", path, record.file_id, "the manifest names this entry, and the store does not list it")
        return
    if record.file_id in inventory.gone:
        yield Drift("dangling", path, record.file_id, "the store lists an entry whose File is gone")
        return
    if entry.status in {"failed", "cancelled"}:
        yield Drift("failed", path, record.file_id, _failure(entry))
        return
    if entry.status == "in_progress":
        yield Drift("stuck", path, record.file_id, "its indexing does not end")
        return
    if not belongs(entry, identity) and not vouched:
        yield Drift(
            "attributes",
            path,
            record.file_id,
            "no attribute says that vsync made this entry, and nothing proves what the manifest says of it",
        )
        return
    recipe = target.recipe(path) if target is not None else None
    filename = target.filename(path) if target is not None else None
    seen = tag_of_entry(path, entry, record.tag, recipe.fixed if recipe is not None else (), filename)
    # Other settings, or another version of vsync, may have written the record. Then the tags differ without any drift, and
    # the next sync uploads the document again.
    comparable = record.tag and (target is None or same_content_rules(record.tag, target.tag(path)))
    if comparable and not same_content_rules(seen, record.tag):
        shown = entry.chunking
        chunking = f"{shown.size} tokens with an overlap of {shown.overlap}" if shown else "not known"
        yield Drift(
            "chunking", path, record.file_id, f"its chunking is {chunking}, but the manifest records another chunking"
        )
    wrong = _wrong_attributes(path, record, entry, identity, state, target)
    if not wrong and record.tag and attributes_half(seen) != attributes_half(record.tag):
        wrong = ["source, or those of the settings"]
    if wrong:
        yield Drift("attributes", path, record.file_id, f"not as they should be: {', '.join(wrong)}")


def _wrong_attributes(
    path: str, record: Entry, entry: StoreEntry, identity: Identity, state: TargetState, target: Target | None
) -> list[str]:
    """The names of attributes that are missing, wrong or too many."""
    wanted: dict[str, object] = dict(reserved_attributes(path, record, identity))
    shown = dict(entry.attributes)
    known = _attributes_of(path, record, target) if target is not None else None
    if target is not None and known is not None:
        wanted |= {"source": target.source, **known}
        recipe = target.recipe(path)
        for name in recipe.fixed if recipe is not None else ():
            shown.pop(name, None)
    else:  # other settings wrote this entry, and only their fingerprint is known
        shown = {key: value for key, value in shown.items() if key in wanted}
    wrong = [key for key in wanted if key not in shown or not _equal(shown[key], wanted[key])]
    wrong += [key for key in shown if key not in wanted and key != "commit"]
    if state.commit is not None and not entry.attributes.get("commit"):
        wrong.append("commit")
    return sorted(wrong)


def _attributes_of(path: str, record: Entry, target: Target) -> Attributes | None:
    """The user's attributes that the settings give to a document. None: other settings wrote the entry, or its text gives some."""
    recipe = target.recipe(path)
    if recipe is not None and recipe.needs_text:
        return None
    if record.tag != target.tag(path):
        return None
    return target.attributes if recipe is None else describe(recipe, path).attributes


def _equal(one: object, other: object) -> bool:
    """Equal as the API means it: 3 is 3.0, and true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _failure(entry: StoreEntry) -> str:
    said = f"{entry.error_code}: {entry.error_message}" if entry.error_code or entry.error_message else ""
    return f"the store says {entry.status}{f' ({said})' if said else ''}"


def _without_record(ours: Iterable[StoreEntry], state: TargetState) -> Iterator[Drift]:
    """Our entries that the manifest does not name."""
    paths = {path_attribute(path): path for path in state.files}
    for entry in ours:
        attribute = str(entry.attributes.get("path") or "")
        path = paths.get(attribute)
        if path is not None:
            yield Drift("duplicate", path, entry.file_id, "another entry for this path, beside the one in the manifest")
        elif entry.file_id in state.pending_delete:
            yield Drift(
                "left-over",
                attribute or None,
                entry.file_id,
                "the document has a newer version, and nothing confirms that this entry was deleted",
            )
        else:
            yield Drift(
                "left-over",
                attribute or None,
                entry.file_id,
                "vsync made this entry, but the manifest does not name it",
            )


def _in_no_store(
    inventory: Inventory, listed: Collection[str], pending: Iterable[str], left: Iterable[tuple[str, str]]
) -> Iterator[Drift]:
    files = {file_id: inventory.filenames.get(file_id) for file_id in pending if file_id in inventory.filenames}
    files |= dict(left)
    for file_id, filename in files.items():
        if file_id not in listed:
            yield Drift("left-over", filename, file_id, "vsync uploaded this File, but no store lists it (an orphan)")


def _foreign(entry: StoreEntry, identity: Identity, filenames: Mapping[str, str]) -> Foreign:
    path = entry.attributes.get("path")
    return Foreign(
        entry.file_id,
        str(path) if path is not None else None,
        filenames.get(entry.file_id, ""),
        _whose(entry.attributes, identity),
        all(name in entry.attributes for name in ("owner", "target", "source")),
    )


def _whose(attributes: Attributes, identity: Identity) -> str:
    owner, target, source = (attributes.get(name) for name in ("owner", "target", "source"))
    if owner is None or target is None or source is None:
        return "not put there by vsync"
    if owner == identity.owner and identity.is_source(source):
        return f"of the target {target} of this source"
    if source == identity.source:
        return f"of {source}, target {target}, from another first sync"
    return f"of {source}, target {target}"
