"""The store that is given against the store that is recorded: its API, its name, its id; and a store that expires."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import World, alter, once
from vsync.auth.credentials import Credentials
from vsync.errors import ManifestError, MissingCredentials, StoreGone
from vsync.report.report import Report
from vsync.search.run import search, store_of_target
from vsync.sync import run as sync
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

GATEWAY = Credentials("sk-test", "http://gateway.test/v1")
OPENAI = Credentials("sk-test")


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def two_documents(world: World) -> None:
    world.commit({"a.md": b"# A\n", "b.md": b"# B\n"})
    assert world.sync(vector_store_name="one").exit_code == 0


@pytest.fixture
def synced(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two documents that are in the store `one`, and no request on record."""
    made = once("the store one", tmp_path_factory, two_documents).copy(tmp_path / "world")
    yield made
    made.wire.close()


def verified(world: World, *, repair: bool = False, rebuild: bool = False, **given: Any) -> Report:
    with world.opened(**given) as opened:
        return verify(*opened, VerifyOptions(repair=repair, rebuild=rebuild))


def ordered(world: World, command: str, **given: Any) -> Report:
    """Runs one of the commands that ask a manifest which store is meant."""
    if command in {"sync", "plan"}:
        return world.sync(dry_run=command == "plan", **given)
    return verified(world, repair=command == "repair", rebuild=command == "rebuild", **given)


def rename(world: World, name: str) -> None:
    """Renames the store past vsync."""
    world.ask("POST", f"/vector_stores/{world.store_id}", {"name": name})


def expire(world: World, days: int | None) -> None:
    after = None if days is None else {"anchor": "last_active_at", "days": days}
    world.ask("POST", f"/vector_stores/{world.store_id}", {"expires_after": after})


def forget(world: World, *keys: str) -> None:
    """Makes the manifest one of an earlier version, which knew less."""
    data = json.loads(world.manifest_path.read_bytes())
    for key in keys:
        del data["targets"]["default"][key]
    world.manifest_path.write_text(json.dumps(data))
    world.forget_seal()


# --- Names --------------------------------------------------------------------------------------------------


def test_the_stores_name_is_recorded(synced: World) -> None:
    assert synced.state.vector_store_name == "one"


@pytest.mark.parametrize("changed", [False, True], ids=["nothing to do", "something to do"])
@pytest.mark.parametrize("command", ["sync", "plan", "verify", "repair", "rebuild"])
def test_another_name_than_the_recorded_one_is_refused_before_any_request(
    synced: World, command: str, changed: bool
) -> None:
    before = synced.manifest_path.read_bytes()
    if changed:
        synced.commit({"a.md": b"# A2\n"})
    with pytest.raises(ManifestError, match="named 'one', but the name 'two' is given") as error:
        ordered(synced, command, vector_store_name="two")
    assert error.value.exit_code == 2
    for way_out in ("Leave the name out", f"--vector-store-id {synced.store_id}", "--target"):
        assert way_out in error.value.remedy
    assert synced.wire.sent == []
    assert synced.manifest_path.read_bytes() == before


def test_another_name_is_another_store_for_another_target(synced: World) -> None:
    report = synced.sync(vector_store_name="two", target="two")
    assert report.exit_code == 0
    assert {store["name"] for store in synced.stores()} == {"one", "two"}


def test_the_recorded_id_settles_it_and_the_name_is_recorded_anew(synced: World) -> None:
    rename(synced, "two")
    given: dict[str, Any] = {"vector_store_id": synced.store_id, "vector_store_name": "two"}
    before = synced.manifest_path.read_bytes()
    assert synced.sync(**given).exit_code == 0
    assert synced.manifest_path.read_bytes() == before
    synced.commit({"a.md": b"# A2\n"})
    assert synced.sync(**given).exit_code == 0
    assert synced.state.vector_store_name == "two"
    assert synced.sync(vector_store_name="two").exit_code == 0
    with pytest.raises(ManifestError):
        synced.sync(vector_store_name="one")
    synced.audit()
    synced.settled()


