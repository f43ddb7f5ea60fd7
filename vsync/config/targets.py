"""A target: one vector store, with the rules that choose and describe its documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

from vsync.config.limits import Limits
from vsync.documents import document
from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking
from vsync.documents.convert import MARKS as CONVERSIONS
from vsync.documents.describing import NOTHING_SAID, Check, Describing, Rule
from vsync.documents.kinds import Kinds
from vsync.documents.recipe import NO_FACTS, Facts, Recipe, Recipes, describe
from vsync.documents.selection import Rules

_RULES_VERSION = 4
"""Raised when the built-in rules (file types, defaults, names) change: every run then compares the whole tree once."""


@dataclass(frozen=True)
class Target:
    """What the user wants of one target.

    `source` is the readable name of the source. It is empty as long as the source is not open and the user gave none.
    | field | meaning |
    | --- | --- |
    | `api` | the address of the API that has the store; None: not known, because no address and no credentials are given |
    | `description`, `metadata`, `expires_after_days` | of the store that vsync makes |
    | `attributes`, `chunking` | of all documents, before the rules |
    | `says` | what else is said of all documents; its own attributes and chunking do not count |
    | `described_by` | the rules that describe some of the documents; later ones win |
    | `submodules`, `symlinks` | whether files of submodules, and behind links, are documents |
    | `repository` | the page of the repository, for links and permalinks; None: not known |
    """

    name: str = "default"
    source: str = ""
    vector_store_id: str | None = None
    vector_store_name: str | None = None
    api: str | None = None
    branch: str | None = None
    rules: Rules = field(default_factory=Rules)
    attributes: Attributes = field(default_factory=dict)
    chunking: Chunking = field(default_factory=Chunking)
    limits: Limits = field(default_factory=Limits)
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_after_days: int | None = None
    says: Describing = NOTHING_SAID
    described_by: tuple[Rule, ...] = ()
    submodules: bool = False
    symlinks: bool = False
    checks: tuple[Check, ...] = ()
    repository: str | None = None

    @cached_property
    def recipes(self) -> Recipes:
        says = replace(self.says, attributes=self.attributes, chunking=self.chunking.said)
        return Recipes(says, self.described_by, self.rules.inside, self.repository, self.rules.convert)

    @cached_property
    def _kinds(self) -> Kinds:
        return Kinds(self.rules.convert)

    def filename(self, path: str) -> str | None:
        """The name under which the document of that path is uploaded; None: as its path alone tells."""
        return self._kinds.filename(path)

    def sent_as(self, path: str) -> str:
        """The name under which the document of that path is uploaded."""
        return self._kinds.filename(path) or document.upload_filename(path)

    @cached_property
    def describes_alike(self) -> bool:
        """Whether all documents have the same attributes and chunking, and are sent as they are."""
        return (
            not self.described_by
            and replace(self.says, attributes={}, chunking=None) == NOTHING_SAID
            and not any(isinstance(value, str) and "{" in value for value in self.attributes.values())
        )

    def recipe(self, path: str) -> Recipe | None:
        """How the document of that path is described and prepared; None: as all documents are."""
        return None if self.describes_alike else self.recipes.of(path)

    @cached_property
    def attributes_tag(self) -> str:
        """The second half of the tag of a document that has the attributes of all."""
        return document.attributes_tag(self.source, self.attributes)

    def tag(self, path: str, facts: Facts = NO_FACTS) -> str:
        """The fingerprint of how the document of that path is uploaded and described.

        `facts` are those of its text. Only the recipe of the path tells whether they count.
        """
        recipe = self.recipe(path)
        if recipe is None:
            return document.tag(path, self.chunking, self.attributes_tag, self.filename(path))
        attributes = describe(recipe, path, facts).attributes
        described = document.attributes_tag(self.source, attributes, recipe.fixed)
        return document.tag(path, recipe.chunking, described, self.filename(path))

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of all that decides which documents exist and what they contain."""
        rules = self.rules
        return document.fingerprint(
            [
                _RULES_VERSION,
                list(CONVERSIONS),
                self.source,
                self.name,
                dict(self.attributes),
                [self.chunking.size, self.chunking.overlap],
                list(rules.include),
                list(rules.exclude),
                # Only where they are given: they came later, and would have changed everybody's fingerprint.
                *([list(rules.allow_secrets)] if rules.allow_secrets else []),
                *([{"types": rules.types}] if rules.types else []),
                *([{"root": rules.root}] if rules.root else []),
                *self._described(),
            ],
            16,
        )

    def _described(self) -> list[object]:
        """What the config alone can say of documents. Empty: it says nothing, and the fingerprint stays what it was."""
        said: dict[str, object] = {}
        if not self.describes_alike:
            said["says"] = asdict(replace(self.says, attributes={}, chunking=None))
            said["rules"] = [asdict(rule) for rule in self.described_by]
            said["repository"] = self.repository
        if self.rules.convert:
            said["convert"] = dict(self.rules.convert)
        if self.submodules or self.symlinks:
            said["reach"] = [self.submodules, self.symlinks]
        return [said] if said else []
