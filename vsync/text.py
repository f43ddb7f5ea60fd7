"""A report in plain text, for the terminal and the log. Pure. File names are hostile: nothing in them acts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from .reporting import FailedItem, Report

_SHOWN = 20


def printable(text: str) -> str:
    """The text with everything that a terminal would act on or not show made visible (`\\n`, `\\x1b`, `\\u202e`)."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """The text without the secrets, and without what looks like an OpenAI key or a JSON web token."""
    for secret in sorted({form for known in filter(None, secrets) for form in _forms(known)}, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = re.sub(r"\bsk-[A-Za-z0-9_-]{8,}", "***", text)
    return re.sub(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?", "***", text)


_LEAST_OF_A_SECRET = 6


def _forms(secret: str) -> set[str]:
    """How a secret may be shown: as it is, as a literal of a program, and line by line."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) >= _LEAST_OF_A_SECRET}
    return {secret, secret.encode("unicode_escape").decode("ascii"), *lines}


def one_line(text: str, secrets: Iterable[str | None], most: int = 300) -> str:
    """What a server said, on one line, without HTML's tags and the secrets, cut: an error page says little after its first words."""
    return redacted(" ".join(re.sub(r"<[^>]*>", " ", text).split()), secrets)[:most]


def redacted_report(report: Report, secrets: Iterable[str | None]) -> Report:
    """The report without the secrets in its messages. Markup escapes and cuts text, which would hide them from `redacted`."""

    known = tuple(secrets)

    def clean(text: str) -> str:
        return redacted(text, known)

    return dataclasses.replace(
        report,
        comparison=dataclasses.replace(report.comparison, reason=clean(report.comparison.reason)),
        skipped=tuple((path, clean(reason)) for path, reason in report.skipped),
        failed=tuple(
            FailedItem(path=f["path"], code=clean(f["code"]), message=clean(f["message"])) for f in report.failed
        ),
        refused=report.refused and clean(report.refused),
        warnings=tuple(map(clean, report.warnings)),
        error=report.error and report.error.mapped(clean),
        mode=clean(report.mode),
        owed=report.owed and clean(report.owed),
    )


def size(count: int) -> str:
    """A number of bytes in the unit that fits."""
    if count < 1000:
        return f"{count} B"
    for unit, factor in (("KB", 1e3), ("MB", 1e6)):
        if count < 999.95 * factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def counts(report: Report) -> list[tuple[str, int]]:
    """What the report counts, in the order in which it is told."""
    return [
        ("added", len(report.added)),
        ("updated", len(report.updated)),
        ("renamed", len(report.renamed)),
        ("retagged", len(report.retagged)),
        ("removed", len(report.removed)),
        ("unchanged", report.unchanged),
        ("skipped", len(report.skipped)),
        ("failed", len(report.failed)),
    ]


def plan_lines(report: Report, shown: int = _SHOWN) -> list[str]:
    """The plan: how it was found, how much it is, and its first operations."""
    lines = [
        f"Plan for {printable(report.source)}: {_range(report)}",
        f"  compared{' the whole tree' if report.comparison.mode == 'full' else ''}: {report.comparison.reason}",
    ]
    told = [f"{word} {number}" for word, number in _plan_counts(report) if number]
    lines.append("  " + (", ".join(told) if told else "nothing to do"))
    if report.estimate.get("uploads"):
        uploads = report.estimate["uploads"]
        lines[-1] += f" ({uploads} upload{'' if uploads == 1 else 's'}, {size(report.estimate['upload_bytes'])})"
    lines += _capped((f"  {mark} {text}" for mark, text in operations(report)), shown)
    if report.refused:
        lines.append(f"Refused: {report.refused}")
    return [printable(line) for line in lines]


def operations(report: Report) -> list[tuple[str, str]]:
    """Every operation as a mark and a text, in the order of their paths."""
    found = [("+", path, printable(path)) for path in report.added]
    found += [("~", path, printable(path)) for path in report.updated]
    found += [("»", new, f"{printable(old)} → {printable(new)}") for old, new in report.renamed]
    found += [("#", path, f"{printable(path)} (attributes)") for path in report.retagged]
    found += [("-", path, printable(path)) for path in report.removed]
    return [(mark, text) for mark, _, text in sorted(found, key=lambda item: item[1])]


def summary_lines(report: Report) -> list[str]:
    """What a run did, failures and skipped files with their reasons."""
    lines = [_headline(report)]
    lines.append("  " + " · ".join(f"{word} {number}" for word, number in counts(report)))
    if report.bytes_uploaded:
        lines.append(f"  uploaded {size(report.bytes_uploaded)} in {sum(report.requests.values())} requests")
    if report.failed:
        lines.append("Failed:")
        lines += _capped(
            (f"  {printable(f['path'])}: {f['code']}: {printable(f['message'])}" for f in report.failed), 50
        )
    if report.skipped:
        lines.append("Skipped:")
        lines += _capped((f"  {printable(path)}: {reason}" for path, reason in report.skipped), _SHOWN)
    lines += [f"Warning: {warning}" for warning in report.warnings]
    return [printable(line) for line in lines]


def _headline(report: Report) -> str:
    store, took = report.vector_store_id or "its vector store", f"{report.duration_s:.1f} s"
    at = f" at {report.head[:12]}" if report.head else ""
    what = f"{printable(report.source)}{at}"
    if report.superseded:
        return f"A newer run has already published: {what} changes nothing."
    if report.dry_run:
        return f"Dry run: nothing was changed ({what} → {store}, {took})"
    if report.refused:
        return f"Refused, nothing was changed: {what} → {store} ({took})"
    if report.error is not None:
        return f"Not finished: {what} → {store} ({took})"
    if report.failed:
        return f"Synced with failures: {what} → {store} ({took})"
    if not report.changed:
        return f"Nothing to do: {store} equals {what} ({took})"
    return f"Synced {what} → {store} ({took})"


def _range(report: Report) -> str:
    if report.head is None:
        return "the folder as it is"
    if report.base is None or report.base == report.head:
        return report.head[:12]
    return f"{report.base[:12]}..{report.head[:12]}"


def _plan_counts(report: Report) -> list[tuple[str, int]]:
    words = {
        "added": "add",
        "updated": "update",
        "renamed": "rename",
        "retagged": "retag",
        "removed": "remove",
    }
    return [(words.get(word, word), number) for word, number in counts(report)]


def _capped(lines: Iterable[str], most: int) -> list[str]:
    every = list(lines)
    if len(every) <= most + 1:
        return every
    return [*every[:most], f"  … and {len(every) - most} more"]
