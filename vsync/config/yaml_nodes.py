"""Reads YAML into nodes that know their place in the file. Pure.

Only the structure is read: what a scalar means is decided by `scalars`. The text is hostile, so the parser's events are
put together here, without recursion, and with a limit for depth and size. An alias counts as much as what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from vsync.config.config_mistakes import START, Mark, hides_secret
from vsync.system.redaction import printable
from vsync.system.wording import sentence, shortened

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError

MOST_NODES = 20_000
MOST_DEPTH = 32
_MOST_CHARACTERS = 40


@dataclass(slots=True, eq=False)
class Scalar:
    """A word, number or text as it is written. `plain`: it has no quotes, and is no block of text."""

    mark: Mark
    text: str
    plain: bool
    size: int = 1


@dataclass(slots=True, eq=False)
class Items:
    """A list. `size` counts the nodes below it and itself, with aliases as what they stand for."""

    mark: Mark
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True, eq=False)
class Pairs:
    """A mapping, with its keys as they stand in the file: also repeated ones and `<<`."""

    mark: Mark
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    size: int = 1


Node: TypeAlias = Scalar | Items | Pairs


class BadYaml(Exception):
    """The text is not what a config may be made of. `says` is a sentence."""

    def __init__(self, mark: Mark, says: str) -> None:
        super().__init__(says)
        self.mark = mark
        self.says = says


def compose(text: str) -> Node | None:
    """The node of the only document; None when there is nothing but comments. Raises BadYaml with the first mistake."""
    import yaml  # a run without a config does not need it

    _check_characters(text)
    loader = getattr(yaml, "CLoader", yaml.SafeLoader)
    events: Iterator[Any] = yaml.parse(text, Loader=loader)
    try:
        return _Composer().compose(events)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text) from None
    except yaml.YAMLError as error:
        raise BadYaml(START, f"this is not YAML: {error}.") from None


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


class _Composer:
    """Puts the events of one document together."""

    def __init__(self) -> None:
        self._open: list[Items | Pairs] = []
        self._keys: list[Node | None] = []
        """For each open node the key that waits for its value. Lists have None."""
        self._anchors: dict[str, Node] = {}
        self._names: list[str | None] = []
        self._root: Node | None = None
        self._documents = 0

    def compose(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            self._take(event)
        root = self._root
        return None if isinstance(root, Scalar) and root.plain and not root.text else root

    def _take(self, event: Any) -> None:
        kind = type(event).__name__
        mark = _mark(event.start_mark)
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise BadYaml(mark, "a second document begins here (---). A config has one.")
        elif kind == "ScalarEvent":
            _check_tag(event, mark)
            node = Scalar(mark, event.value, event.style is None or not event.style)
            self._name(event.anchor, node)
            self._put(node)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            _check_tag(event, mark)
            if len(self._open) >= MOST_DEPTH:
                raise BadYaml(mark, f"more than {MOST_DEPTH} lists and mappings stand in each other.")
            self._open.append(Items(mark) if kind == "SequenceStartEvent" else Pairs(mark))
            self._keys.append(None)
            self._names.append(event.anchor)
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            closed = self._open.pop()
            self._keys.pop()
            self._name(self._names.pop(), closed)
            self._put(closed)
        elif kind == "AliasEvent":
            self._put(self._meant(event.anchor, mark))

    def _name(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _meant(self, name: str, mark: Mark) -> Node:
        if name in self._names:
            raise BadYaml(mark, f"the alias *{_shown(name)} stands inside of what it names.")
        if name not in self._anchors:
            raise BadYaml(
                mark,
                f"the alias *{_shown(name)} names nothing: there is no &{_shown(name)} before it. "
                "A text that begins with * is put in quotes.",
            )
        return self._anchors[name]

    def _put(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        # What is open is not counted in its parents yet, so the sum of all open ones is what is there.
        parent.size += node.size
        if sum(each.size for each in self._open) > MOST_NODES:
            raise BadYaml(node.mark, f"there are more than {MOST_NODES:,} values, with those that aliases repeat.")
        if isinstance(parent, Items):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
        else:
            parent.pairs.append((key, node))
            self._keys[-1] = None


def _check_tag(event: Any, mark: Mark) -> None:
    if event.tag is not None:
        raise BadYaml(
            mark,
            f"the tag {_shown(event.tag)} is not used in a config. A text that begins with ! is put in quotes.",
        )


def _shown(name: str) -> str:
    return "…" if hides_secret(name) else printable(shortened(name, _MOST_CHARACTERS))


_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _check_characters(text: str) -> None:
    wrong = _NOT_ALLOWED.search(text)
    if wrong:
        mark = Mark(text.count("\n", 0, wrong.start()) + 1, wrong.start() - text.rfind("\n", 0, wrong.start()))
        raise BadYaml(mark, f"the character {printable(wrong[0])} is not allowed in YAML.")


# --- Mistakes of syntax -------------------------------------------------------------------------------------

_HINTS = (
    ("\t", "A tab stands here, and YAML indents with blanks."),
    ("*", "A text that begins with * is put in quotes."),
    ("@", "A text that begins with @ is put in quotes."),
    ("`", "A text that begins with ` is put in quotes."),
    ("%", "A text that begins with % is put in quotes."),
)


def _syntax(error: MarkedYAMLError, text: str) -> BadYaml:
    mark = error.problem_mark or error.context_mark
    place = START if mark is None else _mark(mark)
    problem = error.problem or "it cannot be read"
    context = f" {error.context}" if error.context else ""
    began = error.context_mark
    since = f" that begins in line {began.line + 1}" if context and began and mark and began.line != mark.line else ""
    hint = _hint(problem, error.context or "", text, place)
    return BadYaml(place, f"this is not YAML: {sentence(f'{problem}{context}{since}')}{hint}")


def _hint(problem: str, context: str, text: str, place: Mark) -> str:
    if "mapping values are not allowed" in problem:
        return " A text with a colon and a blank in it is put in quotes; else look at the indentation."
    if "alias" in context:
        return " A text that begins with * is put in quotes."
    if "tag" in context:
        return " A text that begins with ! is put in quotes."
    if "unknown escape" in problem:
        return " In double quotes a backslash is written twice; in single quotes it stands for itself."
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "did not find expected key" in problem and re.search(r"[:-] +[\[{]", line[: place.column]):
        return " A text that begins with { or [ is put in quotes."
    at = line[place.column - 1 : place.column]
    return next((f" {hint}" for character, hint in _HINTS if at == character), "")
