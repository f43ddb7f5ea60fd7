"""One store or one File in detail, for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from vsync.manage.ages import age_text
from vsync.manage.filters import Use
from vsync.manage.listings import Look, age, owner_text
from vsync.manage.owner import Owner, owner_of_store
from vsync.report.cost import dollars, per_day
from vsync.report.text import Line
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.system.redaction import printable
from vsync.system.wording import count, size

_NOT_VSYNCS = "not made by vsync"


def store_details(info: StoreInfo, look: Look, targets: Sequence[str] | None) -> list[Line]:
    """A store in detail. `targets` are those of this repository that use it; None: nobody knows them here."""
    cost = f", {dollars(per_day(info.usage_bytes, free=0))} a day" if look.priced and info.usage_bytes else ""
    facts = [
        ("Status", info.status),
        ("Owner", _owner(owner_of_store(info))),
        *([] if targets is None else [("Target here", ", ".join(targets) or "none of this repository's manifest")]),
        ("Entries", _entries(info)),
        ("Size", f"{size(info.usage_bytes)}{cost}"),
        ("Made", _since(info.created_at, look.now)),
        ("Used", _since(info.last_active_at, look.now)),
        ("Expires", _expiry(info, look.now)),
        ("Metadata", ", ".join(f"{key}={value}" for key, value in info.shown_metadata.items()) or "none"),
    ]
    return _facts(f"{info.name or 'a store without a name'} ({info.id})", facts)


def file_details(file: UploadedFile, uses: Sequence[Use], look: Look) -> list[Line]:
    """A File in detail: what it is, which stores list it, and whose it is."""
    owners = {use.owner for use in uses}
    facts = [
        ("Purpose", file.purpose),
        ("Status", file.status or "unknown"),
        ("Size", size(file.bytes)),
        ("Made", _since(file.created_at, look.now)),
        ("Expires", "never" if file.expires_at is None else _moment(file.expires_at, look.now)),
        ("Owner", owner_text(uses) if owners - {None} else _NOT_VSYNCS if uses else "unknown: no store lists it"),
        ("Stores", count(len(uses), "store") if uses else "none"),
    ]
    lines = _facts(f"{file.filename} ({file.id})", facts)
    for use in uses:
        path = f" as {use.path}" if use.path else ""
        store = f"{use.store_name} ({use.store_id})" if use.store_name else use.store_id
        status = f", {use.status}" if use.status else ""
        lines.append(Line(printable(f"  {store}{path}{status}, {_owner(use.owner)}")))
    return lines


def _facts(title: str, facts: Iterable[tuple[str, str]]) -> list[Line]:
    return [Line(printable(title)), *(Line(printable(f"  {name + ':':<13}{text}")) for name, text in facts)]


def _owner(owner: Owner | None) -> str:
    return _NOT_VSYNCS if owner is None else f"{owner.source}, target {owner.target}"


def _entries(info: StoreInfo) -> str:
    others = {
        "completed": info.completed,
        "failed": info.failed,
        "in progress": info.in_progress,
        "cancelled": info.cancelled,
    }
    parts = ", ".join(f"{number:,} {word}" for word, number in others.items() if number)
    return f"{info.files:,}: {parts}" if parts else f"{info.files:,}"


def _since(then: int | None, now: int) -> str:
    return "unknown" if then is None else f"{age(then, now)} ago ({_date(then)})"


def _expiry(info: StoreInfo, now: int) -> str:
    rule = "" if info.expires_after_days is None else f"{count(info.expires_after_days, 'day')} after its last use"
    if info.expires_at is None:
        return rule or "never"
    return f"{_moment(info.expires_at, now)}{f', {rule}' if rule else ''}"


def _moment(then: int, now: int) -> str:
    return f"in {age_text(then - now)} ({_date(then)})" if then > now else f"{age_text(now - then)} ago ({_date(then)})"


def _date(then: int) -> str:
    try:
        return datetime.fromtimestamp(then, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "no date"
