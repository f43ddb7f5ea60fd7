from __future__ import annotations

import hashlib
import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from tests.unit.embedded.helpers import Clock, ask, content, multipart, of_json, send
from vsync.embedded import EmbeddedStore, uploads
from vsync.embedded.messages import PIECE_BYTES

HOUR = 3600


def begun(store: EmbeddedStore, size: int = 6, **arguments: object) -> str:
    value = {"filename": "a.jsonl", "purpose": "batch", "bytes": size, "mime_type": "application/jsonl"}
    upload_id: str = ask(store, "POST", "/uploads", value | arguments)["id"]
    return upload_id


def part(store: EmbeddedStore, upload_id: str, data: bytes, name: bytes = b"data") -> str:
    headers, body = multipart(b'Content-Disposition: form-data; name="' + name + b'"; filename="upload"\r\n\r\n' + data)
    response = send(store, "POST", f"/uploads/{upload_id}/parts", body=body, headers=headers)
    answer = of_json(response)
    assert response.status == 200, answer
    assert (answer["object"], answer["upload_id"]) == ("upload.part", upload_id)
    part_id: str = answer["id"]
    return part_id


def refused(store: EmbeddedStore, upload_id: str, call: str, value: object = None) -> tuple[int, str]:
    response = send(store, "POST", f"/uploads/{upload_id}/{call}", value)
    return response.status, of_json(response)["error"]["code"]


