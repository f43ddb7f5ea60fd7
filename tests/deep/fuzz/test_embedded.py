"""What others send to `vsync serve`: whatever it is, the store answers in the API's form, and works on."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.deep.fuzz.damage import VALUE, damaged, fewer, mutated, written
from vsync.embedded import EmbeddedStore, Request, Response
from vsync.embedded.chunking import Chunking, chunks
from vsync.embedded.extraction import UnindexableError, text_of
from vsync.embedded.messages import ApiError
from vsync.embedded.multipart import form_of
from vsync.serve.app import create_app

STATUSES = {200, 400, 404, 405, 409, 413}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    return EmbeddedStore(tmp_path_factory.mktemp("embedded") / "store.db", batch_delay_s=0)


def body_of(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def answer(store: EmbeddedStore, request: Request) -> Any:
    """The JSON of an answer that is one of the API's, an error included."""
    response = store.handle(request)
    assert response.status in STATUSES, body_of(response)
    if response.headers.get("content-type") != "application/json":
        return body_of(response)
    said = json.loads(body_of(response))
    if response.status != 200:
        assert said["error"]["message"]
    return said


def works(store: EmbeddedStore) -> None:
    """The store still takes a File and gives it back."""
    request = Request("POST", "/v1/files", {}, {"content-type": "multipart/form-data; boundary=b"}, (FORM,))
    made = answer(store, request)["id"]
    assert answer(store, Request("GET", f"/v1/files/{made}/content")) == b"fox"
    answer(store, Request("DELETE", f"/v1/files/{made}"))


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\nContent-Type: text/markdown\r\n\r\nfox'
    b"\r\n--b--\r\n"
)
HEADER_TEXT = st.text(st.characters(max_codepoint=255), max_size=20)
BOUNDARY = st.sampled_from(["b", '"b"', "", "b; charset=x", "x" * 300, "b\xff", '"', "--"]) | HEADER_TEXT
CUTS = st.lists(st.integers(0, 400), max_size=5)


def pieces(content: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    return [content[start:end] for start, end in pairwise(places)]


@given(st.one_of(mutated(FORM), st.just(FORM), st.binary()), BOUNDARY, CUTS)
@example(b"--b\r\n" * 100_000, "b", [])
@example(b"--b\r\nContent-Disposition: form-data; name=" + b'"' * 100_000 + b"\r\n\r\n--b--", "b", [])
@example(b"--b\r\n" + b"x: y\r\n" * 50_000 + b"\r\n\r\n--b--", "b", [])
@example(b"--b\r\ncontent-disposition: form-data" + b'; name="\\' * 20_000 + b"\r\n\r\n--b--", "b", [])
def test_a_form_is_read_or_refused_however_it_arrives(content: bytes, boundary: str, cuts: list[int]) -> None:
    def read(parts: list[bytes]) -> Any:
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        try:
            with form_of(Request("POST", "/v1/files", {}, headers, parts)) as form:
                uploads = {name: (upload.filename, upload.content.read()) for name, upload in form.uploads.items()}
                return form.fields, uploads
        except ApiError as error:
            return error.status

    whole = read([content])
    assert read(pieces(content, cuts)) == whole
    assert not isinstance(whole, int) or 400 <= whole < 500


CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 10}}
FILTERS = [{"type": "eq", "key": "a", "value": 1}, {"type": "in", "key": "a", "value": [1]}]
SOUND: dict[str, tuple[str, Any]] = {
    "new store": (
        "/vector_stores",
        {"name": "n", "metadata": {"a": "b"}, "file_ids": [], "expires_after": {"anchor": "last_active_at", "days": 1}},
    ),
    "attach": (
        "/vector_stores/{store}/files",
        {"file_id": "file-x", "attributes": {"a": 1}, "chunking_strategy": CHUNKING},
    ),
    "batch": (
        "/vector_stores/{store}/file_batches",
        {"files": [{"file_id": "file-x", "attributes": {"a": "b"}, "chunking_strategy": CHUNKING}]},
    ),
    "search": (
        "/vector_stores/{store}/search",
        {
            "query": "fox",
            "max_num_results": 3,
            "filters": {"type": "and", "filters": FILTERS},
            "ranking_options": {"score_threshold": 0.1},
        },
    ),
    "update": ("/vector_stores/{store}", {"name": "x", "metadata": {}}),
    "upload": (
        "/uploads",
        {
            "filename": "a.jsonl",
            "purpose": "batch",
            "bytes": 3,
            "mime_type": "application/jsonl",
            "expires_after": {"anchor": "created_at", "seconds": 3600},
        },
    ),
    "complete": ("/uploads/upload_x/complete", {"part_ids": ["part_x"], "md5": "0" * 32}),
    "requests": (
        "/batches",
        {
            "input_file_id": "file-x",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {"a": "b"},
            "output_expires_after": {"anchor": "created_at", "seconds": 3600},
        },
    ),
}


@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_body_of_any_shape_is_answered_in_the_apis_form(store: EmbeddedStore, name: str, data: st.DataObject) -> None:
    path, sound = SOUND[name]
    made = answer(store, Request("POST", "/v1/vector_stores"))["id"]
    body = data.draw(
        st.one_of(damaged(sound).map(written), mutated(written(sound)), VALUE.map(written), st.just(written(sound)))
    )
    answer(store, Request("POST", "/v1" + path.format(store=made), {}, {"content-type": "application/json"}, (body,)))
    answer(store, Request("GET", f"/v1/vector_stores/{made}"))
    answer(store, Request("GET", f"/v1/vector_stores/{made}/files"))
    answer(store, Request("POST", f"/v1/vector_stores/{made}/search", {}, {}, (b'{"query": "fox"}',)))
    answer(store, Request("DELETE", f"/v1/vector_stores/{made}"))


