"""Which command a report names as the next one."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from tests.support.reports import planned_report, synced_report, with_body
from vsync.errors import ApiUnavailable
from vsync.report.body import Estimate
from vsync.report.next_step import next_command
from vsync.report.report import Report
from vsync.report.verification import Drift, Foreign, Taken, Verification

DRIFT = (Drift("missing", "a.md", "file-1", "not listed"),)
THEIRS = Foreign("file-2", "old/a.md", "", "d")


def verified(found: Verification) -> Report:
    return with_body(found, {})


@pytest.mark.parametrize(
    ("report", "command"),
    [
        (planned_report(added=("a.md",)), "vsync sync"),
        (planned_report(estimate=Estimate(0, 0, 1)), "vsync sync"),
        (planned_report(unchanged=3), None),
        (planned_report(added=("a.md",), refused="too many"), None),
        (planned_report(added=("a.md",), error=ApiUnavailable("gone")), None),
        (planned_report(added=("a.md",), superseded=True), None),
        (planned_report(added=("a.md",), of_pull_request=True), None),
        (planned_report(added=("a.md",), unread_manifest="vsync-manifest"), "vsync plan --push"),
        (synced_report(added=("a.md",)), None),
        (verified(Verification(drift=DRIFT)), "vsync verify --repair"),
        (verified(Verification(sound=3)), None),
        (
            verified(Verification(take_over=("old/**",), taken=(Taken(THEIRS, "listed"),))),
            "vsync verify --take-over 'old/**' --yes",
        ),
        (verified(Verification(take_over=("old/**",), taken=(Taken(THEIRS, "deleted"),))), None),
    ],
)
def test_at_most_one_command_goes_on_from_a_report(report: Report, command: str | None) -> None:
    assert next_command(report) == command


def test_the_options_of_the_run_stay_and_a_shell_reads_them_as_they_were() -> None:
    given = ("--vector-store-name", "our docs; rm -rf /", "--include", "$HOME/**")
    command = next_command(replace(planned_report(added=("a.md",)), options=given))
    assert command is not None
    assert shlex.split(command) == ["vsync", "sync", *given]
