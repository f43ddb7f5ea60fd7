"""The key that signs journals: made once, kept to its user, bound to a place, and never taken from a repository."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from vsync.state.journal_key import JournalKey, state_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".local" / "state"


def file(home: Path) -> Path:
    return home / "vsync" / "journal-key"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/u"}, Path("/state")),
        ({"HOME": "/home/u"}, Path("/home/u/.local/state")),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/u"}, Path("/home/u/.local/state")),
        ({"XDG_STATE_HOME": "", "HOME": ""}, None),
        ({"HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_where_programs_of_a_user_keep_their_state(environ: dict[str, str], expected: Path | None) -> None:
    assert state_home(environ) == expected


def test_a_key_is_made_once_and_only_its_user_can_read_it(home: Path) -> None:
    signature = JournalKey(home, None, "here").sign(b"content")
    assert JournalKey(home, None, "here").has_signed(b"content", signature)
    assert JournalKey(home, None, "here").sign(b"content") == signature
    assert stat.S_IMODE(file(home).stat().st_mode) == 0o600
    assert [path.name for path in (home / "vsync").iterdir()] == ["journal-key"]


def test_reading_makes_no_key(home: Path) -> None:
    assert not JournalKey(home).has_signed(b"content", "")
    assert not home.exists()


@pytest.mark.parametrize("signature", ["", "0" * 64, "\u00e9", "\udc80"])
def test_another_signature_does_not_fit(home: Path, signature: str) -> None:
    key = JournalKey(home)
    assert key.sign(b"content") != signature
    assert not key.has_signed(b"content", signature)


def test_a_signature_fits_neither_another_content_nor_another_place(home: Path) -> None:
    signature = JournalKey(home, None, "here").sign(b"content")
    assert not JournalKey(home, None, "here").has_signed(b"other", signature)
    assert not JournalKey(home, None, "there").has_signed(b"content", signature)


def test_the_place_and_the_content_cannot_be_shifted_into_each_other(home: Path) -> None:
    assert JournalKey(home, None, "a\0b").sign(b"c") != JournalKey(home, None, "a").sign(b"b\0c")


def test_without_a_home_nothing_is_signed() -> None:
    assert JournalKey().sign(b"content") == ""
    assert not JournalKey().has_signed(b"content", "")


def test_a_home_that_cannot_be_written_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"a file, no folder")
    assert JournalKey(tmp_path / "home").sign(b"content") == ""


def test_a_key_in_the_repository_is_none(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    JournalKey(repository / "state").sign(b"content")  # as if an archive had brought it
    assert file(repository / "state").exists()
    key = JournalKey(repository / "state", repository)
    assert key.sign(b"content") == ""
    (tmp_path / "link").symlink_to(repository / "state")
    assert JournalKey(tmp_path / "link", repository).sign(b"content") == ""


def test_a_key_that_others_can_read_is_none(home: Path) -> None:
    signature = JournalKey(home).sign(b"content")
    file(home).chmod(0o640)
    assert JournalKey(home).sign(b"content") == ""
    assert not JournalKey(home).has_signed(b"content", signature)


@pytest.mark.parametrize("kind", ["short", "folder", "pipe", "link"])
def test_what_is_no_key_is_none_and_is_not_waited_for(home: Path, kind: str) -> None:
    file(home).parent.mkdir(parents=True)
    if kind == "short":
        file(home).write_bytes(b"short")
        file(home).chmod(0o600)
    elif kind == "folder":
        file(home).mkdir()
    elif kind == "pipe":
        os.mkfifo(file(home), 0o600)
    else:
        target = home / "elsewhere"
        target.write_bytes(b"k" * 32)
        target.chmod(0o600)
        file(home).symlink_to(target)
    assert JournalKey(home).sign(b"content") == ""
    assert [path.name for path in file(home).parent.iterdir()] == ["journal-key"]
