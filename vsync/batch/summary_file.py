"""The summary file beside a results file: whose results they are, of which batches, and what failed. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from vsync.system.wording import shortened

VERSION = 1
MOST_FAILURES = 1_000
MOST_BYTES = 8 * 1024 * 1024
"""A summary with 1,000 failures of the longest texts is smaller."""

_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Line = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
_Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_MOST_TEXT = 4_096
_Text = Annotated[str, msgspec.Meta(max_length=_MOST_TEXT)]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a good result.

    `line` counts from 1 in the request file; None: not known. `status` is that of the response; None: there was none.
    """

    line: _Line | None
    custom_id: _Text
    code: _Text
    message: _Text
    batch_id: _Text | None
    status: _Count | None = None


@dataclass(frozen=True, slots=True)
class MergedBatch:
    """A batch whose results are in the results file. Times are in seconds since 1970; None: the API does not say.

    `short`: its Files held fewer results than the API counted, and it had ended long ago.
    """

    id: _Text
    status: _Text
    endpoint: _Text
    model: _Text
    created_at: _Count
    completed_at: _Count | None
    requests: _Count
    input_tokens: _Count | None
    output_tokens: _Count | None
    total_tokens: _Count | None
    short: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """A results file in short.

    | field | meaning |
    | --- | --- |
    | `path`, `sha256`, `requests` | of the request file; the path is relative to the repository |
    | `completed`, `failed` | requests with a good result, and the others |
    | `extra` | results of requests that are not in the request file |
    | `unreadable` | lines of which nobody knows whose result they are |
    | `results_sha256`, `results_bytes` | of the results file |
    | `in_input_order` | line n of the results belongs to line n of the requests |
    | `batches` | in the order in which their results were merged |
    | `failures`, `more_failures` | the first 1,000 failed requests, and how many more there are |
    """

    path: _Text
    sha256: _Hash
    requests: _Count
    completed: _Count
    failed: _Count
    extra: _Count
    results_sha256: _Hash
    results_bytes: _Count
    in_input_order: bool
    batches: tuple[MergedBatch, ...]
    failures: tuple[Failure, ...]
    more_failures: _Count
    unreadable: _Count = 0
    version: int = VERSION

    def names(self, batch_id: str) -> bool:
        """Whether the results of a batch are in the results file."""
        return any(batch.id == batch_id for batch in self.batches)

    def batch_ids(self) -> dict[str, str | None]:
        """Of which batch a failure is, by its custom_id."""
        return {failure.custom_id: failure.batch_id for failure in self.failures}

    def mapped(self, change: Callable[[str], str]) -> Summary:
        """The same summary, with `change` applied to each text that the API or a request file gave, but to no path and id."""
        return dataclasses.replace(
            self,
            batches=tuple(
                dataclasses.replace(batch, endpoint=change(batch.endpoint), model=change(batch.model))
                for batch in self.batches
            ),
            failures=tuple(
                dataclasses.replace(
                    each, custom_id=change(each.custom_id), code=change(each.code), message=change(each.message)
                )
                for each in self.failures
            ),
        )


def dump_summary(summary: Summary) -> bytes:
    """The summary as JSON: keys in order, so that two versions of it differ only where they say something else."""
    text = json.dumps(_plain(summary), indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


class NewerSummary(ValueError):
    """A summary in a form that only a newer vsync knows."""


def parse_summary(content: bytes) -> Summary:
    """Raises ValueError, with the reason, when this is no summary that vsync wrote; NewerSummary when a newer one wrote it."""
    if len(content) > MOST_BYTES:
        raise ValueError("it is too large")
    try:
        version = _version.decode(content).version
        if version > VERSION:
            raise NewerSummary(f"it has version {version}, and this vsync knows version {VERSION}")
        found = _decoder.decode(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    if found.version != VERSION:
        raise ValueError(f"it has version {found.version}, and this vsync knows version {VERSION}")
    if found.completed + found.failed != found.requests:
        raise ValueError("its numbers of requests do not agree")
    if len(found.failures) + found.more_failures != found.failed:
        raise ValueError("its numbers of failures do not agree")
    return found


@dataclass(frozen=True, slots=True)
class _Version:
    version: int = 0


_version = msgspec.json.Decoder(_Version)
_decoder = msgspec.json.Decoder(Summary)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return shortened(value, _MOST_TEXT)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value
