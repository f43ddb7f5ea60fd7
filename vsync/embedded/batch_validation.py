"""Validates the input of a batch, line by line. It names what is wrong as the API does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from vsync.embedded.batch_answers import EMBEDDINGS, fails_on_purpose, failure, inputs
from vsync.embedded.batch_lines import BatchRequest, LineFault, read_line

MAX_REQUESTS = 50_000
MAX_INPUTS = 50_000
MAX_ERRORS = 100

BatchError = dict[str, str | int | None]
"""`code`, `message`, `param` and `line`, which counts from 1."""


@dataclass
class Validated:
    """What a valid input holds. With errors it is not valid."""

    total: int = 0
    failing: int = 0
    """Requests that the embedded store will refuse to answer."""
    model: str | None = None
    errors: list[BatchError] = field(default_factory=list)


def error(code: str, message: str, param: str | None = None, line: int | None = None) -> BatchError:
    return {"code": code, "message": message, "param": param, "line": line}


def validate(lines: Iterable[bytes | None], endpoint: str) -> Validated:
    """Reads all lines, or those up to the error after which no more are reported."""
    found = Validated()
    # Identifiers may be as long as a line, so digests stand for them.
    seen: set[bytes] = set()
    embedded = 0
    for number, line in enumerate(lines, 1):
        if number > MAX_REQUESTS:
            found.errors.append(error("too_many_tasks", f"The file has more than {MAX_REQUESTS} requests."))
            break
        found.total = number
        request = read_line(line, endpoint)
        if isinstance(request, BatchRequest):
            fault = _fault_among_others(request, found, seen)
            found.failing += failure(endpoint, request) is not None
            embedded += inputs(request.body) if endpoint == EMBEDDINGS else 0
        else:
            fault = request
        if fault is not None:
            found.errors.append(error(fault.code, fault.message, fault.param, number))
            if len(found.errors) >= MAX_ERRORS:
                break
    if found.total == 0:
        found.errors.append(error("empty_file", "The file holds no request."))
    if embedded > MAX_INPUTS:
        found.errors.append(error("too_many_inputs", f"The file has more than {MAX_INPUTS} texts to embed."))
    return found


def _fault_among_others(request: BatchRequest, found: Validated, seen: set[bytes]) -> LineFault | None:
    """What is wrong with a request because of the requests before it."""
    digest = hashlib.blake2b(request.custom_id.encode(errors="surrogatepass"), digest_size=16).digest()
    if digest in seen:
        return LineFault("duplicate_custom_id", "Another request of the file has the same custom_id.", "custom_id")
    seen.add(digest)
    model = request.body.get("model")
    if isinstance(model, str) and not _is_text(model):
        return LineFault("invalid_value", "Invalid value for 'model': it has half of a character.", "body.model")
    if isinstance(model, str) and model and not fails_on_purpose(model):
        if found.model not in (None, model):
            message = "The model of this request is not the model of the requests before it."
            return LineFault("model_mismatch", message, "body.model")
        found.model = model
    return None


def _is_text(text: str) -> bool:
    """Whether UTF-8, and so the database, can hold it. JSON may name a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
