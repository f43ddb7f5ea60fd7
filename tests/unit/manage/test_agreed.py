"""After a question that stood open for long, only what was shown and is still meant goes."""

from __future__ import annotations

from tests.support.builders import store_info
from vsync.manage.agreed import agreed_files, agreed_stores
from vsync.manage.bulk_report import Failure, Spared
from vsync.manage.delete_files import FilePlan
from vsync.manage.delete_stores import StorePlan
from vsync.store.entries import UploadedFile


def stores(*ids: str, files: dict[str, list[str]] | None = None) -> StorePlan:
    return StorePlan({store_id: store_info(store_id) for store_id in ids}, files=files)


def files(*ids: str) -> FilePlan:
    return FilePlan({file_id: UploadedFile(file_id, "a.md", 1, "assistants", 0) for file_id in ids})


def test_a_store_that_was_not_shown_stays() -> None:
    plan = agreed_stores(stores("vs_1", "vs_2"), stores("vs_2", "vs_3"))
    assert list(plan.stores) == ["vs_2"]
    assert plan.files is None
    assert plan.spared == [
        Spared("vs_1", "it is not meant any more"),
        Spared("vs_3", "it was not among what was shown"),
    ]


def test_a_file_that_was_not_shown_stays_and_so_does_one_that_a_store_uses_that_stays() -> None:
    shown = stores("vs_1", files={"file-1": ["vs_1"], "file-2": ["vs_1"], "file-4": ["vs_1"]})
    listed = {"file-1": ["vs_1", "vs_2"], "file-2": ["vs_2"], "file-3": ["vs_1"], "file-4": ["vs_1"]}
    plan = agreed_stores(shown, stores("vs_1", "vs_2", files=listed))
    assert plan.files == {"file-4": ["vs_1"]}
    assert plan.spared_files == [
        Spared("file-1", "another vector store uses it: vs_2"),
        Spared("file-2", "another vector store uses it: vs_2"),
        Spared("file-3", "it was not among what was shown"),
    ]


def test_what_has_failed_meanwhile_is_not_told_twice() -> None:
    now = files("file-2")
    now.failed = [Failure("file-1", "There is no File of this id for this key.", 404)]
    plan = agreed_files(files("file-1", "file-2"), now)
    assert list(plan.files) == ["file-2"]
    assert plan.spared == []
