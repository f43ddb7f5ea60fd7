"""How one document is described and prepared: what its target says, with what its rules say. Pure.

`Recipes` finds the recipe of a path. `describe` makes a document's attributes from it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, get_args

from vsync.documents.attributes import (
    MAX_ATTRIBUTES,
    MAX_VALUE_CHARACTERS,
    RESERVED_ATTRIBUTES,
    Attributes,
    AttributeValue,
)
from vsync.documents.chunking import Chunking
from vsync.documents.describing import NO_HOOKS, Describing, GitFact, Hooks, Rule
from vsync.documents.gitignore import matcher, pattern_of, single
from vsync.documents.path_template import OF_COMMIT, TITLE, fill, names_in, values_of
from vsync.system.wording import count

OWN = MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES)
"""How many attributes fit beside vsync's own."""

MAX_LEVELS = 8
DIRECTORY, URL = "directory", "url"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How documents that the same rules match are described and prepared. The words are those of `Describing`.

    `repository` is the page of the repository; None: it is not known, or nobody needs it. `convert` is as in `Rules`.
    """

    attributes: Attributes = field(default_factory=dict)
    front_matter: Mapping[str, str] = field(default_factory=dict)
    git: tuple[GitFact, ...] = ()
    url: str | None = None
    directory: int = 0
    chunking: Chunking = field(default_factory=Chunking)
    hooks: Hooks = NO_HOOKS
    repository: str | None = None
    convert: Mapping[str, str] = field(default_factory=dict)

    @property
    def describes_text(self) -> bool:
        """Whether attributes come from the document's text."""
        templates = [value for value in self.attributes.values() if isinstance(value, str)]
        if self.url is not None and self.gives_url:
            templates.append(self.url)
        return bool(self.front_matter) or any(TITLE in names_in(text) for text in templates)

    @property
    def needs_text(self) -> bool:
        """Whether the document's text must be read to know its attributes or what is sent."""
        return self.describes_text or self.hooks.any

    @property
    def gives_url(self) -> bool:
        """Whether the url becomes an attribute. It also tells the address of a page, which no attribute changes.

        Front matter may give the attribute instead, where the document has the key. Nobody could tell such a value from a url
        that is fixed at the upload, so there is no such url beside it.
        """
        if self.url is None or URL in self.attributes:
            return False
        return not (self._names_commit and URL in self.front_matter.values())

    @property
    def url_is_fixed(self) -> bool:
        """Whether the attribute names a commit. Such a url is fixed when the document is uploaded."""
        return self.gives_url and self._names_commit

    @property
    def fixed(self) -> tuple[str, ...]:
        """The attributes that are fixed when a document is uploaded. They vary without the document changing."""
        return (*self.git, *([URL] if self.url_is_fixed else []))

    def address(self, path: str) -> str | None:
        """The address of a document on the docs site, from its path alone. None: the url does not tell it."""
        if self.url is None or self._names_commit or TITLE in names_in(self.url):
            return None
        return fill(self.url, values_of(path), in_url=True)

    @property
    def _names_commit(self) -> bool:
        return self.url is not None and not OF_COMMIT.isdisjoint(names_in(self.url))


@functools.cache
def may_be_fixed() -> tuple[tuple[str, ...], ...]:
    """Every set of attributes that a config can have fixed at the upload."""
    names = (*get_args(GitFact), URL)
    return tuple(found for size in range(len(names) + 1) for found in itertools.combinations(names, size))


class Facts(NamedTuple):
    """What a document's text says: its title, and the values of its front matter by their keys.

    `faults` are sentences about what is wrong with it.
    """

    title: str | None = None
    front_matter: Mapping[str, AttributeValue] = {}
    faults: tuple[str, ...] = ()


NO_FACTS = Facts()


class Described(NamedTuple):
    """The attributes of a document, and sentences about what did not fit."""

    attributes: Attributes
    faults: tuple[str, ...] = ()


class Recipes:
    """The recipes of a target. `inside` gives a path as it counts from the target's root; None outside of the root."""

    def __init__(
        self,
        says: Describing,
        rules: Sequence[Rule],
        inside: Callable[[str], str | None],
        repository: str | None = None,
        convert: Mapping[str, str] | None = None,
    ) -> None:
        self._says, self._rules, self._inside = says, rules, inside
        self._matchers = [_matcher(rule) for rule in rules]
        self._repository, self._convert = repository, convert or {}
        self._known: dict[tuple[int, ...], Recipe] = {}

    def of(self, path: str) -> Recipe:
        inside = self._inside(path)
        matching = tuple(
            number for number, matches in enumerate(self._matchers) if inside is not None and matches(inside)
        )
        if (found := self._known.get(matching)) is None:
            found = self._known[matching] = self._merged(matching)
        return found

    def _merged(self, matching: tuple[int, ...]) -> Recipe:
        every = [self._says, *(self._rules[number].says for number in matching)]
        recipe = functools.reduce(_and_then, every, Recipe(convert=self._convert))
        wanted = recipe.hooks.links == "absolute" or recipe.hooks.heading == "source" or recipe.url_is_fixed
        return replace(recipe, repository=self._repository) if wanted else recipe


def _matcher(rule: Rule) -> Callable[[str], bool]:
    """A function: whether a path matches the rule. Most rules match few paths, so that is what is quick."""
    matches = matcher("rules match", rule.match)
    lines = [pattern_of(line) for line in rule.match]
    if any(line.startswith("!") for line in lines):
        return matches
    singles = [single(line) for line in lines]
    return lambda path: any(one(path) for one in singles)


