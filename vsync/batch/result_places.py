"""Where results stand: names that follow from the request file's path and content. Pure.

| request file | results | summary |
| --- | --- | --- |
| `batches/a/b.jsonl` | `batch-results/a/b.jsonl` | `b.summary.json` beside it |
| the same path with another content, or gone | `b.<12 digits of its sha256>.jsonl` | `b.<12 digits>.summary.json` |
| the same, where that name is taken | `b.<64 digits>.jsonl`, or `a~b.<64 digits>.jsonl` at the top | beside it |
| not from vsync | `b.kept-<12 digits of its own sha256>.jsonl` | none |
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

_ENDING = ".jsonl"
_SUMMARY = ".summary.json"
_DIGITS = 12
_MOST_NAME_BYTES = 235
"""File systems take 255, and the temporary name of a file has 20 more than its own."""
_MOST_PATH_BYTES = 4_096
_MOST_PART_BYTES = 255


def result_path(path: str, source: str, results: str) -> str:
    """The results of the request file at `path`. All are relative to the repository; `source` and `results` are folders.

    A request file outside the source folder (it stood there when it was submitted) keeps its whole path below the results.
    """
    inner = path.removeprefix(f"{source}/") if source not in {"", "."} else path
    folder, _, name = inner.rpartition("/")
    return "/".join(part for part in (results, folder, _named(name.removesuffix(_ENDING), _ENDING)) if part)


def kept_path(results: str, sha256: str, digits: int = _DIGITS) -> str:
    """Where the results of a request file with this content are kept, when it is no longer the current one.

    `results` is the path of the current results.
    """
    return _beside(results, f".{sha256[:digits]}{_ENDING}")


def kept_paths(results: str, sha256: str, folder: str) -> tuple[str, ...]:
    """Names for results that are kept, the best first: others are taken where the first are those of other results, or where
    a file or a folder stands in the way. `folder` is the results folder.
    """
    joined = f"{folder}/{results.removeprefix(f'{folder}/').replace('/', '~')}"
    return kept_path(results, sha256), kept_path(results, sha256, 64), kept_path(joined, sha256, 64)


def foreign_path(results: str, own_sha256: str, digits: int = _DIGITS) -> str:
    """Where a results file is moved of which vsync does not know that it wrote it."""
    return _beside(results, f".kept-{own_sha256[:digits]}{_ENDING}")


def summary_path(results: str) -> str:
    """The summary of a results file."""
    return _beside(results, _SUMMARY)


def results_among(paths: Collection[str]) -> Iterator[str]:
    """The results files among the files of a folder, and those whose summary alone is there.

    The name of a summary tells that of its results only where both are short.
    """
    there = [path for path in paths if path.endswith(_ENDING)]
    yield from there
    taken = {summary_path(path) for path in there}
    yield from (
        path.removesuffix(_SUMMARY) + _ENDING for path in paths if path.endswith(_SUMMARY) and path not in taken
    )


def safe_path(text: str, results: str) -> str | None:
    """A request file's path that comes from the API, if files may be named after it; else None.

    `results` is the results folder: no request file stands there.
    """
    parts = text.split("/")
    if not text.endswith(_ENDING) or len(parts[-1]) == len(_ENDING):
        return None
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in parts):
        return None
    if text == results or text.startswith(f"{results}/") or not _is_plain(text):
        return None
    sizes = [len(part.encode()) for part in parts]
    return text if max(sizes) <= _MOST_PART_BYTES and sum(sizes) + len(sizes) <= _MOST_PATH_BYTES else None


def _is_plain(text: str) -> bool:
    """Whether a text has no control characters, and none that UTF-8 cannot hold."""
    return not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in text)


def _beside(results: str, ending: str) -> str:
    folder, between, name = results.rpartition("/")
    return f"{folder}{between}{_named(name.removesuffix(_ENDING), ending)}"


def _named(stem: str, ending: str) -> str:
    """A name that is not too long: of a long stem the beginning, and digits that tell it from others."""
    room = _MOST_NAME_BYTES - len(ending)
    whole = stem.encode()
    if len(whole) <= room:
        return f"{stem}{ending}"
    mark = f"~{hashlib.sha256(whole).hexdigest()[:8]}"
    return f"{whole[: room - len(mark)].decode('utf-8', 'ignore')}{mark}{ending}"
