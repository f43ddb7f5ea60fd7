"""Secrets that slipped into a file: what is looked for, and how a text of any size is searched. Pure.

Two things count, names and formats. Nothing is guessed from entropy or from words such as "password", and nothing is
ever asked of a vendor. The formats are those of bc-detect-secrets (the fork of detect-secrets that checkov keeps up;
detect-secrets itself has had no release since May 2024), and a few that vendors document and it lacks. Looking is cheap
where there is nothing to find: a token is a long run of few characters, text rarely has one, and only around a run
that begins like a token are the formats tried (and imported).
"""

from __future__ import annotations

import binascii
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAX_FINDINGS = 5
"""How many findings of one file are told; the search ends with the last."""

_PIECE = 256 * 1024
_OVERLAP = 4096
_BEFORE, _BEHIND = 64, 2560
_LEAST_RUN = 20
_MAX_CANDIDATES = 5_000
"""So many examples in one file are made to keep the search busy; it then ends."""


def _lazily(pattern: str) -> Callable[[], re.Pattern[str]]:
    """A pattern that is compiled when it is first asked for: most runs look into no file."""
    return functools.cache(lambda: re.compile(pattern))


class Finding(NamedTuple):
    """What kind of secret stands in which line, counted from 1. Never any part of it."""

    kind: str
    line: int

    def __str__(self) -> str:
        return f"{self.kind} in line {self.line}"


# --- Names --------------------------------------------------------------------------------------------------

_NAMES = frozenset(
    (
        "id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk "
        ".env .netrc _netrc .npmrc .pypirc .pgpass .htpasswd .dockercfg .s3cfg credentials"
    ).split()
)
_EXTENSIONS = (".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk")
_ENDS = ("/.docker/config.json",)
_TEMPLATE = _lazily(r"(?i)[._-](example|sample|template|dist|default|defaults)\b")


def is_secret_name(path: str) -> bool:
    """Whether files of that name are kept for secrets and nothing else. Templates of such files are not."""
    name = path.rpartition("/")[2].lower()
    if name in _NAMES or name.endswith(_EXTENSIONS) or f"/{path.lower()}".endswith(_ENDS):
        return True
    return name.startswith(".env.") and not _TEMPLATE().search(name)


# --- Formats ------------------------------------------------------------------------------------------------


class _Format(NamedTuple):
    """A kind of secret. A match counts when it begins with one of the prefixes and `check` finds it real."""

    kind: str
    prefixes: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    check: Callable[[str], bool]

    def may_be_in(self, text: str) -> bool:
        return any(part in text for part in _PARTS.get(self.kind, self.prefixes))


_DETECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("AWS access key", "aws", "AWSKeyDetector", ("AKIA", "ASIA", "ABIA", "ACCA", "A3T")),
    ("Discord bot token", "discord", "DiscordBotTokenDetector", ("M", "N", "O")),
    ("GitHub token", "github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("Mailchimp API key", "mailchimp", "MailchimpDetector", ("",)),
    ("npm token", "npm", "NpmDetector", ("npm_",)),
    ("SendGrid API key", "sendgrid", "SendGridDetector", ("SG.",)),
    ("Slack token", "slack", "SlackDetector", ("xox", "https://hooks.slack.com/services/")),
    ("Square OAuth secret", "square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    ("Stripe live key", "stripe", "StripeDetector", ("sk_live_", "rk_live_")),
    ("Twilio API key", "twilio", "TwilioKeyDetector", ("SK",)),
)
"""Kind, module and class of the detector, prefixes. Others of its detectors go by words, entropy or context, or find what
is no secret or mostly an example (account ids, IP addresses, JSON web tokens)."""

_OWN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # https://community.openai.com/t/what-are-the-valid-characters-for-the-apikey/288643; the middle is "OpenAI" in base64.
    ("OpenAI API key", r"sk-[A-Za-z0-9_-]{16,200}T3BlbkFJ[A-Za-z0-9_-]{16,200}", ("sk-",)),
    # https://docs.claude.com/en/api/admin-api/apikeys/get-api-key
    ("Anthropic API key", r"sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{80,120}", ("sk-ant-",)),
    # https://github.blog/changelog/2022-10-18-introducing-fine-grained-personal-access-tokens/
    ("GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", ("github_pat_",)),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    ("GitLab token", r"gl(?:pat|dt|rt|ptt|soat|cbt)-[A-Za-z0-9_.-]{20,300}", ("gl",)),
    # https://docs.pypi.org/api/secrets/; the head of a macaroon in base64.
    ("PyPI token", r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}", ("pypi-",)),
    # https://core.telegram.org/bots/features#generating-an-authentication-token
    ("Telegram bot token", r"(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])", ("",)),
    # https://cloud.google.com/docs/authentication/api-keys
    ("Google API key", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", ("AIza",)),
    # https://developers.google.com/identity/protocols/oauth2
    ("Google OAuth secret", r"GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])", ("GOCSPX-",)),
    # https://huggingface.co/docs/hub/security-tokens
    ("Hugging Face token", r"hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])", ("hf_",)),
    # https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    ("Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}==", ("AccountKey=",)),
)

_LOOKS_LIKE_TOKEN = _lazily(
    r"A(?:KIA|SIA|BIA|CCA|3T)|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt|soat|cbt)-|T3BlbkFJ|sk-ant-|[sr]k_live_|xox[a-z]-|hooks\.slack\.com|npm_|pypi-AgE"
    r"|SG\.|sq0csp-|AccountKey=|:AA|AIza|GOCSPX-|hf_|SK[0-9a-z]{32}|-us[0-9]|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\."
)
_PRIVATE_KEY = _lazily(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-Lines: [0-9]{1,4}")
_PRIVATE_KEY_WORDS = ("PRIVATE KEY", "Private-Lines: ")
_PEM_HEADER = _lazily(r"[A-Z][A-Za-z-]{2,30}: ")
_BASE64 = _lazily(r"[A-Za-z0-9+/]+={0,2}")
_MOST_HEADERS = 12
_LEAST_KEY = 48  # an Ed25519 key has 64 characters


@functools.cache
def _formats() -> tuple[_Format, ...]:
    from importlib import import_module

    formats = []
    for kind, module, name, prefixes in _DETECTORS:
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        formats.append(_Format(kind, prefixes, tuple(detector.denylist), _CHECKS.get(kind, _is_real)))
    formats += [_Format(kind, prefixes, (re.compile(pattern),), _is_real) for kind, pattern, prefixes in _OWN]
    return tuple(formats)


# --- What only looks like one -------------------------------------------------------------------------------

_EXAMPLE_WORDS = _lazily(
    r"(?i)example|sample|placeholder|redacted|changeme|change[_-]me|dummy|your[_-]?|fake|insert|xxxx|secret"
)
_LEAST_DISTINCT = 6
_LEAST_SEQUENCE = 4


def _is_real(token: str) -> bool:
    """Whether a token is neither a placeholder nor a name in a program, which has no digits and one case."""
    mixed = any(map(str.isupper, token)) and any(map(str.islower, token))
    return (mixed or any(map(str.isdigit, token))) and _is_no_placeholder(token)


def _is_no_placeholder(token: str) -> bool:
    """Whether there is no such word in it, not few characters again and again, and not mostly `1234` and `abcd`."""
    body = re.sub(r"[^a-z0-9]", "", token.lower())
    return not (
        _EXAMPLE_WORDS().search(token) or len(set(body)) < _LEAST_DISTINCT or _in_sequence(body) * 2 > len(body)
    )


def _in_sequence(body: str) -> int:
    """How many characters stand in runs where each is the last one's successor, or the last one again."""
    total, run, kind = 0, 1, 0
    for before, after in zip(body, f"{body[1:]}\0", strict=True):
        step = 0 if after == "0" and before == "9" else ord(after) - ord(before) - 1
        step = {0: 1, -1: 2}.get(step, 0)
        if step and (kind in (0, step)):
            run, kind = run + 1, step
        else:
            total += run if run >= _LEAST_SEQUENCE else 0
            run, kind = (2, step) if step else (1, 0)
    return total


def _is_discord_token(token: str) -> bool:
    """A token of Discord begins with the bot's id, a number, in base64; a name with dots in it does not."""
    first = token.partition(".")[0].replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(first + "=" * (-len(first) % 4)).isdigit()
    except (binascii.Error, ValueError):
        return False


_CHECKS: dict[str, Callable[[str], bool]] = {
    "AWS access key": _is_no_placeholder,
    "Discord bot token": _is_discord_token,
}
_PARTS = {"Mailchimp API key": ("-us",), "Telegram bot token": (":AA",), "Discord bot token": (".",)}
"""What stands in each token of the kinds that have no prefix of their own."""


def _has_key_body(following: str) -> bool:
    """Whether a key's first line is followed by one: base64, maybe quoted, indented or in a program's literal."""
    body, before = "", 0
    for line in following.partition("-----")[0].replace("\\r", "").replace("\\n", "\n").split("\n"):
        stripped = line.lstrip("/").strip(" \t\r>#*|\"'`,;+()\\")
        if not stripped or (not body and _PEM_HEADER().match(stripped)):
            before += 1
            if before > _MOST_HEADERS:
                break
            continue
        words = stripped.split()
        if not all(map(_BASE64().fullmatch, words)) or any(len(word) < _LEAST_RUN for word in words[:-1]):
            break
        body += "".join(words)
    mixed = any(map(str.isupper, body)) and any(map(str.islower, body))
    return len(body) >= _LEAST_KEY and mixed and _is_no_placeholder(body[:_LEAST_KEY])


# --- The search ---------------------------------------------------------------------------------------------


class Scanner:
    """Searches one text that comes in pieces of any size, in bounded memory. A secret may stand across pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._lines = 0
        self._at_start = True
        self._found: dict[Finding, None] = {}
        self._candidates = 0

    def feed(self, text: str) -> None:
        if self._ended:
            return
        self._held += text
        if len(self._held) >= _PIECE:
            self._search(final=False)
            done = len(self._held) - _OVERLAP
            self._lines += self._held.count("\n", 0, done)
            self._held = self._held[done:]
            self._at_start = False

    def close(self) -> tuple[Finding, ...]:
        """What was found, once the text has ended."""
        if not self._ended:
            self._search(final=True)
        self._held = ""
        return tuple(sorted(self._found, key=lambda finding: finding.line)[:MAX_FINDINGS])

    @property
    def _ended(self) -> bool:
        return len(self._found) >= MAX_FINDINGS or self._candidates >= _MAX_CANDIDATES

    def _search(self, *, final: bool) -> None:
        """Looks through what is held. What touches its border is looked at again with what comes next."""
        text = self._held
        first, last = (0 if self._at_start else 1), (len(text) if final else len(text) - 1)
        for kind, start, end in _candidates(text):
            self._candidates += 1
            if kind is not None and first <= start and end <= last:
                self._found[Finding(kind, self._lines + text.count("\n", 0, start) + 1)] = None
            if self._ended:
                return


def _candidates(text: str) -> Iterator[tuple[str | None, int, int]]:
    """What looks like a secret, as its kind, start and end; no kind when it turns out to be none."""
    if any(word in text for word in _PRIVATE_KEY_WORDS):
        for match in _PRIVATE_KEY().finditer(text):
            real = _has_key_body(text[match.end() : match.end() + _BEHIND])
            yield "private key" if real else None, match.start(), min(match.end() + _BEHIND, len(text))
    for start, end in _suspect(text):
        # A line's end as programs write it in a literal; the same length, so that positions stay.
        part = _ESCAPED().sub("  ", text[start:end])
        for form in _formats():
            if form.may_be_in(part):
                for match in itertools.chain.from_iterable(pattern.finditer(part) for pattern in form.patterns):
                    at = start + match.start()
                    real = match[0].startswith(form.prefixes) and _stands_alone(text, at) and form.check(match[0])
                    yield form.kind if real else None, at, start + match.end()


_ESCAPED = _lazily(r"\\[nrt]")


def _stands_alone(text: str, start: int) -> bool:
    """Whether a word begins there, also behind the `\\n` of a program's literal."""
    before = text[max(0, start - 2) : start]
    return not re.search(r"[A-Za-z0-9_]\Z", before) or bool(_ESCAPED().fullmatch(before))


_IN_TOKEN = bytes(
    ord("a") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-") else ord(" ") for code in range(256)
)


def _suspect(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text that may hold a token, apart from each other.

    Every format has a run of twenty letters, digits, dashes and underscores. Finding such runs costs a tenth of looking for the
    beginnings of all formats.
    """
    shape = text.encode("ascii", "replace").translate(_IN_TOKEN)
    run = b"a" * _LEAST_RUN
    region: tuple[int, int] | None = None
    position = shape.find(run)
    while position >= 0:
        end = shape.find(b" ", position + _LEAST_RUN)
        end = len(text) if end < 0 else end
        if _LOOKS_LIKE_TOKEN().search(text, max(0, position - _BEFORE), end + _BEFORE):
            start, stop = max(0, position - 2 * _BEFORE), end + _BEFORE * 2
            if region is not None and start <= region[1]:
                start = region[0]
            elif region is not None:
                yield region
            region = (start, stop)
        position = shape.find(run, end)
    if region is not None:
        yield region
