"""The words of every TLS library become one of a few faults; words about anything else are none."""

from __future__ import annotations

import pytest

from vsync.network.trust import handshake_fault

NOT_TRUSTED = [
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate (_ssl.c:997)",
    "HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /x (Caused by SSLError(SSLCertVerificationError(1, "
    "'[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)')))",
    "fatal: unable to access 'https://h/x/': server certificate verification failed. CAfile: none CRLfile: none",
    "fatal: unable to access 'https://h/x/': SSL certificate problem: unable to get local issuer certificate",
]
WRONG_HOST = [
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'h'. (_ssl.c:1006)",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: IP address mismatch, certificate is not valid for '1.2.3.4'. (_ssl.c:1)",
    "fatal: unable to access 'https://h/x/': SSL: no alternative certificate subject name matches target host name 'h'",
]
NOT_NOW = [
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)",
    "fatal: unable to access 'https://h/x/': SSL certificate problem: certificate has expired",
]
NO_TLS = [
    "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
    "[SSL: RECORD_LAYER_FAILURE] record layer failure (_ssl.c:1032)",
    "fatal: unable to access 'https://h/x/': error:0A00010B:SSL routines::wrong version number",
]
NO_FILE = [
    "fatal: unable to access 'https://h/x/': error setting certificate file: /nowhere",
    "fatal: unable to access 'https://h/x/': Problem with the SSL CA cert (path? access rights?)",
]
OTHER = ["", "[Errno 111] Connection refused", "Server disconnected without sending a response.", "[Errno -2] Name or service not known",
         "The TLS connection was non-properly terminated.", "EOF occurred in violation of protocol (_ssl.c:1006)"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        *((words, "is not trusted by this machine", "SSL_CERT_FILE") for words in NOT_TRUSTED),
        *((words, "is for another host", "host in the address") for words in WRONG_HOST),
        *((words, "is not valid now", "clock") for words in NOT_NOW),
        *((words, "does not answer with TLS", "https://") for words in NO_TLS),
        *((words, "could not be read", "PEM") for words in NO_FILE),
    ],
)
def test_a_failed_handshake_is_told_with_what_to_do(words: str, message: str, remedy: str) -> None:
    fault = handshake_fault(words, "host.test")
    assert fault is not None
    assert message in fault.message
    assert "host.test" in fault.message
    assert remedy in fault.remedy
    assert "run again" not in fault.remedy.lower()
    for noise in ("_ssl.c", "Max retries", "fatal:", "certificate verify failed:"):
        assert noise not in fault.message


@pytest.mark.parametrize("words", OTHER)
def test_what_another_try_may_mend_is_no_such_fault(words: str) -> None:
    assert handshake_fault(words, "host.test") is None
