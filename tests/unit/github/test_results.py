"""Which annotations a report gives."""

from __future__ import annotations

from tests.support.reports import synced_report
from vsync.github.results import Annotation, warning_annotations


def test_a_warning_about_a_file_stands_beside_the_file() -> None:
    report = synced_report(
        warnings=("of the run", "of a", "of many"), document_warnings={"of a": "docs/a.md", "of many": None}
    )
    assert warning_annotations(report, 10) == [
        Annotation("vsync", "of the run"),
        Annotation("docs/a.md", "of a", "docs/a.md"),
        Annotation("vsync", "of many"),
    ]
    assert warning_annotations(report, 1) == [Annotation("vsync", "of the run")]


def test_a_warning_whose_text_was_redacted_keeps_its_file() -> None:
    report = synced_report(warnings=("the key",), document_warnings={"the key": "a.md"}).mapped(
        lambda text: text.replace("key", "***")
    )
    assert warning_annotations(report, 10) == [Annotation("a.md", "the ***", "a.md")]
