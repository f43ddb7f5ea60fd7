"""What a repository holds, as far as a config for it depends on that: documents, folders, front matter, site. Pure.

Paths and a few texts in, one `Survey` out. Nothing that the repository says is trusted: names can be anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vsync.config.docs_address import Addresses, addresses_of
from vsync.config.docs_folders import Places, folder_above, places_of
from vsync.config.docs_site import Site, is_site_config, site_of
from vsync.config.front_matter_keys import Key, keys_in, keys_of, title_in
from vsync.config.noise import Noise, noise_in
from vsync.documents.filetypes import extension_of
from vsync.documents.gitattributes import NAME as GITATTRIBUTES
from vsync.documents.gitattributes import GitAttributes
from vsync.documents.hook_mdx import has_components
from vsync.documents.selection import Rules, Selector
from vsync.git.changes import REGULAR

MOST_SAMPLED = 200
"""Documents whose beginning is read."""

_GITMODULES = ".gitmodules"
_TEXTS = frozenset(".md .markdown .mdown .mkd .mdx .qmd".split())
"""Kinds of documents that have front matter."""
_TITLED = _TEXTS | frozenset(".rst .adoc .asciidoc .org .html .htm".split())
"""Kinds of documents whose beginning shows their title."""

_LFS_LINE = re.compile(r"\*(\.[A-Za-z0-9]{1,10})[ \t]+(?:[^\n]*[ \t])?filter=lfs(?:[ \t\r]|$)")
_SUBMODULE = re.compile(r"[ \t]*path[ \t]*=[ \t]*([^ \t\r\n][^\r\n]{0,500})")
_USES = re.compile(r"(?m)^[ \t-]*uses:[ \t]*[\"']?[\w.-]+/vsync@")
_LFS_POINTER = "version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a repository holds.

    | field | meaning |
    | --- | --- |
    | `documents` | how many documents vsync would choose without any rule |
    | `places` | the folders that hold the documentation |
    | `kinds` | how many documents of each ending those are |
    | `noise` | folders among them that may be left out |
    | `keys`, `read` | the keys of their front matter, and how many documents were read to know |
    | `components` | how many of the documents that were read are Markdown that uses components, as MDX does |
    | `titled` | documents have titles: in their front matter, or as a heading |
    | `addresses` | where the site has the documents; None: it is not known |
    | `lfs` | endings of documents whose content Git LFS keeps |
    | `submodules` | folders that are other repositories |
    | `other_ci` | the repository is built by GitLab, and not by GitHub |
    | `workflow` | the path of a workflow that uses vsync; empty: there is none |
    """

    documents: int = 0
    places: Places = field(default_factory=lambda: Places((), (), (), (), ()))
    kinds: Mapping[str, int] = field(default_factory=dict)
    noise: tuple[Noise, ...] = ()
    keys: tuple[Key, ...] = ()
    read: int = 0
    site: Site | None = None
    components: int = 0
    titled: bool = False
    addresses: Addresses | None = None
    lfs: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    other_ci: bool = False
    workflow: str = ""


def worth_reading(paths: Iterable[str]) -> list[str]:
    """The paths whose texts tell most: the configurations, and documents from all over the repository."""
    every = sorted(set(paths))
    said = [
        path for path in every if path in {GITATTRIBUTES, _GITMODULES} or is_site_config(path) or _is_workflow(path)
    ]
    said = said[:MOST_SAMPLED]
    documents = [path for path in _documents(every, {}) if extension_of(path) in _TITLED]
    step = -(-len(documents) // MOST_SAMPLED) or 1
    return [*said, *(path for path in documents[::step] if path not in said)]


def survey(paths: Collection[str], sample: Mapping[str, str], folders: Collection[str] | None = None) -> Survey:
    """Looks at a repository. `sample`: the beginnings of some files, as text. `worth_reading` says of which.

    `folders`: those that a person has chosen; none of them: all documents; None: nobody has chosen.
    """
    documents = _documents(sorted(set(paths)), sample)
    every = noise_in(documents)
    noisy = frozenset(one.folder for one in every if one.sure)
    site = site_of(paths, sample)
    places = places_of(
        [path for path in documents if folder_above(path, noisy) is None],
        site.content if site is not None else None,
        folders,
    )
    noise = tuple(one for one in every if not places.folders or folder_above(f"{one.folder}/", places.folders))
    read = {path: sample[path] for path in places.paths if path in sample and extension_of(path) in _TITLED}
    texts = {path: text for path, text in read.items() if extension_of(path) in _TEXTS}
    own = {path: keys_in(text) for path, text in texts.items()}
    return Survey(
        documents=len(documents),
        places=places,
        kinds=dict(Counter(extension_of(path) for path in places.paths).most_common()),
        noise=noise,
        keys=keys_of(own),
        read=len(texts),
        site=site,
        components=sum(extension_of(path) != ".mdx" and has_components(text) for path, text in texts.items()),
        titled=any(title_in(text, path) is not None for path, text in read.items()),
        addresses=None if site is None else addresses_of(site, places.paths, own),
        lfs=_lfs(places.paths, sample),
        submodules=_submodules(sample),
        workflow=next((path for path in sorted(sample) if _is_workflow(path) and _USES.search(sample[path])), ""),
        other_ci=".gitlab-ci.yml" in paths and not any(path.startswith(".github/") for path in paths),
    )


def _documents(paths: Sequence[str], sample: Mapping[str, str]) -> list[str]:
    """The documents that vsync chooses without any rule."""
    marks = GitAttributes({"": sample[GITATTRIBUTES].encode()}) if GITATTRIBUTES in sample else None
    selector = Selector(Rules(), marks)
    verdicts = (selector.decide(path.encode(errors="surrogateescape"), REGULAR) for path in paths)
    return [verdict.path for verdict in verdicts if verdict.path is not None and verdict.skipped is None]


def _is_workflow(path: str) -> bool:
    return re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path) is not None


def _lfs(documents: Iterable[str], sample: Mapping[str, str]) -> tuple[str, ...]:
    lines = sample.get(GITATTRIBUTES, "").split("\n")
    endings = {found[1].lower() for line in lines if len(line) < 2_000 and (found := _LFS_LINE.match(line.strip()))}
    kept = {extension_of(path) for path in documents} & endings
    pointers = {extension_of(path) for path in documents if sample.get(path, "").startswith(_LFS_POINTER)}
    return tuple(sorted(filter(None, kept | pointers)))


def _submodules(sample: Mapping[str, str]) -> tuple[str, ...]:
    lines = sample.get(_GITMODULES, "").split("\n")
    return tuple(found[1].strip() for line in lines if (found := _SUBMODULE.fullmatch(line.rstrip("\r"))))
