"""Sizes, the metadata of a new store, and what a manifest names."""

from __future__ import annotations

import pytest

from vsync.errors import ConfigurationError
from vsync.manage.metadata import checked_metadata
from vsync.manage.protected import named_in
from vsync.manage.sizes import bytes_of
from vsync.state.manifest import Entry, Manifest, TargetState


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("4096", 4096), ("10MB", 10_000_000), ("1.5 gb", 1_500_000_000), ("1KiB", 1024)]
)
def test_a_size_is_read(text: str, number: int) -> None:
    assert bytes_of(text) == number


@pytest.mark.parametrize("text", ["", "MB", "-1", "1TB", "1 MB 2", "१"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="10MB"):
        bytes_of(text)


def test_metadata_of_people_is_kept() -> None:
    assert checked_metadata([("team", "docs"), ("team", "docs"), ("level", "3")]) == {"team": "docs", "level": "3"}


@pytest.mark.parametrize(
    "pairs",
    [
        [("vsync_owner", "x")],
        [("VSYNC_nonce", "x")],
        [(f"key{number}", "x") for number in range(16)],
        [("k" * 65, "x")],
        [("k", "x" * 513)],
    ],
)
def test_metadata_that_the_api_or_vsync_does_not_take_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ConfigurationError):
        checked_metadata(pairs)


def test_a_manifest_names_the_stores_and_documents_of_all_its_targets() -> None:
    entry = Entry("0" * 40, "0" * 64, 1, "file-1", "t")
    states = {
        "docs": TargetState("vs_1", files={"a.md": entry}, pending_delete=("file-9",)),
        "api": TargetState("vs_1", files={"b.md": entry._replace(file_id="file-2")}),
    }
    found = named_in([Manifest("o", "acme/docs", targets=states), Manifest("o", "acme/docs", targets=states)])
    assert found.stores == {"vs_1": ["docs", "api"]}
    assert found.files == {"file-1": "a.md of the target docs", "file-2": "b.md of the target api"}