def rows(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    tables = ("upload_parts", "upload_pieces", "file_pieces", "files")
    found = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    connection.close()
    return found


def test_parts_become_a_file_in_the_order_that_is_named(store: EmbeddedStore, clock: Clock) -> None:
    upload_id = begun(store)
    second, first, unused = (part(store, upload_id, data) for data in (b"fox", b"the", b"dog"))
    clock.now += 60
    assert unused not in (first, second)
    answer = ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": [first, second]})
    file = answer["file"]
    assert (answer["id"], answer["status"], answer["bytes"], answer["object"]) == (upload_id, "completed", 6, "upload")
    assert (file["filename"], file["purpose"], file["bytes"]) == ("a.jsonl", "batch", 6)
    assert (file["created_at"], file["expires_at"]) == (int(clock.now), int(clock.now) + 30 * 24 * HOUR)
    assert ask(store, "GET", f"/files/{file['id']}") == file
    assert content(store, file["id"]) == b"thefox"


def test_an_upload_is_described_when_it_is_made(store: EmbeddedStore, clock: Clock) -> None:
    value = {"filename": "a.md", "purpose": "assistants", "bytes": 8 * 1024**3, "mime_type": "text/markdown"}
    made = ask(store, "POST", "/uploads", value)
    assert (made["status"], made["bytes"], made["filename"], made["file"]) == ("pending", 8 * 1024**3, "a.md", None)
    assert (made["created_at"], made["expires_at"]) == (int(clock.now), int(clock.now) + HOUR)


@pytest.mark.parametrize(
    ("purpose", "asked", "lifetime"),
    [("assistants", None, None), ("batch", None, 30 * 24 * HOUR), ("batch", HOUR, HOUR), ("vision", HOUR, HOUR)],
)
def test_the_file_lives_as_long_as_was_asked_for(
    store: EmbeddedStore, clock: Clock, purpose: str, asked: int | None, lifetime: int | None
) -> None:
    policy = None if asked is None else {"anchor": "created_at", "seconds": asked}
    upload_id = begun(store, 3, purpose=purpose, expires_after=policy)
    answer = ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": [part(store, upload_id, b"fox")]})
    assert answer["file"]["expires_at"] == (None if lifetime is None else int(clock.now) + lifetime)


@pytest.mark.parametrize(
    ("arguments", "code", "param"),
    [
        ({"filename": None}, "missing_required_parameter", "filename"),
        ({"mime_type": None}, "missing_required_parameter", "mime_type"),
        ({"purpose": "user_data"}, "invalid_value", "purpose"),
        ({"bytes": None}, "missing_required_parameter", "bytes"),
        ({"bytes": 0}, "invalid_value", "bytes"),
        ({"bytes": 8 * 1024**3 + 1, "purpose": "assistants"}, "invalid_value", "bytes"),
        ({"bytes": 200 * 1024**2 + 1}, "file_too_large", "bytes"),
        ({"expires_after": {"anchor": "now", "seconds": HOUR}}, "invalid_value", "expires_after.anchor"),
        ({"expires_after": {"anchor": "created_at", "seconds": 1}}, "invalid_value", "expires_after.seconds"),
        ({"expires_after": {"anchor": "created_at", "seconds": True}}, "invalid_value", "expires_after.seconds"),
        ({"surprise": 1}, "unknown_parameter", "surprise"),
    ],
)
def test_an_upload_that_cannot_be_is_refused(
    store: EmbeddedStore, arguments: dict[str, object], code: str, param: str
) -> None:
    value = {"filename": "a.jsonl", "purpose": "batch", "bytes": 6, "mime_type": "application/jsonl"} | arguments
    response = send(store, "POST", "/uploads", value)
    error = of_json(response)["error"]
    assert (response.status, error["code"], error["param"]) == (400, code, param)


def test_what_is_completed_must_be_what_was_announced(store: EmbeddedStore) -> None:
    upload_id = begun(store)
    first, second = part(store, upload_id, b"the"), part(store, upload_id, b"fox")
    other = part(store, begun(store), b"dog")
    right = hashlib.md5(b"thefox", usedforsecurity=False).hexdigest()
    for value, code in (
        ({"part_ids": [first]}, "bytes_mismatch"),
        ({"part_ids": [first, first]}, "invalid_value"),
        ({"part_ids": [first, other]}, "invalid_value"),
        ({"part_ids": []}, "array_below_min_length"),
        ({"part_ids": [second, first], "md5": right}, "checksum_mismatch"),
        ({"part_ids": [first, second], "md5": 7}, "invalid_type"),
    ):
        assert refused(store, upload_id, "complete", value) == (400, code)
    # A refusal leaves the upload as it was.
    done = ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": [first, second], "md5": right.upper()})
    assert content(store, done["file"]["id"]) == b"thefox"


@pytest.mark.parametrize("end", ["completed", "cancelled", "expired"])
def test_an_upload_that_has_ended_has_no_parts_and_takes_none(
    tmp_path: Path, store: EmbeddedStore, clock: Clock, end: str
) -> None:
    upload_id = begun(store, 3)
    kept, left = part(store, upload_id, b"fox"), part(store, upload_id, b"dog")
    if end == "completed":
        ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": [kept]})
    elif end == "cancelled":
        assert ask(store, "POST", f"/uploads/{upload_id}/cancel")["status"] == "cancelled"
    else:
        clock.now += HOUR
    for call, value in (("complete", {"part_ids": [left]}), ("cancel", None)):
        assert refused(store, upload_id, call, value) == (400, "upload_" + end)
    with pytest.raises(AssertionError, match="Only a pending upload"):
        part(store, upload_id, b"fox")
    files = int(end == "completed")
    expected = {"upload_parts": 0, "upload_pieces": 0, "file_pieces": files, "files": files}
    assert rows(tmp_path / "store.db") == expected


def test_an_upload_may_be_completed_in_the_last_second_of_its_hour(store: EmbeddedStore, clock: Clock) -> None:
    upload_id = begun(store, 3)
    clock.now += HOUR - 1
    part_id = part(store, upload_id, b"fox")
    assert ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": [part_id]})["status"] == "completed"


def test_an_unknown_upload_is_not_found(store: EmbeddedStore) -> None:
    assert refused(store, "upload_x", "complete", {"part_ids": ["part_x"]}) == (404, "not_found")
    assert refused(store, "upload_x", "cancel") == (404, "not_found")
    assert send(store, "GET", "/uploads").status == 405


def test_a_part_without_data_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(AssertionError, match="'data' is a required property"):
        part(store, begun(store), b"fox", b"file")


def test_parts_and_uploads_have_limits(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_id = begun(store)
    monkeypatch.setattr(uploads, "MAX_PART_BYTES", 3)
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 6)
    with pytest.raises(AssertionError, match="part_too_large"):
        part(store, upload_id, b"foxy")
    ids = [part(store, upload_id, b"the"), part(store, upload_id, b"fox")]
    with pytest.raises(AssertionError, match="upload_too_large"):
        part(store, upload_id, b"x")
    assert ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": ids})["status"] == "completed"


def test_parts_are_put_together_in_bounded_memory(store: EmbeddedStore) -> None:
    data = bytes(range(256)) * (4 * PIECE_BYTES // 256) + b"end"
    upload_id = begun(store, 5 * len(data), purpose="assistants")
    ids = [part(store, upload_id, data) for _ in range(5)]
    tracemalloc.start()
    answer = ask(store, "POST", f"/uploads/{upload_id}/complete", {"part_ids": ids})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * PIECE_BYTES
    assert content(store, answer["file"]["id"]) == data * 5
