from __future__ import annotations

from pathlib import Path

import pytest

from vsync.batch.chosen import check_words
from vsync.errors import (
    ApiAnswer,
    ApiUnavailable,
    ConfigurationError,
    CredentialsRefused,
    PermissionDenied,
    PublicationFailed,
    RepositoryError,
    SealHeld,
    VsyncError,
)
from vsync.serve.rest.batch_failures import batch_failure

ROOT = Path("/srv/acme")


def error_of_word(word: str) -> VsyncError:
    with pytest.raises(ConfigurationError) as caught:
        check_words([word], ["batches/a.jsonl"], "batches")
    return caught.value


@pytest.mark.parametrize(("paths", "param"), [(["b.jsonl"], "paths"), (["a.jsonl"], "again"), ([], "again")])
def test_a_word_that_means_no_request_file_names_its_field(paths: list[str], param: str) -> None:
    failure = batch_failure(error_of_word("b.jsonl"), ROOT, paths)
    assert (failure.status, failure.code, failure.param) == (400, "unknown_request_file", param)
    assert "'b.jsonl' is no request file of batches" in failure.message


def test_a_word_with_control_characters_is_shown_as_text() -> None:
    failure = batch_failure(error_of_word("a\n\x1b[31m"), ROOT)
    assert failure.message.isprintable()


def test_another_run_at_work_is_a_reason_to_come_again() -> None:
    failure = batch_failure(SealHeld(f"Another run is at work in {ROOT}."), ROOT)
    assert (failure.status, failure.code, failure.retry_after) == (503, "busy", 10.0)
    assert str(ROOT) not in failure.message


@pytest.mark.parametrize("kind", [ConfigurationError, RepositoryError, PublicationFailed])
def test_what_is_wrong_with_the_folders_is_not_the_caller_s_fault(kind: type[VsyncError]) -> None:
    failure = batch_failure(kind(f"There is no folder 'batches' in {ROOT}.", "Name it: --source DIR."), ROOT)
    assert (failure.status, failure.code) == (500, "folder_unusable")
    assert str(ROOT) not in failure.message
    assert "There is no folder 'batches' in the repository." in failure.message
    assert "--source" not in failure.message


def test_errors_of_the_api_are_those_of_other_calls() -> None:
    refused = CredentialsRefused("The API refused the key.")
    refused.answer = ApiAnswer(401, "invalid_api_key")
    assert (batch_failure(refused, ROOT).status, batch_failure(refused, ROOT).code) == (401, "invalid_api_key")
    assert batch_failure(ApiUnavailable("Down."), ROOT).status == 502


def test_a_missing_permission_names_what_batches_need() -> None:
    failure = batch_failure(PermissionDenied("The key may not do that."), ROOT)
    assert failure.status == 403
    assert "Files and the Batch API" in failure.message
    assert "Vector Stores" not in failure.message
