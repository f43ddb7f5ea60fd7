"""The seal as a value: a target's lock and its last published state. Pure."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from vsync.state.figures import Figures, figures_data, parse_figures
from vsync.state.manifest import MAX_NUMBER
from vsync.state.run_order import newest_run

_MAX_UNFINISHED = 20


class UnfinishedRun(NamedTuple):
    """A run that did not finish: its commit, when it took the seal, and its last sign of life (ISO 8601, by its own clock)."""

    run: str
    since: str
    head: str | None
    seen: str | None = None
    clock: int = 0
    """By how many seconds the API's clock was ahead of that clock, where that was five seconds or more."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A target's lock and its last published state.

    | field | meaning |
    | --- | --- |
    | `state` | `open` while a run is under way |
    | `run`, `since`, `head` | the run that took the seal last, when it took it, and its commit |
    | `serial` | the number of the last published state |
    | `manifest` | the blob id of the last published manifest |
    | `content` | the hash of this target's part of that manifest; other targets' runs do not change it |
    | `owner` | the owner of the target's entries; the seal has it before the first upload, in case the first run crashes |
    | `released` | the run that left the seal open has ended |
    | `ended` | the newest workflow run that finished |
    | `unfinished` | runs since the seal was last closed that did not finish; their uploads may be left. In JSON: `unsettled` |
    | `figures` | what the store shows after the last run that closed the seal; None: not known. In JSON: `store` |
    | `place` | which manifest this is, where the seals of two manifests could be confused |
    | `clock` | by how many seconds the API's clock is ahead of the holder's, where that is five or more; else 0 |
    | `seen` | the holder's last sign of life; it is not in the JSON, but the date of the seal's file or commit |
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
    unfinished: tuple[UnfinishedRun, ...] = ()
    figures: Figures | None = None
    clock: int = 0
    place: str | None = field(default=None, compare=False)
    seen: str | None = field(default=None, compare=False)


# --- Trust --------------------------------------------------------------------------------------------------

Trust = Literal["first", "unsealed", "sealed", "doubtful"]


def trust(manifest_blob: str | None, seal: Seal | None, content: str | None = None) -> Trust:
    """How far a manifest may be trusted.

    | answer | when |
    | --- | --- |
    | `first` | there is no manifest and no seal |
    | `sealed` | the manifest is the last published one, and its run finished |
    | `unsealed` | there is no seal (a fresh clone has no local seal): each id is checked before it is deleted |
    | `doubtful` | the last run did not finish, or the manifest was set back: the store is listed first |
    """
    if seal is None:
        return "first" if manifest_blob is None else "unsealed"
    if seal.state == "open" or not vouches(seal, manifest_blob, content):
        return "doubtful"
    return "sealed"


def vouches(seal: Seal, manifest_blob: str | None, content: str | None) -> bool:
    """Whether the seal was published with this manifest, or with the same part of it for this target."""
    return seal.manifest == manifest_blob or (content is not None and seal.content == content)


# --- From one run to the next -------------------------------------------------------------------------------


def succeed(before: Seal | None, seal: Seal) -> Seal:
    """The seal that a run opens. It takes over from the seal before it what was published, the owner and the runs."""
    if before is None:
        return replace(seal, manifest=None, content=None)
    return replace(
        seal,
        serial=before.serial,
        manifest=before.manifest,
        content=before.content,
        owner=seal.owner or before.owner,
        figures=before.figures,
        ended=newest_run(before.ended, before.run if before.state == "closed" else None),
        unfinished=unfinished_runs(before),
    )


def doubted(seal: Seal, overtaken: Seal | None = None) -> Seal:
    """A seal that must not be trusted although its run finished. It is treated as open.

    `overtaken` is the seal of the run that left the mark of doubt: that run's last uploads may be left in the store.
    """
    runs = (*seal.unfinished, *unfinished_runs(overtaken))[-_MAX_UNFINISHED:]
    if seal.state == "open":
        return replace(seal, unfinished=runs)
    return replace(seal, state="open", ended=newest_run(seal.ended, seal.run), unfinished=runs)


def both_overtaken(left: Seal | None, seal: Seal | None) -> Seal | None:
    """What a mark of doubt says of two runs that lost their seals. `left` is what the mark says already."""
    if left is None or seal is None or (left.run, left.since) == (seal.run, seal.since):
        return left or seal
    return replace(seal, unfinished=(*unfinished_runs(left), *seal.unfinished)[-_MAX_UNFINISHED:])


def unfinished_runs(seal: Seal | None) -> tuple[UnfinishedRun, ...]:
    """The runs under this seal that did not finish. The last of them is the run that left it open."""
    if seal is None or seal.state == "closed":
        return ()
    return (*seal.unfinished, UnfinishedRun(seal.run, seal.since, seal.head, seal.seen, seal.clock))[-_MAX_UNFINISHED:]


def instant(time_s: float | None) -> str | None:
    """Seconds since the epoch, as a seal writes times. None: there is no such time."""
    try:
        return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None


# --- JSON ---------------------------------------------------------------------------------------------------

_UNREADABLE = Seal(state="open", run="", since="")


def parse_seal(content: bytes) -> Seal:
    """The seal in these bytes. An unreadable seal counts as open: nothing then vouches for the manifest."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return _UNREADABLE
    if not isinstance(data, dict) or data.get("state") not in ("open", "closed"):
        return _UNREADABLE
    texts = [data.get(key) for key in ("run", "since")]
    options = [data.get(key) for key in ("head", "manifest", "content", "owner", "ended", "place")]
    serial = data.get("serial")
    if not all(isinstance(text, str) for text in texts) or type(serial) is not int or abs(serial) >= MAX_NUMBER:
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
        clock=_parse_clock(data.get("clock")),
        place=data.get("place"),
        unfinished=_parse_unfinished(data.get("unsettled")),
        figures=parse_figures(data.get("store")),
    )


def dump_seal(seal: Seal) -> bytes:
    data = dataclasses.asdict(seal)
    del data["seen"]
    del data["unfinished"]
    data["unsettled"] = [list(run if run.clock else run[:-1]) for run in seal.unfinished]
    del data["figures"]
    if seal.figures is not None:
        data["store"] = figures_data(seal.figures)
    for key in ("released", "ended", "clock", "place", "unsettled"):
        if not data[key] or (key == "unsettled" and seal.state == "closed"):
            del data[key]
    return (json.dumps(data, sort_keys=True) + "\n").encode()


def _parse_unfinished(data: object) -> tuple[UnfinishedRun, ...]:
    """The readable items. An item that is left out only means that nobody looks for that run's uploads."""
    runs = []
    for item in data if isinstance(data, list) else []:
        if (
            isinstance(item, list)
            and len(item) in {3, 4, 5}
            and _are_texts(item[:2])
            and _are_texts(item[2:4], or_none=True)
        ):
            run, since, head, seen, clock = (*item, None, None)[:5]
            runs.append(UnfinishedRun(run, since, head, seen, _parse_clock(clock)))
    return tuple(runs)


def _parse_clock(value: object) -> int:
    return value if type(value) is int and abs(value) < MAX_NUMBER else 0


def _are_texts(values: list[object], *, or_none: bool = False) -> bool:
    return all(isinstance(value, str) or (or_none and value is None) for value in values)


def _encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8. JSON can hold a lone surrogate, and a manifest cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
