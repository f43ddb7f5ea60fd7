"""What a batch answers to a request. The embedded store has no model, so each answer says that it is canned.

A request fails when its body names no model where the endpoint needs one, when the endpoint makes images or videos,
or when its model is `vsync-fail-STATUS`: a request to the model `vsync-fail-429` always fails with the status 429, and
one to `vsync-fail-500` with the status 500. STATUS is 400 to 599. With these names everybody can try what happens when
requests fail. They may stand beside the one other model of a batch in this store; a client may want one model a batch.
A request whose custom_id begins with such a name fails in the same way, whatever its model is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from dataclasses import dataclass
from typing import Any, Final

from vsync.embedded.batch_lines import BatchRequest

MARK: Final = "[vsync embedded store]"
EMBEDDINGS: Final = "/v1/embeddings"
_MODERATIONS: Final = "/v1/moderations"
_MAKES_PICTURES: Final = ("/v1/images/generations", "/v1/images/edits", "/v1/videos")
ENDPOINTS: Final = (
    *("/v1/responses", "/v1/chat/completions", EMBEDDINGS, "/v1/completions", _MODERATIONS),
    *_MAKES_PICTURES,
)
DIMENSIONS: Final = 8

_FAILING = re.compile(r"vsync-fail-([45][0-9]{2})(?![0-9])")
_CODES = {401: "invalid_api_key", 403: "permission_denied", 404: "model_not_found", 429: "rate_limit_exceeded"}
_SHOWN_CHARACTERS = 200
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, object]
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def ok(self) -> bool:
        return self.status < 400


def fails_on_purpose(model: str) -> bool:
    return _FAILING.fullmatch(model) is not None


def failure(endpoint: str, request: BatchRequest) -> Answer | None:
    """The answer to a request that fails, or None for one that is answered."""
    model = request.body.get("model")
    if endpoint in _MAKES_PICTURES:
        return _refusal(400, "It makes no images and no videos, so this request cannot be answered.", "unsupported")
    if model is None and endpoint != _MODERATIONS:
        return _refusal(400, "You must provide a model parameter.", "missing_required_parameter", "model")
    if model is not None and not (isinstance(model, str) and model):
        return _refusal(400, "Invalid type for 'model': expected a string.", "invalid_type", "model")
    if model is not None and (asked := _FAILING.fullmatch(model)):
        return _asked_for(asked, f"Each request to the model '{model}' fails with this status.", "model")
    if asked := _FAILING.match(request.custom_id):
        about = f"Each request whose custom_id begins with '{asked[0]}' fails with this status."
        return _asked_for(asked, about, "custom_id")
    return None


def _asked_for(asked: re.Match[str], message: str, param: str) -> Answer:
    status = int(asked[1])
    code = _CODES.get(status, "server_error" if status >= 500 else "invalid_request")
    return _refusal(status, message, code, param)


def answer(endpoint: str, request: BatchRequest, created_at: int) -> Answer:
    """The answer to a request. `created_at` is a time in seconds."""
    if (refused := failure(endpoint, request)) is not None:
        return refused
    text = f"{MARK} canned answer to request {_shortened(request.custom_id)}"
    read, written = _tokens(request.size), _tokens(len(text))
    identifier = _id_of(request.custom_id)
    model = request.body.get("model") or "omni-moderation-latest"
    if endpoint == EMBEDDINGS:
        body: dict[str, object] = {
            "object": "list",
            "data": _embeddings(request.body, identifier),
            "model": model,
            "usage": {"prompt_tokens": read, "total_tokens": read},
            "note": text,
        }
        return Answer(200, body, read)
    if endpoint == _MODERATIONS:
        verdict = {"flagged": False, "categories": {}, "category_scores": {}}
        return Answer(200, {"id": "modr-" + identifier, "model": model, "results": [verdict], "note": text}, read)
    if endpoint == "/v1/responses":
        body = _response(identifier, created_at, model, text, read, written)
    else:
        body = _completion(endpoint, identifier, created_at, model, text, read, written)
    return Answer(200, body, read, written)


def answered_line(batch_id: str, custom_id: str, answer: Answer) -> bytes:
    """The line of an output File or error File for a request that was answered or refused."""
    response = {"status_code": answer.status, "request_id": _id_of(batch_id, custom_id, "request"), "body": answer.body}
    return _line(batch_id, custom_id, response, None)


def expired_line(batch_id: str, custom_id: str) -> bytes:
    """The line of an error File for a request that the batch did not get to."""
    message = "This request could not be executed before the completion window expired."
    return _line(batch_id, custom_id, None, {"code": "batch_expired", "message": message})


def inputs(body: dict[str, Any]) -> int:
    """How many texts a request for embeddings holds."""
    given = body.get("input")
    # A list of numbers is one text, already cut into tokens.
    several = isinstance(given, list) and not all(isinstance(item, int) for item in given)
    return len(given) if several and isinstance(given, list) else 1


def _line(batch_id: str, custom_id: str, response: dict[str, object] | None, error: dict[str, object] | None) -> bytes:
    identifier = "batch_req_" + _id_of(batch_id, custom_id)
    return json.dumps({"id": identifier, "custom_id": custom_id, "response": response, "error": error}).encode() + b"\n"


def _id_of(*parts: str) -> str:
    text = json.dumps(parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _completion(
    endpoint: str, identifier: str, created_at: int, model: object, text: str, read: int, written: int
) -> dict[str, object]:
    choice: dict[str, object] = {"index": 0, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    if endpoint == "/v1/completions":
        kind, prefix = "text_completion", "cmpl-"
        choice["text"] = text
    else:
        kind, prefix = "chat.completion", "chatcmpl-"
        choice["message"] = {"role": "assistant", "content": text, "refusal": None}
    return {
        "id": prefix + identifier,
        "object": kind,
        "created": created_at,
        "model": model,
        "choices": [choice],
        "usage": usage,
    }


def _response(identifier: str, created_at: int, model: object, text: str, read: int, written: int) -> dict[str, object]:
    content = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "msg_" + identifier, "type": "message", "role": "assistant", "status": "completed"}
    return {
        "id": "resp_" + identifier,
        "object": "response",
        "created_at": created_at,
        "status": "completed",
        "model": model,
        "output": [{**message, "content": [content]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        },
    }


def _embeddings(body: dict[str, Any], identifier: str) -> list[dict[str, object]]:
    return [
        {"object": "embedding", "index": n, "embedding": _vector(f"{identifier}/{n}", body.get("encoding_format"))}
        for n in range(inputs(body))
    ]


def _vector(seed: str, encoding: object) -> list[float] | str:
    """Numbers from -1 to 1 that mean nothing. The same seed gives the same ones."""
    digest = hashlib.blake2b(seed.encode(), digest_size=DIMENSIONS).digest()
    numbers = [round(byte / 127.5 - 1, 4) for byte in digest]
    if encoding == "base64":
        return base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *numbers)).decode()
    return numbers


def _refusal(status: int, message: str, code: str, param: str | None = None) -> Answer:
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": f"{MARK} {message}", "type": kind, "param": param, "code": code}
    return Answer(status, {"error": error})


def _tokens(size: int) -> int:
    return max(1, size // _BYTES_PER_TOKEN)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