def test_a_store_that_was_renamed_elsewhere_is_synced_under_the_recorded_name(synced: World) -> None:
    rename(synced, "two")
    for text in (b"# A2\n", b"# A3\n"):
        synced.commit({"a.md": text})
        assert synced.sync(vector_store_name="one").documents.updated == ("a.md",)
        assert synced.state.vector_store_name == "one"
    assert verified(synced, vector_store_name="one").exit_code == 0
    synced.audit()


def test_a_name_that_an_older_manifest_does_not_record_costs_one_request(synced: World) -> None:
    forget(synced, "vector_store_name")
    report = synced.sync(vector_store_name="one")
    assert [str(sent) for sent in synced.wire.sent] == [f"GET /vector_stores/{synced.store_id}"]
    assert report.requests == {"GET /vector_stores/*": 1} or sum(report.requests.values()) == 1
    with pytest.raises(ManifestError, match="named 'one', but the name 'two' is given"):
        synced.sync(vector_store_name="two")
    synced.wire.calm()
    assert synced.plan(vector_store_name="two").exit_code == 0
    assert synced.sync().exit_code == 0
    assert synced.sync(vector_store_name="two", vector_store_id=synced.state.vector_store_id).exit_code == 0
    assert synced.wire.sent == []


def test_a_search_checks_a_name_that_an_older_manifest_does_not_record(synced: World) -> None:
    forget(synced, "vector_store_name")
    with synced.opened(vector_store_name="one") as (target, ports, context):
        where = (ports.publication, context.identity)
        connect = ports.connection()
        assert search(store_of_target(target, *where), connect, "A", 5, None)
        with pytest.raises(ManifestError, match="the name 'two' is given"):
            search(store_of_target(dataclasses.replace(target, vector_store_name="two"), *where), connect, "A", 5, None)
        assert search(
            store_of_target(dataclasses.replace(target, vector_store_name=None), *where), connect, "A", 5, None
        )


@pytest.mark.parametrize("command", ["sync", "verify", "repair", "rebuild"])
def test_a_name_that_an_older_manifest_does_not_record_is_checked_before_anything_is_changed(
    synced: World, command: str
) -> None:
    forget(synced, "vector_store_name")
    before = synced.manifest_path.read_bytes()
    synced.commit({"a.md": b"# A2\n"})
    with pytest.raises(ManifestError, match="the name 'two' is given"):
        ordered(synced, command, vector_store_name="two")
    assert {sent.method for sent in synced.wire.sent} == {"GET"}
    assert synced.manifest_path.read_bytes() == before


def test_a_name_that_cannot_be_checked_without_a_key_is_told(synced: World) -> None:
    forget(synced, "vector_store_name")
    with synced.opened(vector_store_name="one") as opened:
        opened = opened._replace(ports=dataclasses.replace(opened.ports, connect=None))
        with pytest.raises(MissingCredentials):
            sync.run(*opened)


def test_a_repaired_store_gets_the_recorded_name(synced: World) -> None:
    synced.ask("DELETE", f"/vector_stores/{synced.store_id}")
    synced.commit({"a.md": b"# A2\n"})
    with pytest.raises(StoreGone):
        synced.sync()
    assert verified(synced, repair=True).exit_code == 0
    assert [store["name"] for store in synced.stores()] == ["one"]
    assert synced.state.vector_store_name == "one"


def test_a_rebuilt_manifest_records_the_name(synced: World) -> None:
    synced.forget_manifest()
    verified(synced, rebuild=True, vector_store_name="one")
    assert synced.state.vector_store_name == "one"


def test_a_server_that_tells_no_name_is_synced_by_its_id(synced: World) -> None:
    synced.wire.when("GET /vector_stores/*", alter(lambda data: data.update(name=None)))
    synced.forget_manifest()
    assert synced.sync(vector_store_id=synced.store_id, vector_store_name="one").exit_code == 0
    assert synced.state.vector_store_name is None
    assert b"vector_store_name" not in synced.manifest_path.read_bytes()


# --- The API ------------------------------------------------------------------------------------------------


def test_openais_own_api_is_not_recorded_and_another_one_is(synced: World) -> None:
    assert b'"api"' not in synced.manifest_path.read_bytes()
    synced.credentials = GATEWAY
    assert synced.sync(target="second", vector_store_name="second").exit_code == 0
    manifest = synced.manifest
    assert manifest is not None
    assert manifest.targets["second"].api == "http://gateway.test/v1"


