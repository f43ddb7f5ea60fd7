"""Reports for tests, from facts by the names of their fields, whichever part of the report a fact belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from tests.support.builders import HEAD
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned, Synced
from vsync.report.documents import Documents
from vsync.report.report import Body, Report
from vsync.report.text import Line

COMPARISON = Comparison("diff", "git diff since the last synced commit 0123456789ab")


def texts(lines: Iterable[Line]) -> list[str]:
    """The lines without their tones."""
    return [line.text for line in lines]


def planned_report(**facts: Any) -> Report:
    """A plan: facts of `Documents`, `Planned` and `Report`."""
    return with_body(_planned(facts), facts)


def synced_report(**facts: Any) -> Report:
    """A sync: facts of `Documents`, `Synced` and `Report`. `refused` belongs to its plan."""
    documents = Documents(**taken(facts, Documents))
    plan = Planned(documents, refused=facts.pop("refused", None))
    return with_body(Synced(plan, documents, **taken(facts, Synced)), facts)


def with_body(body: Body, facts: dict[str, Any]) -> Report:
    given = {"target": "default", "comparison": COMPARISON, "source": "acme/docs", "head": HEAD, **facts}
    return Report(body=body, **given)


def taken(facts: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """The facts of one part. They are taken out of `facts`."""
    return {field.name: facts.pop(field.name) for field in fields(kind) if field.name in facts}


def _planned(facts: dict[str, Any]) -> Planned:
    return Planned(Documents(**taken(facts, Documents)), **taken(facts, Planned))
