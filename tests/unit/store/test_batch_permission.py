"""Who lacks a permission for batches is told which one."""

from __future__ import annotations

import httpx2
import openai
import pytest

from vsync.errors import PermissionDenied
from vsync.store.api_errors import Refused
from vsync.store.batch_permission import permission_named
from vsync.store.failed_try import read_failure


def denied(*, keyless: bool) -> PermissionDenied:
    response = httpx2.Response(
        403, request=httpx2.Request("GET", "http://store.test"), json={"error": {"message": "no"}}
    )
    error = openai.APIStatusError("no", response=response, body={"message": "no"})
    failed = read_failure("listing the batches", error, secrets=[], keyless=keyless, now=0.0)
    assert failed is not None
    assert isinstance(failed.error, PermissionDenied)
    return failed.error


@pytest.mark.parametrize("keyless", [False, True])
def test_batches_need_no_vector_stores(keyless: bool) -> None:
    error = denied(keyless=keyless)
    assert "Files and Vector Stores" in error.remedy
    with pytest.raises(PermissionDenied) as caught, permission_named():
        raise error
    assert "Files and the Batch API" in caught.value.remedy
    assert "Vector" not in str(caught.value)
    assert (caught.value.message, caught.value.answer) == (error.message, error.answer)


def test_any_other_error_stays_as_it_is() -> None:
    with pytest.raises(Refused, match="Files and Vector Stores"), permission_named():
        raise Refused(400, "no", "Files and Vector Stores")
