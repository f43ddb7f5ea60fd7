"""Which documents of a repository have the address that the template of a site gives them. Pure.

Each program that makes sites has its own rules for names: an index page, a number for the order, capital letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vsync.config.docs_site import Site
from vsync.config.folder_pattern import pattern_of_file, pattern_of_folder
from vsync.documents.filetypes import extension_of

_MOST_ODD = 8
"""So many pages with other addresses are named one by one. Where more are, the address is not sure."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a site has the documents.

    | field | meaning |
    | --- | --- |
    | `template` | the url of the documents |
    | `match` | patterns of the documents that have it; none: all have it, or no value for it |
    | `indexes`, `index_match` | the url of each README, which stands for its folder; empty: it needs none of its own |
    | `sure` | the documents that match have that address; else only most of them |
    """

    template: str
    match: tuple[str, ...] = ()
    indexes: str = ""
    index_match: tuple[str, ...] = ()
    sure: bool = True


class _Names(NamedTuple):
    """How a program names pages.

    `kinds`: the endings of pages. `readme`: a README stands for its folder. `as_named`: the path below the site's folder,
    without its extension, is a part of the address. `keys`: of front matter, which give a page another address.
    """

    kinds: frozenset[str]
    readme: bool = False
    as_named: Callable[[str], bool] = lambda _: True
    keys: frozenset[str] = frozenset()


def _kinds(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _of_docusaurus(page: str) -> bool:
    """It cuts numbers at the beginning, leaves out what begins with `_`, and a page named as its folder stands for it."""
    parts = page.split("/")
    alike = len(parts) > 1 and parts[-1].lower() == parts[-2].lower()
    return not alike and not any(re.match(r"_|[0-9]+[ ]*[-_.]", part) for part in parts)


def _plain(page: str) -> bool:
    return re.fullmatch(r"[a-z0-9-][a-z0-9_-]*(?:/[a-z0-9-][a-z0-9_-]*)*", page) is not None


def _of_hugo(page: str) -> bool:
    above, _, stem = page.rpartition("/")
    return (not above or _plain(above)) and (stem == "_index" or _plain(stem))


def _without_marks(page: str) -> bool:
    return not any(part.startswith(("_", ".")) for part in page.split("/"))


def _of_vitepress(page: str) -> bool:
    return "[" not in page


_NAMES: Mapping[str, _Names] = {
    "MkDocs": _Names(_kinds(".md .markdown .mdown .mkd"), readme=True),
    "Docusaurus": _Names(_kinds(".md .mdx"), readme=True, as_named=_of_docusaurus, keys=_kinds("slug id")),
    "VitePress": _Names(_kinds(".md"), as_named=_of_vitepress),
    "Starlight": _Names(_kinds(".md .mdx"), as_named=_plain, keys=_kinds("slug")),
    "Hugo": _Names(_kinds(".md .markdown .html .htm .adoc .org"), as_named=_of_hugo, keys=_kinds("slug url")),
    "Jekyll": _Names(_kinds(".md .markdown .html"), as_named=_without_marks, keys=_kinds("permalink")),
    "mdBook": _Names(_kinds(".md"), readme=True),
    "Sphinx": _Names(_kinds(".rst .md .ipynb"), as_named=_without_marks),
}


def addresses_of(site: Site, documents: Collection[str], keys: Mapping[str, Collection[str]]) -> Addresses | None:
    """Where the site has the documents. None: it is not known, or the site has none of them.

    `keys`: of the front matter of the documents that were read.
    """
    names, template = _NAMES.get(site.program), site.url
    if names is None or template is None:
        return None
    inside = [path for path in documents if _is_below(site.content, path)]
    pages = [path for path in inside if extension_of(path) in names.kinds]
    if not pages:
        return None
    moved = [path for path in pages if not names.keys.isdisjoint(keys.get(path, ()))]
    odd = sorted({*moved, *(path for path in pages if not _is_regular(site, names, path))})
    # Front matter that was not read may name an address as well, where the front matter that was read does.
    sure = site.certain and len(odd) <= _MOST_ODD and not (moved and any(path not in keys for path in pages))
    readmes = sorted({path.rpartition("/")[2] for path in pages if _is_readme(path)})
    has_value = [path for path in documents if not site.content or path.count("/") > site.content.count("/")]
    match: tuple[str, ...] | None = ()
    if sure and (odd or len(pages) < len(has_value)):
        match = _patterns(site, pages, odd, alone=len(pages) == len(inside))
    found = Addresses(template, match or (), sure=sure and match is not None)
    if not (readmes and names.readme and site.ending == ".html" and site.index_url):
        return found
    above = f"{pattern_of_folder(site.content)}**/" if site.content else ""
    named = [f"{above}{pattern.strip('/')}" for name in readmes if (pattern := pattern_of_file(name)) is not None]
    return replace(found, indexes=site.index_url, index_match=tuple(named)) if named else found


def _is_below(folder: str, path: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _is_readme(path: str) -> bool:
    return path.rpartition("/")[2].rpartition(".")[0].lower() == "readme"


def _is_regular(site: Site, names: _Names, path: str) -> bool:
    """Whether the page has the address that the template gives it."""
    if _is_readme(path):
        # Where a README is a page like others, a template with `{page}` would name its folder. Jekyll has it or has it not.
        return names.readme or (site.ending == ".html" and site.program != "Jekyll")
    page = path.rpartition(".")[0].removeprefix(f"{site.content}/" if site.content else "")
    return names.as_named(page)


def _patterns(site: Site, pages: Sequence[str], odd: Sequence[str], *, alone: bool) -> tuple[str, ...] | None:
    """Patterns that match the pages but for the odd ones. `alone`: nothing else is in the site's folder. None: none do."""
    folder = pattern_of_folder(site.content) if site.content else "/"
    without = [pattern_of_file(path) for path in odd]
    if folder is None or None in without:
        return None
    kinds = [f"{folder}**/*{kind}" for kind in sorted({extension_of(path) for path in pages})]
    whole = [f"{folder}**"] if odd else [folder]
    return (*(whole if alone and site.content else kinds), *(f"!{pattern}" for pattern in without))
