"""Asking a store: which one, with which filters, and how the answers look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vsync.documents.attributes import parse_attribute_value
from vsync.errors import ConfigurationError
from vsync.state.identity import check_manifest
from vsync.state.manifest import parse_manifest
from vsync.system.redaction import printable

if TYPE_CHECKING:
    from vsync.config.settings import Settings
    from vsync.state.publication import Publication
    from vsync.store.entries import Hit
    from vsync.store.stores import Stores
    from vsync.sync.workspace import Place

_SNIPPET = 300


async def find_store_id(stores: Stores, publication: Publication, place: Place, settings: Settings) -> str:
    """The store to ask: the one given, the manifest's, or that of the name."""
    if settings.vector_store_id:
        return settings.vector_store_id
    content = publication.read().manifest
    if content is not None:
        manifest = check_manifest(parse_manifest(content, publication.title), publication.title, place.identity)
        state = manifest.targets.get(settings.target)
        if state is not None:
            return state.vector_store_id
    name = settings.vector_store_name or place.identity.name
    named = [info for info in await stores.list() if info.name == name]
    if len(named) == 1:
        return named[0].id
    found = ", ".join(info.id for info in named) or "none"
    raise ConfigurationError(
        f"Which store to search is not clear: there is no manifest, and of the name {name!r} there is {found}.",
        "Give --vector-store-id (input vector-store-id), or sync first.",
    )


def search_filters(pairs: Sequence[str]) -> Mapping[str, Any] | None:
    """The API's filter for `k=v` pairs, all of which must hold. Pure."""
    filters: list[Mapping[str, Any]] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"The filter {pair!r} has no value.", "Write it as name=value.")
        filters.append({"type": "eq", "key": key.strip(), "value": parse_attribute_value(value.strip())})
    if not filters:
        return None
    return filters[0] if len(filters) == 1 else {"type": "and", "filters": filters}


def hit_data(hit: Hit) -> dict[str, Any]:
    return {
        "path": hit.attributes.get("path"),
        "filename": hit.filename,
        "file_id": hit.file_id,
        "score": hit.score,
        "attributes": dict(hit.attributes),
        "text": hit.text,
    }


def hit_lines(hits: Sequence[Hit]) -> list[str]:
    """The results for people: path, score, and the beginning of the text."""
    if not hits:
        return ["No results."]
    lines = []
    for number, hit in enumerate(hits, 1):
        name = str(hit.attributes.get("path") or hit.filename)
        text = " ".join(hit.text.split())
        lines.append(f"{number}. {printable(name)}  ({hit.score:.2f})")
        lines.append(f"   {printable(text[:_SNIPPET])}{'…' if len(text) > _SNIPPET else ''}")
    return lines
