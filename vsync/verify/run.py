"""`vsync verify` for one target: compares manifest and store, and mends what differs as far as it is asked to.

Without an order to mend it only reads: it takes no lock and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vsync.config.targets import Target
from vsync.documents.gitignore import matcher
from vsync.errors import ConfigurationError, VsyncError
from vsync.recovery.unproven import unproven_warnings
from vsync.report.body import Orphan, Synced
from vsync.report.report import Report
from vsync.report.verification import Taken
from vsync.store.client import Api
from vsync.store.files import Files
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.verify.compare import compare_store, read_when_quiet
from vsync.verify.options import VerifyOptions
from vsync.verify.rebuild import Rebuilt, rebuild, what_sync_would_do
from vsync.verify.repair import repair
from vsync.verify.reports import added_requests, verification_of, with_verification, with_warnings
from vsync.verify.takeover import spared, take


def run(target: Target, ports: Ports, context: RunContext, options: VerifyOptions) -> Report:
    """Compares, and mends what the options say. Raises VsyncError when there is no report."""
    started = time.monotonic()
    # Both are orders for a sync: a repair carries out another plan than `vsync plan` shows.
    context = replace(context, settings=replace(context.settings, expect=None, reindex=()))
    _check(ports, context, options)
    report = _run(target, ports, context, options)
    return replace(report, duration_s=time.monotonic() - started)


def _check(ports: Ports, context: RunContext, options: VerifyOptions) -> None:
    if options.yes and not options.take_over:
        raise ConfigurationError("--yes without --take-over has no meaning.", "Give --yes together with --take-over.")
    if not context.keeps_manifest:
        raise ConfigurationError(
            "Without a manifest there is nothing to compare.", "Leave out --manifest none (input manifest)."
        )
    if options.take_over:
        matcher("take-over", options.take_over)  # a mistake in a pattern is told before a wait for another run
    ports.connection()


def _run(target: Target, ports: Ports, context: RunContext, options: VerifyOptions) -> Report:
    made = rebuild(target, ports, context) if options.rebuild else Rebuilt((), ())
    report = with_warnings(compare_store(target, ports, context, options.take_over), made.warnings)
    if options.repair:
        report = repair(target, ports, context, options.take_over, report)
    elif options.rebuild:
        report = what_sync_would_do(target, ports, context, report)
    if options.take_over and options.yes:
        report = _take_over(target, ports, context, options, report)
    if options.rebuild:
        report = _named_once(with_verification(report, rebuilt=True), made.unproven)
    return report


def _named_once(report: Report, unproven: Sequence[Orphan]) -> Report:
    """The report with the Files that only the old manifest named. Others may have found one by its name and size."""
    ids, told = {orphan.file_id for orphan in unproven}, unproven_warnings(unproven)
    again = tuple(f"The File {file_id} (" for file_id in ids)  # each look may give another reason
    verification, synced = verification_of(report), report.sync
    if isinstance(synced, Synced):
        synced = replace(synced, orphans=tuple(orphan for orphan in synced.orphans if orphan.file_id not in ids))
    others = [orphan for orphan in verification.orphans if orphan.file_id not in ids]
    warnings = tuple(text for text in report.warnings if text in told or not text.startswith(again))
    report = replace(report, warnings=warnings)
    return with_verification(report, orphans=(*others, *unproven), sync=synced)


def _take_over(target: Target, ports: Ports, context: RunContext, options: VerifyOptions, before: Report) -> Report:
    """Brings all documents into the store, then removes exactly the entries that `before` lists. None listed: does nothing."""
    listed = verification_of(before).taken
    if not listed:
        return before
    done = before if options.repair else repair(target, ports, context, options.take_over, before)
    lacking = _lacking(target, ports, context, done)
    if lacking is None or done.vector_store_id != before.vector_store_id:
        warning = (
            "Nothing was taken over: first all documents must be in the store, and this run did not come that far."
        )
        return with_warnings(with_verification(done, taken=listed), (warning,))
    entries, kept = spared([item.entry for item in listed], lacking)
    if not entries:
        return with_verification(done, taken=kept)

    async def taking(api: Api) -> tuple[list[Taken], VsyncError | None, Mapping[str, int]]:
        stores = Stores(api)
        store = stores.open(done.vector_store_id or "", ports.rates)
        taken, cause = await take(entries, stores, Files(api), store, context.stop, context.observer)
        return taken, cause, dict(api.traffic.requests)

    taken, cause, requests = ask(ports.connection(), taking, context.stop)
    done = with_verification(
        replace(done, requests=added_requests(done.requests, requests), error=cause or done.error),
        taken=(*taken, *kept),
    )
    if cause is not None:
        return done
    after = compare_store(target, ports, context, options.take_over)
    seen = verification_of(after)
    done = replace(done, requests=added_requests(done.requests, after.requests))
    return with_verification(done, drift=seen.drift, foreign=seen.foreign, compared=True)


def _lacking(target: Target, ports: Ports, context: RunContext, done: Report) -> frozenset[str] | None:
    """The documents that were refused for good. None when another document is not in the store."""
    if done.error is not None or done.refused or done.superseded or verification_of(done).drift:
        return None
    failed = {item["path"] for item in done.documents.failed}
    if not failed:
        return frozenset()
    state = read_when_quiet(target, ports, context).state
    return frozenset(failed) if state is not None and failed <= state.failed.keys() else None
