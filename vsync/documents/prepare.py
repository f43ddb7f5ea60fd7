"""From the bytes of a file to the bytes that are sent, and to what the document's text says. Pure.

It depends on the bytes, the path and the recipe alone. So the same file always gives the same document, and whoever needs a
document's bytes makes them again.
"""

from __future__ import annotations

import bisect
from typing import NamedTuple

from vsync.documents.attributes import AttributeValue
from vsync.documents.convert import conversion_of
from vsync.documents.encoding import UTF_8, decode
from vsync.documents.kinds import Kinds
from vsync.documents.recipe import NO_FACTS, Facts, Recipe

MAX_TEXT_BYTES = 32 * 1024 * 1024
"""A larger text is sent as it is, and nothing is read from it."""

_MARK = "\ufeff"


class Prepared(NamedTuple):
    """What is sent of a file.

    | field | meaning |
    | --- | --- |
    | `data` | the bytes that are sent |
    | `text` | the same as text; None: they are no text, or nobody can tell in which encoding |
    | `encoding` | the encoding of the file |
    | `facts` | what the text says, as far as the recipe wants it |
    | `hooked` | whether the recipe has changed the text |
    | `parts` | the parts of a converted file, each with the first line of its text |
    """

    data: bytes
    text: str | None
    encoding: str = UTF_8
    facts: Facts = NO_FACTS
    hooked: bool = False
    parts: tuple[tuple[int, str], ...] = ()

    def part_at(self, line: int) -> str:
        """The part of the file from which a line comes. Empty: there are no parts."""
        at = bisect.bisect_right(self.parts, line, key=lambda part: part[0])
        return self.parts[at - 1][1] if at else ""


def lines_before(data: bytes, prepared: Prepared) -> int | None:
    """How many lines of the file come before what is sent of it. None: its lines are not those of the file."""
    if not prepared.hooked:
        return 0
    return data[: -len(prepared.data)].count(b"\n") if prepared.data and data.endswith(prepared.data) else None


def prepare(path: str, data: bytes, recipe: Recipe | None) -> Prepared:
    """What is sent of a text file. Raises NotConvertible.

    `recipe` None: the text is sent as it is, and nothing is read from it.
    """
    conversion = conversion_of(path)
    if conversion is not None:
        converted = conversion.of([data])
        return _described(path, Prepared(converted.data, converted.data.decode(), parts=converted.parts), recipe)
    decoded = decode(data)
    if decoded is None:
        return Prepared(data, None)
    if decoded.encoding == UTF_8:
        return _described(path, Prepared(data, decoded.text), recipe)
    text = decoded.text.removeprefix(_MARK)
    return _described(path, Prepared(text.encode(), text, decoded.encoding), recipe)


def _described(path: str, prepared: Prepared, recipe: Recipe | None) -> Prepared:
    """The document with what its text says, and as the recipe's hooks leave it."""
    if recipe is None or not recipe.needs_text or prepared.text is None:
        return prepared
    text = prepared.text.removeprefix(_MARK)
    sent_as = Kinds(recipe.convert).filename(path) or path
    facts = _facts(sent_as, text, recipe)
    if not recipe.hooks.any:
        return prepared._replace(facts=facts)
    from vsync.documents import hooks  # late: most runs change no text

    about = hooks.About(path, facts.title, recipe.address, recipe.repository, sent_as)
    changed = hooks.apply(text, recipe.hooks, about)
    if changed == text:
        return prepared._replace(facts=facts)
    return prepared._replace(data=changed.encode(), text=changed, facts=facts, hooked=True, parts=())


def _facts(path: str, text: str, recipe: Recipe) -> Facts:
    from vsync.documents import front_matter  # late: most runs read no front matter and no titles
    from vsync.documents.title import title_of

    block = front_matter.find(text)
    found: dict[str, object] = {}
    faults: tuple[str, ...] = ()
    if block is not None:
        try:
            found = dict(front_matter.parse(block))
        except front_matter.NotFrontMatter as error:
            faults = (f"its front matter cannot be read (line {error.line}: {error.reason})",)
    values: dict[str, AttributeValue] = {}
    for key in recipe.front_matter:
        value = front_matter.value_of(found[key]) if key in found else None
        if value is not None:
            values[key] = value
    title = title_of(text[block.end :] if block is not None else text, path, found)
    return Facts(title, values, faults if recipe.describes_text else ())
