"""What git says is understood, whoever serves it; and what git is told keeps secrets where they belong."""

from __future__ import annotations

import base64
import os
import subprocess

import pytest

from vsync.errors import RepositoryError
from vsync.git.refs import (
    as_environment,
    check_address,
    classify,
    fault_of_machine,
    is_address,
    is_http,
    is_ssh,
    network_config,
    parse_refs,
    reason_given,
    secrets_of,
    shown_remote,
)
from vsync.system.redaction import redacted

URL = "https://github.com/acme/docs"
TOKEN = "ghs_neverShown"
BASIC = "AUTHORIZATION: basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


# --- Refs -----------------------------------------------------------------------------------------------------


def test_refs_are_read_from_what_ls_remote_lists() -> None:
    listed = f"{'a' * 40}\trefs/heads/main\n{'b' * 64}\trefs/vsync/default\n{'c' * 40}\trefs/heads/ü\n"
    assert parse_refs(listed) == {
        "refs/heads/main": "a" * 40,
        "refs/vsync/default": "b" * 64,
        "refs/heads/ü": "c" * 40,
    }


@pytest.mark.parametrize("line", ["", "warning: redirecting to elsewhere", "From https://h/x", "zz\trefs/heads/main"])
def test_what_is_no_ref_is_passed_over(line: str) -> None:
    assert parse_refs(line + "\n") == {}


# --- Why it failed --------------------------------------------------------------------------------------------

GITHUB_RULE = """\
remote: error: GH013: Repository rule violations found for refs/heads/main.
remote: - Changes must be made through a pull request.
To https://github.com/acme/docs
!\trefs/x:refs/heads/main\t[remote rejected] (push declined due to repository rule violations)
"""
PROTECTED = """\
remote: error: GH006: Protected branch update failed for refs/heads/main.
!\tx:refs/heads/main\t[remote rejected] (protected branch hook declined)
"""


