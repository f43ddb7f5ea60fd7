"""Whose a store or an entry is, as its metadata or attributes show."""

from __future__ import annotations

import pytest

from tests.support.project import of_vsync
from vsync.manage.owner import Owner, Whose, owner_in, owner_of_entry, owner_of_store
from vsync.store.entries import StoreEntry, StoreInfo

ACME = Owner("acme/docs", "default")
SIGNS = {"vsync_owner": "o1", "vsync_source": "acme/docs", "vsync_target": "default"}


def store(**metadata: str) -> StoreInfo:
    return StoreInfo("vs_1", "docs", "completed", 0, 0, 0, metadata)


def test_a_store_that_vsync_made_has_an_owner() -> None:
    assert owner_of_store(store(**SIGNS, vsync_nonce="n" * 32)) == ACME


@pytest.mark.parametrize("lacking", SIGNS)
@pytest.mark.parametrize("instead", [None, ""])
def test_a_store_that_lacks_a_sign_has_none(lacking: str, instead: str | None) -> None:
    signs = {name: value for name, value in SIGNS.items() if name != lacking}
    if instead is not None and lacking != "vsync_owner":
        signs[lacking] = instead
    assert owner_of_store(store(**signs)) is None


def test_an_entry_that_vsync_made_has_an_owner() -> None:
    assert owner_of_entry(StoreEntry("file-1", "completed", of_vsync(target="api"), None)) == Owner("acme/docs", "api")


@pytest.mark.parametrize("sign", of_vsync())
@pytest.mark.parametrize("instead", [None, "", 7, True])
def test_an_entry_that_lacks_a_sign_or_shows_no_text_has_none(sign: str, instead: object) -> None:
    shown: dict[str, object] = {**of_vsync()}
    if instead is None:
        del shown[sign]
    else:
        shown[sign] = instead
    assert owner_in(shown) is None  # type: ignore[arg-type]  # a server may send anything


def test_the_usual_target_is_not_named() -> None:
    assert (str(ACME), str(Owner("acme/docs", "api"))) == ("acme/docs", "acme/docs (api)")
    assert ACME.to_json() == {"source": "acme/docs", "target": "default"}


@pytest.mark.parametrize(
    ("whose", "acmes", "apis", "nobodys"),
    [
        (Whose(), True, True, True),
        (Whose(owned=True), True, True, False),
        (Whose(owned=False), False, False, True),
        (Whose(source="acme/docs"), True, True, False),
        (Whose(source="acme"), False, False, False),
        (Whose(target="api"), False, True, False),
        (Whose(source="acme/docs", target="default"), True, False, False),
        (Whose(owned=False, source="acme/docs"), False, False, False),
    ],
)
def test_every_part_of_an_owner_must_hold(whose: Whose, acmes: bool, apis: bool, nobodys: bool) -> None:
    found = [whose.matches(owner) for owner in (ACME, Owner("acme/docs", "api"), None)]
    assert found == [acmes, apis, nobodys]


def test_only_what_names_an_owner_means_what_is_vsyncs() -> None:
    assert Whose(source="a").is_vsyncs
    assert Whose(target="a").is_vsyncs
    assert Whose(owned=True).is_vsyncs
    assert not Whose(owned=False).is_vsyncs
    assert Whose().is_any
