"""What any API that runs batches must do, asked through the OpenAI SDK alone: Uploads, batches and their Files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import Batch, Upload

from tests.contract.conftest import MakeClient

CHAT: Any = "/v1/chat/completions"
EMBEDDINGS: Any = "/v1/embeddings"


def request(custom_id: str, endpoint: str = CHAT, **body: object) -> bytes:
    value = {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": {"model": "m"} | body}
    return json.dumps(value).encode() + b"\n"


def submit(client: openai.OpenAI, *requests: bytes, endpoint: Any = CHAT, **options: Any) -> Batch:
    file = client.files.create(file=("a.jsonl", b"".join(requests)), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **options)


def results(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    with client.files.with_streaming_response.content(file_id) as response:
        return [json.loads(line) for line in response.iter_lines()]


def begin(client: openai.OpenAI, size: int) -> Upload:
    return client.uploads.create(bytes=size, filename="a.jsonl", mime_type="application/jsonl", purpose="batch")


# Uploads


def test_a_file_in_several_parts_comes_back_whole(client: openai.OpenAI, tmp_path: Path) -> None:
    content = b"".join(request(f"id-{n}") for n in range(30_000))
    path = tmp_path / "ünï.jsonl"
    path.write_bytes(content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    upload = client.uploads.upload_file_chunked(
        file=path, mime_type="application/jsonl", purpose="batch", part_size=1_000_000, md5=md5
    )
    assert (upload.status, upload.bytes, upload.expires_at) == ("completed", len(content), upload.created_at + 3600)
    assert upload.file is not None
    assert (upload.file.filename, upload.file.bytes, upload.file.purpose) == ("ünï.jsonl", len(content), "batch")
    assert client.files.retrieve(upload.file.id) == upload.file
    assert client.files.content(upload.file.id).read() == content


def test_the_order_of_the_parts_is_told_at_the_end(client: openai.OpenAI) -> None:
    upload = begin(client, 6)
    second, first = (client.uploads.parts.create(upload.id, data=data) for data in (b"fox", b"the"))
    assert (first.object, first.upload_id) == ("upload.part", upload.id)
    done = client.uploads.complete(upload.id, part_ids=[first.id, second.id])
    assert done.file is not None
    assert client.files.content(done.file.id).read() == b"thefox"


def test_parts_that_are_not_what_was_announced_are_refused(client: openai.OpenAI) -> None:
    upload = begin(client, 6)
    part = client.uploads.parts.create(upload.id, data=b"fox")
    with pytest.raises(openai.BadRequestError, match="3 bytes"):
        client.uploads.complete(upload.id, part_ids=[part.id])
    other = client.uploads.parts.create(upload.id, data=b"dog")
    with pytest.raises(openai.BadRequestError) as error:
        client.uploads.complete(upload.id, part_ids=[part.id, other.id], md5="0" * 32)
    assert error.value.param == "md5"
    assert client.files.list().data == []


def test_a_cancelled_upload_takes_no_parts(client: openai.OpenAI) -> None:
    upload = begin(client, 3)
    assert client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.uploads.parts.create(upload.id, data=b"fox")
    with pytest.raises(openai.NotFoundError):
        client.uploads.cancel("upload_unknown")


# Batches


def test_a_batch_answers_each_request_once(client: openai.OpenAI) -> None:
    made = submit(client, *(request(f"id-{n}") for n in range(20)), metadata={"path": "a.jsonl"})
    assert (made.status, made.object, made.endpoint, made.metadata) == (
        "validating",
        "batch",
        CHAT,
        {"path": "a.jsonl"},
    )
    assert made.expires_at == made.created_at + 24 * 3600
    batch = client.batches.retrieve(made.id)
    assert (batch.id, batch.status, batch.errors, batch.error_file_id) == (made.id, "completed", None, None)
    assert batch.completed_at is not None
    assert batch.request_counts is not None
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (20, 20, 0)
    lines = results(client, batch.output_file_id)
    order = [line["custom_id"] for line in lines]
    assert sorted(order) == sorted(f"id-{n}" for n in range(20))
    assert order != [f"id-{n}" for n in range(20)]
    assert {(line["response"]["status_code"], line["error"]) for line in lines} == {(200, None)}
    assert batch.usage is not None
    assert batch.usage.total_tokens == batch.usage.input_tokens + batch.usage.output_tokens > 0


def test_the_answers_are_what_the_endpoints_answer(client: openai.OpenAI) -> None:
    made = submit(client, request("a", EMBEDDINGS, input=["fox", "dog"]), endpoint=EMBEDDINGS)
    (line,) = results(client, client.batches.retrieve(made.id).output_file_id)
    answer = openai.types.CreateEmbeddingResponse.model_validate(line["response"]["body"])
    assert [each.index for each in answer.data] == [0, 1]
    made = submit(client, request("b", "/v1/responses", input="fox"), endpoint="/v1/responses")
    (line,) = results(client, client.batches.retrieve(made.id).output_file_id)
    response = openai.types.responses.Response.model_validate(line["response"]["body"])
    assert "canned answer to request b" in response.output_text
    made = submit(client, request("c"))
    (line,) = results(client, client.batches.retrieve(made.id).output_file_id)
    completion = openai.types.chat.ChatCompletion.model_validate(line["response"]["body"])
    assert "canned answer to request c" in (completion.choices[0].message.content or "")


def test_requests_that_fail_are_in_a_file_of_their_own(client: openai.OpenAI) -> None:
    made = submit(client, request("bad", model=None), request("good"))
    batch = client.batches.retrieve(made.id)
    (failed,) = results(client, batch.error_file_id)
    assert (failed["custom_id"], failed["response"]["status_code"]) == ("bad", 400)
    assert failed["response"]["body"]["error"]["message"]
    assert [line["custom_id"] for line in results(client, batch.output_file_id)] == ["good"]
    listed = {file.id: file for file in client.files.list(purpose="batch_output")}
    assert listed.keys() == {batch.output_file_id, batch.error_file_id}
    assert {file.filename for file in listed.values()} == {f"{batch.id}_{kind}.jsonl" for kind in ("output", "error")}


def test_an_input_with_a_mistake_fails_with_its_line(client: openai.OpenAI) -> None:
    batch = client.batches.retrieve(submit(client, request("a"), b"{\n", request("a")).id)
    assert (batch.status, batch.output_file_id, batch.error_file_id) == ("failed", None, None)
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert [(error.line, error.code) for error in batch.errors.data] == [
        (2, "invalid_json_line"),
        (3, "duplicate_custom_id"),
    ]


@pytest.mark.parametrize("purpose", ["assistants", None])
def test_a_batch_needs_a_file_for_batches(client: openai.OpenAI, purpose: Any) -> None:
    file = "file-unknown"
    if purpose is not None:
        file = client.files.create(file=("a.jsonl", request("a")), purpose=purpose).id
    with pytest.raises(openai.BadRequestError) as error:
        client.batches.create(input_file_id=file, endpoint=CHAT, completion_window="24h")
    assert error.value.param == "input_file_id"
    assert client.batches.list().data == []


def test_batches_are_listed_newest_first_page_by_page(client: openai.OpenAI) -> None:
    made = [submit(client, request("a")).id for _ in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]
    page = client.batches.list(limit=2, after=made[3])
    assert ([batch.id for batch in page.data], page.has_more) == ([made[2], made[1]], True)


def test_a_batch_may_be_cancelled_until_it_has_ended(make_client: MakeClient) -> None:
    client = make_client(batch_delay_s=3600)
    made = submit(client, request("a"))
    assert client.batches.cancel(made.id).status == "cancelling"
    assert client.batches.cancel(made.id).status == "cancelling"
    assert client.batches.retrieve(made.id).cancelling_at is not None
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_unknown")


def test_a_batch_that_has_ended_cannot_be_cancelled(client: openai.OpenAI) -> None:
    made = submit(client, request("a"))
    with pytest.raises(openai.ConflictError, match="Cannot cancel a batch with status 'completed'"):
        client.batches.cancel(made.id)
