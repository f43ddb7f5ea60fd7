"""What of a clone's own configuration counts. Pure.

A clone's configuration can name programs, and other ways to a remote. Whoever wrote the files of the clone may have
written it too. So vsync runs git without that configuration, and gives git these settings of it alone:

| setting | why |
| --- | --- |
| `remote.<name>.url`, `pushurl`, `promisor`, `partialCloneFilter` | where the remote is, and what the clone lacks |
| `http.….sslCAInfo`, `sslCAPath` | certificates to trust |
| `http.….extraHeader`, `sslCert`, `sslKey`, `credential.….username`, `useHttpPath` | its credentials, without a token |

The user's own configuration (system, global, environment) counts as always: git reads it by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_REMOTE = re.compile(r"remote\.((?!-).+)\.(url|pushurl|promisor|partialclonefilter)", re.S)
"""A name that begins with `-` would be an option of git."""
_TRUST = re.compile(r"http\.(.+\.)?(sslcainfo|sslcapath)", re.S)
_CREDENTIALS = re.compile(r"http\.(.+\.)?(extraheader|sslcert|sslkey)|credential\.(.+\.)?(username|usehttppath)", re.S)
_SET_ASIDE = re.compile(
    r"core\.(sshcommand|askpass|gitproxy)|credential\.(.+\.)?helper|url\..+\.(insteadof|pushinsteadof)"
    r"|http\.(.+\.)?(proxy\w*|curloptresolve|cookiefile|sslverify|sslcert|sslkey)|remote\..+\.(proxy|vcs|uploadpack|receivepack)",
    re.S,
)
_TRUE = {"true", "yes", "on", "1", ""}

Pair = tuple[str, str]


class CloneConfig(NamedTuple):
    """What git reads in one clone: pairs of key and value, in git's order. Section and name are in small letters.

    `pairs` is the clone's own configuration, `users` that of the user and the machine.
    """

    pairs: tuple[Pair, ...] = ()
    users: tuple[Pair, ...] = ()

    @property
    def depends_on_place(self) -> bool:
        """Whether the user's configuration has parts for some repositories alone (`includeIf`)."""
        return any(key.startswith("includeif.") for key, _ in self.users)

    def only_here(self, elsewhere: CloneConfig) -> list[Pair]:
        """What the user's configuration says for this clone, and not for the one elsewhere."""
        left = Counter(elsewhere.users)
        found = []
        for pair in self.users:
            if left[pair]:
                left[pair] -= 1
            else:
                found.append(pair)
        return found

    def remotes(self) -> list[Pair]:
        """What the clone says about its remotes, as far as it counts."""
        return [pair for pair in self.pairs if _REMOTE.fullmatch(pair[0])]

    def promisor(self) -> str | None:
        """The remote that has what a partial clone lacks."""
        for key, value in self.pairs:
            match = _REMOTE.fullmatch(key)
            if match is not None and match[2] == "promisor" and value.lower() in _TRUE:
                return match[1]
        return None


def parse_config(output: str) -> CloneConfig:
    """The settings in the output of `git config --list -z --show-scope`.

    A setting without a value is true (https://git-scm.com/docs/git-config#_syntax).
    """
    fields = output.split("\0")
    records = [(scope, record.partition("\n")) for scope, record in zip(fields[::2], fields[1::2], strict=False)]
    settings = [(scope, (key, value if newline else "true")) for scope, (key, newline, value) in records]
    own = tuple(pair for scope, pair in settings if scope in {"local", "worktree"})
    return CloneConfig(own, tuple(pair for scope, pair in settings if scope in {"system", "global"}))


def as_file(pairs: Iterable[Pair]) -> str:
    """Settings of remotes as the text of a configuration file (https://git-scm.com/docs/git-config#_syntax)."""
    lines = []
    for key, value in pairs:
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        lines.append(f'[{section} "{_quoted(name)}"]\n\t{variable} = "{_quoted(value)}"\n')
    return "".join(lines)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def kept_for_network(pairs: Iterable[Pair], *, token: bool) -> list[Pair]:
    """The settings that count on the way to a remote. With a token, the credentials of the clone do not."""
    return [pair for pair in pairs if _TRUST.fullmatch(pair[0]) or (not token and _CREDENTIALS.fullmatch(pair[0]))]


def set_aside(pairs: Sequence[Pair]) -> str:
    """A sentence about the settings of the clone that git would use on the way to a remote and vsync does not; else empty."""
    kept = {key for key, _ in kept_for_network(pairs, token=False)}
    names = dict.fromkeys(key for key, _ in pairs if _SET_ASIDE.fullmatch(key) and key not in kept)
    if not names:
        return ""
    shown = ", ".join(_shown(name) for name in list(names)[:3])
    return (
        f"vsync does not use {shown} of the clone's own configuration: if it is needed, set it in yours "
        "(`git config --global`)."
    )


def _shown(key: str) -> str:
    """A key without its subsection: that can be an address with a password."""
    section, _, name = key[:200].partition(".")
    return f"{section}.{name.rpartition('.')[2]}" if section != "url" else f"url.….{name.rpartition('.')[2]}"
