"""Records that were not applied are kept as they were."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vsync.errors import ConfigurationError, PublicationFailed
from vsync.records.dead_letters import DeadLetter, DeadLetters

RAW = b'{"key": "a",  "x": "\\u00fc \xc3\xbc"}'
LETTER = DeadLetter(7, RAW, {"lsn": 1}, "a", "not-json", "It is no JSON.", "in.jsonl")


def letters_at(path: Path) -> DeadLetters:
    return DeadLetters(path, lambda: datetime(2026, 1, 2, 3, 4, 5, 678, UTC))


def written(path: Path, *letters: DeadLetter) -> list[dict[str, Any]]:
    dead = letters_at(path)
    dead.open()
    dead.write(letters)
    dead.close()
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_letter_tells_what_why_and_when_and_holds_the_record_as_it_was(tmp_path: Path) -> None:
    assert written(tmp_path / "dead", LETTER) == [
        {
            "line": 7,
            "input": "in.jsonl",
            "position": {"lsn": 1},
            "key": "a",
            "code": "not-json",
            "reason": "It is no JSON.",
            "time": "2026-01-02T03:04:05Z",
            "record": RAW.decode(),
        }
    ]


def test_a_record_that_is_no_text_is_kept_as_base64(tmp_path: Path) -> None:
    (letter,) = written(tmp_path / "dead", LETTER._replace(raw=b"\xff{}"))
    assert b64decode(letter["record_base64"]) == b"\xff{}"
    assert "record" not in letter


def test_of_a_record_that_is_too_long_the_beginning_is_kept(tmp_path: Path) -> None:
    in_a_character = LETTER._replace(raw=None, start="aü".encode()[:-1])
    no_text = LETTER._replace(raw=None, start=b"\xffa")
    first, second = written(tmp_path / "dead", in_a_character, no_text)
    assert first["record_start"] == "a"
    assert b64decode(second["record_start_base64"]) == b"\xffa"
    assert "record" not in first | second


@pytest.mark.parametrize("text", ["a\u2028b\x1b[31m", 'quote " and \\', "\0"])
def test_a_hostile_record_stays_one_line_and_comes_back(tmp_path: Path, text: str) -> None:
    (letter,) = written(
        tmp_path / "dead", LETTER._replace(raw=text.encode(), key=[text, "\ud800"], position=float("nan"))
    )
    assert (letter["record"], letter["key"], letter["position"]) == (text, [text, "\ud800"], "nan")


def test_letters_are_appended_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    written(path, LETTER, LETTER._replace(line=8))
    assert [letter["line"] for letter in written(path, LETTER._replace(line=9))] == [7, 8, 9]


def test_only_the_owner_may_read_the_file_and_the_first_letter_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "dead"
    dead = letters_at(path)
    dead.open()
    dead.write([])
    assert not path.parent.exists()
    dead.write([LETTER])
    dead.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_letter_is_on_the_disk_before_write_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "dead", list[int]()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    dead = letters_at(path)
    dead.write([LETTER])
    dead.close()
    assert set(synced) == {path.stat().st_ino, tmp_path.stat().st_ino}


def test_the_half_line_of_a_run_that_died_does_not_swallow_the_next_letter(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    path.write_bytes(b'{"line": 1}\n{"line":')
    dead = letters_at(path)
    dead.write([LETTER])
    dead.close()
    first, half, last = path.read_bytes().splitlines()
    assert (first, half, json.loads(last)["line"]) == (b'{"line": 1}', b'{"line":', 7)


def test_a_folder_a_pipe_and_a_link_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "link").symlink_to("target")
    for name, why in {".": "it is no file", "pipe": "it is no file", "link": "it is a symbolic link"}.items():
        with pytest.raises(ConfigurationError, match=f"cannot be written: {why}"):
            DeadLetters(tmp_path / name).open()


def test_a_link_that_came_later_is_not_followed(tmp_path: Path) -> None:
    dead = DeadLetters(tmp_path / "dead")
    dead.open()
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "dead").symlink_to("target")
    with pytest.raises(PublicationFailed, match="dead cannot be written"):
        dead.write([LETTER])
    assert (tmp_path / "target").read_bytes() == b""


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / "dead", tmp_path / "file" / "folder" / "dead"):
        with pytest.raises(ConfigurationError, match="dead cannot be written: "):
            DeadLetters(path).open()


def test_a_file_or_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dead").write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for name in ("dead", "new"):
        with pytest.raises(ConfigurationError, match="Permission denied"):
            DeadLetters(tmp_path / name).open()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    dead = DeadLetters(Path("/dev/full"))
    with pytest.raises(ConfigurationError, match="it is no file"):
        dead.open()
    with pytest.raises(PublicationFailed, match="The dead-letter file /dev/full cannot be written: No space left"):
        dead.write([LETTER])
    dead.close()


def test_a_reason_holds_no_secret_and_the_record_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    dead = DeadLetters(path, hidden=lambda text: text.replace("sk-secret", "***"))
    dead.write([LETTER._replace(reason="The operation is sk-secret.", raw=b'{"operation": "sk-secret"}')])
    dead.close()
    letter = json.loads(path.read_bytes())
    assert (letter["reason"], letter["record"]) == ("The operation is ***.", '{"operation": "sk-secret"}')
