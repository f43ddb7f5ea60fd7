"""Reads `.vsync.yml`. Pure: bytes in, a `Config` out, or one error that lists all mistakes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vsync.config.config_mistakes import START, Mark, Mistakes
from vsync.config.config_values import target_config
from vsync.config.key_reader import Found, Reader
from vsync.config.keys import TARGET_KEYS, TARGETS_KEY, TOP, VERSION, VERSION_KEY
from vsync.config.scalars import is_nothing
from vsync.config.target_config import MOST_BYTES, Config
from vsync.config.yaml_nodes import BadYaml, Node, Pairs, Scalar, compose
from vsync.system.wording import size


def parse_config(content: bytes, path: str) -> Config:
    """The config in these bytes. `path` is its path in the repository. A file of comments alone gives the defaults.

    Raises ConfigMistakes (a ConfigurationError): it names each mistake with its line and column.
    """
    mistakes = Mistakes(path)
    config = Config(path)
    try:
        node = compose(_text(content))
        if node is not None and not is_nothing(node):
            config = _config(node, path, mistakes)
    except BadYaml as bad:
        mistakes.add(bad.mark, (), bad.says)
    if mistakes:
        raise mistakes.error()
    return config


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise BadYaml(START, f"the file has {size(len(content))}, and a config has at most 1 MiB.")
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        raise BadYaml(Mark(line, column), "here the file is not UTF-8 text. Save it as UTF-8.") from None


def _config(node: Node, path: str, mistakes: Mistakes) -> Config:
    _check_version(node)
    found = Reader(mistakes).section(node, TOP, ())
    if TARGETS_KEY.name not in found.marks:
        return Config(path, (target_config(found, (), mistakes),))
    for key in TARGET_KEYS:
        if key.name in found.marks:
            mistakes.add(
                found.marks[key.name],
                (key.name,),
                "this stands beside targets. In a file with targets it stands in each target that needs it.",
            )
    targets: Mapping[str, Found] = found.values.get(TARGETS_KEY.name, {})
    _check_names(targets, mistakes)
    return Config(
        path,
        tuple(target_config(each, (TARGETS_KEY.name, name), mistakes, name) for name, each in targets.items()),
        named=True,
    )


def _check_version(node: Node) -> None:
    """A newer version may mean anything by its keys, so nothing else is said of such a file. Raises BadYaml."""
    for key, value in node.pairs if isinstance(node, Pairs) else []:
        named = isinstance(key, Scalar) and key.text == VERSION_KEY.name
        if named and isinstance(value, Scalar) and value.plain and _is_newer(value.text):
            raise BadYaml(
                value.mark,
                f"the config has version {value.text}, and this vsync knows version {VERSION}. Update vsync.",
            )


def _is_newer(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,8}", text) is not None and int(text) > VERSION


def _check_names(targets: Mapping[str, Found], mistakes: Mistakes) -> None:
    """Each target has a ref and files of its own, and some disks take names that differ in case for one."""
    seen: dict[str, str] = {}
    for name, each in targets.items():
        first = seen.setdefault(name.lower(), name)
        if first != name:
            mistakes.add(
                each.mark,
                (TARGETS_KEY.name, name),
                f"this name differs from {first} only in capital letters. Rename it.",
            )
