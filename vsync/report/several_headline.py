"""How the run of several targets went: one mark and one sentence. Pure."""

from __future__ import annotations

from typing import NamedTuple

from vsync.report.headline import headline, signed_numbers
from vsync.report.several import Reports, counts, dry_run, gravest_first, of_one_kind, superseded
from vsync.system.wording import count


class Total(NamedTuple):
    """A mark, the word of the command (`plan`, `verify` or empty), and a sentence without a full stop. No name is in it."""

    mark: str
    command: str
    sentence: str


def total(reports: Reports) -> Total:
    """What matters most about several reports."""
    of_verify = any(report.verification is not None for report in reports)
    command = "verify" if of_verify else "plan" if dry_run(reports) else ""
    every = count(len(reports), "target")
    signed = signed_numbers(counts(of_one_kind(reports)))
    failed = [report for report in reports if report.exit_code]
    refused = [report for report in reports if report.refused and not report.exit_code]
    if failed or refused:
        mark = headline(gravest_first(reports)[0]).mark
        few, done = (failed, "failed") if failed else (refused, "refused by a limit")
        what = f"{len(few):,} of {every} {done}" if failed else f"The plan of {len(few):,} of {every} is {done}"
        return Total(mark, command, f"{what}{f', {signed}' if signed else ''}")
    if superseded(reports):
        return Total("⏭️", command, f"Newer runs have already synced {every}, nothing was changed")
    if of_verify:
        return Total("✅", command, f"No drift in {every}{f', {signed}' if signed else ''}")
    if signed:
        changing = sum(report.changed for report in of_one_kind(reports))
        where = every if changing == len(reports) else f"{changing:,} of {every}"
        return Total("📋" if command else "✅", command, f"{signed} in {where}")
    return Total("✅", command, f"{'No document would change' if command else 'Nothing changed'} in {every}")
