"""Which certificates this machine trusts: one pair of variables for the API, git and GitHub's API alike.

| who connects | reads | without it |
| --- | --- | --- |
| the HTTP client (API, tokens) | SSL_CERT_FILE, else SSL_CERT_DIR | the system's certificates |
| git | GIT_SSL_CAINFO, `http.sslCAInfo` | the system's certificates |
| requests (GitHub's API) | REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE | certificates that come with it |

So what SSL_CERT_FILE and SSL_CERT_DIR name is handed to git and to requests as well, unless these have their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from vsync.errors import ConfigurationError
from vsync.system.redaction import printable
from vsync.system.regular_file import check_regular, is_something_else

_FILE, _FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
_GIT = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_NO_VERIFY")
_REQUESTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MOST_BYTES = 64 * 1024 * 1024
_FILE_REMEDY = (
    "Give a file in PEM format that holds the certificates to trust, or unset the variable to trust those of the system. "
    "In the action the path counts from the workspace."
)


def anchor(environ: MutableMapping[str, str]) -> None:
    """Makes the path in SSL_CERT_FILE and SSL_CERT_DIR absolute, so that it holds in every folder that git runs in."""
    if file := environ.get(_FILE):
        environ[_FILE] = str(Path(file).absolute())
    if folders := environ.get(_FOLDER):
        environ[_FOLDER] = os.pathsep.join(str(Path(folder).absolute()) for folder in folders.split(os.pathsep))


def check_certificates(environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError when the certificates that the HTTP client shall trust cannot be read."""
    if file := environ.get(_FILE):
        _check_bundle(_FILE, file)
    elif (folders := environ.get(_FOLDER)) and not any(Path(folder).is_dir() for folder in folders.split(os.pathsep)):
        raise ConfigurationError(
            f"{_FOLDER} names {_shown(folders)}, which is no folder.",
            "Give a folder of certificates, or unset the variable to trust those of the system.",
        )


def for_git(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that let git trust the same certificates. None where git has variables of its own."""
    if any(environ.get(name) for name in _GIT):
        return {}
    if file := environ.get(_FILE):
        return {"GIT_SSL_CAINFO": file}
    return {"GIT_SSL_CAPATH": folder} if (folder := _only_folder(environ)) else {}


def check_git(environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError when git has a variable of its own that names no certificates."""
    if file := environ.get("GIT_SSL_CAINFO"):
        _check_bundle("GIT_SSL_CAINFO", file)


def for_requests(environ: Mapping[str, str]) -> str | bool:
    """The argument `verify` of requests: a path, or True where requests decides itself.

    Raises ConfigurationError for a pipe or a device: requests would read it for ever.
    """
    for name in (*_REQUESTS, _FILE):
        if (path := environ.get(name)) and is_something_else(Path(path)):
            raise ConfigurationError(f"{name} names {_shown(path)}, which is a pipe or a device.", _FILE_REMEDY)
    if any(environ.get(name) for name in _REQUESTS):
        return True
    return environ.get(_FILE) or _only_folder(environ) or True


def _only_folder(environ: Mapping[str, str]) -> str | None:
    """The folder in SSL_CERT_DIR; None when it names none, or several: git and requests take one."""
    folder = environ.get(_FOLDER, "")
    return folder if folder and os.pathsep not in folder else None


def _check_bundle(name: str, path: str) -> None:
    import ssl

    try:
        check_regular(Path(path), _MOST_BYTES)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise ConfigurationError(
            f"{name} names {_shown(path)}, which holds no certificate in PEM format.", _FILE_REMEDY
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise ConfigurationError(
            f"{name} names {_shown(path)}, which cannot be read: {why or 'it is no path'}.", _FILE_REMEDY
        ) from None


def _shown(path: str) -> str:
    return printable(path)[:200]
