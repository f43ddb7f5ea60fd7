"""The keys of the config: for each its kind, the values that it takes, and what it says. Pure data.

The reader of the config and the JSON schema are both made from this table, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from vsync.config import forms
from vsync.config.forms import Form
from vsync.documents.attributes import MAX_ATTRIBUTES, RESERVED_ATTRIBUTES
from vsync.documents.chunking import MAX_CHUNK, MIN_CHUNK

VERSION = 1
MOST_ATTRIBUTES = MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES)
MOST_LEVELS = 8
_MOST_METADATA = 12
"""A store has at most 16 pairs, and vsync writes four of its own: source, target, owner and nonce."""
_MOST_DAYS = 365
_MOST_RESULTS = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a form."""

    form: Form = forms.TEXT


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number. `words`: what true and false stand for; None: they are not taken."""

    least: int
    most: int
    words: Mapping[bool, int] | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words. `words`: which words true and false stand for; None: they are not taken."""

    names: tuple[str, ...]
    words: Mapping[bool, str] | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an attribute: a number, true, false, or a text of the form."""

    form: Form = forms.VALUE


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list. `single`: what is no list counts as a list of one."""

    item: Kind
    least: int = 0
    most: int = 1_000
    single: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys are names that the user chooses."""

    key: Text
    value: Kind
    least: int = 0
    most: int = 1_000


@dataclass(frozen=True, slots=True)
class Either:
    """A list, or a mapping."""

    listing: ListOf
    mapping: MapOf


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with the keys of a table. `empty`: nothing counts as a mapping without keys."""

    keys: tuple[Key, ...]
    empty: bool = False

    def key(self, name: str) -> Key | None:
        return next((key for key in self.keys if key.name == name), None)


