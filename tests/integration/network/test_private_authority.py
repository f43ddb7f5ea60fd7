"""Servers with a certificate of a private authority: SSL_CERT_FILE lets vsync, git and GitHub's client trust them all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import ENVIRONMENT, Repo
from tests.support.servers.certificates import Authority
from tests.support.servers.git_http import GitServer
from tests.support.servers.openai_api import OpenAIServer
from vsync.auth.credentials import Credentials
from vsync.auth.identity_token import token_source
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.errors import ConfigurationError, GitUnavailable, HandshakeFailed
from vsync.github.comments import CannotComment, connect, upsert
from vsync.network.certificates import for_requests
from vsync.store import client
from vsync.store.stores import Stores
from vsync.sync.git_access import GitAccess
from vsync.sync.workspace import open_workspace

KEY = "sk-test-0123456789"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


def served(folder: Path, context: ssl.SSLContext) -> OpenAIServer:
    server = OpenAIServer(folder / "store.db", key=KEY)
    server.encrypt(context)
    return server


@pytest.fixture
def api(tmp_path: Path, authority: Authority) -> Iterator[OpenAIServer]:
    with served(tmp_path, authority.server("127.0.0.1")) as server:
        yield server


def list_stores(base_url: str) -> list[float]:
    """Lists the stores. Gives the waits between the tries."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def ask() -> None:
        async with client.connect(Credentials(api_key=KEY, base_url=base_url), sleep=sleep) as api:
            await Stores(api).list()

    try:
        asyncio.run(ask())
    finally:
        assert waits == []  # another try would not help
    return waits


