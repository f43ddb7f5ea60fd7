"""What became of a bulk delete, as text and as Markdown."""

from __future__ import annotations

import pytest

from vsync.errors import ApiUnavailable, Interrupted
from vsync.manage.bulk_report import INTERRUPTED, BulkReport, Deleted, Fact, Failure, Spared, not_tried
from vsync.manage.bulk_text import Going, bulk_headline, bulk_lines, by_reason, is_unfinished, remedies_of
from vsync.manage.summary import bulk_summary

GONE = ApiUnavailable("The API did not answer.", "Run again later.")
STOPPED = Interrupted(2)
NOW = 1_900_000_000


def stores(success: int = 0, *failed: Failure, files: Deleted | None = None, **more: object) -> BulkReport:
    deleted = Deleted([f"vs_{number}" for number in range(success)], failed)
    return BulkReport("stores", deleted, files, **more)  # type: ignore[arg-type]  # each test gives fields that fit


def text(report: BulkReport, again: str = "vsync stores delete a --yes", shown: tuple[str, ...] = ()) -> str:
    return "\n".join(line.text for line in bulk_lines(report, again, shown))


@pytest.mark.parametrize(
    ("report", "mark", "sentence"),
    [
        (stores(), "✅", "nothing to delete"),
        (stores(1), "✅", "deleted 1 vector store"),
        (stores(2, files=Deleted(["file-1"])), "✅", "deleted 2 vector stores and 1 File"),
        (stores(2, bytes=1_500), "✅", "deleted 2 vector stores, 1.5 KB"),
        (stores(2, dry_run=True), "🔍", "would delete 2 vector stores"),
        (stores(0, dry_run=True), "🔍", "nothing would be deleted"),
        (stores(1, Failure("vs_9", "no", 404), dry_run=True), "⚠️", "would delete 1 vector store, 1 failed"),
        (stores(1, Failure("vs_9", "no", 404)), "❌", "deleted 1 vector store, 1 failed"),
        (stores(0, *not_tried(["vs_8", "vs_9"], GONE), error=GONE), "🛑", "nothing was deleted, 2 not tried"),
        (
            stores(1, *not_tried(["vs_9"], STOPPED), error=STOPPED),
            "🛑",
            "interrupted: deleted 1 vector store, 1 not tried",
        ),
        (
            stores(0, Failure("vs_8", INTERRUPTED), *not_tried(["vs_9"], STOPPED), error=STOPPED),
            "🛑",
            "interrupted: nothing was deleted, 1 without an answer, 1 not tried",
        ),
    ],
)
def test_one_sentence_says_what_became_of_it(report: BulkReport, mark: str, sentence: str) -> None:
    assert bulk_headline(report) == (mark, sentence)
    assert f"{sentence[0].upper()}{sentence[1:]}" in text(report)


def test_failures_stand_with_their_reasons_and_what_to_do() -> None:
    shown = text(stores(1, Failure("vs_9", "There is no such store.", 404), Failure("vs_8", "busy", 409)))
    assert "  vs_9: There is no such store." in shown
    assert "With --missing-ok it is no failure." in shown
    assert "The API refused it (409)" in shown
    assert "To go on: vsync stores delete a --yes" in shown


def test_a_failure_that_was_shown_with_the_plan_is_not_shown_twice() -> None:
    shown = text(stores(1, Failure("vs_9", "There is no such store.", 404)), shown=("vs_9",))
    assert "vs_9" not in shown
    assert "With --missing-ok" in shown


def test_a_reason_that_several_share_stands_once_above_their_ids_and_names() -> None:
    known = {"file-1": Fact("a.md"), "file-2": Fact("b\n.md"), "file-4": Fact("d.md")}
    items = [
        ("file-1", "this repository's manifest names it: docs/a.md"),
        ("file-2", "this repository's manifest names it: docs/b.md"),
        ("file-3", "it does not exist"),
        ("file-4", "another vector store uses it: vs_1"),
        ("file-5", "another vector store uses it: vs_1"),
        ("file-6", "busy."),
        ("file-7", "busy."),
    ]
    assert [line.text for line in by_reason("Spared", items, "faint", known)] == [
        "Spared (7):",
        "  this repository's manifest names it:",
        "    file-1 (a.md): docs/a.md",
        "    file-2 (b\\n.md): docs/b.md",
        "  file-3: it does not exist",
        "  another vector store uses it: vs_1:",
        "    file-4 (d.md)",
        "    file-5",
        "  busy:",
        "    file-6",
        "    file-7",
    ]