def _and_then(before: Recipe, says: Describing) -> Recipe:
    """What was said before, and what is said later, which wins. Attributes, front matter and content are merged key by key.

    An attribute is left out of what gives it in vain:

    | said | in vain from then on |
    | --- | --- |
    | `attributes` | what front matter, `git` and `url` gave under these names |
    | `front-matter` | what `git` gave under these names |
    | `git`, `url` | what `attributes` and front matter give under these names, before or beside them |

    So no attribute that is fixed at the upload has the name of one that is not.
    """
    keys, given = says.front_matter or {}, says.attributes
    named = {*given, *keys.values()}
    attributes = {**before.attributes, **given}
    # A key that is said again comes last, so that it wins over other keys for the same attribute.
    front_matter = {key: name for key, name in before.front_matter.items() if key not in keys and name not in given}
    front_matter |= keys
    git = tuple(name for name in before.git if name not in named) if says.git is None else says.git
    taken = {*(says.git or ()), *([URL] if says.url is not None else [])}
    return replace(
        before,
        attributes={name: value for name, value in attributes.items() if name not in taken},
        front_matter={key: name for key, name in front_matter.items() if name not in taken},
        git=git,
        url=before.url if says.url is None else says.url,
        directory=before.directory if says.directory is None else says.directory,
        chunking=before.chunking if says.chunking is None else says.chunking.after(before.chunking),
        hooks=_both(before.hooks, says.content),
    )


def _both(before: Hooks, after: Hooks) -> Hooks:
    return Hooks(
        front_matter=after.front_matter or before.front_matter,
        comments=after.comments or before.comments,
        heading=after.heading or before.heading,
        links=after.links or before.links,
        mdx=after.mdx or before.mdx,
    )


# --- Attributes -------------------------------------------------------------------------------------------------


def describe(recipe: Recipe, path: str, facts: Facts = NO_FACTS) -> Described:
    """The attributes of a document without those that are fixed at its upload, and what is wrong with it.

    Room is given in this order: facts of git, attributes, front matter, url, levels of the directory. A text that is too long
    is cut, and a url that is too long is left out.
    """
    values = values_of(path)
    if facts.title:
        values[TITLE] = facts.title
    faults = list(facts.faults)
    wanted: dict[str, AttributeValue] = {}
    for name, value in recipe.attributes.items():
        filled = fill(value, values) if isinstance(value, str) else value
        if filled is not None and filled != "":
            wanted[name] = filled
    for key, name in recipe.front_matter.items():
        if key in facts.front_matter:
            wanted[name] = facts.front_matter[key]
        elif key == TITLE and facts.title:
            wanted[name] = facts.title
    if recipe.url is not None and recipe.gives_url and not recipe.url_is_fixed and URL not in wanted:
        address = fill(recipe.url, values, in_url=True)
        if address is not None and len(address) > MAX_VALUE_CHARACTERS:
            faults.append(f"its url is longer than {MAX_VALUE_CHARACTERS} characters, so it has none")
        elif address is not None:
            wanted[URL] = address
    levels = _levels(recipe, values["directory"])
    asked = min(recipe.directory, values["directory"].count("/") + 1 if values["directory"] else 0)
    if asked and len(levels) <= asked and recipe.directory < MAX_LEVELS:
        faults.append(
            f"only {count(max(0, len(levels) - 1), 'level')} of its directory fit beside the other attributes"
        )
    for name, folder in levels.items():
        wanted.setdefault(name, folder)
    return _fitting(wanted, OWN - len([name for name in recipe.fixed if name not in wanted]), faults)


def _levels(recipe: Recipe, directory: str) -> dict[str, str]:
    """The directory and its levels, as many as fit beside all that may be there: `docs`, `docs/api`, …"""
    if not recipe.directory or not directory:
        return {}
    others = {*recipe.attributes, *recipe.front_matter.values(), *recipe.fixed, *([URL] if recipe.url else [])}
    room = OWN - len(others | {DIRECTORY})
    folders = itertools.accumulate(directory.split("/"), lambda above, name: f"{above}/{name}")
    levels = itertools.islice(folders, max(0, min(room, recipe.directory)))
    return {DIRECTORY: directory, **{f"{DIRECTORY}_{number}": folder for number, folder in enumerate(levels, 1)}}


def _fitting(wanted: Mapping[str, AttributeValue], room: int, faults: list[str]) -> Described:
    """As many of the attributes as there is room for, with values that are not too long."""
    left_out = list(wanted)[max(0, room) :]
    if left_out:
        faults.append(f"only {room} attributes fit beside vsync's own, so it has not {', '.join(left_out)}")
    attributes = {}
    for name, value in itertools.islice(wanted.items(), max(0, room)):
        if isinstance(value, str) and len(value) > MAX_VALUE_CHARACTERS:
            faults.append(f"its attribute {name} is cut after {MAX_VALUE_CHARACTERS} characters")
            value = f"{value[: MAX_VALUE_CHARACTERS - 1]}…"
        attributes[name] = value
    return Described(attributes, tuple(faults))


def fixed_at_upload(
    recipe: Recipe, path: str, commit: str | None, facts: Mapping[GitFact, AttributeValue]
) -> Attributes:
    """The attributes that are fixed when a document is uploaded: facts of git, and a url that names the commit."""
    attributes: dict[str, AttributeValue] = {name: facts[name] for name in recipe.git if name in facts}
    if recipe.url is not None and recipe.url_is_fixed and commit:
        values = {**values_of(path), "commit": commit}
        if recipe.repository:
            blob = fill("{path}", values, in_url=True)
            values["permalink"] = f"{recipe.repository}/blob/{commit}/{blob}"
        address = fill(recipe.url, values, in_url=True)
        if address is not None and len(address) <= MAX_VALUE_CHARACTERS:
            attributes[URL] = address
    return attributes