@pytest.mark.parametrize(
    ("output", "failure"),
    [
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 403", "permission"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 401", "permission"),
        (f"remote: Invalid username or token.\nfatal: Authentication failed for '{URL}/'", "permission"),
        (f"remote: Permission to acme/docs.git denied to github-actions[bot].\nfatal: … '{URL}/'", "permission"),
        ("remote: Write access to repository not granted.\nfatal: … returned error: 403", "permission"),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", "permission"),
        ("git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.", "permission"),
        ("error: remote unpack failed: unable to create temporary object directory", "permission"),
        (PROTECTED, "declined"),
        (GITHUB_RULE, "declined"),
        ("!\tx:refs/heads/m\t[remote rejected] (pre-receive hook declined)", "declined"),
        ("!\tx:refs/heads/m\t[remote rejected] (hook declined)", "declined"),
        ("!\t:refs/heads/m\t[remote rejected] (deletion prohibited)", "declined"),
        ("fatal: ref updates aborted by hook\nfatal: the remote end hung up unexpectedly", "declined"),
        ("!\tx:refs/heads/m\t[remote rejected] (branch is currently checked out)", "declined"),
        (f"remote: Repository not found.\nfatal: repository '{URL}/' not found", "missing"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 404", "missing"),
        ("fatal: '/srv/none' does not appear to be a git repository", "missing"),
        ("fatal: the receiving end does not support --atomic push", "no-atomic"),
        ("!\tx:refs/heads/m\t[remote rejected] (cannot lock ref 'refs/heads/m': is at a but expected b)", "busy"),
        ("!\tx:refs/heads/m\t[remote rejected] (failed to update ref)", "busy"),
        ("fatal: Unable to create '/srv/x.git/packed-refs.lock': File exists.", "busy"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 503", "unreachable"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 500", "unreachable"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 429", "unreachable"),
        (f"fatal: unable to access '{URL}/': Could not resolve host: github.com", "unreachable"),
        (f"fatal: unable to access '{URL}/': Failed to connect to github.com port 443", "unreachable"),
        ("error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF", "unreachable"),
        ("fatal: the remote end hung up unexpectedly", "unreachable"),
        (
            f"fatal: unable to access '{URL}/': server certificate verification failed. CAfile: none CRLfile: none",
            "machine",
        ),
        (f"fatal: unable to access '{URL}/': SSL certificate problem: certificate has expired", "machine"),
        (f"fatal: unable to access '{URL}/': error setting certificate file: /ca.pem", "machine"),
        (
            f"fatal: unable to access '{URL}/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
            "unreachable",
        ),
        (f"fatal: unable to access '{URL}/': Unsupported proxy syntax in 'x y'", "machine"),
        (f"fatal: unable to access '{URL}/': Could not resolve proxy: proxy.test", "machine"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", "machine"),
        ("error: cannot run ssh: No such file or directory\nfatal: unable to fork", "machine"),
        ("remote: GH006: certificate has expired, says a rule\n! [remote rejected] (declined)", "declined"),
        ("", "unreachable"),
    ],
)
def test_what_git_and_github_say_is_understood(output: str, failure: str) -> None:
    assert classify(output) == failure


@pytest.mark.parametrize(
    "output",
    [
        "fatal: unable to access 'https://h/declined/access-denied/': Could not resolve host: h",
        "!\tabc:refs/heads/declined\t[remote rejected] (internal error)",
        "fatal: unable to access 'https://h/GH006/': Operation timed out",
    ],
)
def test_names_of_repositories_and_branches_decide_nothing(output: str) -> None:
    assert classify(output) == "unreachable"


@pytest.mark.parametrize(
    ("output", "message", "remedy"),
    [
        (
            "fatal: unable to access 'https://h/x/': SSL certificate problem: self-signed certificate",
            "of github.com is not trusted",
            "SSL_CERT_FILE",
        ),
        ("Host key verification failed.", "SSH key", "known_hosts"),
        ("error: cannot run ssh: No such file or directory", "program ssh", "https address"),
        ("fatal: unable to access 'https://h/x/': Could not resolve proxy: p", "resolve proxy: p", "http.proxy"),
    ],
)
def test_what_this_machine_lacks_is_told_with_what_to_do(output: str, message: str, remedy: str) -> None:
    fault = fault_of_machine(output, URL)
    assert fault is not None
    assert message in fault.message
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    "url",
    ["https://[bad/x", "https://h:99999/x", "https://me:secret@h h/x", "http://:80/x", "https:///x", "http://h:0/"],
)
def test_an_address_that_git_cannot_use_is_told_without_its_password(url: str) -> None:
    with pytest.raises(RepositoryError, match="git cannot use") as error:
        check_address(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url", [URL, "http://[::1]:80/x", "git@h:x/y.git", "ssh://[bad/x", "/srv/x y", "../x", "ext::sh -c x"]
)
def test_any_other_address_is_for_git_to_judge(url: str) -> None:
    check_address(url)


def test_what_ssh_says_is_part_of_the_reason() -> None:
    output = (
        "ssh: Could not resolve hostname h: Name or service not known\nfatal: Could not read from remote repository.\n"
    )
    assert "Could not resolve hostname h" in reason_given(output)


def test_why_is_told_on_one_line_without_progress() -> None:
    output = "Enumerating objects: 3\nTo https://github.com/acme/docs\n" + PROTECTED
    text = reason_given(output)
    assert "GH006: Protected branch update failed" in text
    assert "hook declined" in text
    assert "Enumerating" not in text
    assert not {"\n", "\t", "\r"} & set(text)


def test_every_failure_has_a_reason_in_bounds() -> None:
    assert reason_given("") == "git gave no reason"
    assert reason_given("something unheard of\n") == "something unheard of"
    assert len(reason_given("remote: " + "x" * 10_000)) <= 400


# --- No secret is shown ---------------------------------------------------------------------------------------

WITH_PASSWORD = [
    "https://name:s3cret@github.com/acme/docs",
    "https://s3cret@github.com/acme/docs",
    "https://name:half@s3cret@github.com/acme/docs",
    "https://name:half/s3cret@github.com/acme/docs",
    "https://name:it's3cret@github.com/acme/docs",
    "http://name:s3cret@127.0.0.1:8080/acme/docs",
    "ssh://name:s3cret@github.com/acme/docs",
]


@pytest.mark.parametrize("url", WITH_PASSWORD)
def test_no_password_in_an_address_survives(url: str) -> None:
    for text in (shown_remote(url), reason_given(f"fatal: unable to access '{url}/': no\n")):
        assert "s3cret" not in text
        assert "half" not in text


@pytest.mark.parametrize(
    "url",
    [
        "//name:s3cret@host/acme/docs",
        "//name:half/s3cret@host/acme/docs",
        "//name:half@s3cret@host/acme/docs",
        "//ghp_s3cret_and_sixteen@host/acme/docs",
        "https:/name:s3cret@host/acme/docs",
        "https:/name:half/s3cret@host/acme/docs",
        "/srv/name:s3cret@host/docs",
        "file://name:s3cret@host/docs",
        "name:half/s3cret@host/docs",
        "name:s3cret@host/docs",
        "ext::sh -c 'connect --password half-s3cret'",
        "ext::https://name:s3cret@host/acme/docs",
        "helper::s3cret",
    ],
)
def test_no_password_in_a_mistyped_address_survives(url: str) -> None:
    text = shown_remote(url)
    assert "s3cret" not in text
    assert "half" not in text
    assert "s3cret" not in redacted(f"fatal: '{url}' does not appear to be a git repository", secrets_of(url, []))


def test_of_an_address_for_a_helper_only_the_helper_is_shown() -> None:
    assert shown_remote("ext::sh -c 'connect host'") == "ext::…"
    assert shown_remote("//name:s3cret@host/acme/docs") == "//host/acme/docs"


@pytest.mark.parametrize(
    "url", ["https://github.com/acme/docs", "http://127.0.0.1:8080/a@b/c", "git@github.com:acme/docs", "/srv/a@b/docs"]
)
def test_an_address_without_password_is_shown_as_it_is(url: str) -> None:
    assert shown_remote(url) == url


# --- What git is told -----------------------------------------------------------------------------------------


def of(config: list[tuple[str, str]], key: str) -> list[str]:
    return [value for name, value in config if name.lower() == key.lower()]


def test_a_token_goes_into_a_header_for_that_address_alone() -> None:
    url, config = network_config(URL, TOKEN)
    assert url == URL
    assert of(config, f"http.{URL}.extraheader") == ["", BASIC]
    assert TOKEN not in str(config)


def test_a_token_sets_aside_what_others_left() -> None:
    inherited = [
        ("http.https://github.com/.extraheader", "AUTHORIZATION: basic old"),
        ("http.extraheader", "X: old"),
        ("credential.helper", "store"),
        ("credential.https://github.com.helper", "!echo password=old"),
        ("http.proxy", "http://proxy:3128"),
        ("core.sshcommand", "ssh -i key"),
        ("core.hookspath", ".husky"),
        ("user.name", "Somebody"),
    ]
    _, config = network_config(URL, TOKEN, inherited)
    assert of(config, "credential.helper") == [""]
    assert not [value for _, value in config if "old" in value]
    assert of(config, "http.proxy") == []
    assert of(config, "core.sshcommand") == []
    assert not of(config, "core.hookspath")
    assert not of(config, "user.name")


def test_without_a_token_what_the_repository_has_speaks_for_the_run() -> None:
    inherited = [("http.https://github.com/.extraheader", "AUTHORIZATION: basic x"), ("credential.username", "me")]
    url, config = network_config(URL, None, inherited)
    assert url == URL
    assert config[:2] == inherited


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_password_in_the_address_does_not_stay_in_it(token: str | None) -> None:
    url, config = network_config("https://name:p%40ss@github.com/acme/docs", token, [("credential.helper", "store")])
    assert url == URL
    login = f"x-access-token:{TOKEN}" if token else "name:p@ss"
    assert of(config, f"http.{URL}.extraheader") == [
        "",
        "AUTHORIZATION: basic " + base64.b64encode(login.encode()).decode(),
    ]


def test_a_name_in_the_address_stays_for_the_credential_helper() -> None:
    url, config = network_config("https://name@github.com/acme/docs", None)
    assert url == "https://name@github.com/acme/docs"
    assert of(config, "credential.helper") == []


@pytest.mark.parametrize("url", ["git@github.com:acme/docs", "ssh://git@github.com/acme/docs", "/srv/docs.git"])
def test_a_token_is_for_http_alone(url: str) -> None:
    address, config = network_config(url, TOKEN, [("credential.helper", "store")])
    assert address == url
    assert not [key for key, _ in config if key.endswith("extraheader")]


@pytest.mark.parametrize("url", [URL, "git@github.com:acme/docs"])
def test_the_address_is_not_rewritten_once_more(url: str) -> None:
    rule = ("url.https://x:password@github.com/.insteadof", "https://github.com/")
    address, config = network_config(url, None, [rule])
    environment = as_environment([rule, *config, ("remote.r.url", address)], {})
    asked = subprocess.run(
        ["git", "ls-remote", "--get-url", "r"], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert asked.stdout.strip() == url


def test_configuration_in_the_environment_goes_behind_what_is_there() -> None:
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "first", "HOME": "/h"}
    made = as_environment([("user.name", "second"), ("a.b", "c")], given)
    assert made == {
        "GIT_CONFIG_KEY_1": "user.name",
        "GIT_CONFIG_VALUE_1": "second",
        "GIT_CONFIG_KEY_2": "a.b",
        "GIT_CONFIG_VALUE_2": "c",
        "GIT_CONFIG_COUNT": "3",
    }
    asked = subprocess.run(
        ["git", "config", "--get-all", "user.name"], env={**os.environ, **given, **made}, capture_output=True, text=True
    )
    assert asked.stdout.split() == ["first", "second"]


@pytest.mark.parametrize("count", ["", "x", "-1"])
def test_a_count_that_is_none_is_no_count(count: str) -> None:
    assert as_environment([("a.b", "c")], {"GIT_CONFIG_COUNT": count})["GIT_CONFIG_COUNT"] == "1"
    assert as_environment([], {})["GIT_CONFIG_COUNT"] == "0"


# --- Kinds of addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "http", "ssh", "address"),
    [
        ("https://github.com/acme/docs", True, False, True),
        ("HTTP://h/x", True, False, True),
        ("ssh://git@h/x", False, True, True),
        ("git+ssh://h/x", False, True, True),
        ("git@github.com:acme/docs.git", False, True, True),
        ("host:path", False, True, True),
        ("file:///srv/x", False, False, True),
        ("ext::helper", False, False, True),
        ("/srv/docs.git", False, False, False),
        ("../docs.git", False, False, False),
        ("./odd:name", False, False, False),
        ("me@host:/srv/docs.git", False, True, True),
        ("host:/srv/docs.git", False, True, True),
        ("C:\\docs", False, False, False),
    ],
)
def test_addresses_are_told_apart(url: str, http: bool, ssh: bool, address: bool) -> None:
    assert (is_http(url), is_address(url)) == (http, address)
    assert is_ssh(url) == ssh


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://name:p%40ss@host/acme/docs", ("p%40ss", "p@ss")),
        ("https://ghp_0123456789abcdef@host/acme/docs", ("ghp_0123456789abcdef",)),
        ("ssh://git@host/acme/docs", ()),
        ("git@host:acme/docs", ()),
        ("/srv/docs.git", ()),
    ],
)
def test_what_of_an_address_must_not_be_shown(url: str, secrets: tuple[str, ...]) -> None:
    assert secrets_of(url, []) == secrets


def test_the_values_of_headers_must_not_be_shown_either() -> None:
    config = [
        ("http.https://h/.extraheader", "AUTHORIZATION: basic c2VjcmV0"),
        ("http.extraHeader", ""),
        ("a.b", "x y"),
    ]
    assert secrets_of("https://h/acme", config) == ("c2VjcmV0",)