Kind: TypeAlias = "Text | Whole | Switch | Choice | Value | ListOf | MapOf | Either | Section"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default` is what holds where it is not given, None: there is none, or `says` tells it."""

    name: str
    kind: Kind
    says: str
    required: bool = False
    default: object = field(default=None)


_PATTERNS = ListOf(Text(forms.PATTERN), single=True)
_KEEP_OR_STRIP = Choice(("strip", "keep"))
_FILTER = MapOf(Text(forms.ANY_ATTRIBUTE), Value())

CHUNKING = Key(
    "chunking",
    Section(
        (
            Key("size", Whole(MIN_CHUNK, MAX_CHUNK), "The size of a chunk in tokens.", default=800),
            Key(
                "overlap",
                Whole(0, MAX_CHUNK // 2),
                "How many tokens a chunk shares with the one before it: at most half of the size, which is the default.",
            ),
        )
    ),
    "How the server cuts documents into chunks.",
)
CONTENT = Key(
    "content",
    Section(
        (
            Key("front-matter", _KEEP_OR_STRIP, "strip: the front matter is left out.", default="keep"),
            Key("comments", _KEEP_OR_STRIP, "strip: comments are left out.", default="keep"),
            Key(
                "heading",
                Choice(("title", "source"), {True: "title", False: "none"}),
                "true or title: the title comes first. source: a line that names the file comes first.",
                default=False,
            ),
            Key(
                "links",
                Choice(("absolute", "keep")),
                "absolute: relative links name their page on the docs site, or in the repository.",
                default="keep",
            ),
            Key("mdx", _KEEP_OR_STRIP, "strip: imports, exports and tags of MDX are left out.", default="keep"),
        )
    ),
    "What is changed in the text of a document before it is sent.",
)
DESCRIBING = (
    Key(
        "attributes",
        MapOf(Text(forms.ATTRIBUTE), Value(forms.TEMPLATE), most=MOST_ATTRIBUTES),
        "Attributes of the documents. Texts are templates: {path} {directory} {name} {stem} {extension} "
        "{path-without-extension} {page} {title} {1} {below-1} {page-1} …",
    ),
    Key(
        "front-matter",
        Either(
            ListOf(Text(forms.ATTRIBUTE), single=True),
            MapOf(Text(forms.FRONT_MATTER_KEY), Text(forms.ATTRIBUTE)),
        ),
        "Keys of the front matter that become attributes: a list, or a mapping from key to attribute.",
    ),
    Key(
        "git",
        ListOf(Choice(("changed", "author")), single=True),
        "Attributes from history: when a file was last changed, and by whom.",
    ),
    Key(
        "url",
        Text(forms.URL),
        "The template of the attribute url: like attributes, and {commit} {permalink}.",
    ),
    Key(
        "directory",
        Whole(0, MOST_LEVELS, {True: MOST_LEVELS, False: 0}),
        "How many levels of the folder become attributes (directory, directory_1, …). true: as many as fit.",
        default=0,
    ),
    CHUNKING,
    CONTENT,
)
TARGET_KEYS = (
    Key("vector-store-id", Text(forms.STORE_ID), "The id of the vector store."),
    Key(
        "vector-store-name", Text(forms.STORE_NAME), "The name of the vector store. vsync makes it where there is none."
    ),
    Key(
        "description",
        Text(forms.DESCRIPTION),
        "The description of a new store. It is set when vsync makes the store, and not changed later.",
    ),
    Key(
        "metadata",
        MapOf(Text(forms.METADATA_KEY), Text(forms.METADATA_VALUE), most=_MOST_METADATA),
        "Metadata of a new store. They are set when vsync makes the store, and not changed later.",
    ),
    Key(
        "expires-after-days",
        Whole(1, _MOST_DAYS),
        "A store that vsync made is deleted after so many days without use. The next sync sets another number.",
    ),
    Key("branch", Text(forms.BRANCH), "The branch whose pushes sync. Default: the default branch of the repository."),
    Key("root", Text(forms.FOLDER), "The folder outside of which nothing is selected. Patterns count from it."),
    Key(
        "types",
        Choice(("documentation", "any")),
        "Which kinds of files are selected. Default: documentation, and any where include is given.",
    ),
    Key("include", _PATTERNS, "Gitignore patterns of files that are selected."),
    Key("exclude", _PATTERNS, "Gitignore patterns of files that are not selected."),
    Key("allow-secrets", _PATTERNS, "Gitignore patterns of files that are sent although they seem to hold secrets."),
    *DESCRIBING,
    Key(
        "convert",
        MapOf(Text(forms.ENDING), Text(forms.TEXT_ENDING)),
        "More endings that are text, each with the ending under which such a file is sent.",
    ),
    Key("submodules", Switch(), "Whether files of submodules are documents.", default=False),
    Key("symlinks", Switch(), "Whether files behind symbolic links are documents.", default=False),
    Key(
        "limits",
        Section(
            (
                Key("max-delete", Text(forms.DELETE_LIMIT), "How many documents one run may delete: 20, or 30%."),
                Key("max-upload", Text(forms.UPLOAD_LIMIT), "How much one run may upload: 5000, 2GB, or 5000,2GB."),
            )
        ),
        "How much one run may do.",
    ),
    Key(
        "rules",
        ListOf(
            Section(
                (
                    Key(
                        "match",
                        ListOf(Text(forms.PATTERN), least=1, single=True),
                        "Gitignore patterns of the documents that the rule is for. They count from root.",
                        required=True,
                    ),
                    *DESCRIBING,
                )
            )
        ),
        "What holds only for some documents. Later rules win.",
    ),
    Key(
        "checks",
        ListOf(
            Section(
                (
                    Key("question", Text(), "What is asked.", required=True),
                    Key(
                        "expect",
                        Either(
                            ListOf(Text(forms.DOCUMENT_PATH), least=1, single=True),
                            MapOf(Text(forms.ANY_ATTRIBUTE), Value(), least=1),
                        ),
                        "What the first results must hold: a path, several paths, or attributes with their values.",
                        required=True,
                    ),
                    Key("within", Whole(1, _MOST_RESULTS), "How many results are looked at.", default=3),
                    Key("filter", _FILTER, "Only documents with these attributes are searched."),
                )
            )
        ),
        "Questions, with what a search must find.",
    ),
)
VERSION_KEY = Key("version", Whole(VERSION, VERSION), "The version of the format: 1.", required=True)
TARGETS_KEY = Key(
    "targets",
    MapOf(Text(forms.TARGET), Section(TARGET_KEYS, empty=True), least=1),
    "Several targets by their names. Then all other keys stand in them.",
)
TOP = Section((VERSION_KEY, TARGETS_KEY, *TARGET_KEYS))
