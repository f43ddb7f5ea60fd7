"""What a store's signature covers, and what a forger cannot make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.builders import entry, state
from vsync.state.manifest import Manifest, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.state.signature import is_signed, signed

SECRET = "0" * 32
STATE = replace(state({"a.md": entry("a.md", file_id="f1")}), pending_delete=("f0",))
MANIFEST = Manifest("owner-1", "acme/docs", "1", {"default": STATE, "other": STATE})


def of(manifest: Manifest) -> Manifest:
    """The manifest as it is signed, written and read again."""
    return parse_manifest(dump_manifest(signed(manifest, "default", SECRET)), "the manifest")


def test_what_is_signed_is_known_again() -> None:
    assert is_signed(of(MANIFEST), "default", SECRET)


def test_without_a_secret_nothing_is_signed_and_nothing_fits() -> None:
    assert signed(MANIFEST, "default", None) == MANIFEST
    assert not is_signed(MANIFEST, "default", None)
    assert not is_signed(of(MANIFEST), "default", None)
    assert not is_signed(of(MANIFEST), "default", "1" * 32)
    assert not is_signed(None, "default", SECRET)


def changed(**fields: object) -> Callable[[Manifest], Manifest]:
    return lambda manifest: manifest.with_target("default", replace(manifest.targets["default"], **fields))  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "forge",
    [
        changed(files={"a.md": entry("a.md", file_id="theirs")}),
        changed(pending_delete=("theirs",)),
        changed(pending_delete=("f0", "theirs")),
        changed(vector_store_id="vs_other"),
        changed(signature=""),
        changed(signature="\u00e9"),
        lambda manifest: replace(manifest, owner="owner-2"),
        lambda manifest: replace(manifest, source="acme/forger"),
        lambda manifest: replace(manifest, repository_id="2"),
        lambda manifest: replace(manifest, source="acme/forger", repository_id="2", formerly=("acme/docs",)),
    ],
)
def test_a_changed_manifest_is_not_signed(forge: Callable[[Manifest], Manifest]) -> None:
    forged = forge(of(MANIFEST))
    assert not is_signed(forged, "default", SECRET, forged.formerly)


def test_a_signature_does_not_fit_another_target() -> None:
    manifest = of(MANIFEST)
    moved = manifest.with_target("other", manifest.targets["default"])
    assert not is_signed(moved, "other", SECRET)


def test_a_renamed_repository_keeps_the_signatures_of_its_other_targets() -> None:
    renamed = replace(of(MANIFEST), source="acme/renamed", formerly=("acme/docs",))
    assert is_signed(renamed, "default", SECRET, renamed.formerly)
    assert not is_signed(renamed, "default", SECRET)


def test_a_manifest_that_was_signed_before_the_id_was_known_stays_signed() -> None:
    assert is_signed(replace(of(replace(MANIFEST, repository_id=None)), repository_id="1"), "default", SECRET)


def test_other_targets_do_not_change_a_signature() -> None:
    assert is_signed(of(MANIFEST).with_target("other", state({})), "default", SECRET)
