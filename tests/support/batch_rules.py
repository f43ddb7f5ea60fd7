"""What the API takes of a run of `vsync batch`: its requests, their bodies and limits.

https://platform.openai.com/docs/api-reference/batch, …/files and …/uploads
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tests.support.wire import Sent

ENDPOINTS = {
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
}
PURPOSES = {"batch", "batch_output"}
_UPLOADED = {"file", "purpose", "expires_after[anchor]", "expires_after[seconds]"}
_MIB = 1024 * 1024


def wrong_with(sent: Sent) -> str | None:
    """What the API would not take of a request; None: nothing."""
    rule = next((rule for what, rule in _RULES.items() if sent.is_(what)), None)
    if rule is None:
        return f"{sent}: a run of `vsync batch` has no such request"
    try:
        rule(sent)
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        return f"{sent} {dict(sent.query)}: {type(error).__name__} {error}"
    return None


def _batches_are_listed(sent: Sent) -> None:
    _has_only(sent.query, {"after", "limit"})
    assert 1 <= int(sent.query.get("limit", "20")) <= 100, "a page has 1 to 100 batches"
    assert not sent.raw, "a listing has no body"


def _files_are_listed(sent: Sent) -> None:
    _has_only(sent.query, {"after", "limit", "order", "purpose"})
    assert 1 <= int(sent.query.get("limit", "10000")) <= 10_000, "a page has 1 to 10,000 Files"
    assert sent.query.get("order", "desc") in {"asc", "desc"}, "an order"
    assert sent.query["purpose"] in PURPOSES, "only Files of batches are looked at"


def _a_batch_is_made(sent: Sent) -> None:
    given = _json(sent)
    _has_only(given, {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"})
    assert re.fullmatch(r"file-\w+", given["input_file_id"]), "the id of a File"
    assert given["endpoint"] in ENDPOINTS, "an endpoint of the Batch API"
    assert given["completion_window"] == "24h", "the only window"
    metadata = given["metadata"]
    assert len(metadata) <= 16, "16 metadata at most"
    for key, text in metadata.items():
        assert 1 <= len(key) <= 64, "a key has 64 characters at most"
        assert isinstance(text, str), "metadata are texts"
        assert len(text) <= 512, "a text has 512 characters at most"


def _a_file_is_uploaded(sent: Sent) -> None:
    fields = _form(sent)
    _has_only(fields, _UPLOADED)
    assert fields["purpose"] == (None, b"batch"), "the purpose of a request file"
    filename, content = fields["file"]
    assert filename is not None, "a file has a name"
    assert filename.endswith(".jsonl"), "JSON Lines"
    are_requests(content)


def are_requests(content: bytes) -> None:
    """The content of an input File: one request a line, all for one endpoint and model, each with an id of its own."""
    assert 0 < len(content) <= 200 * _MIB, "200 MiB at most"
    requests = [json.loads(line) for line in content.splitlines()]
    assert len(requests) <= 50_000, "50,000 requests at most"
    assert {request["method"] for request in requests} == {"POST"}, "POST"
    (url,) = {request["url"] for request in requests}
    assert url in ENDPOINTS, "an endpoint of the Batch API"
    assert len({request["custom_id"] for request in requests}) == len(requests), "each request has an id of its own"
    assert len({request["body"]["model"] for request in requests}) == 1, "one model"


def _an_upload_begins(sent: Sent) -> None:
    given = _json(sent)
    _has_only(given, {"filename", "purpose", "bytes", "mime_type", "expires_after"})
    assert given["purpose"] == "batch", "the purpose of a request file"
    assert 0 < given["bytes"] <= 200 * _MIB, "200 MiB at most"
    assert given["filename"].endswith(".jsonl"), "JSON Lines"
    assert given["mime_type"], "a media type"


def _a_part_is_uploaded(sent: Sent) -> None:
    fields = _form(sent)
    _has_only(fields, {"data"})
    assert 0 < len(fields["data"][1]) <= 64 * _MIB, "64 MiB at most"


def _an_upload_ends(sent: Sent) -> None:
    given = _json(sent)
    _has_only(given, {"part_ids", "md5"})
    assert given["part_ids"], "parts"
    assert all(isinstance(part, str) for part in given["part_ids"]), "ids of parts"
    assert re.fullmatch(r"[0-9a-f]{32}", given["md5"]), "an MD5 in hexadecimal"


def _says_nothing(sent: Sent) -> None:
    assert sent.raw in {b"", b"{}"}, "no body"
    assert not sent.query, "no query"


_RULES = {
    "GET /batches": _batches_are_listed,
    "POST /batches": _a_batch_is_made,
    "GET /batches/*": _says_nothing,
    "POST /batches/*/cancel": _says_nothing,
    "GET /files": _files_are_listed,
    "POST /files": _a_file_is_uploaded,
    "GET /files/*": _says_nothing,
    "GET /files/*/content": _says_nothing,
    "DELETE /files/*": _says_nothing,
    "POST /uploads": _an_upload_begins,
    "POST /uploads/*/parts": _a_part_is_uploaded,
    "POST /uploads/*/complete": _an_upload_ends,
    "POST /uploads/*/cancel": _says_nothing,
}


def _json(sent: Sent) -> dict[str, Any]:
    assert sent.headers["content-type"].startswith("application/json"), "a body in JSON"
    found: dict[str, Any] = json.loads(sent.raw)
    return found


def _has_only(given: Mapping[str, Any], names: set[str]) -> None:
    assert not given.keys() - names, f"unknown names: {sorted(given.keys() - names)}"


def _form(sent: Sent) -> dict[str, tuple[str | None, bytes]]:
    """The fields of a form: filename and content."""
    head = f"content-type: {sent.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + sent.raw)
    assert message.is_multipart(), "a form"
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        assert name not in found, f"{name} is there twice"
        found[name] = (part.get_filename(), content)
    return found
