"""The log of the action while a run goes on."""

from __future__ import annotations

import pytest

from tests.support.builders import report
from vsync.github.results import ActionObserver


def test_the_log_gets_a_line_of_progress_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 50.0
    observer = ActionObserver(lambda: now)
    observer.stage("uploading", 3)
    observer.advance("uploading")
    assert capsys.readouterr().out == ""
    now += 10
    observer.stage("indexing", 1)
    observer.advance("uploading")
    assert capsys.readouterr().out == "uploading 2/3, indexing 0/1\n"
    observer.advance("uploading")
    assert capsys.readouterr().out == ""


def test_the_plan_is_folded_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    ActionObserver().planned(report(added=("docs/a.md",)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("::group::")
    assert lines[-1] == "::endgroup::"
    assert any("docs/a.md" in line for line in lines[1:-1])
