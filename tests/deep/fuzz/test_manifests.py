"""The manifest and the seal: anybody who may push to a branch can write them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.deep.fuzz.damage import VALUE, damaged, mutated, written
from tests.deep.property.test_formats import MANIFEST, SEAL
from vsync.errors import ManifestError
from vsync.recovery.crashed_runs import crashed_runs
from vsync.state.figures import Figures
from vsync.state.manifest import Entry, Failure, Manifest, Skipped, TargetState, content_id, dump_manifest
from vsync.state.manifest_parser import parse_manifest, salvage_manifest
from vsync.state.seal import Seal, UnfinishedRun, dump_seal, parse_seal, trust

STATE = TargetState(
    "vs_1",
    branch="main",
    commit="c" * 40,
    serial=3,
    settings="0123456789abcdef",
    run={"id": "12", "head": "c" * 40},
    files={path: Entry("b" * 40, "s" * 64, 12, f"file-{path}", "t" * 12) for path in ("a.md", "docs/b.md", "é.md")},
    failed={"bad.pdf": Failure("b" * 40, "t" * 12, "unsupported_file")},
    unindexed={"odd.pdf": Failure("b" * 40, "t" * 12, "server_error", 3)},
    skipped={"empty.md": Skipped("e" * 40, "empty")},
    pending_delete=("file-1", "file-2"),
)
SOUND = dump_manifest(Manifest("owner-1", "acme/docs", "42", {"default": STATE, "other": STATE}))
FIGURES = Figures(2, 7_000, "0123abcd", 3, count_alarms=1, usage_alarms=1)
SEALED = dump_seal(
    Seal(
        "closed", "12", "2026-01-01T00:00:00Z", "c" * 40, 3, "b" * 40, "d" * 40, "owner-1", True, "12", figures=FIGURES
    )
)


def short(message: str) -> None:
    assert 0 < len(message.encode()) < 4_000


def read(content: bytes) -> Manifest | None:
    """The manifest, or None for what is refused; what is read can be written and is then the same."""
    try:
        manifest = parse_manifest(content, ".vsync/manifest.json")
    except ManifestError as error:
        short(str(error))
        return None
    again = dump_manifest(manifest)
    assert dump_manifest(parse_manifest(again, "again")) == again
    for name in manifest.targets:
        assert content_id(manifest, name) == content_id(parse_manifest(again, "again"), name)
    return manifest


def test_the_manifest_that_is_damaged_here_is_sound() -> None:
    assert read(SOUND) is not None
    assert parse_seal(SEALED).state == "closed"


@given(mutated(SOUND))
def test_a_manifest_with_wrong_bytes_is_read_or_refused(content: bytes) -> None:
    read(content)


@given(damaged(json.loads(SOUND)))
def test_a_manifest_with_wrong_values_is_read_or_refused(value: Any) -> None:
    read(written(value))


@given(st.one_of(st.binary(), VALUE.map(written), MANIFEST.map(dump_manifest).flatmap(mutated)))
def test_any_bytes_are_a_manifest_or_are_refused(content: bytes) -> None:
    read(content)


@given(st.sampled_from([1, 2, 3, 4]), st.data())
def test_a_manifest_with_a_line_twice_is_refused(many: int, data: st.DataObject) -> None:
    lines = SOUND.split(b"\n")
    at = data.draw(st.integers(0, len(lines) - 2))
    content = b"\n".join([*lines[: at + many], *lines[at : at + many], *lines[at + many :]])
    manifest = read(content)
    # Brackets alone may stand twice and still fit together nowhere.
    assert manifest is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: SOUND.replace(b"a.md", b"a" * 10_000_000), id="path of 10 MB"),
        pytest.param(lambda: SOUND.replace(b'"version": 1', b'"version": 1, "' + b"v" * 10_000_000), id="open string"),
        pytest.param(lambda: SOUND.replace(b"{", b"{" * 3_000_000, 1), id="deep objects"),
        pytest.param(lambda: b"[" * 10_000_000, id="deep lists"),
        pytest.param(lambda: b'{"a":' * 2_000_000, id="deep pairs"),
        pytest.param(lambda: SOUND.replace(b'"serial": 3', b'"serial": ' + b"9" * 1_000_000), id="a million digits"),
        pytest.param(lambda: SOUND.replace(b'"serial": 3', b'"serial": ' + b"9" * 4_300), id="as many as may be"),
        pytest.param(lambda: SOUND.replace(b'"bytes": 12', b'"bytes": ' + b"9" * 4_300), id="bytes beyond all disks"),
        pytest.param(lambda: b"\n" * 10_000_000, id="empty lines"),
        pytest.param(lambda: b"<<<<<<< x\n" * 1_000_000, id="conflicts"),
        pytest.param(lambda: b'{"' + b"k" * 5_000_000 + b'": 1, "' + b"k" * 5_000_000 + b'": 1}', id="long key twice"),
        pytest.param(
            lambda: SOUND.replace(b'"a.md": {', b'"%s": {"x": 1, ' % (b"p" * 5_000_000)), id="long path, wrong record"
        ),
    ],
)
def test_a_huge_manifest_takes_its_time_and_no_more(content: Callable[[], bytes]) -> None:
    data = content()
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 20


@given(st.one_of(mutated(SEALED), damaged(json.loads(SEALED)).map(written), SEAL.map(dump_seal).flatmap(mutated)))
def test_a_damaged_seal_is_a_seal_that_can_be_written_and_shown(content: bytes) -> None:
    seal = parse_seal(content)
    assert parse_seal(dump_seal(seal)) == seal
    for text in (seal.run, seal.since, seal.head, seal.manifest, seal.content, seal.owner, seal.ended):
        (text or "").encode()
    with contextlib.suppress(ManifestError):
        dump_manifest(Manifest(seal.owner or "o", "s"))


@given(st.one_of(st.binary(), VALUE.map(written)))
def test_a_seal_that_cannot_be_read_vouches_for_nothing(content: bytes) -> None:
    seal = parse_seal(content)
    if seal.state == "open":
        assert trust("b" * 40, seal, "c" * 40) == "doubtful"


def test_a_cut_seal_counts_as_open() -> None:
    for end in range(len(SEALED) - 2):
        assert parse_seal(SEALED[:end]).state == "open"


@given(
    st.one_of(
        mutated(SOUND), damaged(json.loads(SOUND), 4).map(written), VALUE.map(written), st.binary(), st.just(SOUND)
    )
)
@example(SOUND.replace(b'"owner-1"', b'"\\ud800"').replace(b'"version": 1', b'"version": 0'))
@example(SOUND.replace(b'"42"', b'"\\ud800"').replace(b'"version": 1', b'"version": 0'))
@example(SOUND.replace(b'"default"', b'"\\ud800"').replace(b'"version": 1', b'"version": 0'))
def test_what_is_salvaged_of_a_damaged_manifest_can_be_written(content: bytes) -> None:
    try:
        manifest, lost = salvage_manifest(content, "m.json")
    except ManifestError as error:
        short(str(error))
        return
    if manifest is not None:
        again = dump_manifest(manifest)
        assert dump_manifest(parse_manifest(again, "m.json")) == again
        assert not manifest.targets.keys() & set(lost or ())


OPEN = dump_seal(
    Seal(
        "open",
        "13",
        "2026-01-01T00:00:00Z",
        "c" * 40,
        3,
        "b" * 40,
        "d" * 40,
        "owner-1",
        unfinished=(
            UnfinishedRun("11", "2026-01-01T00:00:00Z", "c" * 40),
            UnfinishedRun("12", "2026-01-01T00:00:01Z", None, "2026-01-01T00:01:00Z"),
        ),
    )
)


@given(st.one_of(mutated(OPEN), damaged(json.loads(OPEN), 4).map(written)))
@example(OPEN.replace(b"2026-01-01T00:00:01Z", b"0001-01-01T00:00:00"))
@example(OPEN.replace(b"2026-01-01T00:00:01Z", b"9999-12-31T23:59:59"))
def test_the_crashed_runs_of_a_damaged_seal_are_known_or_left_out(content: bytes) -> None:
    seal = parse_seal(content)
    if seal.state == "open":
        assert parse_seal(dump_seal(seal)) == seal
    for run in crashed_runs(seal.unfinished):
        assert isinstance(run.since, int)
