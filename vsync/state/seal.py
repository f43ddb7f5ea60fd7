"""The seal: a target's lock and its last published state. Pure."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from vsync.state.manifest import _MAX_NUMBER


class Unsettled(NamedTuple):
    """A run that died: when it took the seal, its commit, and its last sign of life, in ISO 8601 by its own clock."""

    run: str
    since: str
    head: str | None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """A target's lock and the blob id of the manifest that was last published under it.

    `content` identifies the target's own part of that manifest: another target's run changes the file, and not that.
    `owner` is kept here from before the first upload on, so that a first run that dies leaves entries that the next
    one knows as its own. `released` says that the run that left it open has ended,
    `ended` which was the newest workflow run that came to its end. `unsettled` are the runs that died under it since it
    was last closed: what they uploaded may still have to be looked for. `place` says which manifest it vouches for, where
    one seal could be taken for another's. `seen` is when whoever holds it last gave a sign of life; it is not written, but
    read off where the seal stands.
    """

    state: Literal["open", "closed"]
    run: str
    since: str
    head: str | None = None
    serial: int = 0
    manifest: str | None = None
    content: str | None = None
    owner: str | None = None
    released: bool = False
    ended: str | None = None
    unsettled: tuple[Unsettled, ...] = ()
    place: str | None = field(default=None, compare=False)
    seen: str | None = field(default=None, compare=False)


Trust = Literal["first", "unsealed", "sealed", "doubtful"]


def trust(manifest_blob: str | None, seal: Seal | None, content: str | None = None) -> Trust:
    """How far a manifest may be believed.

    `first`: there is neither manifest nor seal. `sealed`: the manifest is the one last published, and that run ended.
    `unsealed`: nothing is known against it (a fresh clone has no local seal), so ids are checked before they are
    deleted. `doubtful`: the last run did not end, or the manifest was rewound; the store is listed first.
    """
    if seal is None:
        return "first" if manifest_blob is None else "unsealed"
    if seal.state == "open" or not vouches(seal, manifest_blob, content):
        return "doubtful"
    return "sealed"


def vouches(seal: Seal, manifest_blob: str | None, content: str | None) -> bool:
    """Whether the seal knows this manifest, or at least its target's part of it."""
    return seal.manifest == manifest_blob or (content is not None and seal.content == content)


# --- Seal ---------------------------------------------------------------------------------------------------


_UNREADABLE = Seal(state="open", run="", since="")


def parse_seal(content: bytes) -> Seal:
    """The seal in these bytes. One that cannot be read counts as open: then nothing vouches for the manifest."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return _UNREADABLE
    if not isinstance(data, dict) or data.get("state") not in ("open", "closed"):
        return _UNREADABLE
    texts = [data.get(key) for key in ("run", "since")]
    options = [data.get(key) for key in ("head", "manifest", "content", "owner", "ended", "place")]
    serial = data.get("serial")
    if not all(isinstance(text, str) for text in texts) or type(serial) is not int or abs(serial) >= _MAX_NUMBER:
        return _UNREADABLE
    if not all(text is None or isinstance(text, str) for text in options):
        return _UNREADABLE
    if any(not _encodable(text) for text in (*texts, *options) if text):
        return _UNREADABLE
    return Seal(
        state=data["state"],
        run=data["run"],
        since=data["since"],
        head=data.get("head"),
        serial=serial,
        manifest=data.get("manifest"),
        content=data.get("content"),
        owner=data.get("owner"),
        released=data.get("released") is True,
        ended=data.get("ended"),
        place=data.get("place"),
        unsettled=_dead_runs(data.get("unsettled")),
    )


def _dead_runs(data: object) -> tuple[Unsettled, ...]:
    """What of it can be read: a run that is missing here is only not looked after."""
    found = []
    for item in data if isinstance(data, list) else []:
        if (
            isinstance(item, list)
            and len(item) in {3, 4}
            and _are_texts(item[:2])
            and _are_texts(item[2:], or_none=True)
        ):
            found.append(Unsettled(*item))
    return tuple(found)


def _are_texts(values: list[object], *, or_none: bool = False) -> bool:
    return all(isinstance(value, str) or (or_none and value is None) for value in values)


def _encodable(text: str) -> bool:
    """Whether the text is whole characters: half of one parses, but can never be written into a manifest."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump_seal(seal: Seal) -> bytes:
    data = dataclasses.asdict(seal)
    del data["seen"]
    for key in ("released", "ended", "place", "unsettled"):
        if not data[key] or (key == "unsettled" and seal.state == "closed"):
            del data[key]
    return (json.dumps(data, sort_keys=True) + "\n").encode()
