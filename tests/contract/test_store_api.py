"""What any store that vsync talks to must do, asked through the OpenAI SDK alone."""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
import time
import unicodedata
import zipfile
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
import pytest
from openai.types import FileDeleted, FileObject, VectorStore, VectorStoreDeleted
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch, VectorStoreFileDeleted

from tests.contract.conftest import MakeAsyncClient, MakeClient


def upload(client: openai.OpenAI, name: str = "docs/a.md", content: bytes = b"# Title\n\nSome words.\n") -> str:
    return client.files.create(file=(name, content, "text/plain"), purpose="assistants").id


def uploads(client: openai.OpenAI, count: int) -> list[str]:
    return [upload(client, f"docs/{n}.md", f"number {n}".encode()) for n in range(count)]


def store_with(client: openai.OpenAI, *documents: tuple[str, bytes], **attributes: Any) -> str:
    store = client.vector_stores.create(name="s").id
    for name, content in documents:
        client.vector_stores.files.create(store, file_id=upload(client, name, content), attributes=attributes)
    return store


def attached(client: openai.OpenAI, store: str, **query: Any) -> list[str]:
    return [entry.id for entry in client.vector_stores.files.list(store, limit=100, **query)]


def found(client: openai.OpenAI, store: str, query: str | list[str], **options: Any) -> list[str]:
    return [hit.filename for hit in client.vector_stores.search(store, query=query, **options)]


def refusal(error: pytest.ExceptionInfo[openai.APIStatusError]) -> tuple[int, str | None, str | None]:
    return error.value.status_code, error.value.param, error.value.code


# Files


def test_an_uploaded_file_is_described_and_given_back(client: openai.OpenAI) -> None:
    before = int(time.time())
    file = client.files.create(file=("docs/a.md", b"text", "text/markdown"), purpose="assistants")
    assert file.id.startswith("file-")
    assert (file.filename, file.bytes, file.purpose, file.expires_at) == ("docs/a.md", 4, "assistants", None)
    assert before <= file.created_at <= time.time()
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == b"text"


@pytest.mark.parametrize(
    "name",
    [
        "docs/deep/er/a.md",
        'say "hello".md',
        "back\\slash\\\\twice.md",
        "trailing\\",
        'quote-after-backslash\\".md',
        "line\nbreak\r.md",
        "tab\tand\x7fdel\x1besc.md",
        "ünï-日本語-🦊.md",
        unicodedata.normalize("NFC", "é.md"),
        unicodedata.normalize("NFD", "é.md"),
        "a;name=b; filename=c.md",
        "100%25 %2F %20 %7F.md",
        " spaces around .md ",
        "n" * 3000 + ".md",
    ],
)
def test_a_file_name_comes_back_as_it_was_sent(client: openai.OpenAI, name: str) -> None:
    file = client.files.create(file=(name, b"x", "text/plain"), purpose="assistants")
    assert file.filename == name
    assert client.files.retrieve(file.id).filename == name


def test_a_literal_escaped_quote_in_a_name_becomes_a_quote(client: openai.OpenAI) -> None:
    # The one name that the wire format cannot carry.
    assert client.files.retrieve(upload(client, "a%22b.md")).filename == 'a"b.md'


def test_content_that_looks_like_multipart_is_kept_byte_for_byte(client: openai.OpenAI) -> None:
    content = b"--\r\n\r\n--x--\r\nContent-Disposition: form-data\r\n\r\n\r\n--" + bytes(range(256)) + b"\r\n"
    assert client.files.content(upload(client, content=content)).read() == content


def test_an_empty_file_can_be_uploaded(client: openai.OpenAI) -> None:
    file = client.files.create(file=("a.md", b"", "text/plain"), purpose="assistants")
    assert (file.bytes, client.files.content(file.id).read()) == (0, b"")


def test_a_file_of_several_megabytes_comes_back_whole(client: openai.OpenAI) -> None:
    with tempfile.TemporaryFile() as big:
        for n in range(50):
            big.write(bytes([n]) * 100_001)
        big.seek(0)
        file = client.files.create(file=("big.txt", big, "text/plain"), purpose="user_data")
        big.seek(0)
        assert file.bytes == 5_000_050
        assert client.files.content(file.id).read() == big.read()


