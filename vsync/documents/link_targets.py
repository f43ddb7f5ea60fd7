"""Where a link of a document leads: the absolute address for a relative one. Pure: no file is looked for.

| link | address |
| --- | --- |
| to a page (`b.md`, `b.rst`, `b.html` …) | its address on the docs site, else the file in the repository |
| to a folder, or without an extension (`../guide/`) | counted from this page's address on the site, else from its folder |
| to `b.html`, from a page that is not HTML itself | counted from this page's address on the site; it stays without a site |
| to code and other text | the file in the repository: `…/blob/HEAD/src/a.py` |
| an image, or to any other file | the bytes in the repository: `…/raw/HEAD/a.png` |
| from the root (`/guide`) | from the root of the site; in a repository without a site only with an extension |

`HEAD` is the default branch: the text of a document must not change with each commit.
"""

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote, urljoin, urlsplit

from vsync.documents.about import About
from vsync.documents.filetypes import extension_of
from vsync.documents.markup_kind import is_page, is_readable, markup_of
from vsync.documents.patterns import lazily

LONGEST = 2000
"""Characters of a link. A longer one stays as it is."""

_STAYS = lazily(
    r"[#?]|//|%(?![0-9A-Fa-f]{2})|[A-Za-z][A-Za-z0-9+.-]*+:|[@~]"  # parts of a page, absolute addresses, and what bundlers resolve
    r"|[^{}<>\\\x00-\x1f\x7f]*+[{}<>\\\x00-\x1f\x7f]"  # templates, and what is no address
)
_PATH_SAFE = "/-._~!$&'*+,;=:@"
_REST_SAFE = _PATH_SAFE + "?%#[]"


def absolute(target: str, about: About, *, image: bool = False, base: str | None = None) -> str | None:
    """The absolute address of a link's target; None: the link stays as it is.

    `base` is the folder from which the target counts, when that is not the document's own.
    """
    target = target.strip()
    if not target or len(target) > LONGEST or _STAYS().match(target):
        return None
    rest_at = min((at for mark in "?#" if (at := target.find(mark)) >= 0), default=len(target))
    try:
        path = unquote(target[:rest_at], errors="strict")
    except UnicodeDecodeError:
        return None
    # Written with `%`, an address of another site looks like a path until here.
    if not path or not (path + target[rest_at:]).isprintable() or _STAYS().match(path):
        return None
    rest = quote(target[rest_at:], safe=_REST_SAFE)
    try:
        address = _of_path(path, about, image, posixpath.dirname(about.path) if base is None else base)
    except UnicodeEncodeError:
        # The document's own path is not UTF-8.
        return None
    return None if address is None else address + rest


def _of_path(path: str, about: About, image: bool, base: str) -> str | None:
    """The address of a path, which counts from a folder, or from the root when it begins with a slash."""
    rooted = path.startswith("/")
    file = _normal(path if rooted else posixpath.join(base, path))
    if file is None:
        return None
    last = path.rpartition("/")[2]
    extension = extension_of(last) if last not in (".", "..") else ""
    site = _web(about.url(about.path))
    if built := extension and markup_of(file) == "html" and about.markup != "html":
        # The page is made by a builder: there is no such file.
        extension = ""
    if extension and is_page(file) and not image:
        return _web(about.url(file), plain=True) or _in_repository(file, "blob", about)
    if site and (rooted or not extension) and not image:
        return urljoin(site, quote(path, safe=_PATH_SAFE))
    if rooted and site:
        return urljoin(site, quote(path, safe=_PATH_SAFE))
    if built or (rooted and not extension):
        return None
    folder = "/" if path.endswith("/") and file else ""
    return _in_repository(file + folder, "raw" if image or (extension and not is_readable(file)) else "blob", about)


def _in_repository(path: str, view: str, about: About) -> str | None:
    if not about.repository:
        return None
    return f"{about.repository}/{view}/HEAD/{quote(path, safe=_PATH_SAFE)}" if path else about.repository


def _web(address: str | None, *, plain: bool = False) -> str | None:
    """The address if it is one of the web. `plain`: without its query and fragment, so that others can follow."""
    if address is None or not address.startswith(("https://", "http://")):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if not parts.netloc or not address.isprintable() or " " in address:
        return None
    return parts._replace(query="", fragment="").geturl() if plain else address


def _normal(path: str) -> str | None:
    """The path without `.` and `..`; None when it leaves the root."""
    found: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not found:
                return None
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found)
