"""Secrets in files: which names and formats count, what only looks like one, and how long texts are searched.

The tokens are made here of parts, so that no scanner takes this file for a leak, and of random characters, since what is
plainly made up does not count.
"""

from __future__ import annotations

import base64
import random
import string
import subprocess
import sys
import time
import tracemalloc

import pytest

from vsync.documents import secret_scan as leaks
from vsync.documents.secret_scan import MAX_FINDINGS, Finding, Scanner

ALNUM = string.ascii_letters + string.digits
URL_SAFE = ALNUM + "-_"


def some(count: int, characters: str = ALNUM, seed: int = 1) -> str:
    """Random characters, a digit and both cases among them where the alphabet has these."""
    return "".join(random.Random(f"{seed} {count} {characters}").choices(characters, k=count))


def pem(kind: str = "RSA ", size: int = 1200) -> str:
    body = base64.b64encode(random.Random(7).randbytes(size)).decode()
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----\n"


def found(text: str) -> tuple[Finding, ...]:
    scanner = Scanner()
    scanner.feed(text)
    return scanner.close()


def kinds(text: str) -> list[str]:
    return [finding.kind for finding in found(text)]


AWS = "AK" + "IA" + some(16, string.ascii_uppercase + "234567")
GITHUB = "gh" + "p_" + some(36)
TOKENS = [
    ("AWS access key", AWS),
    ("AWS access key", "AS" + "IA" + some(16, string.ascii_uppercase + "234567", 2)),
    ("GitHub token", GITHUB),
    ("GitHub token", "gh" + "s_" + some(36, seed=2)),
    ("GitHub token", "github_" + "pat_" + some(22) + "_" + some(59)),
    ("GitLab token", "gl" + "pat-" + some(20, URL_SAFE)),
    ("Slack token", "xox" + "b-" + some(12, string.digits) + "-" + some(12, string.digits, 2) + "-" + some(24)),
    ("Slack token", "https://hooks.sl" + "ack.com/services/T" + some(9) + "/B" + some(9) + "/" + some(24)),
    ("Stripe live key", "sk_" + "live_" + some(24)),
    ("Stripe live key", "rk_" + "live_" + some(99)),
    ("SendGrid API key", "SG" + "." + some(22, URL_SAFE) + "." + some(43, URL_SAFE)),
    ("Twilio API key", "S" + "K" + some(32, "0123456789abcdef")),
    ("npm token", "np" + "m_" + some(36)),
    ("PyPI token", "py" + "pi-AgEIcHlwaS5vcmc" + some(150, URL_SAFE)),
    ("OpenAI API key", "sk" + "-" + some(20) + "T3Blbk" + "FJ" + some(20, seed=2)),
    ("OpenAI API key", "sk" + "-proj-" + some(74, URL_SAFE) + "T3Blbk" + "FJ" + some(74, URL_SAFE, 2)),
    ("Anthropic API key", "sk" + "-ant-api03-" + some(95, URL_SAFE)),
    ("Telegram bot token", some(9, "123456789") + ":A" + "A" + some(33, URL_SAFE)),
    ("Discord bot token", "M" + base64.b64encode(b"812345678901234567").decode()[1:] + "." + some(6) + "." + some(27)),
    ("Mailchimp API key", some(32, "0123456789abcdef") + "-us" + "12"),
    ("Square OAuth secret", "sq0" + "csp-" + some(43, URL_SAFE)),
    ("Google API key", "AI" + "za" + some(35, URL_SAFE)),
    ("Google OAuth secret", "GOC" + "SPX-" + some(28, URL_SAFE)),
    ("Hugging Face token", "h" + "f_" + some(34, string.ascii_letters)),
    ("Azure storage key", "Account" + "Key=" + some(86, ALNUM + "+/") + "=="),
    ("private key", pem()),
]
EVERY = pytest.mark.parametrize(("kind", "token"), TOKENS, ids=[f"{kind} {n}" for n, (kind, _) in enumerate(TOKENS)])


@EVERY
def test_the_tokens_of_vendors_are_found_with_their_line(kind: str, token: str) -> None:
    assert found(f"# Setup\n\nUse {token} here.\n") == (Finding(kind, 3),)


@EVERY
def test_a_token_is_found_in_quotes_in_an_assignment_and_at_either_end(kind: str, token: str) -> None:
    for text in (token, f'key = "{token}"\n', f"KEY={token}", f"é ü 日本\nkey: '{token}'", f'"…\\n{token}\\n"'):
        assert kinds(text) == [kind], text


