"""A stream ends in the store: each key once, with its last document. Options, order, and what a store refuses."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.transfers import refuse_with
from tests.support.wire import Sent, lose, refuse, unreachable
from vsync.errors import ApiUnavailable, StoppedAtBadRecord, VsyncError
from vsync.records.described import Rules
from vsync.records.fields import parse_field
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    return StreamWorld(tmp_path / "world")


def outcomes(world: StreamWorld) -> list[str]:
    return [ack["outcome"] for ack in world.acks]


MIXED = [
    record("a", "one", 1),
    record("b", {"title": "two", "n": 2}, 2),
    record("c", "three", 3, representation="base64"),
    record("a", "one again", 4),
    b"not json",
    record("d", "four", 6),
    record("c", None, 7),
    record("b", {"title": "late"}, 1),
    record("e", None, 9),
    record("a", "", 10),
]


@pytest.mark.parametrize("batch_size", [1, 3, 500])
def test_each_key_has_its_last_document(world: StreamWorld, batch_size: int) -> None:
    report = world.run(MIXED, batch_size=batch_size)
    assert (report.error, report.exit_code, report.dead, report.read) == (None, 1, 2, 10)
    world.check(MIXED)
    world.check_acks(MIXED)
    assert [(letter["line"], letter["code"]) for letter in world.letters] == [(5, "not-json"), (10, "not-text")]
    assert {entry.path: entry.content for entry in world.ours()} == {
        "a": b"one again",
        "b": b'{"n": 2, "title": "two"}',
        "d": b"four",
    }
    world.is_quiet(MIXED, batch_size=batch_size)
    world.check(MIXED)


def test_an_acknowledgement_names_the_file_of_the_document(world: StreamWorld) -> None:
    world.run([record("a", "one", 1), record("b", "two", 2)])
    assert {ack["key"]: ack["file_id"] for ack in world.acks} == {entry.path: entry.file_id for entry in world.ours()}
    world.run([record("a", "one", 3)])
    assert world.acks[-1] == world.acks[0] | {"outcome": "unchanged", "position": 3, "line": 1}


def test_a_dead_letter_is_the_record_as_it_was_and_can_be_fed_again(world: StreamWorld) -> None:
    bad = record("a", "", 1)
    world.run([bad, record("b", "two", 2)])
    (letter,) = world.letters
    assert (letter["record"], letter["line"], letter["key"]) == (bad.decode(), 1, "a")
    assert world.letters_path.stat().st_mode & 0o777 == 0o600
    world.run([letter["record"].encode()])
    assert outcomes(world)[-1] == "dead"


# --- Attributes and order ----------------------------------------------------------------------------------------


def test_a_document_is_retagged_only_when_its_attributes_change(world: StreamWorld) -> None:
    world.settings["rules"] = Rules(attributes={"lang": parse_field("metadata.lang")})
    first = [record("a", "text", 1, metadata={"lang": "en"}), record("b", "text", 2, metadata={"lang": "en"})]
    then = [record("a", "text", 3, metadata={"lang": "de"}), record("b", "text", 4, metadata={"lang": "en"})]
    world.run(first)
    before = {entry.path: entry.file_id for entry in world.ours()}
    world.run(then)
    assert outcomes(world)[2:] == ["retagged", "unchanged"]
    assert {entry.path: entry.file_id for entry in world.ours()} == before
    world.check([*first, *then])
    world.is_quiet(then)


def test_an_attribute_of_all_documents_is_changed_without_an_upload(world: StreamWorld) -> None:
    lines = [record(f"k{number}", "text", number) for number in range(5)]
    world.run(lines)
    world.attributes = {"team": "docs", "level": 3, "live": True}
    world.wire.sent.clear()
    assert world.run(lines).retagged == 5
    assert world.wire.of("POST /files") == []
    world.check(lines)
    world.is_quiet(lines)


LATE = [record("a", "new", 9), record("a", "old", 5)]


@pytest.mark.parametrize(("order", "content"), [("position", b"new"), ("arrival", b"old")])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_newer_of_two_records_is_known_by_position_or_by_arrival(
    world: StreamWorld, order: str, content: bytes, batch_size: int
) -> None:
    world.run(LATE, order=order, batch_size=batch_size)
    assert world.searchable("a") == [content]
    world.check(LATE, order=order)


def test_an_older_delete_changes_nothing_and_an_older_document_does_not_come_back(world: StreamWorld) -> None:
    lines = [record("a", "new", 9), record("a", None, 8), record("b", None, 9), record("b", "old", 7)]
    world.run(lines, batch_size=1)
    assert outcomes(world) == ["uploaded", "older", "absent", "older"]
    world.check(lines)


def test_keys_of_two_collections_are_two_documents(world: StreamWorld) -> None:
    lines = [
        record("1", "a user", 1, metadata={"opencdc.collection": "users"}),
        record("1", "an order", 2, metadata={"opencdc.collection": "orders"}),
        record({"id": 1}, "an object", 3),
        record("k" * 5000, "a long key", 4),
    ]
    world.run(lines)
    assert len(world.ours()) == 4
    world.check(lines)
    world.is_quiet(lines)


# --- Rates -------------------------------------------------------------------------------------------------------


def test_no_batch_is_larger_than_the_burst_and_the_rate_is_kept(world: StreamWorld) -> None:
    read: list[tuple[float, int]] = []
    began = time.monotonic()
    lines = [b"bad"] * 12
    given = {"batch_size": 500, "rate": 40.0, "burst": 4}
    world.run(lines, stop=Stop(), progress=lambda report: _note(read, report.read), **given)
    assert [count for _, count in read] == [4, 8, 12]
    assert read[2][0] - began >= 0.2  # the burst of 4 is free, and 8 more take a fifth of a second


def _note(read: list[tuple[float, int]], count: int) -> None:
    if not read or read[-1][1] != count:
        read.append((time.monotonic(), count))


# --- What a store refuses ----------------------------------------------------------------------------------------


def test_a_document_that_is_refused_for_its_content_is_a_dead_letter_beside_good_ones(world: StreamWorld) -> None:
    lines = [record("good", "good", 1), record("evil", "evil", 2), record("fine", "fine", 3)]
    refused = refuse_with(world, {"evil.txt"}, 400, "The file is not supported.", "unsupported_file")
    world.wire.when("POST /vector_stores/*/files", refused)
    world.wire.when("POST /vector_stores/*/file_batches", refused)
    report = world.run(lines)
    assert (report.error, report.exit_code) == (None, 1)
    assert outcomes(world) == ["uploaded", "failed", "uploaded"]
    assert [(letter["key"], letter["record"]) for letter in world.letters] == [("evil", lines[1].decode())]
    world.check([lines[0], lines[2]])


def test_where_the_store_refuses_the_last_record_of_a_key_the_one_before_it_counts(world: StreamWorld) -> None:
    def is_bad(sent: Sent) -> bool:
        return sent.is_("POST /files") and b"refused text" in sent.raw

    lines = [record("a", "first", 1), record("a", "second", 2), record("a", "refused text", 3), record("b", "other", 4)]
    world.wire.when(is_bad, refuse(400, "This content is not allowed.", "invalid_file"))
    report = world.run(lines)
    assert (report.failed, report.uploaded, report.superseded, report.exit_code) == (1, 2, 1, 1)
    assert outcomes(world) == ["superseded", "uploaded", "failed", "uploaded"]
    world.check([lines[0], lines[1], lines[3]])


@pytest.mark.parametrize(
    "what", ["POST /files", "POST /vector_stores/*/file_batches", "DELETE /vector_stores/*/files/*"]
)
def test_an_answer_that_is_lost_leaves_nothing_twice(world: StreamWorld, what: str) -> None:
    first, then = [record("a", "one", 1), record("b", "two", 2)], [record("a", "other", 3), record("b", None, 4)]
    world.run(first)
    world.leave("a.txt", b"a stranger's")
    world.wire.when(what, lose(), times=1)
    world.run([*then, record("c", "three", 5)])
    world.check([*first, *then, record("c", "three", 5)])


def test_a_key_that_is_refused_in_the_middle_ends_the_stream_and_loses_nothing(world: StreamWorld) -> None:
    lines = [record(f"k{number}", f"text {number}", number) for number in range(30)]
    world.wire.when("POST /files", refuse(401, "Incorrect API key provided.", "invalid_api_key"), skip=25)
    report = world.run(lines, batch_size=5, workers=1)
    assert report.error is not None
    assert report.exit_code == 3
    done = len(world.acks)
    assert 0 < done < 30
    assert world.letters == []
    world.wire.calm()
    assert world.run(lines[done:], batch_size=5).error is None
    world.check(lines)


def test_a_store_that_takes_nothing_ends_the_stream_without_dead_letters(world: StreamWorld) -> None:
    lines = [record(f"k{number}", f"text {number}", number) for number in range(30)]
    world.run(lines[:1])
    world.wire.when("POST /files", unreachable())
    report = world.run(lines[1:])
    assert isinstance(report.error, ApiUnavailable)
    assert (len(world.acks), world.letters) == (1, [])
    world.wire.calm()
    world.run(lines[1:])
    world.check(lines)


def test_a_store_that_is_gone_ends_the_stream_before_it_begins(world: StreamWorld) -> None:
    world.run([record("a", "one", 1)])
    world.ask("DELETE", f"/vector_stores/{world.store_id}")
    with pytest.raises(VsyncError) as gone:
        world.run([record("b", "two", 2)])
    assert gone.value.exit_code == 3
    assert len(world.acks) == 1


def test_a_stream_that_stops_at_a_bad_record_goes_on_when_it_is_mended(world: StreamWorld) -> None:
    lines = [record("a", "one", 1), b"{", record("b", "two", 3)]
    report = world.run(lines, on_error="stop")
    assert isinstance(report.error, StoppedAtBadRecord)
    assert report.exit_code == 1
    assert [ack["line"] for ack in world.acks] == [1]
    assert [letter["line"] for letter in world.letters] == [2]
    mended = [record("c", "three", 2), lines[2]]
    assert world.run(mended, on_error="stop").exit_code == 0
    world.check([lines[0], *mended])


# --- Hostile records ---------------------------------------------------------------------------------------------

_HALF = "\\ud800"


@pytest.mark.parametrize(
    "members",
    [
        {"position": f'"{_HALF}"'},
        {"position": f'{{"a": "{_HALF}"}}'},
        {"position": "1e999"},
        {"position": "[" * 500 + "]" * 500},
        {"position": f'"{_HALF}x"'},
        {"position": f'{{"at": "{_HALF}"}}'},
        {"position": '"a\\u0000"'},
        {"metadata": f'{{"opencdc.collection": "{_HALF}x"}}'},
        {"metadata": f'{{"opencdc.collection": "{_HALF}"}}'},
        {"metadata": '{"opencdc.collection": "a\\u0000b/c"}'},
        {"key": f'"{_HALF}"'},
        {"key": '"a\\u0000\\n\\r\\u001b[31m"'},
        {"key": '"../../etc/passwd"'},
        {"key": '"."'},
        {"key": "1e999"},
        {"after": f'"{_HALF}"'},
        {"after": '{"a": 1e999}'},
        {"after": "[" * 500 + "]" * 500},
    ],
    ids=lambda members: str(members)[:40].replace("\\", "/"),
)
def test_a_record_with_odd_parts_does_not_end_the_stream(world: StreamWorld, members: dict[str, Any]) -> None:
    parts = {"position": "1", "key": '"k"', "metadata": "{}", "after": '"text"'} | members
    odd = (
        f'{{"position": {parts["position"]}, "operation": "create", "metadata": {parts["metadata"]}, '
        f'"key": {parts["key"]}, "payload": {{"after": {parts["after"]}}}}}'
    ).encode()
    lines = [odd, record("z", "good", 2)]
    report = world.run(lines)
    assert report.error is None
    assert outcomes(world)[0] in {"uploaded", "dead"}
    assert outcomes(world)[1] == "uploaded"
    assert world.acks_path.read_bytes().isascii()
    world.check(lines)
    assert len(world.letters) == report.dead
    assert all(letter["record"] == odd.decode() for letter in world.letters)
    json.dumps(report.to_json(), allow_nan=False)


def test_the_reason_of_a_dead_letter_does_not_hold_the_key_of_the_api(world: StreamWorld) -> None:
    world.run([record("a", "text", 1, operation="my-own-key-123")], secrets=Secrets("my-own-key-123"))
    (letter,) = world.letters
    assert "***" in letter["reason"]
    assert "my-own-key-123" not in letter["reason"]
