"""What the checks of targets come to: exit code, reason, JSON."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.documents.describing import Check
from vsync.errors import ApiUnavailable, ManifestError, VsyncError
from vsync.search.check_report import CheckReport, exit_code, failure_reason, to_json
from vsync.search.checks import Whose, judge
from vsync.store.entries import Hit

HITS = [Hit("file-1", "a.md", 0.5, {"path": "a.md"}, "text")]
PASSED, FAILED = (judge(Check("?", paths=(path,)), HITS, Whose("default", ())) for path in ("a.md", "b.md"))

FINE, WRONG = CheckReport("fine", (PASSED,), "vs_1"), CheckReport("wrong", (PASSED, FAILED), "vs_2")
BROKEN = CheckReport("broken", error=ManifestError("The manifest is broken.", "Mend it."))
AWAY = CheckReport("away", error=ApiUnavailable("No answer.", "Run again."))


@pytest.mark.parametrize(
    ("reports", "code", "reason"),
    [
        ([FINE], 0, ""),
        ([CheckReport("empty")], 0, ""),
        ([FINE, WRONG], 1, "check"),
        ([WRONG, AWAY], 3, "api"),
        ([WRONG, AWAY, BROKEN], 2, "manifest"),
    ],
)
def test_the_gravest_target_gives_code_and_reason(reports: list[CheckReport], code: int, reason: str) -> None:
    assert (exit_code(reports), failure_reason(reports)) == (code, reason)


def test_one_target_is_an_object_and_several_are_a_list() -> None:
    data: Any = to_json([WRONG])
    assert (data["target"], data["vector_store_id"], data["passed"], data["failed"]) == ("wrong", "vs_2", 1, 1)
    assert [check["passed"] for check in data["checks"]] == [True, False]
    assert "error" not in data
    several: Any = to_json([FINE, AWAY])
    assert [each["target"] for each in several] == ["fine", "away"]
    assert several[1]["error"] == {"reason": "api", "message": "No answer.", "remedy": "Run again."}


def test_every_text_can_be_changed_but_the_targets_name() -> None:
    error: VsyncError = ApiUnavailable("secret", "secret")
    report = CheckReport("name", (FAILED,), "vs_secret", ("secret",), error).mapped(
        lambda text: text.replace("secret", "*")
    )
    assert (report.target, report.vector_store_id, report.warnings) == ("name", "vs_*", ("*",))
    assert report.error is not None
    assert str(report.error) == "* *"