@EVERY
def test_a_token_that_stands_across_pieces_is_found(kind: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_PIECE", 6000)
    text = "words and words\n" * 600 + token + "\n" + "words and words\n" * 600
    for cut in range(9590, 9690, 7):
        scanner = Scanner()
        for start in range(0, len(text), cut):
            scanner.feed(text[start : start + cut])
        assert scanner.close() == (Finding(kind, 601),)


EXAMPLES = [
    "AK" + "IAIOSFODNN7EXAMPLE",
    "AK" + "IAI44QH8DHBEXAMPLE",
    "AK" + "IAXXXXXXXXXXXXXXXX",
    "AK" + "IA1234567890ABCDEF",
    "AK" + "IA0000000000000000",
    "gh" + "p_" + "x" * 36,
    "gh" + "p_" + "a1" * 18,
    "gh" + "p_1234567890abcdefghijklmnopqrstuvwxyz",
    "gh" + "p_your_token_goes_here_and_nothing_else",
    "leng" + "ths_of_all_the_items_of_the_list_in_order",
    "gl" + "pat-xxxxxxxxxxxxxxxxxxxx",
    "gl" + "pat-your-personal-access-token",
    "sk" + "_live_xxxxxxxxxxxxxxxxxxxxxxxx",
    "sk" + "_test_" + some(24),
    "sk" + "-...",
    "sk" + "-your-key-here-and-nothing-else",
    "xox" + "b-your-token",
    "https://hooks.sl" + "ack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "SG" + ".xxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "123456789:A" + "A" + "x" * 33,
    "NonLinearOptimizationSolver.method.AnotherLongIdentifier99999",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "password = hunter2 and api_key = 4f9a8d7c6b5e",
    "192.168.0.1 https://user:pass@example.com",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_documentation_shows_in_a_tokens_place_does_not_count(text: str) -> None:
    for around in (text, f"Set `KEY={text}` first.\n", f'"{text}"'):
        assert found(around) == ()


@pytest.mark.parametrize("token", [AWS, GITHUB])
def test_a_token_in_the_middle_of_a_word_is_another_word(token: str) -> None:
    assert found(f"word{token}") == ()


@pytest.mark.parametrize(
    "kind",
    ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "],
    ids=["PKCS#8", "RSA", "EC", "DSA", "OpenSSH", "encrypted"],
)
def test_private_keys_of_every_kind_count(kind: str) -> None:
    assert kinds(pem(kind)) == ["private key"]


def test_a_key_counts_however_it_is_written_down() -> None:
    key = pem()
    indented = "\n".join(f"    {line}" for line in key.splitlines())
    quoted = "\n".join(f"> {line}" for line in key.splitlines())
    commented = "\n".join(f"// {line}" for line in key.splitlines())
    escaped = '{"private_key": "' + key.replace("\n", "\\n") + '"}'
    added = "\n".join(f'"{line}\\n" +' for line in key.splitlines())
    windows = key.replace("\n", "\r\n")
    encrypted = key.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,1F2E\n\n", 1)
    pgp = key.replace("RSA PRIVATE KEY-----\n", "PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n", 1)
    putty = "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 8\n" + key.split("-----")[2]
    small = pem("", 48)
    for text in (indented, quoted, commented, escaped, added, windows, encrypted, pgp, putty, small):
        assert kinds(text) == ["private key"], text[:200]


@pytest.mark.parametrize(
    "text",
    [
        "A file that begins with -----BEGIN RSA PRIVATE KEY----- holds a key.\n" + "SHA256 " + some(64) + "\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n" + some(64) + "\n",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0…\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n(your key here)\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n" + "X" * 64 + "\n" + "X" * 64 + "\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n" + "abcdefghijklmnop" * 8 + "\n-----END PRIVATE KEY-----\n",
        pem().replace("PRIVATE", "PUBLIC"),
        pem().replace("RSA PRIVATE KEY", "CERTIFICATE"),
    ],
)
def test_a_keys_first_line_alone_and_what_is_no_private_key_do_not_count(text: str) -> None:
    assert found(text) == ()


def test_utf_16_is_searched_as_text_like_any_other() -> None:
    # The scanner gets text; what turns bytes into it is tested in test_inspection.
    assert kinds("größe 日本 😀 " + GITHUB) == ["GitHub token"]


def test_a_finding_never_holds_a_part_of_the_secret() -> None:
    for kind, token in TOKENS:
        for finding in found(token):
            assert str(finding) == f"{kind} in line 1"


def test_only_the_first_findings_of_a_file_are_told() -> None:
    text = "\n".join("gh" + "p_" + some(36, seed=number) for number in range(50))
    assert found(text) == tuple(Finding("GitHub token", line) for line in range(1, MAX_FINDINGS + 1))


def test_lines_are_counted_over_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_PIECE", 5000)
    scanner = Scanner()
    for _ in range(3000):
        scanner.feed("a line\n")
    scanner.feed(GITHUB)
    assert scanner.close() == (Finding("GitHub token", 3001),)


def test_a_text_without_tokens_does_not_load_the_detectors() -> None:
    program = (
        "import sys; from vsync.documents.secret_scan import Scanner; s = Scanner(); s.feed('words ' * 9999 + 'task-' * 99); "
        "assert s.close() == (); assert not {'detect_secrets', 'requests', 'yaml'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_text_of_any_size_is_searched_in_little_memory() -> None:
    piece = ("Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n" * 5000)[: 256 * 1024]
    scanner = Scanner()
    tracemalloc.start()
    for _ in range(64):
        scanner.feed(piece)
    scanner.feed("\n" + GITHUB)
    assert [finding.kind for finding in scanner.close()] == ["GitHub token"]
    assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "AK" + "IA" * 500_000,
        ("gh" + "p_") * 250_000,
        ("sk" + "-") * 300_000 + ("T3Blbk" + "FJ") * 20_000,
        ("xox" + "b-1-") * 100_000,
        "-----BEGIN PRIVATE KEY-----\n" * 30_000,
        "Private-Lines: 1\n" * 60_000,
        "SG" + "." + "a." * 400_000,
        "https://hooks.sl" + "ack.com/services/T" + "a" * 900_000,
        ("aws key " * 5 + "A" * 39 + " ") * 10_000 + AWS,
        "_auth" + "Token=" + "b" * 900_000,
        "1" * 900_000 + ":A" + "A",
        "MNO" * 300_000,
    ],
    ids=range(13),
)
def test_hostile_texts_are_searched_in_bounded_time(text: str) -> None:
    """Each takes well below a second; what grows with the square of the size would take hours."""
    began = time.process_time()
    for start in (0, 1):
        scanner = Scanner()
        for at in range(start, len(text), 200_000):
            scanner.feed(text[at : at + 200_000])
        scanner.close()
    assert time.process_time() - began < 10