def test_a_file_sent_in_one_piece_of_several_megabytes_comes_back_whole(client: openai.OpenAI) -> None:
    content = bytes(range(251)) * 10_000
    assert client.files.content(upload(client, "big.txt", content)).read() == content


def test_a_batch_input_expires_after_thirty_days_and_other_files_when_told(client: openai.OpenAI) -> None:
    batch = client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    told = client.files.create(
        file=("a.md", b"x"), purpose="assistants", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert batch.expires_at == batch.created_at + 30 * 24 * 3600
    assert told.expires_at == told.created_at + 3600


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"purpose": "nonsense"}, "purpose"),
        ({"expires_after": {"anchor": "created_at", "seconds": 3599}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "created_at", "seconds": "x"}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "now", "seconds": 3600}}, "expires_after.anchor"),
    ],
)
def test_an_upload_with_a_wrong_field_is_refused(client: openai.OpenAI, arguments: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.files.create(**{"file": ("a.md", b"x"), "purpose": "assistants"} | arguments)
    assert refusal(error) == (400, param, "invalid_value")


def test_files_are_listed_newest_first_and_by_purpose(client: openai.OpenAI) -> None:
    ids = uploads(client, 3)
    other = client.files.create(file=("a.txt", b"x"), purpose="user_data").id
    assert [file.id for file in client.files.list()] == [other, *reversed(ids)]
    assert [file.id for file in client.files.list(order="asc", purpose="assistants")] == ids


def test_file_pages_cover_the_list_once(client: openai.OpenAI) -> None:
    ids = uploads(client, 5)
    page = client.files.list(order="asc", limit=2)
    assert ([file.id for file in page.data], page.has_more) == (ids[:2], True)
    assert [file.id for file in client.files.list(order="asc", limit=2)] == ids
    last = client.files.list(order="asc", limit=2, after=ids[2])
    assert ([file.id for file in last.data], last.has_more) == (ids[3:], False)


def test_a_list_names_its_first_and_last_item(client: openai.OpenAI) -> None:
    ids = uploads(client, 3)
    raw = client.get("/files?order=asc&limit=2", cast_to=httpx2.Response).json()
    assert (raw["object"], raw["first_id"], raw["last_id"], raw["has_more"]) == ("list", ids[0], ids[1], True)


def test_a_deleted_file_is_gone_from_everywhere(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.md", b"fox"), ("b.md", b"fox"))
    kept, gone = attached(client, store)
    deleted = client.files.delete(gone)
    FileDeleted.model_validate(deleted.model_dump())
    assert (deleted.id, deleted.deleted) == (gone, True)
    assert attached(client, store) == [kept]
    assert len(found(client, store, "fox")) == 1
    assert client.vector_stores.retrieve(store).file_counts.total == 1
    for request in (client.files.retrieve, client.files.delete, client.files.content):
        with pytest.raises(openai.NotFoundError, match=gone):
            request(gone)


# Vector stores


def test_a_new_store_is_empty_and_complete(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="näme", description="d", metadata={"k": "v"})
    assert store.id.startswith("vs_")
    assert (store.name, store.metadata, store.status, store.usage_bytes) == (
        "näme",
        {"k": "v"},
        "completed",
        0,
    )
    assert store.file_counts.total == 0
    assert client.vector_stores.retrieve(store.id) == store


def test_a_store_can_be_made_with_files(client: openai.OpenAI) -> None:
    ids = uploads(client, 3)
    store = client.vector_stores.create(file_ids=ids)
    assert sorted(attached(client, store.id)) == sorted(ids)
    assert store.status == "in_progress"
    assert client.vector_stores.retrieve(store.id).status == "completed"


def test_updating_a_store_changes_what_is_given_and_nothing_else(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(
        name="old", metadata={"k": "v"}, expires_after={"anchor": "last_active_at", "days": 7}
    )
    assert store.expires_at == store.created_at + 7 * 86400
    assert client.vector_stores.update(store.id, name="new").metadata == {"k": "v"}
    changed = client.vector_stores.update(store.id, metadata={"x": "y"})
    assert (changed.name, changed.metadata) == ("new", {"x": "y"})
    assert changed.expires_after is not None
    assert client.vector_stores.update(store.id, expires_after=None).expires_after is None


def test_stores_are_listed_in_pages(client: openai.OpenAI) -> None:
    ids = [client.vector_stores.create(name=str(n)).id for n in range(25)]
    first = client.vector_stores.list()
    assert [store.id for store in first.data] == ids[:4:-1]
    assert [store.id for store in client.vector_stores.list(limit=7)] == ids[::-1]
    assert [store.id for store in client.vector_stores.list(order="asc", limit=7)] == ids


def test_a_page_before_a_cursor_holds_its_neighbours(client: openai.OpenAI) -> None:
    ids = [client.vector_stores.create(name=str(n)).id for n in range(5)]
    page = client.vector_stores.list(order="asc", limit=2, before=ids[4])
    assert ([store.id for store in page.data], page.has_more) == (ids[2:4], True)
    page = client.vector_stores.list(order="desc", limit=9, before=ids[2])
    assert ([store.id for store in page.data], page.has_more) == ([ids[4], ids[3]], False)
    between = client.vector_stores.list(order="asc", after=ids[0], before=ids[3])
    assert [store.id for store in between.data] == ids[1:3]


def test_a_deleted_store_leaves_its_files(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.md", b"fox"))
    (file,) = attached(client, store)
    deleted = client.vector_stores.delete(store)
    VectorStoreDeleted.model_validate(deleted.model_dump())
    assert (deleted.id, deleted.deleted) == (store, True)
    assert client.files.retrieve(file).filename == "a.md"
    with pytest.raises(openai.NotFoundError, match=store):
        client.vector_stores.retrieve(store)
    with pytest.raises(openai.NotFoundError, match=store):
        client.vector_stores.files.create(store, file_id=file)


@pytest.mark.parametrize(
    ("arguments", "param", "code"),
    [
        ({"metadata": {str(n): "v" for n in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"k" * 65: "v"}}, "metadata", "string_above_max_length"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k", "string_above_max_length"),
        ({"metadata": {"k": 1}}, "metadata", "invalid_type"),
        ({"name": 5}, "name", "invalid_type"),
        ({"expires_after": {"anchor": "last_active_at", "days": 366}}, "expires_after.days", "invalid_value"),
        ({"expires_after": {"anchor": "created_at", "days": 1}}, "expires_after.anchor", "invalid_value"),
        ({"file_ids": ["file-x"] * 501}, "file_ids", "array_above_max_length"),
        ({"chunking_strategy": {"type": "auto"}}, "chunking_strategy", "invalid_value"),
        ({"extra_body": {"nonsense": 1}}, "nonsense", "unknown_parameter"),
    ],
)
def test_a_store_past_a_limit_is_refused(
    client: openai.OpenAI, arguments: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.vector_stores.create(**arguments)
    assert refusal(error) == (400, param, code)
    assert client.vector_stores.list().data == []


# Files in a store


def test_an_attached_file_is_indexed_and_described(client: openai.OpenAI) -> None:
    store, file = client.vector_stores.create().id, upload(client, content=b"words")
    attributes: dict[str, str | float | bool] = {"path": "docs/a.md", "n": 1.5, "draft": False}
    entry = client.vector_stores.files.create(store, file_id=file, attributes=attributes)
    assert (entry.id, entry.vector_store_id, entry.status) == (file, store, "in_progress")
    entry = client.vector_stores.files.retrieve(file, vector_store_id=store)
    assert (entry.status, entry.last_error, entry.usage_bytes) == ("completed", None, 5)
    assert entry.attributes == attributes
    assert entry.chunking_strategy is not None
    assert entry.chunking_strategy.to_dict() == {
        "type": "static",
        "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
    }
    assert client.vector_stores.retrieve(store).usage_bytes == 5


def test_a_list_of_stores_shows_what_has_been_indexed_although_nobody_asked_for_the_store(
    client: openai.OpenAI,
) -> None:
    stores = [store_with(client, ("a.md", b"fox")), store_with(client, ("b.md", b"dogs")), store_with(client)]
    listed = {store.id: store for store in client.vector_stores.list(order="asc")}
    assert [listed[store].status for store in stores] == ["completed"] * 3
    assert [listed[store].file_counts.completed for store in stores] == [1, 1, 0]
    assert [listed[store].usage_bytes for store in stores] == [3, 4, 0]


def test_one_store_shows_what_has_been_indexed_although_nobody_asked_for_its_entries(client: openai.OpenAI) -> None:
    store = client.vector_stores.retrieve(store_with(client, ("a.md", b"fox")))
    assert (store.status, store.file_counts.completed, store.usage_bytes) == ("completed", 1, 3)


def test_the_sdk_poll_helper_ends_soon(client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(openai.resources.vector_stores.files.Files, "_sleep", lambda _, seconds: slept.append(seconds))
    store = client.vector_stores.create().id
    entry = client.vector_stores.files.create_and_poll(upload(client), vector_store_id=store)
    assert entry.status == "completed"
    assert sum(slept) < 0.9


def test_a_file_is_in_progress_until_it_is_indexed(make_client: MakeClient) -> None:
    client = make_client(indexing_delay_s=1.5)
    store = store_with(client, ("a.md", b"fox"))
    assert attached(client, store, filter="in_progress") != []
    assert attached(client, store, filter="completed") == []
    assert client.vector_stores.retrieve(store).status == "in_progress"
    assert found(client, store, "fox") == []
    time.sleep(1.55)
    assert found(client, store, "fox") == ["a.md"]
    assert client.vector_stores.retrieve(store).status == "completed"


def test_attaching_twice_keeps_one_entry_as_it_was(client: openai.OpenAI) -> None:
    store, file = client.vector_stores.create().id, upload(client)
    client.vector_stores.files.create(store, file_id=file, attributes={"a": "1"})
    client.vector_stores.files.retrieve(file, vector_store_id=store)
    again = client.vector_stores.files.create(store, file_id=file, attributes={"a": "2"})
    assert (again.status, again.attributes) == ("completed", {"a": "1"})
    assert attached(client, store) == [file]


@pytest.mark.parametrize(
    ("name", "shown"), [("a.ps1", "[.ps1]"), ("Makefile", "[none]"), ("d.md/x", "[none]"), (".md", "[none]")]
)
def test_a_file_of_another_type_cannot_be_attached(client: openai.OpenAI, name: str, shown: str) -> None:
    store = client.vector_stores.create().id
    message = re.escape(f"Files with extensions {shown} are not supported for retrieval.")
    with pytest.raises(openai.BadRequestError, match=message):
        client.vector_stores.files.create(store, file_id=upload(client, name))
    assert attached(client, store) == []


def test_an_unknown_file_cannot_be_attached(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    with pytest.raises(openai.BadRequestError, match="Cannot find file file-unknown"):
        client.vector_stores.files.create(store, file_id="file-unknown")


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("utf8.md", "é".encode(), "completed", None),
        ("utf16.txt", "é 日本".encode("utf-16"), "completed", None),
        ("binary.txt", b"\xff\xfe\xfd\x00\x80", "failed", "unsupported_file"),
        ("latin1.txt", "é".encode("latin-1"), "failed", "unsupported_file"),
        ("nul.txt", b"a\0b", "failed", "unsupported_file"),
        ("empty.txt", b"", "failed", "invalid_file"),
        ("big.txt", b"x" * 20_000_001, "failed", "invalid_file"),
        ("not-a-zip.docx", b"PK", "failed", "invalid_file"),
        ("a.pdf", b"%PDF-1.7 \xff", "completed", None),
        ("UPPER.MD", b"x", "completed", None),
    ],
)
def test_what_cannot_be_parsed_fails_and_says_so(
    client: openai.OpenAI, name: str, content: bytes, status: str, code: str | None
) -> None:
    store = store_with(client, (name, content))
    (entry,) = client.vector_stores.files.list(store)
    VectorStoreFile.model_validate(entry.model_dump())
    assert (entry.status, entry.last_error.code if entry.last_error else None) == (status, code)
    counts = client.vector_stores.retrieve(store).file_counts
    assert (counts.completed, counts.failed, counts.in_progress) == ((1, 0, 0) if status == "completed" else (0, 1, 0))


def test_a_failed_file_can_be_attached_again(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.txt", b"\xff"))
    (file,) = attached(client, store, filter="failed")
    again = client.vector_stores.files.create(store, file_id=file, attributes={"try": 2})
    assert (again.status, again.last_error, again.attributes) == ("in_progress", None, {"try": 2})


def test_updating_attributes_replaces_them_without_indexing_again(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.md", b"fox"), a="1", b="2")
    (file,) = attached(client, store)
    entry = client.vector_stores.files.update(file, vector_store_id=store, attributes={"c": True})
    assert (entry.attributes, entry.status) == ({"c": True}, "completed")
    assert client.vector_stores.files.retrieve(file, vector_store_id=store).attributes == {"c": True}
    assert client.vector_stores.files.update(file, vector_store_id=store, attributes=None).attributes == {}


@pytest.mark.parametrize(
    ("attributes", "accepted"),
    [
        ({str(n): "v" for n in range(16)}, True),
        ({str(n): "v" for n in range(17)}, False),
        ({"k" * 64: "v" * 512}, True),
        ({"k" * 65: "v"}, False),
        ({"k": "v" * 513}, False),
        ({"k": 1.5, "l": True, "m": 10**20}, True),
        ({"k": ["v"]}, False),
        ({"k": None}, False),
        ({"🦊" * 64: "🦊" * 512}, True),
    ],
)
def test_attributes_have_limits(client: openai.OpenAI, attributes: dict[str, Any], accepted: bool) -> None:
    store, file = client.vector_stores.create().id, upload(client)
    if accepted:
        entry = client.vector_stores.files.create(store, file_id=file, attributes=attributes)
        assert entry.attributes == attributes
    else:
        with pytest.raises(openai.BadRequestError, match="attributes"):
            client.vector_stores.files.create(store, file_id=file, attributes=attributes)
        assert attached(client, store) == []


@pytest.mark.parametrize(
    ("size", "overlap", "accepted"),
    [(100, 50, True), (4096, 0, True), (99, 0, False), (4097, 0, False), (100, 51, False), (100, -1, False)],
)
def test_chunk_sizes_have_limits(client: openai.OpenAI, size: int, overlap: int, accepted: bool) -> None:
    store, file = client.vector_stores.create().id, upload(client)

    def attach() -> VectorStoreFile:
        return client.vector_stores.files.create(
            store,
            file_id=file,
            chunking_strategy={
                "type": "static",
                "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap},
            },
        )

    if accepted:
        assert attach().chunking_strategy is not None
    else:
        with pytest.raises(openai.BadRequestError, match="tokens"):
            attach()


def test_a_detached_file_is_gone_from_the_store_alone(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.md", b"fox"))
    (file,) = attached(client, store)
    deleted = client.vector_stores.files.delete(file, vector_store_id=store)
    VectorStoreFileDeleted.model_validate(deleted.model_dump())
    assert (deleted.id, deleted.deleted) == (file, True)
    assert attached(client, store) == []
    assert found(client, store, "fox") == []
    assert client.files.retrieve(file).id == file
    for request in (client.vector_stores.files.retrieve, client.vector_stores.files.delete):
        with pytest.raises(openai.NotFoundError, match=file):
            request(file, vector_store_id=store)


def test_the_parsed_text_can_be_read_back(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.txt", "\ufeffgrüße".encode("utf-16-le")))
    (file,) = attached(client, store)
    (page,) = client.vector_stores.files.content(file, vector_store_id=store).data
    assert (page.type, page.text) == ("text", "grüße")


def test_files_of_a_store_are_listed_in_pages(client: openai.OpenAI) -> None:
    ids = uploads(client, 25)
    store = client.vector_stores.create(file_ids=ids).id
    assert len(client.vector_stores.files.list(store).data) == 20
    assert [entry.id for entry in client.vector_stores.files.list(store, limit=7, order="asc")] == ids
    assert [entry.id for entry in client.vector_stores.files.list(store, limit=7)] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"extra_query": {"limit": "many"}}, "limit"),
        ({"extra_query": {"order": "random"}}, "order"),
        ({"extra_query": {"filter": "lost"}}, "filter"),
        ({"after": "file-unknown"}, "after"),
        ({"before": "file-unknown"}, "before"),
    ],
)
def test_a_list_with_a_wrong_parameter_is_refused(client: openai.OpenAI, query: dict[str, Any], param: str) -> None:
    store = client.vector_stores.create().id
    with pytest.raises(openai.BadRequestError) as error:
        client.vector_stores.files.list(store, **query)
    assert error.value.param == param


def test_words_of_an_office_file_are_found(client: openai.OpenAI) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        xml = '<w:p><w:r><w:t>Quarterly</w:t></w:r><w:r><w:t xml:space="preserve"> R&amp;D</w:t></w:r></w:p>'
        archive.writestr("word/document.xml", f"<w:document>{xml}</w:document>")
    store = store_with(client, ("report.docx", data.getvalue()))
    (hit,) = client.vector_stores.search(store, query="quarterly").data
    assert hit.content[0].text == "Quarterly R&D\n"


# Batches


def test_a_batch_attaches_all_with_their_own_attributes(client: openai.OpenAI) -> None:
    store, ids = client.vector_stores.create().id, uploads(client, 3)
    batch = client.vector_stores.file_batches.create(
        store, files=[{"file_id": file, "attributes": {"n": n}} for n, file in enumerate(ids)]
    )
    VectorStoreFileBatch.model_validate(batch.model_dump())
    assert batch.id.startswith("vsfb_")
    assert (batch.status, batch.file_counts.total) == ("in_progress", 3)
    batch = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    entries = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store, order="asc", limit=2)
    assert [(entry.id, entry.attributes) for entry in entries] == [(f, {"n": n}) for n, f in enumerate(ids)]


def test_a_batch_of_ids_shares_its_attributes(client: openai.OpenAI) -> None:
    store, ids = client.vector_stores.create().id, uploads(client, 2)
    batch = client.vector_stores.file_batches.create_and_poll(store, file_ids=ids, attributes={"x": "y"})
    assert batch.status == "completed"
    assert [entry.attributes for entry in client.vector_stores.files.list(store)] == [{"x": "y"}, {"x": "y"}]


def test_a_batch_is_completed_even_when_files_failed(client: openai.OpenAI) -> None:
    store, good, bad = client.vector_stores.create().id, upload(client), upload(client, "b.txt", b"\xff")
    batch = client.vector_stores.file_batches.create(store, file_ids=[good, bad])
    batch = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.completed, batch.file_counts.failed) == ("completed", 1, 1)
    failed = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store, filter="failed")
    assert [entry.id for entry in failed] == [bad]


@pytest.mark.parametrize("bad", ["unknown", "extension"])
def test_one_bad_file_refuses_the_whole_batch(client: openai.OpenAI, bad: str) -> None:
    store, ids = client.vector_stores.create().id, uploads(client, 2)
    ids.append("file-unknown" if bad == "unknown" else upload(client, "a.ps1"))
    with pytest.raises(openai.BadRequestError, match=r"file-unknown|\[\.ps1\]"):
        client.vector_stores.file_batches.create(store, file_ids=ids)
    assert attached(client, store) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "invalid_value"),
        ({"file_ids": ["file-a"], "files": [{"file_id": "file-a"}]}, "invalid_value"),
        ({"file_ids": []}, "array_below_min_length"),
        ({"file_ids": ["file-a"] * 2001}, "array_above_max_length"),
        ({"files": [{"file_id": "file-a"}] * 2001}, "array_above_max_length"),
        ({"files": [{"attributes": {}}]}, "missing_required_parameter"),
        ({"extra_body": {"files": ["file-a"]}}, "invalid_type"),
        ({"extra_body": {"file_ids": [1]}}, "invalid_type"),
    ],
)
def test_a_malformed_batch_is_refused(client: openai.OpenAI, arguments: dict[str, Any], code: str) -> None:
    store = client.vector_stores.create().id
    with pytest.raises(openai.BadRequestError) as error:
        client.vector_stores.file_batches.create(store, **arguments)
    assert error.value.code == code


