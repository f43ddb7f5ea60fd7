"""Which annotations a report gives."""

from __future__ import annotations

import pytest

from tests.support.builders import HEAD
from tests.support.reports import planned_report, synced_report
from vsync.errors import ConfigMistakes, ConfigurationError, StoreGone
from vsync.github.results import Annotation, error_annotations, failure_annotations, outputs, warning_annotations
from vsync.report.documents import FailedItem


def test_a_warning_about_a_file_stands_beside_the_file() -> None:
    report = synced_report(
        warnings=("of the run", "of a", "of many"), document_warnings={"of a": "docs/a.md", "of many": None}
    )
    assert warning_annotations([report], 10) == [
        Annotation("vsync", "of the run"),
        Annotation("docs/a.md", "of a", "docs/a.md"),
        Annotation("vsync", "of many"),
    ]
    assert warning_annotations([report], 1) == [Annotation("vsync", "of the run")]


def test_a_warning_whose_text_was_redacted_keeps_its_file() -> None:
    report = synced_report(warnings=("the key",), document_warnings={"the key": "a.md"}).mapped(
        lambda text: text.replace("key", "***")
    )
    assert warning_annotations([report], 10) == [Annotation("a.md", "the ***", "a.md")]


# --- Several targets ----------------------------------------------------------------------------------------------


def test_a_warning_of_every_target_is_told_once_and_the_others_under_their_targets() -> None:
    reports = [
        synced_report(target="a", warnings=("of all", "of a")),
        synced_report(target="b", warnings=("of all", "of b"), document_warnings={"of b": "docs/b.md"}),
    ]
    assert warning_annotations(reports, 10) == [
        Annotation("vsync", "of all"),
        Annotation("vsync a", "of a"),
        Annotation("docs/b.md", "of b", "docs/b.md"),
    ]


FAILED = tuple(FailedItem(path=f"{number}.md", code="invalid_file", message="no") for number in range(20))


@pytest.mark.parametrize("targets", [1, 2, 3, 9, 10, 11, 40])
def test_errors_of_several_targets_share_the_room(targets: int) -> None:
    reports = [synced_report(target=f"t{number}", failed=FAILED) for number in range(targets)]
    found = error_annotations(reports, 10)
    assert len(found) <= 10
    titles = {annotation.title for annotation in found}
    named = {f"vsync t{number}" for number in range(targets)} if targets > 1 else {"vsync"}
    assert named <= titles or found[-1].message == f"{targets - 9} more targets failed: see the job summary."


def test_the_gravest_error_comes_first() -> None:
    reports = [synced_report(target="a", failed=FAILED[:1]), synced_report(target="b", error=StoreGone("gone"))]
    assert [annotation.title for annotation in error_annotations(reports, 10)] == ["vsync b", "vsync a", "0.md"]


def test_outputs_of_several_are_sums_and_one_line_a_store() -> None:
    reports = [
        synced_report(target="a", vector_store_id="vs_1", added=("1",), base="b" * 40, manifest_commit="1" * 40),
        synced_report(target="b", added=("2",), removed=("3",), manifest_commit="2" * 40),
        planned_report(target="c", vector_store_id="vs_3"),
    ]
    found = outputs(reports, "report.json")
    assert found["vector-store-id"] == "vs_1\n\nvs_3"
    assert (found["added"], found["removed"], found["failed"]) == ("2", "1", "0")
    assert (found["changed"], found["dry-run"], found["superseded"]) == ("true", "false", "false")
    assert found["base"] == f"{'b' * 40}\n\n"
    assert found["head"] == HEAD
    assert found["manifest-commit"] == "2" * 40
    assert found["failure-reason"] == ""


# --- A run without a report ---------------------------------------------------------------------------------------


def test_each_mistake_in_a_config_stands_at_its_place() -> None:
    error = ConfigMistakes(".vsync.yml:3:5: targets.docs: wrong.\n.vsync.yml:12:1: also wrong.", "mend it")
    assert failure_annotations(error, 10) == [
        Annotation("vsync", "targets.docs: wrong.", ".vsync.yml", 3, 5),
        Annotation("vsync", "also wrong.", ".vsync.yml", 12, 1),
    ]


def test_many_mistakes_are_counted() -> None:
    error = ConfigMistakes("\n".join(f".vsync.yml:{line}:1: wrong." for line in range(1, 13)))
    found = failure_annotations(error, 10)
    assert len(found) == 10
    assert found[-1] == Annotation("vsync", "3 more mistakes: see the job summary.")


@pytest.mark.parametrize(
    "message", ["wrong", "See https://example.com:443:1: it answers", "a.md:3: no column", "the clone:\n/x is gone"]
)
def test_an_error_that_names_no_place_is_one_of_the_run(message: str) -> None:
    error = ConfigurationError(message, "Mend it.")
    (found,) = failure_annotations(error, 10)
    assert (found.title, found.file, found.message) == ("vsync", None, f"{message} Mend it.")
