"""The way to the store: which one, when there is none, and where the embedded store's file stands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vsync.auth.credentials import Credentials, WorkloadIdentity
from vsync.auth.identity_token import TokenSource, token_source
from vsync.errors import ConfigurationError, MissingCredentials
from vsync.store.connect import DEFAULT_LOCAL_STORE, Connect, connector, local_store_path, missing, open_embedded
from vsync.store.stores import Stores
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

KEYLESS = Credentials(identity=WorkloadIdentity("idp_1", "sa_1"))
WITH_KEY = Credentials(api_key="sk-test")
JOB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.test/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"}


def tokens(environ: dict[str, str]) -> TokenSource:
    return token_source(environ, "https://api.openai.com/v1")


def connection(
    credentials: Credentials, root: Path, local: str | None = None, token: TokenSource | None = None
) -> Connect | None:
    return connector(credentials, concurrency=2, local=local, root=root, token=token)


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
    tmp_path: Path, credentials: Credentials, token: TokenSource | None, there_is_a_way: bool
) -> None:
    assert (connection(credentials, tmp_path, token=token) is not None) == there_is_a_way


def test_what_keyless_access_lacks_is_told() -> None:
    assert isinstance(missing(KEYLESS, tokens({})), MissingCredentials)
    assert missing(KEYLESS, tokens(JOB)) is None
    assert missing(KEYLESS, None) is None
    assert missing(WITH_KEY, tokens({})) is None


def test_a_key_reaches_the_api_that_is_named(tmp_path: Path) -> None:
    secrets = Secrets()
    named = Credentials(api_key="sk-test", base_url="http://gateway.test/v1")
    connect = connector(named, concurrency=2, local=None, root=tmp_path, secrets=secrets, stop=Stop())
    assert connect is not None

    async def base_url() -> str:
        async with connect() as api:
            return str(api.client.base_url)

    assert asyncio.run(base_url()) == "http://gateway.test/v1/"
    assert list(secrets) == ["sk-test"]


def test_the_embedded_store_needs_no_credentials_and_is_opened_by_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.db"
    path.parent.mkdir()
    connect = connection(Credentials(), tmp_path, local=str(path))
    assert connect is not None
    assert not path.exists()

    async def made() -> list[str | None]:
        async with connect() as api:
            await Stores(api).create("docs")
            return [info.name for info in await Stores(api).list()]

    assert asyncio.run(made()) == ["docs"]
    assert path.exists()


def test_the_default_file_stands_in_the_repository_where_git_ignores_it(tmp_path: Path) -> None:
    path = local_store_path("", tmp_path)
    assert path == tmp_path / DEFAULT_LOCAL_STORE
    assert "*" in (path.parent / ".gitignore").read_text().splitlines()


def test_a_file_that_is_named_is_taken_as_it_is(tmp_path: Path) -> None:
    assert local_store_path("x/store.db", tmp_path) == Path("x/store.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".vsync").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be made") as error:
        local_store_path("", tmp_path)
    assert "--local" in error.value.remedy


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(ConfigurationError, match="cannot be opened") as error:
        open_embedded(path)
    assert "--local" in error.value.remedy
