"""Files that look like uploads of a document: which they are, and for which of them the stores are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.support.builders import entry, state, store_info
from vsync.recovery.lookalikes import Lookalikes, alike, as_uploaded, unasked_warning, unattached
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.store.listed_elsewhere import MAX_REQUESTS
from vsync.store.pages import PAGE

DOCUMENT = ("docs/a.md", 3)


def file(file_id: str, name: str = "docs/a.md", size: int = 3, purpose: str = "assistants") -> UploadedFile:
    return UploadedFile(file_id, name, size, purpose, 1_000)


def test_documents_are_known_by_the_name_and_size_of_what_is_uploaded() -> None:
    recorded = state({"docs/a.md": entry("docs/a.md", "one"), "main.rs": entry("main.rs", "fn")})
    assert as_uploaded(recorded) == {("docs/a.md", 3), ("main.rs.txt", 2)}


def test_a_file_looks_like_an_upload_by_its_name_size_and_purpose() -> None:
    files = [
        file("file-1"),
        file("file-known"),
        file("file-2", name="a.md"),
        file("file-3", size=4),
        file("file-4", purpose="batch"),
    ]
    assert [item.id for item in alike(files, {DOCUMENT}, {"file-known"})] == ["file-1"]


class Project:
    def __init__(self, *stores: StoreInfo, listed: Sequence[str] = (), refuses: bool = False) -> None:
        self.stores, self.attached, self.refuses = stores, set(listed), refuses
        self.requests = 0

    async def list(self) -> Sequence[StoreInfo]:
        self.requests += 1
        return self.stores

    async def is_in(self, _: str, file_id: str) -> bool:
        self.requests += 1
        if self.refuses:
            raise Refused(403, "no", "no")
        return file_id in self.attached

    async def listed_in(self, _: str) -> set[str]:
        self.requests += 1
        return self.attached

    def unattached(self, count: int, *, others_open: bool = False) -> Lookalikes:
        files: Any = self
        found = [file(f"file-{number}") for number in range(count)]
        return asyncio.run(unattached(found, self.list, files, lambda: others_open))


def ids(found: Lookalikes) -> list[str]:
    return [orphan.file_id for orphan in found.orphans]


def test_without_such_files_nothing_is_asked() -> None:
    project = Project(store_info())
    assert project.unattached(0) == Lookalikes()
    assert project.requests == 0


def test_a_file_that_a_store_lists_is_not_named_and_none_is_deleted() -> None:
    found = Project(store_info(files=1), listed=["file-0"]).unattached(2)
    assert ids(found) == ["file-1"]
    assert {orphan.verdict for orphan in found.orphans} == {"listed"}


def test_an_open_run_of_the_repository_is_named_as_a_possible_owner() -> None:
    (orphan,) = Project(store_info(files=0)).unattached(1, others_open=True).orphans
    assert "another run of this repository is open" in orphan.why


def test_as_many_files_are_asked_for_as_the_bound_allows_and_the_others_are_counted() -> None:
    large = [store_info(f"vs_{number}", files=1_000 * PAGE) for number in range(10)]
    project = Project(*large)
    found = project.unattached(33)
    assert len(found.orphans) == MAX_REQUESTS // 10
    assert found.unasked == 33 - MAX_REQUESTS // 10
    assert project.requests <= 1 + MAX_REQUESTS


def test_with_too_many_stores_no_file_is_asked_for() -> None:
    project = Project(*(store_info(f"vs_{number}", files=0) for number in range(MAX_REQUESTS + 1)))
    found = project.unattached(3)
    assert (ids(found), found.unasked, project.requests) == ([], 3, 1)


def test_stores_that_refuse_the_question_leave_the_files_unasked() -> None:
    assert Project(store_info(), refuses=True).unattached(1) == Lookalikes((), 1)


def test_the_number_of_files_that_were_not_asked_for_is_told() -> None:
    assert unasked_warning(0) == []
    (one,) = unasked_warning(1)
    (many,) = unasked_warning(1_200)
    assert one.startswith("1 more File has the name and size of a document.")
    assert many.startswith("1,200 more Files have the name and size of a document.")