@pytest.mark.parametrize("command", ["sync", "plan", "verify", "repair", "rebuild"])
@pytest.mark.parametrize("changed", [False, True], ids=["nothing to do", "something to do"])
def test_another_api_than_the_recorded_one_is_refused_before_any_request(
    synced: World, command: str, changed: bool
) -> None:
    before = synced.manifest_path.read_bytes()
    synced.credentials = GATEWAY
    if changed:
        synced.commit({"a.md": b"# A2\n"})
    with pytest.raises(ManifestError, match=r"OpenAI's API .* uses the API at http://gateway.test/v1") as error:
        ordered(synced, command)
    assert error.value.exit_code == 2
    assert "OPENAI_BASE_URL (input openai-base-url)" in error.value.remedy
    assert synced.wire.sent == []
    assert synced.manifest_path.read_bytes() == before


def test_an_api_is_the_same_however_its_address_is_written(tmp_path: Path) -> None:
    world = World(tmp_path / "world", credentials=Credentials("sk", "HTTP://Gateway.test:80/v1/"))
    two_documents(world)
    world.credentials = dataclasses.replace(GATEWAY, base_url="http://gateway.test/v1")
    world.commit({"a.md": b"# A2\n"})
    assert world.sync().exit_code == 0
    assert world.state.api == "http://gateway.test/v1"
    world.credentials = OPENAI
    with pytest.raises(ManifestError, match=r"the API at http://gateway.test/v1, but this run uses OpenAI's API"):
        world.sync()
    world.wire.close()


def test_a_plan_without_an_address_and_without_credentials_cannot_know_the_api(synced: World) -> None:
    synced.manifest_path.write_bytes(
        synced.manifest_path.read_bytes().replace(b'   "branch"', b'   "api": "http://gateway.test/v1",\n   "branch"')
    )
    assert synced.plan().exit_code == 0
    synced.credentials = OPENAI
    with pytest.raises(ManifestError):
        synced.plan()


# --- Expiry -------------------------------------------------------------------------------------------------


def expiries(report: Report) -> list[str]:
    return [warning for warning in report.warnings if "without use" in warning]


def test_a_store_that_expires_is_told_in_every_run_also_without_a_request(synced: World) -> None:
    expire(synced, 7)
    synced.commit({"a.md": b"# A2\n"})
    (warning,) = expiries(synced.sync())
    assert "after 7 days without use" in warning
    assert synced.state.expires_after_days == 7
    synced.wire.calm()
    assert expiries(synced.sync()) == expiries(synced.plan()) == [warning]
    assert synced.wire.sent == []
    assert expiries(verified(synced)) == [warning]


def test_an_expiry_that_was_changed_or_taken_off_is_noticed_by_the_next_sync_that_changes_something(
    synced: World,
) -> None:
    for days in (7, 30, None):
        expire(synced, days)
        synced.commit({"a.md": f"# {days}\n".encode()})
        told = expiries(synced.sync())
        assert len(told) == (days is not None)
        assert all(f"{days} days" in warning for warning in told)
    assert b"expires" not in synced.manifest_path.read_bytes()
    assert expiries(synced.sync()) == []


def test_verify_tells_of_an_expiry_that_is_not_recorded_yet(synced: World) -> None:
    expire(synced, 1)
    assert "1 day without use" in expiries(verified(synced))[0]


@pytest.mark.parametrize("dry_run", [False, True])
def test_without_a_manifest_the_store_itself_tells_of_its_expiry(synced: World, dry_run: bool) -> None:
    expire(synced, 7)
    report = synced.sync(manifest="none", vector_store_name="one", dry_run=dry_run)
    assert len(expiries(report)) == 1


def test_a_run_that_lists_the_store_records_its_expiry_although_nothing_is_to_do(synced: World) -> None:
    expire(synced, 7)
    assert synced.seal_path is not None
    synced.seal_path.write_bytes(synced.seal_path.read_bytes().replace(b'"closed"', b'"open"'))
    assert len(expiries(synced.sync())) == 1
    assert synced.state.expires_after_days == 7
    synced.settled()
