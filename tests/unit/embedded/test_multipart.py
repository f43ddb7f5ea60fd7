from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.embedded.helpers import multipart, of_json, send
from vsync.embedded import EmbeddedStore, Request
from vsync.embedded import multipart as module
from vsync.embedded.messages import ApiError
from vsync.embedded.multipart import form_of

FIELD = b'Content-Disposition: form-data; name="purpose"\r\n\r\nassistants'


def name_of(disposition: bytes) -> str:
    headers, body = multipart(b"Content-Disposition: form-data; " + disposition + b"\r\n\r\nx")
    with form_of(Request("POST", "/files", headers=headers, body=body)) as form:
        (upload,) = form.uploads.values()
        return upload.filename


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        # httpx2
        (b'name="file"; filename="a %22b%22.md"', 'a "b".md'),
        (b'name="file"; filename="a\\\\b.md"', "a\\b.md"),
        (b'name="file"; filename="a%0Ab%0D%09%00.md"', "a\nb\r\t\0.md"),
        (b'name="file"; filename="a\x1b.md"', "a\x1b.md"),
        # browsers
        (b'name="file"; filename="C:\\fakepath\\a.md"', "C:\\fakepath\\a.md"),
        (b'name="file"; filename="ends with \\"', "ends with \\"),
        # curl
        (b'name="file"; filename="a \\"b\\".md"', 'a "b".md'),
        (b"name=file; filename=a.md", "a.md"),
        # all
        (b'name="file"; filename=""', ""),
        ('name="file"; filename="ü日本🦊.md"'.encode(), "ü日本🦊.md"),
        (b'name="file"; filename="a; filename=b.md"', "a; filename=b.md"),
        (b'filename="a.md"; name="file"', "a.md"),
        (b'name="file"; filename="a%25%20%7F%2522.md"', "a%25%20%7F%2522.md"),
        (b'name="file"; filename="\xff.md"', "\ufffd.md"),
        (b'NAME="file"; FileName="a.md" ', "a.md"),
    ],
)
def test_names_are_read_as_every_client_writes_them(disposition: bytes, name: str) -> None:
    assert name_of(disposition) == name


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_the_pieces_in_which_a_body_arrives_do_not_matter(size: int) -> None:
    content = b"\r\n--limi\r\n--limit-not\r\n" + bytes(range(256)) * 3
    content = content.replace(b"\r\n--limit", b"\r\n--limiT")
    headers, (body,) = multipart(FIELD, b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + content)
    pieces = [body[n : n + size] for n in range(0, len(body), size)]
    with form_of(Request("POST", "/files", headers=headers, body=pieces)) as form:
        assert form.fields == {"purpose": "assistants"}
        assert form.uploads["file"].content.read() == content
        assert form.uploads["file"].size == len(content)


def test_a_preamble_and_an_epilogue_are_ignored() -> None:
    headers, (body,) = multipart(FIELD)
    with form_of(Request("POST", "/files", headers=headers, body=[b"before\r\n", body, b"after"])) as form:
        assert form.fields == {"purpose": "assistants"}


@pytest.mark.parametrize("boundary", ["limit", '"limit"', "limit; charset=utf-8"])
def test_the_boundary_may_be_quoted(boundary: str) -> None:
    _, body = multipart(FIELD)
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    with form_of(Request("POST", "/files", headers=headers, body=body)) as form:
        assert form.fields == {"purpose": "assistants"}


MALFORMED = [
    ("application/json", b"{}"),
    ("multipart/form-data", b""),
    ("multipart/form-data; boundary=", b""),
    ("multipart/form-data; boundary=x", b""),
    ("multipart/form-data; boundary=x", b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: text/plain\r\n\r\nabc\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end'),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 70_000),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 70_000 + b"\r\n--x--",
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n' * 33 + b"--x--",
    ),
]


@pytest.mark.parametrize(("content_type", "body"), MALFORMED)
def test_a_malformed_body_is_refused(content_type: str, body: bytes) -> None:
    request = Request("POST", "/files", headers={"content-type": content_type}, body=[body])
    with pytest.raises(ApiError) as error, form_of(request):
        pass
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        ([], "purpose"),
        ([FIELD], "file"),
        ([FIELD.replace(b"purpose", b"file"), FIELD], "file"),
        ([b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'], "purpose"),
    ],
)
def test_a_form_without_its_fields_is_refused(store: EmbeddedStore, parts: list[bytes], param: str) -> None:
    headers, body = multipart(*parts)
    response = send(store, "POST", "/files", body=body, headers=headers)
    assert (response.status, of_json(response)["error"]["param"]) == (400, param)


def test_a_file_past_the_limit_is_refused_before_it_is_read_whole(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3_000_000)
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        yield b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            read += 1
            yield bytes(100_000)

    response = send(
        store, "POST", "/files", body=body(), headers={"content-type": "multipart/form-data; boundary=limit"}
    )
    assert (response.status, of_json(response)["error"]["code"]) == (413, "file_too_large")
    assert read < 40


def test_all_files_of_a_request_together_are_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3_000_000)
    parts = [
        b'Content-Disposition: form-data; name="file%d"; filename="a"\r\n\r\n' % number + bytes(1_000_000)
        for number in range(4)
    ]
    headers, body = multipart(*parts[:3])
    with form_of(Request("POST", "/files", headers=headers, body=body)) as form:
        assert [upload.size for upload in form.uploads.values()] == [1_000_000] * 3
    headers, body = multipart(*parts)
    with pytest.raises(ApiError) as refused, form_of(Request("POST", "/files", headers=headers, body=body)):
        pass
    assert refused.value.status == 413
