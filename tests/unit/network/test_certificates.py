"""SSL_CERT_FILE and SSL_CERT_DIR hold for every connection, and a file that holds no certificates is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.servers.certificates import Authority
from vsync.errors import ConfigurationError
from vsync.network.certificates import anchor, check_certificates, check_git, for_git, for_requests


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    return str(Authority(tmp_path).certificate)


@pytest.mark.parametrize(("name", "check"), [("SSL_CERT_FILE", check_certificates), ("GIT_SSL_CAINFO", check_git)])
@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "junk", "key"])
def test_a_file_without_certificates_is_told_with_its_variable(
    tmp_path: Path, kind: str, name: str, check: object
) -> None:
    path = tmp_path / "bundle.pem"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text({"empty": "", "junk": "no certificate", "key": "-----BEGIN PRIVATE KEY-----\nAA==\n"}[kind])
    assert callable(check)
    with pytest.raises(ConfigurationError) as error:
        check({name: str(path)})
    assert f"{name} names {path}" in error.value.message
    assert "PEM" in error.value.remedy


def test_a_path_that_is_no_path_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"no\\npe\\udcff"):
        check_certificates({"SSL_CERT_FILE": "no\npe\udcff"})


def test_a_bundle_and_a_folder_are_no_faults(bundle: str, tmp_path: Path) -> None:
    check_certificates({})
    check_certificates({"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""})
    check_certificates({"SSL_CERT_FILE": bundle, "SSL_CERT_DIR": "/nowhere"})  # the file comes first
    check_certificates({"SSL_CERT_DIR": f"/nowhere:{tmp_path}"})
    check_git({})


def test_a_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match="SSL_CERT_DIR names /nowhere"):
        check_certificates({"SSL_CERT_DIR": "/nowhere"})


@pytest.mark.parametrize(
    ("environ", "git", "requests"),
    [
        ({}, {}, True),
        ({"SSL_CERT_FILE": "/ca"}, {"GIT_SSL_CAINFO": "/ca"}, "/ca"),
        ({"SSL_CERT_DIR": "/cas"}, {"GIT_SSL_CAPATH": "/cas"}, "/cas"),
        ({"SSL_CERT_DIR": "/cas:/more"}, {}, True),
        ({"SSL_CERT_FILE": "/ca", "SSL_CERT_DIR": "/cas"}, {"GIT_SSL_CAINFO": "/ca"}, "/ca"),
        ({"SSL_CERT_FILE": "/ca", "GIT_SSL_CAINFO": "/other"}, {}, "/ca"),
        ({"SSL_CERT_FILE": "/ca", "GIT_SSL_NO_VERIFY": "1"}, {}, "/ca"),
        ({"SSL_CERT_FILE": "/ca", "REQUESTS_CA_BUNDLE": "/other"}, {"GIT_SSL_CAINFO": "/ca"}, True),
        ({"SSL_CERT_FILE": "/ca", "CURL_CA_BUNDLE": "/other"}, {"GIT_SSL_CAINFO": "/ca"}, True),
    ],
)
def test_git_and_requests_trust_the_same_unless_they_have_a_variable_of_their_own(
    environ: dict[str, str], git: dict[str, str], requests: str | bool
) -> None:
    assert for_git(environ) == git
    assert for_requests(environ) == requests


def test_a_relative_path_counts_from_the_folder_where_the_process_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"SSL_CERT_FILE": "ca.pem", "SSL_CERT_DIR": "a:/b"}
    anchor(environ)
    assert environ == {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "SSL_CERT_DIR": f"{tmp_path / 'a'}:/b"}
    empty = {"SSL_CERT_FILE": ""}
    anchor(empty)
    assert empty == {"SSL_CERT_FILE": ""}