def test_the_api_is_trusted_with_the_authoritys_certificate(
    api: OpenAIServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    list_stores(api.base_url)
    assert [request.path for request in api.requests] == ["/v1/vector_stores"]


@pytest.mark.parametrize("known", ["system", "stranger"])
def test_without_it_the_message_names_trust_and_nothing_is_sent(
    api: OpenAIServer, stranger: Authority, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if known == "stranger":
        monkeypatch.setenv("SSL_CERT_FILE", str(stranger.certificate))
    with pytest.raises(
        HandshakeFailed, match=r"certificate of 127\.0\.0\.1 is not trusted by this machine.*SSL_CERT_FILE"
    ):
        list_stores(api.base_url)
    assert api.requests == []


@pytest.mark.parametrize(
    ("host", "days", "message"), [("example.test", 1, "is for another host"), ("127.0.0.1", -1, "is not valid now")]
)
def test_a_wrong_certificate_of_a_trusted_authority_is_told(
    tmp_path: Path, authority: Authority, host: str, days: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with served(tmp_path, authority.server(host, days=days)) as server, pytest.raises(HandshakeFailed, match=message):
        list_stores(server.base_url)


def test_an_https_address_of_a_server_without_tls_is_told(tmp_path: Path) -> None:
    with (
        OpenAIServer(tmp_path / "store.db", key=KEY) as server,
        pytest.raises(HandshakeFailed, match=r"127\.0\.0\.1 does not answer with TLS.*http://"),
    ):
        list_stores(server.base_url.replace("http:", "https:"))


def test_an_identity_token_is_not_asked_of_a_server_that_is_not_trusted(
    api: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    source = token_source(
        {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{api.address}/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"}, "audience"
    )
    with pytest.raises(HandshakeFailed, match="not trusted by this machine"):
        source()
    assert api.requests == []


# --- GitHub's API ------------------------------------------------------------------------------------------------


def comment(api: OpenAIServer, environ: dict[str, str]) -> str:
    """Why no comment was written."""
    waits: list[float] = []
    with (
        connect("token", api.address, "acme/docs", verify=for_requests(environ), sleep=waits.append) as session,
        pytest.raises(CannotComment) as error,
    ):
        upsert(session, 1, "marker text", "marker", create=True)
    assert waits == []
    return str(error.value)


def test_githubs_api_is_trusted_with_the_same_certificate(api: OpenAIServer, authority: Authority) -> None:
    assert "certificate" not in comment(api, {"SSL_CERT_FILE": str(authority.certificate)})
    assert api.requests != []  # the server is no GitHub, but it was asked
    api.forget()
    why = comment(api, {})
    assert "The certificate of 127.0.0.1 is not trusted by this machine" in why
    assert "SSL_CERT_FILE" in why
    assert api.requests == []


def test_certificates_that_requests_cannot_find_are_told(
    api: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    why = comment(api, {"REQUESTS_CA_BUNDLE": str(tmp_path / "none.pem")})
    assert "certificates to trust cannot be read" in why
    assert "REQUESTS_CA_BUNDLE" in why


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1", "http://", "http://h:many"])
def test_a_proxy_that_githubs_client_cannot_use_is_told(
    api: OpenAIServer, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    assert "Check the proxy in HTTPS_PROXY" in comment(api, {})


# --- git ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(tmp_path: Path, authority: Authority) -> Iterator[GitServer]:
    server = GitServer(tmp_path / "remotes", tokens={"token": "write"})
    server.encrypt(authority.server("127.0.0.1"))
    server.make("acme/docs")
    with server:
        yield server


@pytest.fixture
def clone(tmp_path: Path, remote: GitServer) -> Repo:
    repo = Repo.make(tmp_path / "clone")
    repo.commit({"a.md": b"text"})
    repo.git("remote", "add", "origin", remote.url("acme/docs"))
    return repo


def refs(clone: Repo, **environ: str) -> dict[str, str]:
    """The refs of the remote, as a run with that environment sees them."""
    server = clone.git("remote", "get-url", "origin").removesuffix("/acme/docs")
    access = GitAccess({**ENVIRONMENT, "GITHUB_SERVER_URL": server, **environ}, "token")
    workspace = open_workspace(resolve({"repo": str(clone.root), "push": True}, {}), Origin(), access)
    try:
        assert workspace.remote is not None
        return workspace.remote.refs("refs/heads/*")
    finally:
        workspace.close()


def test_git_trusts_the_same_certificate(clone: Repo, authority: Authority) -> None:
    assert refs(clone, SSL_CERT_FILE=str(authority.certificate)) == {}


def test_gits_own_settings_come_first(clone: Repo, authority: Authority, stranger: Authority) -> None:
    own, other = str(authority.certificate), str(stranger.certificate)
    assert refs(clone, SSL_CERT_FILE=other, GIT_SSL_CAINFO=own) == {}
    clone.git("config", "http.https://127.0.0.1.sslCAInfo", own)
    assert clone.git("config", "--get-regexp", "sslcainfo")
    with pytest.raises(GitUnavailable):  # the setting is for another port, and stands for what the user decided
        refs(clone, SSL_CERT_FILE=own)
    clone.git("config", "http.sslCAInfo", own)
    assert refs(clone, SSL_CERT_FILE=other) == {}


def test_a_git_host_that_is_not_trusted_is_told_at_once(clone: Repo, stranger: Authority, remote: GitServer) -> None:
    for environ in ({}, {"SSL_CERT_FILE": str(stranger.certificate)}):
        with pytest.raises(GitUnavailable, match=r"certificate of 127\.0\.0\.1 is not trusted.*SSL_CERT_FILE") as error:
            refs(clone, **environ)
        assert "run again" not in error.value.remedy
    assert remote.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/nowhere.pem"), ("GIT_SSL_CAINFO", "/nowhere.pem"), ("HTTPS_PROXY", "ftp://proxy.test")],
)
def test_what_git_could_not_use_is_refused_before_git_is_asked(clone: Repo, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        refs(clone, **{name: value})


def test_a_file_that_gits_configuration_names_in_vain_is_told(clone: Repo) -> None:
    clone.git("config", "http.sslCAInfo", "/nowhere.pem")
    with pytest.raises(GitUnavailable, match=r"certificates to trust could not be read.*http\.sslCAInfo"):
        refs(clone)
