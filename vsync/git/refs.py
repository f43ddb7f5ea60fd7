"""Reads what git writes about refs and pushes, and makes its configuration for a remote. Pure: text in, values out.

Formats: https://git-scm.com/docs/git-push#_output (`--porcelain`) and https://git-scm.com/docs/git-ls-remote.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from vsync.errors import RepositoryError
from vsync.git.clone_config import kept_for_network
from vsync.network.address import NOT_SHOWN, is_loopback, secrets_in, shown
from vsync.network.trust import Fault, handshake_fault
from vsync.system.redaction import without_address_secrets

Failure = Literal["permission", "declined", "missing", "no-atomic", "busy", "machine", "unreachable"]

_NAMES = re.compile(r"\b(?:\w+://|refs/)[^\s:]*")
_DECLINED = re.compile(
    r"declined|protected branch|GH006|GH013|prohibited|denied by|aborted by hook|checked out",
    re.I,
)
_PERMISSION = re.compile(
    r"returned error: 40[13]\b|authentication failed|could not read (username|password)|permission to .* denied"
    r"|access (to repository )?not granted|access denied|insufficient permission|permission denied|invalid credentials"
    r"|read-only file system|unable to create temporary object directory|write access",
    re.I,
)
_MISSING = re.compile(r"repository .*not found|returned error: 404\b|does not appear to be a git repository", re.I)
_NO_ATOMIC = re.compile(r"does not support --atomic", re.I)
_BUSY = re.compile(r"cannot lock ref|failed to update ref|unable to create .*\.lock|index-pack failed", re.I)
_HOST_KEY = re.compile(r"host key verification failed", re.I)
_NO_SSH = re.compile(r"cannot run \S*ssh\b", re.I)
_PROXY = re.compile(r"unsupported proxy|could not resolve proxy|socks\S* .*(not supported|disabled)", re.I)
_REDIRECTED = re.compile(r"returned error: 30[12378]\b|unable to update url base from redirection", re.I)
_ABOUT_TLS = re.compile(r"\b(ssl|tls|gnutls|certificate)", re.I)
_LOOKS_SECRET = re.compile(r":|.{16}")
"""A user with a password, or so long a user name that it is a token."""

_HELPER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*::")
"""An address that git gives to a program, as `ext::sh -c …`."""


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref of a push: its new commit, and the commit that it must have now. None means "no such ref" in both."""

    ref: str
    new: str | None
    expected: str | None


def parse_refs(output: str) -> dict[str, str]:
    """The refs of `git ls-remote`, by name."""
    # Not `splitlines`: the name of a ref may hold characters that Unicode counts as line ends.
    lines = (line.partition("\t") for line in output.split("\n"))
    return {ref: sha for sha, tab, ref in lines if tab and re.fullmatch(r"[0-9a-f]{40,64}", sha)}


def classify(output: str) -> Failure:
    """Why git failed on a remote, from all that it wrote. Names of refs and addresses are ignored: they may hold any word."""
    output = _NAMES.sub("", output)
    if _NO_ATOMIC.search(output):
        return "no-atomic"
    if fault_of_machine(output, "") is not None:
        return "machine"
    if _DECLINED.search(output):
        return "declined"
    if _PERMISSION.search(output):
        return "permission"
    if _MISSING.search(output):
        return "missing"
    return "busy" if _BUSY.search(output) else "unreachable"


