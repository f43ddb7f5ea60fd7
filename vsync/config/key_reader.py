"""Reads the nodes of a config by the table of its keys: into plain values, and mistakes with their places. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from vsync.config.config_mistakes import KeyPath, Mark, Mistakes, hides_secret, looks_secret, shown_key, shown_text
from vsync.config.forms import Form
from vsync.config.keys import Choice, Either, Kind, ListOf, MapOf, Section, Switch, Text, Value, Whole
from vsync.config.not_for_config import elsewhere, never_from_config
from vsync.config.scalars import Unfit, described, is_nothing, switch_of, text_of, value_of, whole_of
from vsync.config.yaml_nodes import Items, Node, Pairs, Scalar
from vsync.errors import ConfigurationError
from vsync.system.nearest import nearest
from vsync.system.redaction import SECRET_NAME
from vsync.system.wording import sentence

MERGE = "<<"
_LONGEST_KEY = 64
"""A longer key is no misspelled one."""
_OWN_NAMES = {"allow-secrets"}


@dataclass(frozen=True, slots=True)
class Found:
    """The values of a section by the names of its keys, and where each key stands. Values that are wrong are left out.

    `mark` is where the section begins: at its name, where the user chose the name.
    """

    mark: Mark
    values: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)


class Member(NamedTuple):
    """A key of a mapping with its value."""

    mark: Mark
    value: Node


def _is_secret_name(keys: KeyPath) -> bool:
    words = [key for key in keys[-2:] if isinstance(key, str) and key not in _OWN_NAMES]
    return any(len(word) <= _LONGEST_KEY and SECRET_NAME.search(word) for word in words)


class _Wrong(Exception):
    """The value is wrong, and the mistake is noted."""


class Reader:
    """Reads values of the kinds that `keys` has. What is wrong is noted in `mistakes`."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._checked: dict[tuple[int, str], tuple[Any, str]] = {}
        """What a form says of a text: the value, or a sentence. An alias repeats a text thousands of times."""
        self._secret: dict[str, bool] = {}

    def section(self, node: Node, kind: Section, keys: KeyPath) -> Found:
        """The values of a mapping with known keys. Other keys are mistakes."""
        if kind.empty and is_nothing(node):
            return Found(node.mark)
        members = self.members(node, keys)
        if members is None:
            return Found(node.mark)
        values: dict[str, Any] = {}
        marks: dict[str, Mark] = {}
        for name, member in members.items():
            key = kind.key(name)
            if key is None:
                self._unknown(name, member.mark, kind, keys)
                continue
            marks[name] = member.mark
            try:
                values[name] = self.read(member.value, key.kind, (*keys, name))
            except _Wrong:
                continue
        for key in kind.keys:
            if key.required and key.name not in members:
                self._mistakes.add(node.mark, (*keys, key.name), f"this key is missing. {key.says}")
        return Found(node.mark, values, marks)

    def members(self, node: Node, keys: KeyPath) -> dict[str, Member] | None:
        """The keys of a mapping. A key that stands twice is a mistake. None: it is no mapping, which is noted."""
        if not isinstance(node, Pairs):
            self._mistakes.add(node.mark, keys, lambda: f"expected a mapping (key: value), found {described(node)}.")
            return None
        found: dict[str, Member] = {}
        merged: dict[str, Member] = {}
        for key, value in node.pairs:
            if isinstance(key, Scalar) and key.plain and key.text == MERGE:
                for name, member in self._merged(value, keys):
                    merged.setdefault(name, member)
            elif not isinstance(key, Scalar) or is_nothing(key):
                self._mistakes.add(key.mark, keys, f"a key is a word, and here is {described(key)}.")
            elif key.text in found:
                line = found[key.text].mark.line
                self._mistakes.add(
                    key.mark, (*keys, key.text), f"this key stands twice, first in line {line}. Remove one."
                )
            else:
                found[key.text] = Member(key.mark, value)
        return {**{name: member for name, member in merged.items() if name not in found}, **found}

    def _merged(self, value: Node, keys: KeyPath) -> Iterator[tuple[str, Member]]:
        """The keys that `<<` brings. Of several mappings the first one with the key counts."""
        for each in value.items if isinstance(value, Items) else [value]:
            if isinstance(each, Pairs):
                yield from (self.members(each, keys) or {}).items()
            else:
                self._mistakes.add(
                    each.mark, (*keys, MERGE), f"<< takes a mapping, such as *name, and here is {described(each)}."
                )

    def _unknown(self, name: str, mark: Mark, kind: Section, keys: KeyPath) -> None:
        known = [key.name for key in kind.keys]

        def says() -> str:
            never = never_from_config(name)
            if never is not None:
                return never
            meant = elsewhere(name, known) or (nearest(name, known) if len(name) <= _LONGEST_KEY else None)
            if meant:
                return f"unknown key. Did you mean {meant}?"
            return f"unknown key. There are {', '.join(known)}."

        self._mistakes.add(mark, (*keys, name), says)

    # --- Values -------------------------------------------------------------------------------------------------

    def read(self, node: Node, kind: Kind, keys: KeyPath) -> Any:
        """The value. Raises _Wrong when it is noted as a mistake."""
        match kind:
            case Section():
                return self.section(node, kind, keys)
            case Text(form):
                return self._text(node, form, keys)
            case Value(form):
                return self._value(node, form, keys)
            case ListOf():
                return self._list(node, kind, keys)
            case MapOf():
                return self._map(node, kind, keys)
            case Either(listing, mapping):
                return self.read(node, mapping if isinstance(node, Pairs) else listing, keys)
            case Whole():
                return self._whole(node, kind, keys)
            case Choice():
                return self._choice(node, kind, keys)
            case Switch():
                return self._switch(node, keys)

    def _text(self, node: Node, form: Form, keys: KeyPath) -> Any:
        try:
            text = text_of(node, form.says)
        except Unfit as unfit:
            raise self._unfit(node, unfit, keys) from None
        return self._formed(text, form, node.mark, keys)

    def _formed(self, text: str, form: Form, mark: Mark, keys: KeyPath) -> Any:
        """The value of a text. Raises _Wrong."""
        if (id(form), text) not in self._checked:
            self._checked[id(form), text] = self._check(text, form)
        value, wrong = self._checked[id(form), text]
        if wrong:
            raise self._note(mark, keys, wrong)
        return value

    def _check(self, text: str, form: Form) -> tuple[Any, str]:
        if len(text) > form.most:
            return (
                None,
                f"expected {form.says}, found a text of {len(text):,} characters. At most {form.most:,} are taken.",
            )
        if len(text) < form.least or (form.least and not text.strip()):
            return None, f"expected {form.says}, found an empty text."
        if "\0" in text:
            return None, f"expected {form.says}, found a NUL character."
        if looks_secret(text):
            return None, (
                f"expected {form.says}, found a text that looks like a secret. Remove it from the config, and revoke it: "
                "whoever can read the repository knows it."
            )
        try:
            return form.check(text), ""
        except ConfigurationError as error:
            if hides_secret(text):
                return None, f"expected {form.says}, found {shown_text(text)}."
            return None, f"{sentence(error.message)} {error.remedy}".rstrip()
        except ValueError as error:
            why = str(error)
            more = "" if why == form.says else f" {why[:1].upper()}{why[1:]}"
            return None, sentence(f"expected {form.says}, found {shown_text(text)}.{more}")

    def _value(self, node: Node, form: Form, keys: KeyPath) -> Any:
        try:
            value = value_of(node)
        except Unfit as unfit:
            raise self._unfit(node, unfit, keys) from None
        return self._formed(value, form, node.mark, keys) if isinstance(value, str) else value

    def _list(self, node: Node, kind: ListOf, keys: KeyPath) -> tuple[Any, ...]:
        if not isinstance(node, Items):
            if kind.single and isinstance(node, Scalar) and not is_nothing(node):
                return (self.read(node, kind.item, keys),)
            raise self._note(node.mark, keys, lambda: f"expected a list, found {described(node)}.")
        if len(node.items) > kind.most:
            raise self._note(
                node.mark, keys, f"there are {len(node.items):,} items, and at most {kind.most:,} are taken."
            )
        values, wrong = [], False
        for number, item in enumerate(node.items, 1):
            try:
                values.append(self.read(item, kind.item, (*keys, number)))
            except _Wrong:
                wrong = True
        if len(node.items) < kind.least:
            raise self._note(node.mark, keys, "the list is empty. Give at least one.")
        if wrong:
            raise _Wrong
        return tuple(values)

    def _map(self, node: Node, kind: MapOf, keys: KeyPath) -> dict[Any, Any]:
        members = self.members(node, keys)
        if members is None:
            raise _Wrong
        values, wrong = {}, False
        for name, member in members.items():
            try:
                key = self._formed(name, kind.key.form, member.mark, (*keys, name))
                if key in values:
                    raise self._note(member.mark, (*keys, name), f"this is {shown_key(key)} once more. Remove one.")
                value = self.read(member.value, kind.value, (*keys, name))
                values[key] = replace(value, mark=member.mark) if isinstance(value, Found) else value
            except _Wrong:
                wrong = True
        if len(members) < kind.least:
            raise self._note(node.mark, keys, "the mapping is empty. Give at least one.")
        if len(members) > kind.most:
            raise self._note(node.mark, keys, f"there are {len(members):,}, and at most {kind.most:,} are taken.")
        if wrong:
            raise _Wrong
        return values

    def _whole(self, node: Node, kind: Whole, keys: KeyPath) -> int:
        switch = switch_of(node)
        if kind.words is not None and switch is not None:
            return kind.words[switch]
        expected = f"a whole number from {kind.least} to {kind.most}" if kind.least < kind.most else str(kind.most)
        try:
            return whole_of(
                node, kind.least, kind.most, expected if kind.words is None else f"true, false or {expected}"
            )
        except Unfit as unfit:
            raise self._unfit(node, unfit, keys) from None

    def _choice(self, node: Node, kind: Choice, keys: KeyPath) -> str:
        switch = switch_of(node)
        if kind.words is not None and switch is not None:
            return kind.words[switch]
        if isinstance(node, Scalar) and node.text in kind.names:
            return node.text
        *others, last = (*(["true", "false"] if kind.words is not None else []), *kind.names)
        text = node.text if isinstance(node, Scalar) else ""
        meant = nearest(text, kind.names) if 0 < len(text) <= _LONGEST_KEY else None
        raise self._unfit(
            node, Unfit(f"{', '.join(others)} or {last}", f"Did you mean {meant}?" if meant else ""), keys
        )

    def _switch(self, node: Node, keys: KeyPath) -> bool:
        switch = switch_of(node)
        if switch is None:
            quoted = isinstance(node, Scalar) and node.text in ("true", "false")
            raise self._unfit(node, Unfit("true or false", "Remove the quotes." if quoted else ""), keys)
        return switch

    def _unfit(self, node: Node, unfit: Unfit, keys: KeyPath) -> _Wrong:
        hint = f" {unfit.hint}" if unfit.hint else ""
        # What stands behind a name such as `password` is not repeated.
        if isinstance(node, Scalar) and _is_secret_name(keys):
            return self._note(node.mark, keys, f"expected {unfit.expected}.")
        return self._note(node.mark, keys, lambda: f"expected {unfit.expected}, found {described(node)}.{hint}")

    def _note(self, mark: Mark, keys: KeyPath, says: Any) -> _Wrong:
        self._mistakes.add(mark, keys, says)
        return _Wrong()
