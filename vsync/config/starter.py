"""The text of a first `.vsync.yml`: what applies to a repository is set, what might apply is a comment. Pure.

Every value that comes from the repository is written by `yaml_text`, in comments too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vsync.config.front_matter_keys import worth_an_attribute
from vsync.config.noise import Noise
from vsync.config.starter_place import Place
from vsync.config.survey import Survey
from vsync.config.yaml_text import scalar, sequence
from vsync.documents.path_template import TITLE
from vsync.system.wording import count, shortened

SCHEMA = "https://raw.githubusercontent.com/OWNER/vsync/main/docs/vsync.schema.json"
_MOST_FOLDERS = 20
_MOST_IN_A_COMMENT = 6
_MOST_NOISE = 40
MOST_UPLOADS = 2_000
"""A plan that uploads more is refused unless a limit allows it (`plan.limits`)."""


def config_text(survey: Survey, place: Place) -> str:
    """The config that fits the repository."""
    lines = [
        f"# yaml-language-server: $schema={SCHEMA}",
        "# What vsync syncs to an OpenAI vector store, and how. It reads this file from the commit that it syncs.",
        "version: 1",
        *_store(place),
        "",
        *_folders(survey),
        *_noise(survey),
        "",
        *_attributes(survey),
        *_url(survey, place),
        *_content(survey),
        *_later(survey),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _store(place: Place) -> Iterator[str]:
    if place.synced:
        yield "# vector-store-name: the manifest of this repository names the store already."
    else:
        yield f"vector-store-name: {scalar(place.store)} # vsync makes the store at the first sync"


def _folders(survey: Survey) -> Iterator[str]:
    places = survey.places
    if not places.chosen:
        yield from _no_folders(survey)
        return
    yield "types: documentation # Markdown, reStructuredText, HTML, PDF and the like; `any` takes every kind of file"
    yield "include: # gitignore patterns"
    chosen = places.chosen[:_MOST_FOLDERS]
    width = max(len(scalar(pattern)) for pattern in (*(one.pattern for one in chosen), *places.files))
    for folder in chosen:
        yield f"  - {scalar(folder.pattern):{width}} # {count(folder.documents, 'document')}"
    for pattern in places.files:
        yield f"  - {scalar(pattern)}"
    left = [f"{scalar(one.pattern)} ({one.documents:,})" for one in places.left]
    left += [scalar(pattern) for pattern in places.left_files]
    left = [*(f"{scalar(one.pattern)} ({one.documents:,})" for one in places.chosen[_MOST_FOLDERS:]), *left]
    if left:
        yield f"  # Other documents, not included: {_some(left)}"


def _no_folders(survey: Survey) -> Iterator[str]:
    if not survey.documents:
        yield "# No file here counts as documentation. To sync other kinds of files, name them:"
        yield "# types: any"
        yield "# include: [/src/]"
        return
    yield f"types: documentation # {count(survey.documents, 'document')}: Markdown, reStructuredText, HTML, PDF and the like"
    if survey.places.left:
        yield "# To sync only some folders, name them. These hold documents:"
        listed = [f"{scalar(one.pattern)} ({one.documents:,})" for one in survey.places.left]
        yield f"#   {_some(listed)}"
        yield f"# include: {sequence([survey.places.left[0].pattern])}"


def _noise(survey: Survey) -> Iterator[str]:
    sure = [one for one in survey.noise if one.sure]
    perhaps = [one for one in survey.noise if not one.sure][:_MOST_IN_A_COMMENT]
    if sure:
        yield "exclude:"
        yield from _noise_lines(sure[:_MOST_NOISE], "  - ")
        if len(sure) > _MOST_NOISE:
            yield f"  # {len(sure) - _MOST_NOISE:,} more folders like these"
    elif perhaps:
        yield "# exclude: # perhaps a search is better off without these"
    if perhaps:
        yield from _noise_lines(perhaps, "  # - " if sure else "#   - ")


def _noise_lines(noise: Sequence[Noise], before: str) -> Iterator[str]:
    width = max(len(scalar(one.pattern)) for one in noise)
    for one in noise:
        yield f"{before}{scalar(one.pattern):{width}} # {one.why}: {count(one.documents, 'document')}"


def _attributes(survey: Survey) -> Iterator[str]:
    worth = worth_an_attribute(survey.keys, titled=survey.titled)
    shares = {key.name: key.share for key in survey.keys}
    if worth:
        yield "# Keys of the front matter that become attributes: a search can show them and filter by them."
        if TITLE in worth:
            yield "# A document whose front matter has no title gets its first heading as the title."
        yield f"front-matter: {sequence(worth)}"
        others = [
            f"{scalar(shortened(name, 40))} {100 * share:.0f} %" for name, share in shares.items() if name not in worth
        ]
        if others:
            yield f"# Other keys, with how many of {count(survey.read, 'document')} have them: {_some(others)}"
    elif survey.documents:
        yield "# front-matter: [title] # the title of each document as an attribute: its front matter's, or its first heading"
    yield '# attributes: {section: "{directory}"} # more attributes: the same text for all documents, or a part of the path'
    yield "# git: [changed, author] # when and by whom a file was last changed: the checkout needs `fetch-depth: 0`"


def _url(survey: Survey, place: Place) -> Iterator[str]:
    site, found = survey.site, survey.addresses
    if site is None or found is None:
        if site is not None and site.mount:
            yield f"# {site.program} ({scalar(site.config)}) publishes {scalar(site.content or '.')} at {scalar(site.mount)}."
        if place.on_github:
            yield '# url: "{permalink}" # the file on GitHub, at the commit that was synced'
        return
    where = f"where {site.program} publishes a document ({scalar(site.config)})"
    if not found.sure:
        yield f"# {site.program} ({scalar(site.config)}) publishes most documents here, but may give some pages another address:"
        yield f"# url: {scalar(found.template)}"
        return
    if not found.match:
        yield f"url: {scalar(found.template)} # {where}"
    if not found.match and not found.indexes:
        return
    yield "rules:"
    if found.match:
        yield f"  - match: {sequence(found.match)}"
        yield f"    url: {scalar(found.template)} # {where}"
    if found.indexes:
        yield f"  - match: {sequence(found.index_match)}"
        yield f"    url: {scalar(found.indexes)} # it stands for its folder"


def _content(survey: Survey) -> Iterator[str]:
    mdx = survey.kinds.get(".mdx", 0)
    if mdx:
        yield "content:"
        yield f"  mdx: strip # leave imports and JSX tags out of {count(mdx, 'document')} in MDX"
        before = "  # "
    elif survey.components:
        yield "content:"
        yield f"  mdx: strip # leave JSX tags out: {survey.components} of {count(survey.read, 'document')} use components as MDX does"
        before = "  # "
    elif survey.keys:
        yield "# content:"
        before = "#   "
    else:
        return
    if survey.keys:
        yield f"{before}front-matter: strip # do not index the front matter as text"


def _later(survey: Survey) -> Iterator[str]:
    chosen = len(survey.places.paths)
    if chosen > MOST_UPLOADS:
        yield f"# limits: {{max-upload: {chosen}}} # without it, a first sync of more than {MOST_UPLOADS:,} documents is refused"
    if notebooks := survey.kinds.get(".ipynb", 0):
        yield f"# {count(notebooks, 'notebook')}: vsync sends the text, the code and the outputs as Markdown."
    if survey.lfs:
        yield f"# Git LFS keeps documents of these kinds: {_some(map(scalar, survey.lfs))}. The workflow's checkout fetches them."
    if survey.submodules:
        yield f"# submodules: true # documents of {_some(map(scalar, survey.submodules))}: the checkout needs `submodules: true`"
    if len(survey.places.chosen) > 1:
        yield "# To keep the folders in stores of their own, name several targets: `targets: {NAME: {…}}` with these same keys."


def _some(words: Iterable[str], most: int = _MOST_IN_A_COMMENT) -> str:
    listed = list(words)
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return f"{', '.join(listed[:most])}{more}"
