"""A target: what its fingerprint covers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.documents.selection import Rules

TARGET = Target(source="acme/docs", attributes={"team": "docs"})


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, source="acme/other"),
        replace(TARGET, name="second"),
        replace(TARGET, attributes={"team": "web"}),
        replace(TARGET, chunking=Chunking(400, 200)),
        replace(TARGET, rules=Rules(include=("*.md",))),
        replace(TARGET, rules=Rules(exclude=("*.md",))),
        replace(TARGET, rules=Rules(allow_secrets=("a.md",))),
        replace(TARGET, rules=Rules(root="a.md")),
        replace(TARGET, rules=Rules(types="any")),
        replace(TARGET, rules=Rules(types="documentation")),
    ],
)
def test_all_that_decides_about_documents_is_in_the_fingerprint(other: Target) -> None:
    assert other.fingerprint != TARGET.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, vector_store_name="another"),
        replace(TARGET, api="http://gateway.test/v1"),
        replace(TARGET, branch="main"),
        replace(TARGET, rules=Rules(reserved=("a.md",))),
    ],
)
def test_what_decides_nothing_about_documents_is_not_in_the_fingerprint(other: Target) -> None:
    assert other.fingerprint == TARGET.fingerprint


def test_the_fingerprint_is_the_same_in_every_version() -> None:
    # Another value would compare everybody's whole tree again.
    rules = Rules(("a",), ("b",))
    assert replace(TARGET, rules=rules).fingerprint == "50e680c4e1a74590"
    assert len(TARGET.fingerprint) == 16


def test_the_order_of_patterns_is_in_the_fingerprint() -> None:
    one, other = (replace(TARGET, rules=Rules(include=patterns)) for patterns in (("a", "!b"), ("!b", "a")))
    assert one.fingerprint != other.fingerprint


def test_the_same_settings_have_the_same_fingerprint() -> None:
    assert Target(source="acme/docs", attributes={"team": "docs"}).fingerprint == TARGET.fingerprint
