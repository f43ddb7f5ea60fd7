"""What a batch's metadata say of its request file. They are the only record of what was submitted. Pure.

Limits of the API: 16 keys of 64 characters, with texts of 512 characters
(https://platform.openai.com/docs/api-reference/batch/create). Whoever has the project's key can write any metadata, so every
value is checked when it is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vsync.store.batch_info import MADE_BY, BatchInfo

MAX_TEXT = 512
MAX_PATH = 9 * MAX_TEXT

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REQUESTS = re.compile(r"[0-9]{1,9}")
_ATTEMPT = re.compile(r"[0-9]{1,4}")
MAX_ATTEMPT = 9_999
_NAME_KEPT = 80


class Key(NamedTuple):
    """Two batches with one key hold the same requests, for the same reason."""

    source: str
    sha256: str
    part_sha256: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Made:
    """Of what a batch was made.

    | field | meaning |
    | --- | --- |
    | `source` | the name of the repository |
    | `path` | where the request file was, relative to the repository. It is for people: the content is what counts |
    | `sha256` | of the whole request file |
    | `requests` | how many requests the batch has |
    | `attempt` | counts the batches of this content, from 1 |
    | `part_sha256` | of the uploaded lines, where the batch holds only some of the requests; else empty |
    | `retry_of` | the id of the last batch before a resubmission |
    """

    source: str
    path: str
    sha256: str
    requests: int
    attempt: int = 1
    part_sha256: str = ""
    retry_of: str = ""

    @property
    def key(self) -> Key:
        return Key(self.source, self.sha256, self.part_sha256, self.attempt)

    def to_metadata(self) -> dict[str, str]:
        pieces = [self.path[start : start + MAX_TEXT] for start in range(0, len(self.path), MAX_TEXT)] or [""]
        named = {"path" if n == 1 else f"path_{n}": piece for n, piece in enumerate(pieces, 1)}
        found = {
            "made_by": MADE_BY,
            "source": self.source,
            **named,
            "sha256": self.sha256,
            "requests": str(self.requests),
            "attempt": str(self.attempt),
        }
        if self.part_sha256:
            found |= {"part_sha256": self.part_sha256, "retry_of": self.retry_of}
        return found


def made_of(metadata: Mapping[str, str]) -> Made | None:
    """What the metadata say; None: the batch is not one of vsync, or nothing that vsync writes."""
    requests, attempt = metadata.get("requests", ""), metadata.get("attempt", "")
    sha256, part = metadata.get("sha256", ""), metadata.get("part_sha256", "")
    if metadata.get("made_by") != MADE_BY or not metadata.get("source"):
        return None
    if not _SHA256.fullmatch(sha256) or (part and not _SHA256.fullmatch(part)):
        return None
    if not _REQUESTS.fullmatch(requests) or not _ATTEMPT.fullmatch(attempt):
        return None
    path = "".join(metadata.get("path" if n == 1 else f"path_{n}", "") for n in range(1, 10))
    return Made(
        source=metadata["source"],
        path=path,
        sha256=sha256,
        requests=int(requests),
        attempt=int(attempt),
        part_sha256=part,
        retry_of=metadata.get("retry_of", "")[:MAX_TEXT],
    )


@dataclass(frozen=True, slots=True)
class OwnBatch:
    """A batch of this source: what it was made of, and how it stands."""

    made: Made
    info: BatchInfo

    @property
    def live(self) -> bool:
        return not self.info.ended

    @property
    def order(self) -> tuple[int, str]:
        """Batches in the order of their making. Everybody who lists them sees the same order."""
        return self.info.created_at, self.info.id


def next_attempt(batches: Iterable[OwnBatch]) -> int:
    """The number of the next batch of a content. `batches` are those of this content."""
    return min(MAX_ATTEMPT, 1 + max((batch.made.attempt for batch in batches), default=0))


def own_batches(listed: Iterable[BatchInfo], source: str) -> list[OwnBatch]:
    """The batches of a source, the oldest first."""
    found = ((made_of(info.metadata), info) for info in listed)
    own = [OwnBatch(made, info) for made, info in found if made is not None and made.source == source]
    return sorted(own, key=lambda batch: batch.order)


_NO_REASON = {"cancelling", "cancelled", "expired", "failed"}
"""A batch in one of these states makes no other one too many: it does not do the work."""


def by_content(own: Iterable[OwnBatch]) -> dict[str, list[OwnBatch]]:
    """The batches of each content, by its SHA-256, in their order."""
    found: dict[str, list[OwnBatch]] = {}
    for batch in own:
        found.setdefault(batch.made.sha256, []).append(batch)
    return found


def without_cancelled_twins(own: Iterable[OwnBatch]) -> list[OwnBatch]:
    """The batches without those that were cancelled because another one was made of the same content for the same attempt.

    One that has results stays beside another that did not complete.
    """
    every = list(own)
    others: dict[tuple[str, int], set[str]] = {}
    for batch in every:
        if batch.info.status not in _STOPPED:
            others.setdefault((batch.made.sha256, batch.made.attempt), set()).add(batch.info.status)

    def counts(batch: OwnBatch) -> bool:
        beside = others.get((batch.made.sha256, batch.made.attempt), set())
        if batch.info.status not in _STOPPED or not beside:
            return True
        return batch.info.completed > 0 and beside <= {"failed", "expired"}

    return [batch for batch in every if counts(batch)]


_STOPPED = {"cancelling", "cancelled"}


class Twin(NamedTuple):
    """A running batch that is too many, and the one that does its work."""

    batch: OwnBatch
    stays: OwnBatch


def twins(own: Iterable[OwnBatch]) -> list[Twin]:
    """The running batches that are too many.

    | an older batch of the same content and attempt | then the younger one is too many |
    | --- | --- |
    | is running | always |
    | has completed | when it holds the same requests |

    They come from a request that was sent again after its answer was lost, or from two runs at the same time. All runs see
    the same batch as the first.
    """
    first: dict[tuple[str, int], OwnBatch] = {}
    found = []
    for batch in sorted(own, key=lambda batch: batch.order):
        if batch.info.status in _NO_REASON:
            continue
        stays = first.setdefault((batch.made.sha256, batch.made.attempt), batch)
        if stays is not batch and batch.live and (stays.live or stays.made.key == batch.made.key):
            found.append(Twin(batch, stays))
    return found


# --- Names of input Files -----------------------------------------------------------------------------------


def input_filename(path: str, sha256: str, source: str) -> str:
    """The name of an input File. A run that finds a File of this name and size need not upload it again."""
    stem = path.rsplit("/", 1)[-1].removesuffix(".jsonl")
    readable = re.sub(r"[^A-Za-z0-9._-]", "_", stem)[:_NAME_KEPT]
    return f"{readable}.{sha256}.{_mark(source)}.jsonl"


def is_input_of(filename: str, source: str) -> bool:
    """Whether a File has a name that vsync gives the input Files of this source."""
    return re.search(rf"\.[0-9a-f]{{64}}\.{_mark(source)}\.jsonl\Z", filename) is not None


def content_in(filename: str) -> str:
    """The hash of the content in the name of an input File; empty: the name holds none."""
    found = re.search(r"\.([0-9a-f]{64})\.[0-9a-f]{8}\.jsonl\Z", filename)
    return found[1] if found else ""


def _mark(source: str) -> str:
    """A short mark of the source: another repository's File of the same content is not ours to delete."""
    return hashlib.sha256(source.encode("utf-8", "backslashreplace")).hexdigest()[:8]