PART = st.sampled_from(
    ["v1", "files", "vector_stores", "file_batches", "search", "content", "cancel", "uploads", "parts", "complete",
     "batches", "..", "%2e%2e", "%00", "%ff", "%ED%A0%80", "", "*", "é"]
) | st.text(max_size=6)  # fmt: skip
QUERY_TEXT = st.sampled_from(["", "0", "1", "-1", "1e3", "²", "٣", "9" * 30, "9" * 5_000, "asc", "x\0y", "%", "'; --"])
QUERY = st.dictionaries(
    st.sampled_from(["limit", "order", "after", "before", "filter", "purpose", "x"]),
    st.lists(QUERY_TEXT | st.text(max_size=6), max_size=2),
    max_size=4,
)
METHOD = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "", "get"])


@given(
    METHOD,
    st.lists(PART, max_size=6),
    QUERY,
    st.dictionaries(st.sampled_from(["content-length", "content-type"]), HEADER_TEXT),
)
def test_a_request_of_any_kind_is_answered_in_the_apis_form(
    store: EmbeddedStore, method: str, parts: list[str], query: dict[str, list[str]], headers: dict[str, str]
) -> None:
    answer(store, Request(method, "/" + "/".join(parts), query, headers, (b"{}",)))
    for path in ("/v1/files", "/v1/vector_stores", "/v1/batches"):
        answer(store, Request("GET", path, query))


def test_the_store_works_on_after_all_that(store: EmbeddedStore) -> None:
    works(store)


REQUEST = {"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {"model": "m", "input": ["fox", [1]]}}


@given(st.lists(st.one_of(damaged(REQUEST).map(written), mutated(written(REQUEST)), st.binary()), max_size=4))
def test_any_input_of_a_batch_is_run_or_has_errors(store: EmbeddedStore, requests: list[bytes]) -> None:
    form = FORM.replace(b"assistants", b"batch").replace(b"fox", b"\n".join(requests))
    headers = {"content-type": "multipart/form-data; boundary=b"}
    uploaded = store.handle(Request("POST", "/v1/files", {}, headers, (form,)))
    if uploaded.status != 200:  # an input that looks like the end of the form
        return
    file = json.loads(body_of(uploaded))["id"]
    made = {"input_file_id": file, "endpoint": "/v1/embeddings", "completion_window": "24h"}
    batch = answer(store, Request("POST", "/v1/batches", {}, {}, (written(made),)))["id"]
    ended = answer(store, Request("GET", f"/v1/batches/{batch}"))
    assert ended["status"] == ("failed" if ended["errors"] else "completed")
    for result in (ended["output_file_id"], ended["error_file_id"]):
        if result is not None:
            content = answer(store, Request("GET", f"/v1/files/{result}/content"))
            assert all(json.loads(line)["custom_id"] for line in content.splitlines())


FILENAMES = (
    st.sampled_from(["a.md", "a.docx", "a.pptx", "a.pdf", "a.exe", "a", "", ".md", "a.docx/x.md", "A.DOCX"]) | st.text()
)


@given(
    FILENAMES,
    st.one_of(
        st.binary(), st.sampled_from([b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"\xff\xfea\0", b"\xfe\xff", b"%PDF-"])
    ),
    CUTS,
)
def test_any_file_has_a_text_or_a_reason_why_not(filename: str, content: bytes, cuts: list[int]) -> None:
    try:
        text = text_of(filename, pieces(content, cuts))
    except UnindexableError as error:
        known(error.code)
        return
    assert "".join(chunks(text, Chunking(100, 0))) == text


def known(code: str) -> None:
    assert code in {"invalid_file", "unsupported_file"}


@pytest.fixture(scope="module")
def office() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:p><w:t>fox &amp; hound</w:t></w:p>" * 20)
        archive.writestr("[Content_Types].xml", "<x/>")
    return made.getvalue()


@given(st.data())
def test_a_damaged_office_file_has_a_text_or_a_reason_why_not(office: bytes, data: st.DataObject) -> None:
    content = data.draw(mutated(office))
    try:
        text_of("a.docx", [content])
    except UnindexableError as error:
        known(error.code)


# --- On a port -------------------------------------------------------------------------------------------------------


@fewer(0.5)
@given(
    METHOD.filter(bool),
    st.lists(PART, max_size=5),
    st.binary(max_size=60),
    st.none() | HEADER_TEXT,
    st.none() | HEADER_TEXT,
)
def test_over_http_too_nothing_is_an_error_of_the_server(
    store: EmbeddedStore, method: str, parts: list[str], body: bytes, authorization: str | None, media_type: str | None
) -> None:
    app = create_app(store, "k")
    said: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said["status"] = message["status"]

    path = "/v1/" + "/".join(parts)
    headers = [
        (name, value.encode("latin-1"))
        for name, value in ((b"authorization", authorization), (b"content-type", media_type))
        if value is not None
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(errors="replace"), "query_string": b"limit=%zz&after=\xff", "root_path": "", "headers": headers,
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # mypy: Starlette has types of its own for the plain functions of ASGI
    assert said["status"] in STATUSES | {401}
    if authorization is None or "k" not in authorization:
        assert said["status"] in {401, 404, 307}
