"""Which repository this is, and whether a manifest belongs to it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from vsync.errors import ManifestError
from vsync.state.manifest import Manifest


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """A source's readable name. `certain`: the name identifies the source, and is not just the name of a folder."""

    name: str
    repository_id: str | None = None
    certain: bool = False


def identify(
    given: str | None, repository: str | None, repository_id: str | None, remote_url: str | None, folder: str
) -> SourceIdentity:
    """The identity from the first of these that is given: the user's name, GitHub's, the remote's address, the folder."""
    if given:
        return SourceIdentity(given, repository_id if given == repository else None, certain=True)
    if repository:
        return SourceIdentity(repository, repository_id, certain=True)
    name, hosted = name_of_remote(remote_url) if remote_url else (None, False)
    return SourceIdentity(name or folder or "source", None, certain=hosted and name is not None)


def name_of_remote(url: str) -> tuple[str | None, bool]:
    """The name in a remote's address, and whether the remote is hosted.

    The name is `owner/repo` for a hosted remote, and the last component of a local path.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*::", url):  # a helper of git reads the rest: it may be a whole command
        return None, False
    if "://" in url:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:  # git would not accept such an address either
            return None, False
        path, hosted = parts.path, bool(parts.hostname) and parts.scheme != "file"
        if "@" in path and (hosted or ":" in parts.netloc + path):  # a part of a password that holds a slash
            return None, False
    elif (scp := re.match(r"^(?:[^/@]+@)?[^/@:]+:(?!/)([^@]+)$", url)) is not None:
        path, hosted = re.split(r"[?#]", scp[1], maxsplit=1)[0], True
    elif "@" in (
        url if url.startswith("//") else url.partition(":")[2]
    ):  # `user:password@host/…` without a whole scheme: no part of it is a name
        return None, False
    else:
        path, hosted = url, False
    names = [name for name in path.removesuffix("/").removesuffix(".git").split("/") if name not in {"", "."}]
    if not names:
        return None, hosted
    return ("/".join(names[-2:]) if hosted else names[-1])[:256], hosted


_MAX_NAMES_BEFORE = 10

_GITHUB = r"github\.(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+"
"""GitHub, and GitHub Enterprise under the usual name."""


def web_page(url: str | None) -> str | None:
    """The web page of a repository on GitHub, from its remote's address. None for other hosts: their pages differ."""
    found = re.fullmatch(
        r"(?:(?:https?|ssh|git)://(?:[^/@]+@)?(?P<host>{0})(?::[0-9]+)?/|(?:[^/@:]+@)?(?P<scp>{0}):/?)"
        r"(?P<name>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?".replace("{0}", _GITHUB),
        url or "",
    )
    return f"https://{found['host'] or found['scp']}/{found['name']}" if found else None


def _names_before(manifest: Manifest, now: str) -> tuple[str, ...]:
    """The names that the repository had before, the last of them at the end."""
    names = [name for name in (*manifest.formerly, manifest.source) if name != now]
    return tuple(dict.fromkeys(names))[-_MAX_NAMES_BEFORE:]


def trusted_names_before(manifest: Manifest | None, source: SourceIdentity) -> tuple[str, ...]:
    """The earlier names of this repository that its manifest may tell.

    Where the repository's own id is not known, nothing shows that it was renamed at all.
    """
    if manifest is None or source.repository_id is None or manifest.repository_id != source.repository_id:
        return ()
    return manifest.formerly


def check_manifest(manifest: Manifest, name: str, source: SourceIdentity) -> Manifest:
    """The manifest, with the source's present name. Raises ManifestError when it belongs to another source.

    The name that it had before is one of `formerly` from then on.

    A renamed or transferred repository keeps its id, so its manifest stays valid. A fork, or a copy of a template, has
    another id: it must never write to the original's store.
    """
    ids = (manifest.repository_id, source.repository_id)
    if None not in ids and ids[0] != ids[1]:
        raise ManifestError(
            f"The manifest {name} belongs to {manifest.source!r}; {source.name!r} is a fork or a copy of it.",
            "Delete the manifest here and give this repository a vector store of its own.",
        )
    if None not in ids or manifest.source == source.name:
        return replace(
            manifest,
            source=source.name,
            repository_id=manifest.repository_id or source.repository_id,
            formerly=_names_before(manifest, source.name),
        )
    raise ManifestError(
        f"The manifest {name} belongs to the source {manifest.source!r}, but this is {source.name!r}.",
        f"If it is the same repository, say so with --source {manifest.source} (VSYNC_SOURCE); if this is a fork or a copy, delete the "
        "manifest and use another vector store.",
    )