def fault_of_machine(output: str, address: str) -> Fault | None:
    """Why git cannot speak with a remote from this machine; None when that is not the reason. Another try would fail as well."""
    # Not what the remote says: it may say anything.
    output = "\n".join(line for line in output.splitlines() if not line.startswith("remote:"))
    why = reason_given(output)
    if _HOST_KEY.search(output):
        return Fault(
            f"This machine does not know the SSH key of the host of {address}, or the key has changed.",
            "Add the key to known_hosts, or use the https address of the remote.",
        )
    if _NO_SSH.search(output):
        return Fault(
            f"git cannot start the program ssh, which the address {address} needs.",
            "Use the https address of the remote: the action's container has no ssh.",
        )
    if _REDIRECTED.search(output):
        return Fault(
            f"{address} redirects git to another address, and vsync does not follow that: the token would go there too.",
            "If the repository was renamed or moved, give the remote its new address (`git remote set-url origin ADDRESS`; "
            "actions/checkout does so).",
        )
    if _PROXY.search(output):
        return Fault(
            f"git cannot use the proxy for {address}: {why}.",
            "Check HTTPS_PROXY, ALL_PROXY and git's http.proxy.",
        )
    host = re.match(r"\w+://(\[[^\]]*\]|[^/:]+)", address)
    return handshake_fault(why, host[1] if host else address) if _ABOUT_TLS.search(output) else None


def reason_given(output: str) -> str:
    """The part of git's output that says why it failed, on one line, without user and password of any address."""
    lines = [line.strip() for line in without_address_secrets(output).splitlines() if line.strip()]
    remote = [re.sub(r"^(remote: )+(error: )?", "", line) for line in lines if re.match(r"remote: \S", line)]
    ssh = [line for line in lines if line.startswith("ssh: ")]
    fatal = [line for line in lines if line.startswith("fatal: ")]
    # Git marks a refused ref with `!` and gives the reason in brackets. When an atomic push fails, each ref has that mark.
    refs = [match[1] for line in lines if (match := re.match(r"!.*\((.+)\)$", line)) and "atomic" not in match[1]]
    parts = [*remote, *ssh, *(fatal or refs)] or [line for line in lines if line.startswith("error: ")] or lines
    return "; ".join(dict.fromkeys(part.rstrip(".") for part in parts)).replace("\t", " ")[:400] or "git gave no reason"


def shown_remote(url: str) -> str:
    """A remote's address, or its path on this machine, without what is secret in it."""
    if (helper := _HELPER.match(url)) is not None:
        return f"{helper[0]}…"  # the rest may be a command, with a secret as its argument
    if url.lower().startswith("file://"):
        return f"{url[:7]}{_split_login(url[7:])[0]}"
    if "://" in url:
        written = shown(url)
        return f"the remote `origin` (its address is {written})" if written == NOT_SHOWN else written
    if not is_ssh(url):
        return without_address_secrets(_split_login(url)[0])
    place = re.split(r"[?#]", url, maxsplit=1)[0]
    user, _, _ = place.partition("/")[0].rpartition("@")
    place = place.removeprefix(f"{user}@") if _LOOKS_SECRET.search(user) else place
    host, colon, path = place.partition(":")
    if "@" not in host and "@" in path:  # `user:half/half@host`, or `https:/user:password@host`
        return f"{host}:…"
    return f"{host}{colon}{_split_login(path)[0]}"


def _split_login(path: str) -> tuple[str, str]:
    """What git takes for a path without user and password, and the password: `//user:password@host/x` lacks its scheme.

    A password may hold an @ or a slash. A long user name without a password is a token.
    """
    login, _, place = path.rpartition("@")
    colon = login.find(":")
    if colon >= 0:
        return login[: login.rfind("/", 0, colon) + 1] + place, login[colon + 1 :]
    token = re.match(r"//([^/@]{16,})@", path)
    return (f"//{path[token.end() :]}", token[1]) if token is not None else (path, "")


