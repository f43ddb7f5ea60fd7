"""What a failed TLS handshake means, in words for users. Pure: it reads the words of OpenSSL, GnuTLS and curl."""

from __future__ import annotations

import re
from typing import NamedTuple

_ABOUT_TRUST = re.compile(
    r"certificate[ _]verify[ _]failed|server certificate verification failed|certificate problem|self[- ]signed certificate"
    r"|unable to get local issuer|no alternative certificate subject name|certificate subject name .* does not match"
    r"|certificate is not valid|does not match the (server )?certificate|peer certificate"
    r"|certificate has expired",
    re.IGNORECASE,
)
_WRONG_HOST = re.compile(r"hostname mismatch|ip address mismatch|not valid for|subject name|does not match", re.I)
_EXPIRED = re.compile(r"expired|not yet valid|not activated", re.I)
_NO_CERTIFICATES = re.compile(
    r"problem with the ssl ca cert|error setting certificate|error adding trust anchors|error reading ca cert", re.I
)
_NO_TLS = re.compile(
    r"wrong[ _]version[ _]number|record[ _]layer[ _]failure|http[ _]request|unexpected tls packet|plain http", re.I
)


class Fault(NamedTuple):
    """Why a handshake failed. `message` is a sentence, `remedy` says what to do."""

    message: str
    remedy: str


def handshake_fault(words: str, host: str) -> Fault | None:
    """The fault that the words of an error show; None when they are about something else. Another try would fail as well."""
    why = _in_short(words)
    if _NO_CERTIFICATES.search(words):
        return Fault(
            f"The certificates to trust could not be read before {host} was asked ({why}).",
            "Check the file that git's http.sslCAInfo, GIT_SSL_CAINFO or SSL_CERT_FILE names: it must be in PEM format.",
        )
    if _NO_TLS.search(words):
        return Fault(
            f"{host} does not answer with TLS ({why}).",
            "Check that the address and the proxy's address begin rightly, with http:// or with https://.",
        )
    if not _ABOUT_TRUST.search(words):
        return None
    if _WRONG_HOST.search(words):
        return Fault(
            f"The certificate that {host} shows is for another host ({why}).",
            "Check the host in the address, and any proxy on the way.",
        )
    if _EXPIRED.search(words):
        return Fault(
            f"The certificate of {host} is not valid now ({why}).",
            "Check this machine's clock; else the server or the proxy needs a new certificate.",
        )
    return Fault(f"The certificate of {host} is not trusted by this machine ({why}).", _NOT_TRUSTED)


def _in_short(words: str) -> str:
    """The part of OpenSSL's words that tells something: `[SSL: CERTIFICATE_VERIFY_FAILED] …: why (_ssl.c:1006)`."""
    found = re.search(r"\[SSL[^\]]*\] ([^()]+?)(?:\. )?(?:\(|$)", words)
    text = found[1] if found else words
    text = re.sub(r"^(fatal: )?unable to access '[^']*': ", "", text)
    return text.removeprefix("certificate verify failed: ").strip().rstrip(".")


_NOT_TRUSTED = (
    "Behind a proxy or server with a private certificate authority, set SSL_CERT_FILE to a file in PEM format that holds "
    "the authority's certificate (docs/configuration.md, Certificates and proxies)."
)
