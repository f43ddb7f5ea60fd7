"""Checks of single values that options, inputs, variables and the config share. Pure: text in, a value out."""

from __future__ import annotations

import posixpath
import re

from vsync.errors import ConfigurationError

TARGET_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

_FOLDER_REMEDY = "Give the folder's path from the top folder of the repository, such as services/api."


def target_name(name: str) -> str:
    """A target's name, checked. Raises ConfigurationError."""
    if not re.fullmatch(TARGET_NAME, name):
        raise ConfigurationError(
            f"The target name {name!r} is not usable.",
            "Use letters, digits, dots, dashes and underscores, at most 64.",
        )
    return name


def branch_name(setting: str, value: str) -> str:
    """A branch's name, by https://git-scm.com/docs/git-check-ref-format. Raises ConfigurationError."""
    name = value.removeprefix("refs/heads/")
    wrong = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[-./]|[./]$|^@$", name)
    if wrong:
        raise ConfigurationError(f"{setting} is {name!r}, which is no name of a branch.", "Give a branch's name.")
    return name


def root_folder(value: str) -> str:
    """A folder of the source, as its path from the top folder. Empty: the top folder itself. Raises ConfigurationError."""
    if value.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", value):
        raise ConfigurationError(f"root is {value!r}, which is a path of this machine.", _FOLDER_REMEDY)
    path = posixpath.normpath(value)
    if path.split("/")[0] == "..":
        raise ConfigurationError(f"root is {value!r}, which leads out of the repository.", _FOLDER_REMEDY)
    return "" if path == "." else path


DELETE_FORM = "a number of documents (20) or a share of them (30%)"
UPLOAD_FORM = "a number of documents (5000), a size (2GB), or both (5000,2GB)"
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def max_delete(text: str) -> tuple[int | None, float | None]:
    """The number of documents, and the percentage. Raises ValueError saying what it must be."""
    if match := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*%", text):
        percent = float(match[1])
        if percent <= 100:
            return None, percent
    elif re.fullmatch(r"[0-9]{1,12}", text):
        return int(text), None
    raise ValueError(DELETE_FORM)


def max_upload(text: str) -> tuple[int | None, int | None]:
    """The number of documents, and the bytes. Raises ValueError saying what it must be."""
    count: int | None = None
    size: int | None = None
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,12}(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", part)
        if match and match[2].lower() in _UNITS and size is None:
            size = int(float(match[1]) * _UNITS[match[2].lower()])
        elif match and not match[2] and "." not in match[1] and count is None:
            count = int(match[1])
        else:
            raise ValueError(UPLOAD_FORM)
    return count, size