def test_a_cancelled_batch_stops_what_is_not_indexed_yet(make_client: MakeClient) -> None:
    client = make_client(indexing_delay_s=3600)
    store, ids = client.vector_stores.create().id, uploads(client, 2)
    batch = client.vector_stores.file_batches.create(store, file_ids=ids)
    cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert (cancelled.status, cancelled.file_counts.cancelled, cancelled.file_counts.in_progress) == (
        "cancelled",
        2,
        0,
    )
    assert sorted(attached(client, store, filter="cancelled")) == sorted(ids)
    again = client.vector_stores.file_batches.create(store, file_ids=ids)
    assert again.file_counts.in_progress == 2


def test_cancelling_a_finished_batch_changes_nothing(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    batch = client.vector_stores.file_batches.create(store, file_ids=uploads(client, 2))
    cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert (cancelled.status, cancelled.file_counts.completed) == ("completed", 2)


def test_a_batch_names_a_file_once(client: openai.OpenAI) -> None:
    store, file = client.vector_stores.create().id, upload(client)
    assert client.vector_stores.file_batches.create(store, file_ids=[file, file]).file_counts.total == 1


def test_a_batch_id_is_checked(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    with pytest.raises(openai.BadRequestError, match="begins with 'vsfb_'"):
        client.vector_stores.file_batches.retrieve(store, vector_store_id=store)
    with pytest.raises(openai.NotFoundError, match="vsfb_unknown"):
        client.vector_stores.file_batches.retrieve("vsfb_unknown", vector_store_id=store)


# Search


def test_the_best_match_comes_first_with_what_a_citation_needs(client: openai.OpenAI) -> None:
    store = store_with(
        client,
        ("docs/fox.md", b"The quick brown fox jumps over the lazy dog."),
        ("docs/dog.md", b"A dog sleeps all day."),
        ("docs/cat.md", b"Cats have nothing to do with it."),
        path="p",
    )
    page = client.vector_stores.search(store, query="quick fox dog")
    first, second = page.data
    assert (first.filename, second.filename) == ("docs/fox.md", "docs/dog.md")
    assert first.attributes == {"path": "p"}
    assert first.file_id in attached(client, store)
    assert first.content[0].text == "The quick brown fox jumps over the lazy dog."
    assert 0 <= second.score < first.score == 1
    assert (page.has_more, page.search_query) == (False, ["quick fox dog"])  # type: ignore[attr-defined]  # the SDK's page does not declare what the API answers


def test_several_queries_find_what_any_of_them_finds(client: openai.OpenAI) -> None:
    store = store_with(client, ("fox.md", b"fox"), ("dog.md", b"dog"), ("cat.md", b"cat"))
    assert sorted(found(client, store, ["fox", "dog"])) == ["dog.md", "fox.md"]


def test_words_are_found_in_other_forms_and_in_file_names(client: openai.OpenAI) -> None:
    store = store_with(client, ("guides/Überblick.md", b"jumping"), ("b.md", "e\u0301te\u0301".encode()))
    assert found(client, store, "jumps") == ["guides/Überblick.md"]
    assert found(client, store, "uberblick") == ["guides/Überblick.md"]
    assert found(client, store, "\xe9t\xe9") == ["b.md"]


def test_a_word_with_a_letter_that_has_no_single_capital_is_found(client: openai.OpenAI) -> None:
    store = store_with(client, ("a.md", "Viele Grüße".encode()), ("b.md", b"Viele"))
    assert found(client, store, "GRÜßE") == found(client, store, "grüße") == ["a.md"]


def test_a_search_returns_at_most_the_number_asked_for(client: openai.OpenAI) -> None:
    store = store_with(client, *((f"{n}.md", b"fox") for n in range(12)))
    assert len(found(client, store, "fox")) == 10
    assert len(found(client, store, "fox", max_num_results=3)) == 3
    assert len(found(client, store, "fox", max_num_results=50)) == 12
    for number in (0, 51):
        with pytest.raises(openai.BadRequestError, match="max_num_results"):
            found(client, store, "fox", max_num_results=number)


def test_a_score_threshold_leaves_out_weak_matches(client: openai.OpenAI) -> None:
    store = store_with(client, ("both.md", b"fox dog"), ("one.md", b"dog and much else"))
    assert found(client, store, "fox dog", ranking_options={"score_threshold": 0.9}) == ["both.md"]
    assert len(found(client, store, "fox dog", ranking_options={"score_threshold": 0.0})) == 2


def test_filters_choose_by_attributes(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    for n in range(5):
        attributes: dict[str, str | float | bool] = {"n": n, "dir": "docs" if n < 3 else "src"}
        client.vector_stores.files.create(store, file_id=upload(client, f"{n}.md", b"fox"), attributes=attributes)
    filters: Any = {
        "type": "and",
        "filters": [
            {"type": "eq", "key": "dir", "value": "docs"},
            {
                "type": "or",
                "filters": [
                    {"type": "gt", "key": "n", "value": 1},
                    {"type": "in", "key": "n", "value": [0]},
                ],
            },
        ],
    }
    assert sorted(found(client, store, "fox", filters=filters)) == ["0.md", "2.md"]
    with pytest.raises(openai.BadRequestError, match="filters"):
        found(client, store, "fox", filters={"type": "like", "key": "n", "value": 1})


@pytest.mark.parametrize(
    "query",
    ['"', '""', "fox AND", "fox NOT fox", "NEAR(fox", "filename:fox", "*", "fox*", "^fox", "-fox", "(fox",
     "{fox", "'; DROP TABLE chunks; --", "\x00fox", "_", "\u0301", "x_y", "🦊", "fox " * 5000, "日本語",
     "ﷺ", "½ ² Ⅷ"],
)  # fmt: skip
def test_a_query_is_words_and_never_syntax(client: openai.OpenAI, query: str) -> None:
    store = store_with(client, ("a.md", b"fox"), ("b.md", b"nothing"))
    assert found(client, store, query) in ([], ["a.md"])
    assert found(client, store, "fox") == ["a.md"]


def test_an_empty_query_is_refused(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    queries: list[str | list[str]] = ["", " ", []]
    for query in queries:
        with pytest.raises(openai.BadRequestError, match="query"):
            found(client, store, query)


def test_other_stores_are_not_searched(client: openai.OpenAI) -> None:
    store_with(client, ("secret.md", b"fox"))
    assert found(client, store_with(client, ("a.md", b"dog")), "fox") == []


# Requests as such


def test_every_answer_has_a_request_id_and_a_date(client: openai.OpenAI) -> None:
    response = client.files.with_raw_response.list()
    assert response.request_id
    assert abs(parsedate_to_datetime(response.headers["date"]).timestamp() - time.time()) < 5
    with pytest.raises(openai.NotFoundError) as error:
        client.files.retrieve("file-unknown")
    assert error.value.request_id
    assert error.value.request_id != response.request_id
    assert abs(parsedate_to_datetime(error.value.response.headers["date"]).timestamp() - time.time()) < 5


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"\xff", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 100_000, b'{"name": 1e999}',
     b"null", b'{"name": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_a_body_that_is_not_a_json_object_is_refused(client: openai.OpenAI, body: bytes) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.post(
            "/vector_stores",
            cast_to=VectorStore,
            content=body,
            options={"headers": {"Content-Type": "application/json"}},
        )
    assert error.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "path",
    ["/nonsense", "/files/a/b/c", "/vector_stores/a/nonsense", "/files/%2e%2e", "/files/%00", "/files/ü"],
)
def test_what_does_not_exist_is_not_found(client: openai.OpenAI, path: str) -> None:
    with pytest.raises(openai.NotFoundError):
        client.get(path, cast_to=FileObject)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_method_that_does_not_exist_is_refused(client: openai.OpenAI, method: str) -> None:
    with pytest.raises(openai.APIStatusError) as error:
        getattr(client, method)("/vector_stores", cast_to=VectorStore)
    assert refusal(error) == (405, None, "method_not_allowed")
    assert error.value.response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("way", ["http"])
def test_with_a_key_other_keys_are_refused(make_client: MakeClient) -> None:
    assert make_client(api_key="right", sent_key="right").files.list().data == []
    with pytest.raises(openai.AuthenticationError) as error:
        make_client(api_key="right", sent_key="wröng"[:2]).files.list()
    assert refusal(error) == (401, None, "invalid_api_key")
    with pytest.raises(openai.AuthenticationError) as error:
        make_client().get("/files", cast_to=FileObject, options={"headers": {"Authorization": openai.omit}})
    assert refusal(error) == (401, None, "missing_api_key")


# The asynchronous client, as vsync uses it


def test_many_uploads_at_once_are_all_kept(make_async_client: MakeAsyncClient) -> None:
    async def sync() -> tuple[int, list[str]]:
        async with make_async_client() as client:
            files = await asyncio.gather(
                *(client.files.create(file=(f"{n}.md", f"fox {n}".encode()), purpose="assistants") for n in range(40))
            )
            store = await client.vector_stores.create(name="s")
            batch = await client.vector_stores.file_batches.create_and_poll(
                store.id, file_ids=[file.id for file in files]
            )
            hits = await client.vector_stores.search(store.id, query="fox 17", max_num_results=1)
            content = await client.files.content(files[17].id)
            assert content.read() == b"fox 17"
            return batch.file_counts.completed, [hit.filename for hit in hits.data]

    assert asyncio.run(sync()) == (40, ["17.md"])
