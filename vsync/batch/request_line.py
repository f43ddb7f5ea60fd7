"""Reads one line of a request file, and says what is wrong with it alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from vsync.batch.embedding_inputs import count_inputs
from vsync.batch.json_members import Broken, MemberReader, check_utf8
from vsync.batch.limits import EMBEDDINGS, ENDPOINTS, MAX_TEXT_BYTES, NEEDS_MODEL
from vsync.batch.request_faults import Fault, short
from vsync.batch.request_lines import LineBytes


class _Identified(msgspec.Struct):
    custom_id: str


_TEXT = msgspec.json.Decoder(str)
_IDENTIFIED = msgspec.json.Decoder(_Identified)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request. What the line lacks, or has in a wrong form, is None here and stands in `faults`.

    `endpoint` is one of ENDPOINTS. `inputs` is how many texts an embedding request embeds; above MAX_INPUTS it is not exact.
    """

    custom_id: str | None = None
    endpoint: str | None = None
    model: str | None = None
    inputs: int = 0
    faults: tuple[Fault, ...] = ()


class RequestReader:
    """Reads the lines of request files, one at a time."""

    def __init__(self) -> None:
        self._top = MemberReader(("custom_id", "method", "url", "body"))
        self._body = MemberReader(("model", "stream", "input"))

    def parse(self, line: LineBytes) -> RequestLine:
        """The request in a line. Never raises: what is wrong stands in `faults`, in the order of the members above."""
        if not line or line.isspace():
            return RequestLine(faults=(Fault("empty-line"),))
        try:
            check_utf8(line)
            top = self._top.read(line)
        except Broken as broken:
            return RequestLine(faults=(broken.fault,))
        faults = [Fault("duplicate-member", short(name)) for name in top.twice]
        custom_id = _text(top.values, "custom_id", "custom_id", faults)
        method = _text(top.values, "method", "method", faults)
        if method is not None and method != "POST":
            faults.append(Fault("wrong-method", method))
        endpoint = _text(top.values, "url", "url", faults)
        if endpoint is not None and endpoint not in ENDPOINTS:
            faults.append(Fault("wrong-url", endpoint))
            endpoint = None
        model, inputs = self._parse_body(top.values.get("body"), endpoint, faults)
        return RequestLine(custom_id, endpoint, model, inputs, tuple(faults))

    def _parse_body(
        self, value: memoryview | None, endpoint: str | None, faults: list[Fault]
    ) -> tuple[str | None, int]:
        """The model, and how many texts are embedded. What is wrong is added to `faults`."""
        if value is None:
            faults.append(Fault("no-member", "body"))
            return None, 0
        try:
            body = self._body.read(value)
        except Broken:
            faults.append(Fault("body-not-object"))
            return None, 0
        faults += [Fault("duplicate-member", f"body.{short(name)}") for name in body.twice]
        model = None
        if endpoint in NEEDS_MODEL or "model" in body.values:
            model = _text(body.values, "model", "body.model", faults)
        if bytes(body.values.get("stream", b"")[:5]) == b"true":
            faults.append(Fault("stream"))
        return model, _inputs(body.values.get("input"), faults) if endpoint == EMBEDDINGS else 0


def custom_id_of(line: LineBytes) -> str | None:
    """The custom_id of a line, however wrong the rest of the request is. None: it has no custom_id, or is no JSON object."""
    try:
        return _IDENTIFIED.decode(line).custom_id
    except (
        ValueError,
        RecursionError,
    ):  # not only msgspec's own errors: before 0.22 bytes that are not UTF-8 raise another
        return None


def _text(values: Mapping[str, memoryview], name: str, shown: str, faults: list[Fault]) -> str | None:
    """A member that must be a text. What is wrong with it is added to `faults`, which calls the member `shown`."""
    value = values.get(name)
    code = None
    text = ""
    if value is None:
        code = "no-member"
    elif len(value) > MAX_TEXT_BYTES:
        code = "text-too-long"
    else:
        try:
            text = _TEXT.decode(value)
            code = None if text else "empty-text"
        except msgspec.ValidationError:
            code = "not-text"
    if code:
        faults.append(Fault(code, shown))
        return None
    return text


def _inputs(value: memoryview | None, faults: list[Fault]) -> int:
    if value is None:
        faults.append(Fault("no-member", "body.input"))
        return 0
    count = count_inputs(value)
    if count is None:
        faults.append(Fault("wrong-input"))
    return count or 0