def test_of_very_many_with_reasons_only_the_first_are_listed() -> None:
    items = [(f"file-{number}", "busy" if number < 40 else "gone") for number in range(60)]
    lines = [line.text for line in by_reason("Spared", items, "faint", {})]
    assert (len(lines), lines[-1]) == (23, "  … and 40 more (all with --json)")


def test_an_id_of_a_hundred_kilobytes_is_cut() -> None:
    shown = text(stores(0, Failure("x" * 100_000, "no", 404)))
    assert len(shown) < 1_000


def test_the_summary_shows_names_sizes_and_ages_of_the_first_hundred() -> None:
    ids = [f"file-{number}" for number in range(150)]
    known = {item: Fact(f"{item}.md", 1_500, NOW - 7_200) for item in ids}
    shown = bulk_summary(BulkReport("files", Deleted(ids), known=known), None, NOW)
    assert "| <code>file-0&#46;md</code> | 1&#46;5 KB | 2 h | <code>file-0</code> |" in shown
    assert "file-99&#46;md" in shown
    assert "file-100&#46;md" not in shown
    assert "<code>file-149</code>" in shown


def test_many_failures_are_counted_and_not_all_listed() -> None:
    lines = bulk_lines(stores(0, *(Failure(f"vs_{number}", "no", 500) for number in range(200))))
    assert len(lines) < 70
    assert any("… and 150 more" in line.text for line in lines)


def test_a_long_command_is_not_repeated() -> None:
    assert "run the same command again" in text(stores(0, error=GONE), again="vsync " + "x" * 1_000)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "400"),
        (401, "OPENAI_API_KEY"),
        (403, "write access"),
        (429, "--deletes-per-minute"),
        (503, "run again"),
        (None, "run again"),
    ],
)
def test_each_status_has_a_remedy(status: int | None, word: str) -> None:
    (remedy,) = remedies_of(stores(0, Failure("vs_1", "no", status), Failure("vs_2", "no", status)))
    assert word in remedy


def test_what_does_not_exist_is_nothing_to_go_on_with() -> None:
    assert not is_unfinished(stores(1, Failure("vs_9", "no", 404), Failure("?", "no", 400)))
    assert is_unfinished(stores(1, Failure("vs_9", "no", 500)))
    assert is_unfinished(stores(1, error=GONE))
    assert is_unfinished(stores(1, files=Deleted((), [Failure("file-1", "no", None)])))


def test_how_much_goes_is_said_in_words() -> None:
    assert str(Going(3, 200)) == "3 vector stores and 200 Files"
    assert str(Going(0, 1)) == "1 File"
    assert str(Going()) == "nothing"
    assert Going(3, 200).number == 203
    assert str(Going(1, 5, 2)) == "1 vector store and 5 Files (2 used by other stores)"


HOSTILE = "</td> @all <img src=x> [x](http://evil)"


def test_the_summary_names_what_failed_and_why() -> None:
    report = BulkReport(
        "stores",
        Deleted(
            ["vs_1"], [Failure("vs_9", HOSTILE, 409, "req_1")], [Spared("vs_2", "this repository's manifest names it")]
        ),
        Deleted(["file-1"], (), [Spared("file-2", "another vector store uses it: vs_3")]),
        warnings=[HOSTILE],
        breaks=["the target 'docs'"],
        error=GONE,
    )
    shown = bulk_summary(report, None, NOW)
    assert shown.startswith("## 🛑 vsync stores delete: deleted 1 vector store and 1 File, 1 failed")
    assert "| Vector stores | 1 | 1 | 1 |" in shown
    assert "| Their Files | 1 | 0 | 1 |" in shown
    assert "req&#95;1" in shown
    assert "> [!CAUTION]" in shown
    assert "Spared (2)" in shown
    assert "Deleted: 1 File<" in shown
    for act in ("<img", "@all", "http://evil", "</td>"):
        assert act not in shown


def test_the_summary_says_why_nothing_was_deleted() -> None:
    assert "this is a dry run" in bulk_summary(stores(2, dry_run=True), None, NOW)
    shown = bulk_summary(
        BulkReport("files", Deleted(["file-1"]), dry_run=True), "the event is pull_request: it plans", NOW
    )
    assert "Nothing was deleted: the event is pull" in shown
    assert "files delete: would delete 1 File" in shown


def test_a_summary_of_very_many_stays_below_githubs_limit() -> None:
    failed = [Failure(f"file-{number:030}", "x" * 600, 500) for number in range(5_000)]
    report = BulkReport("files", Deleted([f"file-{number:030}" for number in range(30_000)], failed))
    assert len(bulk_summary(report, None, NOW).encode()) < 1024 * 1024
