"""How files are sent when a target says that more endings are text (`convert`). Pure.

`convert` maps an ending of files to the ending under which the store takes them: `{".log": ".md"}` sends `a.log` as
`a.log.md`. The rules:

- The longest ending counts: `.md.j2` before `.j2`. The file must have a name before it.
- Small and capital letters are the same.
- A file without an ending is named by its whole name: `{"TODO-list": ".txt"}`.
- A target may say otherwise than the built-in table, but not of PDF, Word, PowerPoint and notebooks: their bytes are no text.
"""

from __future__ import annotations

from collections.abc import Mapping

from vsync.documents.filetypes import BY_EXTENSION, FileType, extension_of, file_type, named


def convert_mistake(ending: str, sent_as: str) -> str | None:
    """What is wrong with one entry of `convert`, as a sentence. None: nothing."""
    if not ending or ending.startswith("..") or ending.endswith(".") or {"/", "\0"} & set(ending):
        return f"{ending!r} is no ending of file names, such as '.log'."
    known = BY_EXTENSION.get(extension_of(f"x{ending}" if ending.startswith(".") else ending))
    if known is not None and (not known.text or known.conversion is not None):
        return f"{ending!r} files are no text, so they are sent as they are."
    target = BY_EXTENSION.get(sent_as)
    if target is None or target.suffix or not target.text:
        endings = ", ".join(sorted(name for name, kind in BY_EXTENSION.items() if kind.text and not kind.suffix))
        return f"{sent_as!r} is no ending of text that the store takes. It takes {endings}."
    return None


class Kinds:
    """How each file is sent, by the built-in table and by what a target says. Entries that are mistakes do not count."""

    def __init__(self, convert: Mapping[str, str]) -> None:
        self._said = {
            ending.lower(): _as(ending.lower(), sent_as)
            for ending, sent_as in convert.items()
            if convert_mistake(ending, sent_as) is None
        }

    def of(self, path: str) -> FileType | None:
        """How the file at that path is sent; None when the store cannot index its kind."""
        return self._of(path) or file_type(path)

    def filename(self, path: str) -> str | None:
        """The name under which the file is sent, where the target says it. None: that of the built-in table."""
        kind = self._of(path)
        return None if kind is None else named(path, kind)

    def _of(self, path: str) -> FileType | None:
        """What the target says of the path; None: nothing."""
        if not self._said:
            return None
        known = file_type(path)
        if known is not None and (not known.text or known.conversion is not None):
            return None
        name = path.rpartition("/")[2].lower()
        if name in self._said and not name.startswith("."):
            return self._said[name]
        at = name.find(".", 1)
        while at > 0:
            if name[at:] in self._said:
                return self._said[name[at:]]
            at = name.find(".", at + 1)
        return None


def _as(ending: str, sent_as: str) -> FileType:
    # An ending that the store takes needs none behind it.
    suffix = "" if ending == sent_as else sent_as
    return FileType(BY_EXTENSION[sent_as].media_type, suffix, True)
