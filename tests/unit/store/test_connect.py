"""The way to the store: which one, when there is none, and where the embedded store's file stands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vsync.auth.credentials import Credentials, WorkloadIdentity
from vsync.auth.identity_token import TokenSource, token_source
from vsync.errors import ConfigurationError
from vsync.store.connect import Connect, IfMissing, connector, missing, opened_embedded
from vsync.store.embedded_file import EmbeddedFile
from vsync.store.stores import Stores
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

KEYLESS = Credentials(identity=WorkloadIdentity("idp_1", "sa_1"))
WITH_KEY = Credentials(api_key="sk-test")
JOB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.test/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"}


def tokens(environ: dict[str, str]) -> TokenSource:
    return token_source(environ, "https://api.openai.com/v1")


def connection(
    credentials: Credentials,
    *,
    embedded: Path | None = None,
    if_missing: IfMissing = "make",
    token: TokenSource | None = None,
) -> Connect | None:
    file = EmbeddedFile(embedded) if embedded is not None else None
    return connector(credentials, concurrency=2, embedded=file, if_missing=if_missing, token=token)


@pytest.mark.parametrize(
    ("credentials", "token", "there_is_a_way"),
    [
        (Credentials(), None, False),
        (WITH_KEY, None, True),
        (KEYLESS, None, False),
        (KEYLESS, tokens({}), False),
        (KEYLESS, tokens(JOB), True),
    ],
    ids=["nothing", "key", "keyless without tokens", "keyless without permission", "keyless"],
)
def test_without_a_way_to_authenticate_there_is_no_connection(
    credentials: Credentials, token: TokenSource | None, there_is_a_way: bool
) -> None:
    assert (connection(credentials, token=token) is not None) == there_is_a_way


def test_what_keyless_access_lacks_is_told() -> None:
    lacking = tokens({})
    assert missing(KEYLESS, lacking).args == (lacking.missing.args if lacking.missing else ())
    assert "No OpenAI API key" in missing(WITH_KEY, tokens({})).message


def test_the_embedded_store_is_a_way_out_on_the_command_line_and_not_in_a_workflow() -> None:
    assert "--local" in missing(Credentials()).remedy
    in_workflow = missing(Credentials(), in_workflow=True).remedy
    assert "local" not in in_workflow.lower()
    assert "openai-api-key" in in_workflow


def test_a_key_reaches_the_api_that_is_named() -> None:
    secrets = Secrets()
    named = Credentials(api_key="sk-test", base_url="http://gateway.test/v1")
    connect = connector(named, concurrency=2, embedded=None, secrets=secrets, stop=Stop())
    assert connect is not None

    async def base_url() -> str:
        async with connect() as api:
            return str(api.client.base_url)

    assert asyncio.run(base_url()) == "http://gateway.test/v1/"
    assert list(secrets) == ["sk-test"]


def test_the_embedded_store_needs_no_credentials_and_is_opened_by_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.db"
    path.parent.mkdir()
    connect = connection(Credentials(), embedded=path)
    assert connect is not None
    assert not path.exists()

    async def made() -> list[str | None]:
        async with connect() as api:
            await Stores(api).create("docs")
            return [info.name for info in await Stores(api).list()]

    assert asyncio.run(made()) == ["docs"]
    assert path.exists()


@pytest.mark.parametrize("if_missing", ["refuse", "empty"])
def test_a_command_that_only_reads_makes_no_file(tmp_path: Path, if_missing: IfMissing) -> None:
    path = tmp_path / "folder" / "store.db"
    connect = connection(Credentials(), embedded=path, if_missing=if_missing)
    assert connect is not None

    async def listed() -> int:
        async with connect() as api:
            return len(await Stores(api).list())

    if if_missing == "refuse":
        with pytest.raises(ConfigurationError, match="no embedded store"):
            asyncio.run(listed())
    else:
        assert asyncio.run(listed()) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(ConfigurationError, match="cannot be opened") as error, opened_embedded(EmbeddedFile(path)):
        pass
    assert "--local" in error.value.remedy
