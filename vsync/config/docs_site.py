"""The site that a repository's documentation is published on, as its configuration tells. Pure.

The configuration is looked at and never run. What a program would compute is not found, and then not said.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from vsync.config.trial_folders import is_for_trial

_ADDRESS = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?")
_PATH = re.compile(r"/?(?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")
_DEEPEST = 3
_DEEPEST_CONTENT = 99
"""Templates count no more folders."""
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Site:
    """A site.

    | field | meaning |
    | --- | --- |
    | `program` | what makes it: `MkDocs` |
    | `config` | the path of its configuration |
    | `content` | the folder of its pages; empty: the top folder |
    | `mount` | the address where that folder begins, with a slash at its end; empty: it is not known |
    | `ending` | what an address has behind the path without its extension: `/`, `.html` or nothing |
    | `certain` | nothing in the configuration gives pages other addresses |
    """

    program: str
    config: str
    content: str
    mount: str = ""
    ending: str = ""
    certain: bool = True

    @property
    def url(self) -> str | None:
        """The template of a page's address. None: none can be written."""
        if self.ending != ".html":
            return self.index_url if self.ending else self._address("page")
        return self._address("path-without-extension" if not self.content else "below-{}-without-extension")

    @property
    def index_url(self) -> str | None:
        """The template of the address of a folder, for the page that stands for it. None: none can be written."""
        return self._address("page", "/")

    def _address(self, name: str, ending: str | None = None) -> str | None:
        depth = self.content.count("/") + 1 if self.content else 0
        if not self.mount or depth > _DEEPEST_CONTENT:
            return None
        if depth:
            name = name.format(depth) if "{}" in name else f"{name}-{depth}"
        return f"{self.mount}{{{name}}}{self.ending if ending is None else ending}"


class _Program(NamedTuple):
    """A program that makes sites. `read` gets the path and the text of its configuration."""

    name: str
    config: re.Pattern[str]
    read: Callable[[str, str], Site | None]


def is_site_config(path: str) -> bool:
    """Whether a file of that path may be the configuration of a site."""
    return _known(path) is not None or (path.rpartition("/")[2] == "CNAME" and path.count("/") <= _DEEPEST)


def site_of(paths: Collection[str], sample: Mapping[str, str]) -> Site | None:
    """The site of a repository, from its paths and the texts of its configurations. The one nearest to the top wins."""
    found = sorted(filter(_known, sample), key=lambda path: (path.count("/"), path))
    sites = [site for path in found if (site := _read(path, sample[path])) is not None]
    site = next((one for one in sites if one.mount), sites[0] if sites else None)
    if site is None:
        return None
    if site.program == "Docusaurus" and _beside(site.config, "versions.json") in paths:
        site = replace(site, certain=False)  # the folder is a version that is not out yet, below /next/
    if site.mount:
        return site
    host = _host(path for path in paths if path.rpartition("/")[2] == "CNAME" and path in sample)
    return site if host is None else _mounted(site, sample[host])


def _known(path: str) -> _Program | None:
    if path.count("/") > _DEEPEST or is_for_trial(path):
        return None
    return next((program for program in _PROGRAMS if program.config.fullmatch(path)), None)


def _read(path: str, text: str) -> Site | None:
    program = _known(path)
    assert program is not None
    return program.read(path, text)


def _host(paths: Iterable[str]) -> str | None:
    return min(paths, key=lambda path: (path.count("/"), path), default=None)


def _mounted(site: Site, cname: str) -> Site:
    """The site at the host that GitHub Pages is told in a CNAME."""
    host = cname.strip()
    if len(host) > _MOST_CHARACTERS or not _HOST.fullmatch(host) or site.program == "Docusaurus":
        return site
    # Sphinx is often published once for each version, in a folder of its own.
    return replace(site, mount=f"https://{host}/", certain=site.certain and site.program != "Sphinx")


# --- What the configurations say ----------------------------------------------------------------------------


def _value(text: str, key: str, *, sign: str = ":") -> str:
    """The text that a line gives to a key: `key: value`, `key = "value"`. Empty: none, or more than a plain text."""
    found = re.search(
        rf"""(?m)^[ \t]*["']?{key}["']?[ \t]*{sign}[ \t]*(?:(["'`])([^"'`\n]{{0,200}})\1|([^\s"'`#,]{{1,200}}))""", text
    )
    return (found[2] or found[3] or "").strip() if found else ""


def _address(text: str) -> str:
    """The address with a slash at its end. Empty: it is none that can be written into a template."""
    return f"{text.rstrip('/')}/" if _ADDRESS.fullmatch(text) else ""


def _below(address: str, path: str) -> str:
    """The address of a path below another address."""
    if not address or not _PATH.fullmatch(path):
        return ""
    inside = path.strip("/")
    return f"{address}{inside}/" if inside else address


def _beside(config: str, folder: str) -> str | None:
    """A folder that a configuration names, as a path of the repository. None: it leads out."""
    return _joined(config.rpartition("/")[0], folder)


def _joined(above: str, folder: str) -> str | None:
    found = posixpath.normpath(posixpath.join(above, folder))
    if found.startswith(("/", "..")):
        return None
    return "" if found == "." else found


def _mkdocs(path: str, text: str) -> Site | None:
    content = _beside(path, _value(text, "docs_dir") or "docs")
    ending = ".html" if _value(text, "use_directory_urls").lower() in {"false", "no"} else "/"
    mount = _address(_value(text, "site_url"))
    certain = _MKDOCS_MOVES.search(text) is None
    return None if content is None else Site("MkDocs", path, content, mount, ending, certain)


