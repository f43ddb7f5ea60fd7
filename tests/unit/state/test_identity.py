"""A source is known by the surest name there is, and a manifest of another source is never gone on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vsync.errors import ManifestError
from vsync.state.identity import SourceIdentity, check_manifest, identify, name_of_remote, web_page
from vsync.state.manifest import Manifest, TargetState

NAME = ".vsync/manifest.json"
TARGETS = {"default": TargetState("vs_1")}


@pytest.mark.parametrize(
    ("given", "repository", "repository_id", "remote", "folder", "expected"),
    [
        ("my docs", "acme/docs", "1", None, "x", SourceIdentity("my docs", None, True)),
        ("acme/docs", "acme/docs", "1", None, "x", SourceIdentity("acme/docs", "1", True)),
        (None, "acme/docs", "1", "https://github.com/old/name", "x", SourceIdentity("acme/docs", "1", True)),
        (None, None, None, "https://github.com/acme/docs.git", "x", SourceIdentity("acme/docs", None, True)),
        (None, None, "1", "https://github.com/acme/docs.git", "x", SourceIdentity("acme/docs", None, True)),
        (None, None, None, "/srv/git/docs.git", "x", SourceIdentity("docs", None, False)),
        (None, None, None, "https://github.com/", "x", SourceIdentity("x", None, False)),
        (None, None, None, None, "x", SourceIdentity("x", None, False)),
        (None, None, None, None, "", SourceIdentity("source", None, False)),
        ("", "", "", "", "", SourceIdentity("source", None, False)),
    ],
)
def test_the_surest_name_is_taken(
    given: str | None,
    repository: str | None,
    repository_id: str | None,
    remote: str | None,
    folder: str,
    expected: SourceIdentity,
) -> None:
    assert identify(given, repository, repository_id, remote, folder) == expected


@pytest.mark.parametrize(
    ("url", "name", "hosted"),
    [
        ("https://github.com/acme/docs", "acme/docs", True),
        ("https://github.com/acme/docs.git", "acme/docs", True),
        ("https://github.com/acme/docs.git/", "acme/docs", True),
        ("https://user:secret@github.com/acme/docs.git", "acme/docs", True),
        ("https://gitlab.com/group/sub/docs.git", "sub/docs", True),
        ("ssh://git@github.com:22/acme/docs.git", "acme/docs", True),
        ("git://host/docs", "docs", True),
        ("git@github.com:acme/docs.git", "acme/docs", True),
        ("github.com:acme/docs", "acme/docs", True),
        ("https://github.com/", None, True),
        ("file:///srv/git/docs.git", "docs", False),
        ("/srv/git/docs.git", "docs", False),
        ("/srv/git/docs/", "docs", False),
        ("../docs", "docs", False),
        ("./docs", "docs", False),
        (".", None, False),
        ("/", None, False),
        ("https://github.com/" + "x" * 300, "x" * 256, True),
    ],
)
def test_a_remote_is_named_by_its_address(url: str, name: str | None, hosted: bool) -> None:
    assert name_of_remote(url) == (name, hosted)


@pytest.mark.parametrize("url", ["https://[::1/acme/docs", "https://[x]/acme/docs", "http://a]b/c"])
def test_an_address_that_is_none_is_no_reason_to_fail(url: str) -> None:
    name_of_remote(url)


def manifest(source: str = "acme/docs", repository_id: str | None = "1") -> Manifest:
    return Manifest("owner-1", source, repository_id, TARGETS)


@pytest.mark.parametrize(
    ("found", "source", "expected"),
    [
        (manifest(), SourceIdentity("acme/docs", "1"), manifest()),
        (manifest(), SourceIdentity("acme/renamed", "1"), replace(manifest("acme/renamed"), formerly=("acme/docs",))),
        (
            replace(manifest("acme/renamed"), formerly=("acme/docs",)),
            SourceIdentity("acme/docs", "1"),
            replace(manifest(), formerly=("acme/renamed",)),
        ),
        (manifest(), SourceIdentity("acme/docs"), manifest()),
        (manifest(repository_id=None), SourceIdentity("acme/docs", "1"), manifest()),
        (manifest(repository_id=None), SourceIdentity("acme/docs"), manifest(repository_id=None)),
    ],
)
def test_a_manifest_of_the_same_source_goes_on_under_its_present_name(
    found: Manifest, source: SourceIdentity, expected: Manifest
) -> None:
    assert check_manifest(found, NAME, source) == expected


@pytest.mark.parametrize(
    ("found", "source", "words"),
    [
        (manifest(), SourceIdentity("someone/docs", "2"), ["'acme/docs'", "'someone/docs' is a fork or a copy"]),
        (manifest(), SourceIdentity("acme/docs", "2"), ["fork or a copy"]),
        (manifest(), SourceIdentity("someone/docs"), ["'acme/docs'", "this is 'someone/docs'"]),
        (manifest(repository_id=None), SourceIdentity("someone/docs", "2"), ["'acme/docs'", "'someone/docs'"]),
        (manifest(repository_id=None), SourceIdentity("someone/docs"), ["'acme/docs'", "'someone/docs'"]),
    ],
)
def test_a_manifest_of_another_source_is_refused(found: Manifest, source: SourceIdentity, words: list[str]) -> None:
    with pytest.raises(ManifestError) as caught:
        check_manifest(found, NAME, source)
    for word in [NAME, *words]:
        assert word in caught.value.message
    assert "elete the manifest" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/acme/docs", "https://github.com/acme/docs"),
        ("https://github.com/acme/docs.git/", "https://github.com/acme/docs"),
        ("https://user:secret@github.com/acme/docs.git", "https://github.com/acme/docs"),
        ("ssh://git@github.com:22/acme/docs.git", "https://github.com/acme/docs"),
        ("git@github.com:acme/docs.git", "https://github.com/acme/docs"),
        ("github.com:acme/docs", "https://github.com/acme/docs"),
        ("git@github.acme.example:acme/docs.io", "https://github.acme.example/acme/docs.io"),
        ("https://gitlab.com/group/docs.git", None),
        ("https://notgithub.com/acme/docs", None),
        ("https://github.com@evil.example/acme/docs", None),
        ("https://evil.example/github.com/acme/docs", None),
        ("https://github.com/acme/docs?x=<a>", None),
        ("https://github.com/acme", None),
        ("github.com/acme/docs", None),
        ("/srv/github.com:acme/docs", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_repository_on_github_has_a_page_that_is_known(url: str | None, page: str | None) -> None:
    assert web_page(url) == page


@pytest.mark.parametrize(
    "url",
    [
        "me:hunter22@host/v1",
        "https://me:half/hunter22@host/acme/docs",
        "https://me:22/hunter22@host/acme/docs",
        "https://host/acme/docs?private_token=hunter22",
        "git@host:acme/docs?private_token=hunter22",
        "https://host/acme/docs#hunter22",
        "//me:hunter22@host",
        "//me:half/hunter22@host",
        "//hunter22@host",
        "file://me:half/hunter22@host",
        "https:/me:hunter22@host",
        "https:/me:half/hunter22@host",
        "ext::sh -c 'git-connect --password hunter22'",
        "ext::https://me@host/acme/hunter22",
        "me:half/hunter22@host",
    ],
)
def test_no_part_of_a_password_becomes_the_name_of_a_source(url: str) -> None:
    assert "hunter22" not in str(name_of_remote(url)[0])
