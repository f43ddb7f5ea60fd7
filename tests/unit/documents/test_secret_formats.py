"""Names of files that hold nothing but secrets. Tokens and keys are tried through the search: test_secret_scan."""

from __future__ import annotations

import pytest

from vsync.documents.secret_formats import is_secret_name


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env",
        ".env.local",
        ".env.production",
        "keys/id_rsa",
        "id_ed25519",
        ".netrc",
        ".npmrc",
        ".pypirc",
        "aws/credentials",
        "home/.docker/config.json",
        ".docker/config.json",
        "cert.P12",
        "store.jks",
        "passwords.kdbx",
    ],
)
def test_names_that_are_kept_for_secrets(path: str) -> None:
    assert is_secret_name(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        ".env.production.template",
        "env.md",
        "docs/environment.md",
        "id_rsa.pub",
        "docs/credentials.md",
        "credentials/README.md",
        "docker/config.json",
        "keystore.md",
        "example.env",
    ],
)
def test_names_that_only_resemble_those(path: str) -> None:
    assert not is_secret_name(path)
