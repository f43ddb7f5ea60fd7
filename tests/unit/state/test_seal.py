"""The seal: its JSON, what cannot be read, and how far it lets a manifest be trusted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.state.helpers import as_bytes
from vsync.state.seal import Seal, dump_seal, parse_seal, trust

SEAL = Seal("closed", "run-1", "2026-01-01T00:00:00+00:00", "c" * 40, 3, "b" * 40, "owner-1")


UNREADABLE = Seal("open", "", "")


@pytest.mark.parametrize("seal", [SEAL, Seal("open", "run-1", "now"), replace(SEAL, manifest=None, owner=None)])
def test_a_seal_is_read_back_as_it_was_written(seal: Seal) -> None:
    assert parse_seal(dump_seal(seal)) == seal
    assert dump_seal(seal).endswith(b"}\n")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[]",
        b"null",
        b"{}",
        b"[" * 200_000,
        b"1" * 5_000,
    ],
)
def test_a_seal_that_cannot_be_read_counts_as_open(content: bytes) -> None:
    assert parse_seal(content) == UNREADABLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "ajar"),
        ("state", None),
        ("state", ["open"]),
        ("state", {}),
        ("run", 1),
        ("since", None),
        ("head", 1),
        ("serial", "3"),
        ("serial", True),
        ("serial", None),
        ("manifest", 1),
        ("owner", []),
    ],
)
def test_a_seal_with_a_value_of_the_wrong_kind_counts_as_open(key: str, value: object) -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), key: value})) == UNREADABLE


def test_a_newer_seals_other_keys_do_no_harm() -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), "note": "x"})) == SEAL


OPEN = replace(SEAL, state="open")


@pytest.mark.parametrize(
    ("manifest", "seal", "expected"),
    [
        (None, None, "first"),
        ("m1", None, "unsealed"),
        ("m1", replace(SEAL, manifest="m1"), "sealed"),
        (None, replace(SEAL, manifest=None), "sealed"),
        ("m0", replace(SEAL, manifest="m1"), "doubtful"),
        (None, replace(SEAL, manifest="m1"), "doubtful"),
        ("m1", replace(SEAL, manifest=None), "doubtful"),
        ("m1", replace(OPEN, manifest="m1"), "doubtful"),
        ("m1", replace(OPEN, manifest=None), "doubtful"),
        (None, replace(OPEN, manifest=None), "doubtful"),
        (None, UNREADABLE, "doubtful"),
    ],
)
def test_a_manifest_is_believed_as_far_as_its_seal_goes(manifest: str | None, seal: Seal | None, expected: str) -> None:
    assert trust(manifest, seal) == expected
