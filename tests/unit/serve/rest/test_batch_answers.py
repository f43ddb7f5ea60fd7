"""The description of the calls on batches says what the reports hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tests.support.batches import SOURCE, batch_info
from vsync.batch import batch_report
from vsync.batch.batch_report import BatchReport
from vsync.batch.status_report import BatchRow, StatusReport
from vsync.serve.rest import batch_answers
from vsync.serve.rest.batch_answers import BATCH_EXAMPLES, BatchAnswer, BatchList, BatchObject

PAIRS = {
    "Submitted": "SubmittedBatch",
    "Unchanged": "UnchangedFile",
    "Mistake": "MistakeInFile",
    "Invalid": "InvalidFile",
    "Failed": "FailedBatch",
    "Skipped": "SkippedFile",
    "Fetched": "FetchedResults",
    "FailedRequest": "FailedRequestObject",
    "Pending": "PendingBatch",
    "Cancelled": "CancelledBatch",
}


@pytest.mark.parametrize(("reported", "described"), PAIRS.items())
def test_each_part_of_a_report_is_described(reported: str, described: str) -> None:
    model: type[BaseModel] = getattr(batch_answers, described)
    assert set(model.model_fields) == {each.name for each in fields(getattr(batch_report, reported))}


def test_the_report_is_described() -> None:
    assert set(BatchAnswer.model_fields) == {each.name for each in fields(BatchReport)} | {"ok"}


def test_the_list_of_batches_is_described() -> None:
    row = BatchRow(batch_info(), None, ours=False, paths=(), fetched=False, age_s=0, left_s=None)
    listed = StatusReport(SOURCE, [row], []).to_json()
    assert set(BatchList.model_fields) == set(listed)
    assert set(BatchObject.model_fields) == set(listed["batches"][0])


def test_every_part_of_the_description_is_used() -> None:
    used = {argument for field in BatchAnswer.model_fields.values() for argument in get_args(field.annotation)}
    named = {model.__name__ for model in used if isinstance(model, type) and issubclass(model, BaseModel)}
    assert named - {"ErrorDetail"} == set(PAIRS.values()) - {"MistakeInFile"}


@pytest.mark.parametrize(("name", "model"), [("BatchAnswer", BatchAnswer), ("BatchList", BatchList)])
def test_the_examples_fit_the_description(name: str, model: type[BaseModel]) -> None:
    example: Any = BATCH_EXAMPLES[name]
    model.model_validate(example)
    assert set(example) == set(model.model_fields)
