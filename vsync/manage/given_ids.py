"""Ids and names in a file: one a line, or as vsync itself prints them. Pure."""

from __future__ import annotations

import json
from typing import Any

_BLANKS = " \t\r\n"


def ids_in(text: str) -> list[str]:
    """The ids and names in a text. Raises ValueError with what is wrong.

    | the text | its ids |
    | --- | --- |
    | lines | each line; blank lines, and lines that begin with `#`, count for nothing |
    | lines of JSON (`--jsonl`) | the `id` of each |
    | a list in JSON (`--json`) | its texts, or the `id` of each of its objects |
    | the report of a dry run | what would be deleted |
    | the report of a delete | what failed |
    """
    text = text.removeprefix("\ufeff").strip(_BLANKS)
    if text.startswith("[") or (text.startswith("{") and (whole := _whole(text)) is not None):
        data = json.loads(text) if text.startswith("[") else whole
        return _of_report(data) if isinstance(data, dict) and "success" in data else _of_items(data)
    # A name may hold other line breaks than these, such as U+2028, and JSON need not escape them.
    lines = (line.strip(_BLANKS) for line in text.split("\n"))
    return [_of_line(line, number) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]


def _whole(text: str) -> Any:
    """The text as one value of JSON; None when it is none, as lines of JSON are none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _of_line(line: str, number: int) -> str:
    if not line.startswith("{"):
        return line
    try:
        return _id_of(json.loads(line))
    except (ValueError, RecursionError):
        raise ValueError(f"line {number} is no JSON object with an id") from None


def _of_items(data: Any) -> list[str]:
    return [_id_of(item) for item in (data if isinstance(data, list) else [data])]


def _of_report(data: dict[str, Any]) -> list[str]:
    items = data["success"] if data.get("dry_run") else data.get("failed", [])
    return _of_items(items if isinstance(items, list) else [items])


def _id_of(item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else item
    if not isinstance(found, str) or not found.strip():
        raise ValueError("it holds something that is neither a text nor an object with an id")
    return found
