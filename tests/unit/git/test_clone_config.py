"""What of a clone's own configuration counts, and what is set aside and named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.gitrepo import environment
from vsync.git.clone_config import as_file, kept_for_network, parse_config, set_aside

ROUTES = (
    ("http.proxy", "http://evil.test"),
    ("http.https://github.com/.proxy", "http://evil.test"),
    ("http.curloptresolve", "github.com:443:10.0.0.1"),
    ("http.cookiefile", "/x"),
    ("http.sslverify", "false"),
    ("url.https://evil.test/.insteadof", "https://github.com/"),
    ("url.https://evil.test/.pushinsteadof", "https://github.com/"),
    ("core.sshcommand", "/x"),
    ("core.askpass", "/x"),
    ("core.gitproxy", "/x"),
    ("credential.helper", "/x"),
    ("credential.https://github.com.helper", "!x"),
    ("remote.origin.proxy", "http://evil.test"),
    ("remote.origin.vcs", "ext"),
    ("remote.origin.uploadpack", "/x"),
    ("remote.origin.receivepack", "/x"),
)


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("pair", ROUTES, ids=lambda pair: pair[0])
def test_a_program_or_another_way_to_the_remote_never_counts_and_is_named(pair: tuple[str, str], token: bool) -> None:
    assert kept_for_network([pair], token=token) == []
    assert pair[0].rpartition(".")[2] in set_aside([pair])
    assert "evil" not in set_aside([pair])


@pytest.mark.parametrize("key", ["http.sslcainfo", "http.https://h/.sslcapath"])
def test_certificates_of_the_clone_count(key: str) -> None:
    assert kept_for_network([(key, "/x")], token=True) == kept_for_network([(key, "/x")], token=False) == [(key, "/x")]


@pytest.mark.parametrize("key", ["http.https://h/.extraheader", "http.sslkey", "credential.username", "http.sslcert"])
def test_credentials_of_the_clone_count_only_without_a_token(key: str) -> None:
    assert kept_for_network([(key, "x")], token=False) == [(key, "x")]
    assert kept_for_network([(key, "x")], token=True) == []


def test_nothing_is_said_where_nothing_is_set_aside() -> None:
    assert set_aside([("http.sslcainfo", "/x"), ("user.name", "x"), ("remote.origin.url", "x")]) == ""


def test_only_what_the_clone_says_itself_is_its_configuration() -> None:
    output = (
        "system\0core.a\n1\0global\0remote.origin.url\nhttps://user\0local\0remote.origin.url\nhttps://x\ny\0"
        "local\0remote.a.b.promisor\0worktree\0core.b\n2\0command\0core.c\n3\0"
    )
    config = parse_config(output)
    assert config.pairs == (
        ("remote.origin.url", "https://x\ny"),
        ("remote.a.b.promisor", "true"),
        ("core.b", "2"),
    )
    assert config.promisor() == "a.b"
    assert parse_config("").pairs == ()


def test_remotes_are_written_as_git_reads_them(tmp_path: Path) -> None:
    pairs = [
        ('remote.a"b\\c.d.url', 'https://h/"x"\\y\n\tz # no comment ; none '),
        ("remote.origin.url", "one"),
        ("remote.origin.url", "two"),
        ("remote.].promisor", "true"),
    ]
    file = tmp_path / "config"
    file.write_text(as_file(pairs))
    done = subprocess.run(
        ["git", "config", "--file", str(file), "--list", "-z"], env=environment(), capture_output=True, text=True
    )
    assert [tuple(record.split("\n", 1)) for record in done.stdout.split("\0") if record] == pairs


def test_a_remote_whose_name_git_would_take_for_an_option_does_not_count() -> None:
    listed = "local\0remote.--upload-pack=/x.promisor\ntrue\0local\0remote.--upload-pack=/x.url\nssh://host/x\0"
    config = parse_config(listed)
    assert config.promisor() is None
    assert config.remotes() == []