def secrets_of(url: str, config: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The secrets in an address and its configuration: those of `secrets_in`, and the values of headers."""
    written = secrets_in(url if "://" in url else url.partition("/")[0]) if is_address(url) else ()
    if (helper := _HELPER.match(url)) is not None:
        written = (*written, url[helper.end() :])
    elif "://" not in url and not re.match(r"[^/@:]+@[^/:]+:", url):
        password = _split_login(url)[1]
        written = (*written, password, password.rpartition(":")[2])
    headers = [value.split()[-1] for key, value in config if key.lower().endswith(".extraheader") and value.split()]
    return tuple(dict.fromkeys(word for word in (*written, *headers) if word))


def is_http(url: str) -> bool:
    """Whether git would speak HTTP or HTTPS to that address."""
    return url.lower().startswith(("http://", "https://"))


def check_address(url: str) -> None:
    """Raises RepositoryError for an address of HTTP that git cannot use. Any other address is for git to judge."""
    if not is_http(url):
        return
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not re.search(r"[\s\x00-\x1f\x7f]", url)
    except ValueError:
        usable = False
    if not usable:
        raise RepositoryError(
            f"The remote `origin` has an address ({shown(url)}) that git cannot use.",
            "Correct it: `git remote set-url origin ADDRESS`.",
        )


def promisor_protocols(urls: Iterable[str]) -> str:
    """The protocols over which blobs may come that a clone lacks, as GIT_ALLOW_PROTOCOL has them. Plain http: from this machine."""
    return "https:ssh:http" if any(map(_on_this_machine, urls)) else "https:ssh"


def _on_this_machine(url: str) -> bool:
    """Whether an address is one of plain HTTP on this machine."""
    try:
        return url.lower().startswith("http://") and is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Whether git would use the network or a helper for that address. Otherwise it is a path."""
    return "://" in url or "::" in url or is_ssh(url)


def path_of(url: str) -> str | None:
    """The path that an address names on this disk; None: it names none."""
    if url.lower().startswith("file://"):
        return unquote("/" + url[7:].partition("/")[2])
    return None if is_address(url) else url


def is_ssh(url: str) -> bool:
    """Whether git would speak SSH to that address: `ssh://…` or `user@host:path`."""
    return url.startswith(("ssh://", "git+ssh://")) or bool(re.match(r"^(?:[^/@:]+@)?[^/:]+:(?!//|[:\\])", url))


def network_config(
    url: str, token: str | None, inherited: Iterable[tuple[str, str]] = ()
) -> tuple[str, list[tuple[str, str]]]:
    """The address to use, and git's configuration for it. `inherited` is the configuration of the user's repository.

    | case | what happens |
    | --- | --- |
    | a token is given | only the token is used: not the credentials of actions/checkout, of helpers or of the address |
    | the clone's own proxy, programs and other ways | are never used (`clone_config`) |
    | the address has a password | it becomes a header: git puts addresses on the command lines of its helpers |
    | the remote redirects | git does not follow |
    | a `url.….insteadOf` rule | it does not rewrite the address again: the address is its own `insteadOf` |

    An empty value clears the values before it
    (https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpextraHeader).
    """
    pairs = list(inherited)
    kept = kept_for_network(pairs, token=False)
    if not is_http(url):
        return url, [*kept, (f"url.{url}.insteadof", url)]
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    # Git would send its headers, and with them the token, to whatever host the remote redirects to.
    plain = urlunsplit(parts._replace(netloc=host))
    steady = [("http.followredirects", "false"), (f"http.{plain}.followredirects", "false")]
    name, colon, password = user.partition(":")
    login = (
        f"x-access-token:{token}" if token is not None else f"{unquote(name)}:{unquote(password)}" if colon else None
    )
    if login is None:
        return url, [*kept, *steady, (f"url.{url}.insteadof", url)]
    url = plain
    kept = [*kept_for_network(pairs, token=True), *steady]
    secret = base64.b64encode(login.encode()).decode("ascii")
    header = f"http.{url}.extraheader"
    clear = [("credential.helper", ""), (header, "")]
    return url, [*kept, (f"url.{url}.insteadof", url), *clear, (header, f"AUTHORIZATION: basic {secret}")]


def as_environment(config: Iterable[tuple[str, str]], environ: Mapping[str, str]) -> dict[str, str]:
    """Configuration as git's environment variables, added to the configuration that the environment already holds."""
    given = environ.get("GIT_CONFIG_COUNT", "")
    start = int(given) if given.isdecimal() else 0
    variables = {}
    number = start
    for number, (key, value) in enumerate(config, start + 1):
        variables[f"GIT_CONFIG_KEY_{number - 1}"] = key
        variables[f"GIT_CONFIG_VALUE_{number - 1}"] = value
    return {**variables, "GIT_CONFIG_COUNT": str(number)}
