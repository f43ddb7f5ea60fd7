"""A report in plain text, for the terminal and the log. Pure. File names are hostile: nothing in them acts."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from vsync.report.remedies import DRIFT, remedy
from vsync.report.report import FailedItem, Report
from vsync.report.verification import Drift, Foreign, Verification, by_kind
from vsync.system.redaction import printable, redacted

_SHOWN = 20
_REMEDIES_SHOWN = 6


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
        verification=report.verification and report.verification.mapped(clean),
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
    if report.verification is not None:
        return verification_lines(report, report.verification)
    lines = [_headline(report)]
    lines.append("  " + " · ".join(f"{word} {number}" for word, number in counts(report)))
    if report.bytes_uploaded:
        lines.append(f"  uploaded {size(report.bytes_uploaded)} in {sum(report.requests.values())} requests")
    if report.failed:
        lines.append("Failed:")
        lines += _capped(
            (f"  {printable(f['path'])}: {f['code']}: {printable(f['message'])}" for f in report.failed), 50
        )
        lines += _what_to_do(report)
    if report.skipped:
        lines.append("Skipped:")
        lines += _capped((f"  {printable(path)}: {reason}" for path, reason in report.skipped), _SHOWN)
    lines += [f"Warning: {warning}" for warning in report.warnings]
    return [printable(line) for line in lines]


# --- Verify ---------------------------------------------------------------------------------------------------------


def verification_lines(report: Report, found: Verification) -> list[str]:
    """What verify found and did."""
    lines = [_verified(report, found)]
    if found.drift:
        lines.append("  " + " · ".join(f"{kind} {number}" for kind, number in by_kind(found.drift)))
    if found.synced or report.dry_run:
        told = " · ".join(f"{word} {number}" for word, number in counts(report))
        lines.append(f"  {'vsync sync would do: ' if report.dry_run else ''}{told}")
    lines += _capped((f"  {_drift_line(item)}" for item in found.drift), 50)
    if found.drift:
        lines.append("What to do:")
        lines += [f"  {kind}: {DRIFT[kind]}" for kind, _ in by_kind(found.drift)]
    if found.mended:
        lines.append(f"Mended ({len(found.mended)}):")
        lines += _capped((f"  {_drift_line(item)}" for item in found.mended), _SHOWN)
    if report.failed:
        lines.append("Refused for good by earlier runs:" if not found.synced else "Failed:")
        lines += _capped((f"  {f['path']}: {f['code']}: {f['message']}" for f in report.failed), _SHOWN)
        lines += _what_to_do(report)
    lines += _take_over_lines(found)
    taken = {item.entry.file_id for item in found.taken}
    foreign = [item for item in found.foreign if item.file_id not in taken]
    if foreign:
        lines.append(f"{foreign_title(foreign)} ({len(foreign)}):")
        lines += _capped((f"  {item.name or '?'} ({item.file_id}): {item.detail}" for item in foreign), _SHOWN)
    lines += [f"Warning: {warning}" for warning in report.warnings]
    return [printable(line) for line in lines]


def verification_title(report: Report, found: Verification) -> str:
    """What came of it, in a few words."""
    if report.superseded:
        return "A newer run has already synced: nothing was mended"
    if report.refused:
        return "The repair was refused by a limit, nothing was changed"
    if report.error is not None:
        return "Not finished"
    if found.drift:
        return f"Drift: {_differences(len(found.drift))} between the manifest and the store"
    if found.mended:
        told = f"Mended: {_differences(len(found.mended))}, none is left"
        return f"{told}, but {_documents(len(report.failed))} failed" if report.failed else told
    if not found.compared:
        return "Not compared: there is no manifest yet"
    if report.failed and found.synced:
        return f"No drift, but {_documents(len(report.failed))} failed"
    return "The manifest was made anew from the store, no drift" if found.rebuilt else "No drift"


def _differences(number: int) -> str:
    return f"{number:,} difference{'' if number == 1 else 's'}"


def _documents(number: int) -> str:
    return f"{number:,} document{'' if number == 1 else 's'}"


def _verified(report: Report, found: Verification) -> str:
    store = report.vector_store_id or "its vector store"
    sound = (
        f", {_documents(report.unchanged)} as {'it' if report.unchanged == 1 else 'they'} should be"
        if found.compared and not found.synced
        else ""
    )
    return f"{verification_title(report, found)} ({report.source} → {store}{sound}, {report.duration_s:.1f} s)"


def _drift_line(item: Drift) -> str:
    name = " ".join(filter(None, [item.path, f"({item.file_id})" if item.file_id else None]))
    return f"{item.kind}: {name}{': ' if name else ''}{item.detail}"


_FATES = {"listed": "would go", "deleted": "deleted", "detached": "taken out", "left": "left as it is"}


def _take_over_lines(found: Verification) -> list[str]:
    if not found.take_over:
        return []
    patterns = " ".join(found.take_over)
    listed = [item for item in found.taken if item.fate == "listed"]
    lines = [f"{'To take over' if listed else 'Taken over'}, matching {patterns} ({len(found.taken)}):"]
    lines += _capped(
        (
            f"  {_FATES[item.fate]}: {item.entry.name} ({item.entry.file_id}){f': {item.detail}' if item.detail else ''}"
            for item in found.taken
        ),
        1_000,
    )
    if listed:
        lines.append(
            "  Nothing was removed. With --yes vsync first syncs all documents, then takes just these entries out of the "
            "store, and deletes those of their Files that no other store lists."
        )
    if not found.taken:
        lines = [f"To take over: no entry of others matches {patterns}."]
    if found.kept_back:
        lines.append(f"  {kept_back(found.kept_back)}")
    return lines


def foreign_title(foreign: Iterable[Foreign]) -> str:
    """The heading of entries that are not ours."""
    if all(item.of_vsync for item in foreign):
        return "Not ours, and never touched"
    return "Not ours, and never touched without --take-over"


def kept_back(number: int) -> str:
    """Why matching entries are not shown to be taken over."""
    if number == 1:
        return "1 more matches, but another vsync put it there: it is never taken over."
    return f"{number:,} more match, but another vsync put them there: they are never taken over."


def nothing_selected(report: Report) -> bool:
    """Whether there is no document, neither in the source nor in what was synced before."""
    held = report.before is not None and report.before.documents
    return not (report.changed or report.unchanged or report.failed or held)


def failed_by_code(report: Report) -> list[tuple[str, int]]:
    """How many documents failed with each code, the most frequent first; so many codes as a person reads."""
    return Counter(item["code"] for item in report.failed).most_common(_REMEDIES_SHOWN)


def _what_to_do(report: Report) -> list[str]:
    """The remedy of each code of failed documents."""
    told = [f"  {code} ({number:,}): {remedy(code)}" for code, number in failed_by_code(report)]
    return ["What to do about failed documents:", *told]


# --- Parts ----------------------------------------------------------------------------------------------------------


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
        left = f", {report.left:,} document{'' if report.left == 1 else 's'} left to do" if report.left else ""
        return f"Not finished{left}: {what} → {store} ({took})"
    if report.failed:
        return f"Synced with failures: {what} → {store} ({took})"
    if nothing_selected(report):
        return f"Nothing is selected: {what} has no document to sync ({took})"
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