def _docusaurus(path: str, text: str) -> Site | None:
    found = re.search(r"docs:\s*\{([^{}]{0,2000})", text)
    docs = found[1] if found else ""
    content = _beside(path, _value(docs, "path") or "docs")
    base = _below(_address(_value(text, "url")), _value(text, "baseUrl") or "/")
    mount = _below(base, _value(docs, "routeBasePath") or "docs")
    # What stands behind a brace is not found. Several kinds of documents have a part of the site each.
    certain = all(text.count(key) == docs.count(key) for key in ("routeBasePath", "numberPrefixParser"))
    certain = certain and "plugin-content-docs" not in text and not re.search(r"docs:\s*false", text)
    ending = "/" if re.search(r"trailingSlash:\s*true", text) else ""
    return None if content is None else Site("Docusaurus", path, content, mount, ending, certain)


def _sphinx(path: str, text: str) -> Site | None:
    if not re.search(r"(?m)^(?:extensions|project|html_theme|master_doc|root_doc)\s*=", text):
        return None
    base = _address(_value(text, "html_baseurl", sign="="))
    suffix = _value(text, "html_file_suffix", sign="=") in {"", ".html", "None"}
    return Site("Sphinx", path, path.rpartition("/")[0], base, ".html", suffix and "html_link_suffix" not in text)


def _vitepress(path: str, text: str) -> Site | None:
    top = path.rpartition(".vitepress/")[0].rstrip("/")
    content = _joined(top, _value(text, "srcDir") or ".")
    mount = _below(_address(_value(text, "hostname")), _value(text, "base"))
    ending = "" if re.search(r"cleanUrls:\s*true", text) else ".html"
    certain = not re.search(r"\brewrites\b", text)
    return None if content is None else Site("VitePress", path, content, mount, ending, certain)


def _hugo(path: str, text: str) -> Site | None:
    address = _value(text, "base[uU][rR][lL]", sign="[:=]")
    if not address and not path.rpartition("/")[2].startswith("hugo."):
        return None
    above = path.rpartition("/")[0]
    folder = above.removesuffix("config/_default").rstrip("/")
    content = _joined(folder, _value(text, "contentDir", sign="[:=]") or "content")
    # Beside a file in config/_default stand others that may say where pages go.
    certain = folder == above and _HUGO_MOVES.search(text) is None
    return None if content is None else Site("Hugo", path, content, _address(address), "/", certain)


def _jekyll(path: str, text: str) -> Site | None:
    base = _below(_address(_value(text, "url")), _value(text, "baseurl"))
    pretty = re.search(r"(?m)^permalink:[ \t]*[\"']?pretty\b", text) is not None
    certain = text.count("permalink:") == pretty and not re.search(r"(?m)^collections:", text)
    return Site("Jekyll", path, path.rpartition("/")[0], base, "/" if pretty else ".html", certain)


def _mdbook(path: str, text: str) -> Site | None:
    content = _beside(path, _value(text, "src", sign="=") or "src")
    host = _value(text, "cname", sign="=")
    mount = _below(f"https://{host}/", _value(text, "site-url", sign="=")) if _HOST.fullmatch(host) else ""
    return None if content is None else Site("mdBook", path, content, mount, ".html")


def _antora(path: str, text: str) -> Site | None:
    return Site("Antora", path, _joined(path.rpartition("/")[0], "modules") or "")


def _starlight(path: str, text: str) -> Site | None:
    if "starlight" not in text:
        return None
    content = _beside(path, "src/content/docs")
    base = _below(_address(_value(text, "site")), _value(text, "base"))
    certain = not re.search(r"format:\s*['\"](?:file|preserve)|trailingSlash:\s*['\"]never|generateId", text)
    return None if content is None else Site("Starlight", path, content, base, "/", certain)


_MKDOCS_MOVES = re.compile(
    r"(?m)^[ \t]*-[ \t]*[\"']?(?:material/)?(?:blog|i18n|mike|monorepo|multirepo)[\"']?[ \t]*(?::|$)|\bprovider:[ \t]*[\"']?mike"
)
_HUGO_MOVES = re.compile(r"(?i)\b(?:permalinks|uglyurls|defaultContentLanguageInSubdir|mounts|disablePathToLower)\b")


_PROGRAMS = (
    _Program("MkDocs", re.compile(r"(?:.*/)?mkdocs\.ya?ml"), _mkdocs),
    _Program("Docusaurus", re.compile(r"(?:.*/)?docusaurus\.config\.[cm]?[jt]s"), _docusaurus),
    _Program("VitePress", re.compile(r"(?:.*/)?\.vitepress/config\.[cm]?[jt]s"), _vitepress),
    _Program("Starlight", re.compile(r"(?:.*/)?astro\.config\.[cm]?[jt]s"), _starlight),
    _Program("mdBook", re.compile(r"(?:.*/)?book\.toml"), _mdbook),
    _Program("Antora", re.compile(r"(?:.*/)?antora\.yml"), _antora),
    _Program("Hugo", re.compile(r"(?:.*/)?(?:config/_default/)?(?:hugo\.(?:toml|ya?ml)|config\.toml)"), _hugo),
    _Program("Jekyll", re.compile(r"(?:.*/)?_config\.yml"), _jekyll),
    _Program("Sphinx", re.compile(r"(?:.*/)?conf\.py"), _sphinx),
)
"""In the order in which they are taken where several stand in one folder."""
