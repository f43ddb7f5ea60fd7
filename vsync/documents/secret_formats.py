"""What secrets look like: names of files, formats of tokens, private keys. Pure.

Nothing is guessed from entropy or from words such as "password", and no vendor is ever asked. The formats come from
bc-detect-secrets, and from vendors' documentation where it lacks them. (bc-detect-secrets is the fork that checkov
maintains; detect-secrets itself has had no release since May 2024.)
"""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from vsync.documents.patterns import lazily

MIN_RUN = 20
"""Every token has so many letters, digits, dashes and underscores in a row."""


# --- Names of files ------------------------------------------------------------------------------------------

_NAMES = frozenset(
    (
        "id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk "
        ".env .netrc _netrc .npmrc .pypirc .pgpass .htpasswd .dockercfg .s3cfg credentials"
    ).split()
)
_EXTENSIONS = (".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk")
_ENDS = ("/.docker/config.json",)
_TEMPLATE = lazily(r"(?i)[._-](example|sample|template|dist|default|defaults)\b")


def is_secret_name(path: str) -> bool:
    """Whether files of that name hold nothing but secrets. Templates of such files do not."""
    name = path.rpartition("/")[2].lower()
    if name in _NAMES or name.endswith(_EXTENSIONS) or f"/{path.lower()}".endswith(_ENDS):
        return True
    return name.startswith(".env.") and not _TEMPLATE().search(name)


# --- Formats of tokens ---------------------------------------------------------------------------------------


class Format(NamedTuple):
    """A kind of secret. A match counts when it begins with one of the prefixes and `check` accepts it."""

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
"""Kind, module and class of the detector, prefixes. Its other detectors are not used: they go by words, entropy or context,
or find what is no secret or mostly an example (account ids, IP addresses, JSON web tokens)."""

_MORE_FORMATS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
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

LOOKS_LIKE_TOKEN = lazily(
    r"A(?:KIA|SIA|BIA|CCA|3T)|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt|soat|cbt)-|T3BlbkFJ|sk-ant-|[sr]k_live_|xox[a-z]-|hooks\.slack\.com|npm_|pypi-AgE"
    r"|SG\.|sq0csp-|AccountKey=|:AA|AIza|GOCSPX-|hf_|SK[0-9a-z]{32}|-us[0-9]|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\."
)


@functools.cache
def formats() -> tuple[Format, ...]:
    from importlib import import_module

    formats = []
    for kind, module, name, prefixes in _DETECTORS:
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        formats.append(Format(kind, prefixes, tuple(detector.denylist), _CHECKS.get(kind, _is_real)))
    formats += [Format(kind, prefixes, (re.compile(pattern),), _is_real) for kind, pattern, prefixes in _MORE_FORMATS]
    return tuple(formats)


# --- What only looks like a token ----------------------------------------------------------------------------

_EXAMPLE_WORDS = lazily(
    r"(?i)example|sample|placeholder|redacted|changeme|change[_-]me|dummy|your[_-]?|fake|insert|xxxx|secret"
)
_MIN_DISTINCT = 6
_MIN_SEQUENCE = 4


def _is_real(token: str) -> bool:
    """Whether a token is a secret: not a placeholder, and not a name in a program (no digits, all in one case)."""
    mixed = any(map(str.isupper, token)) and any(map(str.islower, token))
    return (mixed or any(map(str.isdigit, token))) and _is_no_placeholder(token)


def _is_no_placeholder(token: str) -> bool:
    """Whether a token has no word of examples, enough different characters, and few sequences such as `1234` and `abcd`."""
    body = re.sub(r"[^a-z0-9]", "", token.lower())
    return not (_EXAMPLE_WORDS().search(token) or len(set(body)) < _MIN_DISTINCT or _in_sequence(body) * 2 > len(body))


def _in_sequence(body: str) -> int:
    """How many characters are in sequences (`1234`) or repetitions (`aaaa`)."""
    total, run, kind = 0, 1, 0
    for before, after in zip(body, f"{body[1:]}\0", strict=True):
        step = 0 if after == "0" and before == "9" else ord(after) - ord(before) - 1
        step = {0: 1, -1: 2}.get(step, 0)
        if step and (kind in (0, step)):
            run, kind = run + 1, step
        else:
            total += run if run >= _MIN_SEQUENCE else 0
            run, kind = (2, step) if step else (1, 0)
    return total


def _is_discord_token(token: str) -> bool:
    """Whether the first part is a number in base64, the bot's id. In a name with dots it is not."""
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
"""A part of each token, for the kinds that have no prefix of their own."""


# --- Private keys --------------------------------------------------------------------------------------------

PRIVATE_KEY = lazily(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-Lines: [0-9]{1,4}")
PRIVATE_KEY_WORDS = ("PRIVATE KEY", "Private-Lines: ")
_PEM_HEADER = lazily(r"[A-Z][A-Za-z-]{2,30}: ")
_BASE64 = lazily(r"[A-Za-z0-9+/]+={0,2}")
_MAX_HEADERS = 12
_MIN_KEY = 48  # an Ed25519 key has 64 characters


def has_key_body(following: str) -> bool:
    """Whether base64 follows the first line of a key. It may be quoted, indented or in a program's literal."""
    body, before = "", 0
    for line in following.partition("-----")[0].replace("\\r", "").replace("\\n", "\n").split("\n"):
        stripped = line.lstrip("/").strip(" \t\r>#*|\"'`,;+()\\")
        if not stripped or (not body and _PEM_HEADER().match(stripped)):
            before += 1
            if before > _MAX_HEADERS:
                break
            continue
        words = stripped.split()
        if not all(map(_BASE64().fullmatch, words)) or any(len(word) < MIN_RUN for word in words[:-1]):
            break
        body += "".join(words)
    mixed = any(map(str.isupper, body)) and any(map(str.islower, body))
    return len(body) >= _MIN_KEY and mixed and _is_no_placeholder(body[:_MIN_KEY])
