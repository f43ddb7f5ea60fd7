"""Refusals are told apart by their words: what is final, what passes, and what is no refusal at all."""

from __future__ import annotations

import pytest

from vsync.store.api_errors import Refused
from vsync.store.refusals import is_attached_already, is_final, is_unknown_file


def refused(status: int, message: str) -> Refused:
    return Refused(status, "code", message)


@pytest.mark.parametrize(
    ("status", "message", "final"),
    [
        (413, "Too big", True),
        (415, "No", True),
        (400, "Files with extensions [.ps1] are not supported for retrieval.", True),
        (400, "Invalid extension vb. Supported formats: …", True),
        (400, "The file could not be parsed because it is too large.", True),
        (422, "Unsupported media", True),
        (400, "INVALID FORMAT", True),
        (400, "You have exceeded your file storage quota.", False),
        (403, "not supported", False),
        (409, "not supported", False),
        (500, "unsupported state", False),
        (400, "Cannot find file file-1; its format is not supported", False),
        (400, "", False),
    ],
)
def test_only_what_would_be_refused_again_is_final(status: int, message: str, final: bool) -> None:
    assert is_final(refused(status, message)) is final


@pytest.mark.parametrize(
    ("status", "message", "unknown"),
    [
        (400, "Cannot find file file-1, or project p does not have access to it.", True),
        (404, "No such File", True),
        (404, "No file found with id 'file-1'.", True),
        (400, "File file-1 does not exist", True),
        (400, "file 'file-1' was not found", True),
        (400, "Unknown file", True),
        (404, "Invalid URL (POST /v1/vector_stores/vs_1/file_batches)", False),
        (400, "Unknown parameter: 'files'.", False),
        (404, "Not Found", False),
        (500, "No such file", False),
        (422, "No such file", False),
    ],
)
def test_a_file_that_is_not_known_yet_is_told_from_an_address_that_does_not_exist(
    status: int, message: str, unknown: bool
) -> None:
    assert is_unknown_file(refused(status, message)) is unknown


@pytest.mark.parametrize(
    ("status", "message", "attached"),
    [
        (400, "File file-1 is already attached to vector store vs_1.", True),
        (409, "This file ALREADY exists in the store", True),
        (422, "duplicate file_id", True),
        (404, "already", False),
        (500, "already attached", False),
        (400, "Reading failed", False),
        (400, "alreadyish", False),
    ],
)
def test_a_file_that_may_be_attached_already_is_worth_a_question(status: int, message: str, attached: bool) -> None:
    assert is_attached_already(refused(status, message)) is attached
