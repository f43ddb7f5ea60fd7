"""What a text of the config may be: each form with its description and its check. Pure.

A check takes the text and gives the value. It raises ConfigurationError, or ValueError with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vsync.config.values import (
    DELETE_FORM,
    TARGET_NAME,
    UPLOAD_FORM,
    branch_name,
    max_delete,
    max_upload,
    root_folder,
)
from vsync.documents.attributes import MAX_KEY_CHARACTERS, MAX_VALUE_CHARACTERS, RESERVED_ATTRIBUTES
from vsync.documents.filetypes import BY_EXTENSION
from vsync.documents.gitignore import Patterns
from vsync.documents.path_template import check_template
from vsync.store.store_id import check_store_id
from vsync.system.nearest import nearest

MOST_METADATA_KEY, MOST_METADATA_VALUE = 64, 512
MOST_TEXT = 4_096
_OWN_METADATA = "vsync_"


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a text: `says` completes "expected …". `regex` is for editors, which check no more than that."""

    says: str
    check: Callable[[str], Any]
    least: int = 1
    most: int = MOST_TEXT
    regex: str = ""


def _same(text: str) -> str:
    return text


def _store_id(text: str) -> str:
    check_store_id(text, "it")
    return text


def _name(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("A name has no blank at its ends, and no line break")
    return text


def _branch(text: str) -> str:
    name = branch_name("it", text)
    if not name:
        raise ValueError("Give a branch's name, such as main")
    return name


def _folder(text: str) -> str:
    if text != text.strip() or re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("A folder has no blank at its ends, and no line break")
    return root_folder(text)


def _pattern(text: str) -> str:
    text = text.rstrip("\n")
    if "\n" in text or "\r" in text:
        raise ValueError("It has several lines. Write a list with one pattern an item")
    if text.lstrip().startswith("#"):
        raise ValueError("A pattern that begins with # is a comment. For a name that begins with #, write \\#")
    Patterns("gitignore", [text])
    return text


def _template(text: str) -> str:
    return _checked_template(text, url=False)


def _url(text: str) -> str:
    if re.search(r"\s", text):
        raise ValueError("An address has no blanks")
    if not re.match(r"https?://|\{permalink\}", text):
        raise ValueError("An address begins with https:// or http://")
    return _checked_template(text, url=True)


def _checked_template(text: str, *, url: bool) -> str:
    wrong = check_template(text, url=url)
    if wrong:
        raise ValueError(wrong)
    return text


def _attribute(text: str) -> str:
    if text in RESERVED_ATTRIBUTES:
        raise ValueError(
            f"this attribute is vsync's own. Choose a name other than {', '.join(sorted(RESERVED_ATTRIBUTES))}"
        )
    if "," in text:
        raise ValueError("A name has no comma. Several names are a list: [title, tags]")
    return text


def _metadata(text: str) -> str:
    if text.lower().startswith(_OWN_METADATA):
        raise ValueError(f"Names that begin with {_OWN_METADATA} are vsync's own")
    return text


_ENDING = r"\.[^./\\\s]{1,32}"
TEXT_ENDINGS = tuple(sorted(ending for ending, kind in BY_EXTENSION.items() if kind.text and not kind.suffix))
"""The endings that the store takes as text."""


def _ending(text: str) -> str:
    if not re.fullmatch(_ENDING, text):
        raise ValueError(f"An ending begins with its only dot{_dotted(text)}")
    ending = text.lower()
    kind = BY_EXTENSION.get(ending)
    if kind is not None and (not kind.text or kind.conversion):
        raise ValueError("Files of this kind are not text, and vsync sends them in its own way")
    return ending


def _dotted(text: str) -> str:
    dotted = f".{text.strip().lstrip('*.')}"
    return f": {dotted}" if re.fullmatch(_ENDING, dotted) else ", such as .log"


def _text_ending(text: str) -> str:
    if text.lower() not in TEXT_ENDINGS:
        meant = nearest(text, TEXT_ENDINGS) if len(text) <= MAX_KEY_CHARACTERS else None
        raise ValueError(
            f"The store does not take this ending as text. {f'Did you mean {meant}? ' if meant else ''}"
            f"There are {', '.join(TEXT_ENDINGS)}"
        )
    return text.lower()


def _path(text: str) -> str:
    if text.startswith(("/", "./", "../")) or text != text.strip():
        raise ValueError("A path counts from the top folder of the repository: docs/install.md")
    return text


def _target(text: str) -> str:
    if not re.fullmatch(TARGET_NAME, text):
        raise ValueError(
            "A target's name has letters, digits, dots, dashes and underscores, at most 64, and begins with a letter or digit"
        )
    return text


TEXT = Form("a text", _same)
TARGET = Form("the name of a target", _target, most=64, regex=f"^{TARGET_NAME}$")
STORE_ID = Form("the id of a vector store (vs_…)", _store_id, most=256)
STORE_NAME = Form("the name of a vector store", _name, most=256)
DESCRIPTION = Form("a text of at most 512 characters", _same, most=512)
BRANCH = Form("the name of a branch", _branch, most=250)
FOLDER = Form("a folder of the repository, such as services/api", _folder)
PATTERN = Form("a gitignore pattern", _pattern, most=1_024)
TEMPLATE = Form("a text or a template such as {directory}", _template, least=0, most=MAX_VALUE_CHARACTERS)
URL = Form("the template of an address, such as https://docs.example.com/{path-without-extension}", _url, most=512)
ATTRIBUTE = Form("the name of an attribute", _attribute, most=MAX_KEY_CHARACTERS)
ANY_ATTRIBUTE = Form("the name of an attribute", _same, most=MAX_KEY_CHARACTERS)
VALUE = Form("a text", _same, least=0, most=512)
FRONT_MATTER_KEY = Form("a key of the front matter", _same, most=256)
METADATA_KEY = Form("a name", _metadata, most=MOST_METADATA_KEY)
METADATA_VALUE = Form("a text", _same, least=0, most=MOST_METADATA_VALUE)
ENDING = Form("an ending such as .log", _ending, most=33, regex=r"^\.[^./\\\s]{1,32}$")
TEXT_ENDING = Form("an ending that the store takes as text, such as .txt", _text_ending, most=33)
DOCUMENT_PATH = Form("a path", _path)
DELETE_LIMIT = Form(DELETE_FORM, max_delete, most=32, regex=r"^([0-9]{1,12}|[0-9]{1,3}(\.[0-9]+)?\s*%)$")
UPLOAD_LIMIT = Form(UPLOAD_FORM, max_upload, most=64)
