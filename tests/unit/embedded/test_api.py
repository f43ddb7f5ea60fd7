from __future__ import annotations

import logging
import threading

import pytest

from tests.unit.embedded.helpers import ask, found, of_json, send, store_with, upload
from vsync.embedded import EmbeddedStore, Request
from vsync.embedded.messages import MAX_BODY_BYTES, MAX_JSON_BYTES


def test_the_version_prefix_is_optional(store: EmbeddedStore) -> None:
    assert ask(store, "GET", "/v1/files") == ask(store, "GET", "/files")


def test_the_date_is_the_stores_own(store: EmbeddedStore) -> None:
    assert send(store, "GET", "/files").headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"


def test_identifiers_may_be_percent_encoded(store: EmbeddedStore) -> None:
    file = upload(store)
    assert ask(store, "GET", "/files/" + file.replace("-", "%2D"))["id"] == file


def test_a_file_that_cannot_be_written_is_told_and_not_tried_again(
    store: EmbeddedStore, caplog: pytest.LogCaptureFixture
) -> None:
    store._database._connection.execute("PRAGMA query_only = ON")  # as on a read-only disk
    response = send(store, "POST", "/vector_stores", {"name": "docs"})
    assert response.status == 500
    assert "The embedded store's file cannot be used: attempt to write a readonly database." in str(of_json(response))
    assert response.headers["x-should-retry"] == "false"
    assert caplog.records == []
    store._database._connection.execute("PRAGMA query_only = OFF")
    assert ask(store, "GET", "/vector_stores")["data"] == []


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/v1/files", "/files//content/x", "/*", "/vector_stores/x/*"])
def test_unknown_paths_are_not_found(store: EmbeddedStore, path: str) -> None:
    response = send(store, "GET", path)
    assert response.status == 404
    assert of_json(response)["error"]["type"] == "invalid_request_error"


def test_a_wrong_method_names_the_right_ones(store: EmbeddedStore) -> None:
    response = send(store, "PUT", "/files/file-x")
    assert (response.status, response.headers["allow"]) == (405, "GET, DELETE")


def test_a_body_announced_as_too_large_is_not_read(store: EmbeddedStore) -> None:
    def body() -> list[bytes]:
        raise AssertionError("read")

    class Unread(list[bytes]):
        __iter__ = body  # type: ignore[assignment]  # only to notice that it is called

    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(MAX_BODY_BYTES + 1)}
    assert store.handle(Request("POST", "/files", headers=headers, body=Unread())).status == 413


def test_a_huge_json_body_is_refused_while_it_is_read(store: EmbeddedStore) -> None:
    part = bytes(1024 * 1024)
    body = (part for _ in range(MAX_JSON_BYTES // len(part) + 10))
    assert send(store, "POST", "/vector_stores", body=body).status == 413
    assert sum(1 for _ in body) == 9


@pytest.mark.parametrize("length", ["", "-1", "x", "9" * 5000])
def test_a_strange_content_length_is_no_failure(store: EmbeddedStore, length: str) -> None:
    assert send(store, "GET", "/files", headers={"content-length": length}).status in (200, 413)


def test_an_unexpected_failure_is_an_error_of_the_same_shape(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("vsync.embedded.files.remove_expired", lambda context: 1 / 0)
    with caplog.at_level(logging.ERROR):
        response = send(store, "GET", "/files")
    assert response.status == 500
    assert of_json(response)["error"]["type"] == "server_error"
    assert "x-request-id" in response.headers
    assert "ZeroDivisionError" in caplog.text


def test_a_failed_upload_leaves_nothing(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsync.embedded.files.as_json", lambda row: 1 / 0)
    with pytest.raises(AssertionError):
        upload(store)
    monkeypatch.undo()
    monkeypatch.setattr("vsync.embedded.files.PIECE_BYTES", "not a size")
    with pytest.raises(AssertionError):
        upload(store)
    monkeypatch.undo()
    assert len(ask(store, "GET", "/files")["data"]) == 1


def test_several_threads_may_use_one_store(store: EmbeddedStore) -> None:
    vector_store = store_with(store)
    errors: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for m in range(10):
                file = upload(store, f"{n}-{m}.md", b"fox")
                ask(store, "POST", f"/vector_stores/{vector_store}/files", {"file_id": file})
                assert found(store, vector_store, "fox")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["file_counts"]["completed"] == 40


def test_a_query_with_a_hostile_cursor_is_refused(store: EmbeddedStore) -> None:
    for cursor in ("'", "%00", "%F0%9F%A6%8A", "file-x' OR 1=1 --", "%ED%A0%80"):
        assert send(store, "GET", f"/files?after={cursor}").status == 400


def test_a_download_of_a_file_deleted_meanwhile_ends_early(store: EmbeddedStore) -> None:
    file = upload(store, content=bytes(3 * 1024 * 1024))
    response = send(store, "GET", f"/files/{file}/content")
    assert not isinstance(response.body, bytes)
    assert len(next(response.body)) == 1024 * 1024
    ask(store, "DELETE", f"/files/{file}")
    assert list(response.body) == []
