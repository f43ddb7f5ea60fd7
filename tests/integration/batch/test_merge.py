"""Results of batches are merged into the results that are there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.batches import batch_info
from tests.support.results import bad, expired, good, lines
from vsync.batch.custom_ids import digest
from vsync.batch.merge import BatchResults, NewResults, arrange, merge, on_disk_at, with_good_result
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.summary_file import Summary

PLACE = "batch-results/b.jsonl"
SHA, OTHER = "a" * 64, "b" * 64


class Results:
    """The results of one request file with the requests a, b and c."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warnings: list[str] = []
        self.folder = ResultsFolder(root, "batch-results", warn=self.warnings.append)

    def merge(self, *batches: BatchResults, sha256: str = SHA, known: bool = True) -> Summary:
        order = (lambda: iter(enumerate("abc", 1))) if known else None
        new = NewResults("batches/b.jsonl", sha256, order, batches)
        return merge(self.folder, PLACE, new, lambda text: text).summary

    def lines(self) -> list[bytes]:
        return (self.root / PLACE).read_bytes().splitlines()


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path)


def batch(batch_id: str, output: bytes | None, errors: bytes | None = None, **info: Any) -> BatchResults:
    first, second = (None if content is None else io.BytesIO(content) for content in (output, errors))
    return BatchResults(batch_info(batch_id, info.pop("status", "completed"), **info), 3, first, second)


def test_a_batch_and_its_resubmission_become_one_file(results: Results) -> None:
    first = results.merge(batch("batch-1", lines(good("c"), good("a")), lines(bad("b", 429, None))))
    assert results.lines() == [good("a"), bad("b", 429, None), good("c")]
    assert (first.completed, first.failed, on_disk_at(results.folder, PLACE, SHA).failed) == (2, 1, 1)
    assert with_good_result(results.folder, PLACE, SHA) == {digest("a"), digest("c")}
    second = results.merge(batch("batch-2", lines(good("b")), created_at=2_000))
    assert results.lines() == [good("a"), good("b"), good("c")]
    assert [each.id for each in second.batches] == ["batch-1", "batch-2"]
    assert results.folder.complete(PLACE, SHA)
    assert results.folder.is_current(PLACE, SHA, "batch-1")
    assert with_good_result(results.folder, PLACE, SHA) == {digest(each) for each in "abc"}


def test_several_batches_can_be_merged_at_once_and_again(results: Results) -> None:
    batches = [
        batch("batch-1", None, lines(bad("a"), bad("b"), expired("c")), status="expired", expired_at=5),
        batch("batch-2", lines(good("a")), lines(bad("b", 500))),
    ]
    once = results.merge(*batches)
    content = results.lines()
    assert content == [good("a"), bad("b", 500), expired("c")]
    assert [(each.line, each.batch_id) for each in once.failures] == [(2, "batch-2"), (3, "batch-1")]
    assert once.batches[0].completed_at == 5
    assert results.merge(*batches) == once
    assert results.lines() == content


def test_no_text_of_a_summary_holds_a_secret(results: Results) -> None:
    def order() -> Iterator[tuple[int, str]]:
        return iter([(1, "a"), (2, "my KEY")])

    info = batch(
        "batch-1",
        None,
        lines(bad("a", code="KEY", message="KEY"), bad("my KEY", code="x")),
        model="m KEY",
        endpoint="/KEY",
    )
    merge(
        results.folder,
        PLACE,
        NewResults("batches/b.jsonl", SHA, order, [info]),
        lambda text: text.replace("KEY", "***"),
    )
    assert "KEY" not in (results.root / "batch-results/b.summary.json").read_text()
    summary = results.folder.summary(PLACE)
    assert summary is not None
    assert [each.custom_id for each in summary.failures] == ["a", "my ***"]
    assert "my KEY" in (results.root / PLACE).read_text()
    assert with_good_result(results.folder, PLACE, SHA) == set()


def test_failures_of_an_earlier_run_keep_their_batch(results: Results) -> None:
    results.merge(batch("batch-1", lines(good("a")), lines(bad("b"), bad("c"))))
    found = results.merge(batch("batch-2", lines(good("b"))))
    assert [(each.custom_id, each.batch_id) for each in found.failures] == [("c", "batch-1")]


def test_a_batch_without_any_file_gives_each_request_a_line(results: Results) -> None:
    found = results.merge(batch("batch-1", None, status="cancelled"))
    assert [each.code for each in found.failures] == ["no_result"] * 3
    assert len(results.lines()) == 3


def test_requests_that_nobody_knows_leave_the_order_of_the_api(results: Results) -> None:
    found = results.merge(batch("batch-1", lines(good("c"), good("a"))), known=False)
    assert results.lines() == [good("c"), good("a")]
    assert not found.in_input_order


def test_results_are_brought_into_the_order_of_requests_that_are_known_again(results: Results) -> None:
    results.merge(batch("batch-1", lines(good("c"), good("a")), status="expired"), known=False)
    found = results.merge()
    assert results.lines()[::2] == [good("a"), good("c")]
    assert [(each.line, each.code, each.batch_id) for each in found.failures] == [(2, "no_result", "batch-1")]
    assert "expired" in found.failures[0].message
    assert found.in_input_order
    assert [each.id for each in found.batches] == ["batch-1"]


def test_what_cannot_be_used_is_told(results: Results) -> None:
    found = results.merge(batch("batch-1", lines(good("a"), b"{", good("x"), good("b"), good("c"))))
    assert (found.completed, found.extra, found.unreadable) == (3, 1, 1)
    assert results.lines()[3:] == [good("x"), b"{"]
    assert [warning.split(": ")[0] for warning in results.warnings] == [PLACE, PLACE]


def test_a_file_that_changes_and_is_reverted_keeps_both_results(results: Results) -> None:
    results.merge(batch("batch-1", lines(good("a", "1"), good("b"), good("c"))))
    assert results.folder.holds(PLACE, SHA)
    (kept,) = arrange(results.folder, PLACE, OTHER)
    assert "has changed" in kept
    assert not results.folder.holds(PLACE, SHA)
    results.merge(batch("batch-2", lines(good("a", "2"), good("b"), good("c"))), sha256=OTHER)
    kept, back = arrange(results.folder, PLACE, SHA)
    assert "has changed" in kept
    assert "are back" in back
    assert results.lines()[0] == good("a", "1")
    assert arrange(results.folder, PLACE, SHA) == []
    assert on_disk_at(results.folder, PLACE, OTHER).failed == 0
    assert with_good_result(results.folder, PLACE, OTHER) == set()
