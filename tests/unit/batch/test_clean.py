from __future__ import annotations

from tests.support.batches import SOURCE, batch_info, own_batch, sha256
from vsync.batch.clean import needless_inputs
from vsync.batch.metadata import OwnBatch, input_filename
from vsync.store.batch_info import BatchInfo
from vsync.store.entries import UploadedFile

NOW, DAY = 1_000_000, 24 * 3600


def uploaded(
    file_id: str, content: str = "one", *, source: str = SOURCE, age_s: int = 0, name: str = ""
) -> UploadedFile:
    filename = name or input_filename("batches/a.jsonl", sha256(content), source)
    return UploadedFile(file_id, filename, 9, "batch", NOW - age_s, "processed", None)


def needless(files: list[UploadedFile], own: list[OwnBatch], done: list[OwnBatch], *others: BatchInfo) -> list[str]:
    listed = [*(batch.info for batch in own), *others]
    return needless_inputs(files, listed, own, done, SOURCE, NOW)


def test_the_input_of_a_batch_whose_results_are_on_disk_is_needless() -> None:
    batch = own_batch(status="completed", input_file_id="file-1")

    assert needless([uploaded("file-1")], [batch], [batch]) == ["file-1"]


def test_the_input_of_a_batch_whose_results_are_not_on_disk_stays() -> None:
    batch = own_batch(status="completed", input_file_id="file-1")

    assert needless([uploaded("file-1")], [batch], []) == []


def test_an_input_that_a_running_batch_names_stays_even_if_that_is_somebody_elses() -> None:
    batch = own_batch(status="completed", input_file_id="file-1")

    assert needless([uploaded("file-1")], [batch], [batch], batch_info("batch_x", input_file_id="file-1")) == []


def test_an_input_of_the_content_of_a_running_batch_stays() -> None:
    """The batch that runs may have been made from the other File of this content, but a lost answer leaves doubt."""
    done, running = (
        own_batch(status="completed", input_file_id="file-1"),
        own_batch(batch_id="b2", input_file_id="file-2"),
    )

    assert needless([uploaded("file-1"), uploaded("file-2")], [done, running], [done]) == []


def test_a_file_that_vsync_did_not_name_is_never_deleted() -> None:
    batch = own_batch(status="completed", input_file_id="file-1")
    foreign = uploaded("file-1", name="requests.jsonl")

    assert needless([foreign, uploaded("file-2", source="acme/other", age_s=9 * DAY)], [batch], [batch]) == []


def test_a_file_that_no_batch_names_goes_after_a_day() -> None:
    files = [uploaded("file-new", age_s=DAY - 60), uploaded("file-old", age_s=DAY + 60)]

    assert needless(files, [], []) == ["file-old"]
