"""YAML becomes nodes with places, and what no config needs is refused with a hint."""

from __future__ import annotations

import pytest

from vsync.config.config_mistakes import Mark
from vsync.config.yaml_nodes import MOST_DEPTH, MOST_NODES, BadYaml, Items, Node, Pairs, Scalar, compose


def plain(node: Node) -> object:
    """The node as lists, pairs and texts."""
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    if isinstance(node, Pairs):
        return [(plain(key), plain(value)) for key, value in node.pairs]
    return node.text


def composed(text: str) -> Node:
    node = compose(text)
    assert node is not None
    return node


def refused(text: str) -> tuple[int, int, str]:
    with pytest.raises(BadYaml) as caught:
        compose(text)
    return (*caught.value.mark, caught.value.says)


def test_the_nodes_have_the_structure_of_the_file() -> None:
    assert plain(composed("a: [b, {c: d}]\na: &x e\n<<: *x\n")) == [("a", ["b", [("c", "d")]]), ("a", "e"), ("<<", "e")]


def test_a_node_knows_its_place() -> None:
    root = composed("é: x\nb:\n  - 'c'\n")
    assert isinstance(root, Pairs)
    (first, value), (_, items) = root.pairs
    assert isinstance(items, Items)
    assert (first.mark, value.mark, items.items[0].mark) == (Mark(1, 1), Mark(1, 4), Mark(3, 5))


@pytest.mark.parametrize(
    ("text", "is_plain"), [("x", True), ("'x'", False), ('"x"', False), ("|\n x", False), (">\n x", False)]
)
def test_a_scalar_knows_whether_it_has_quotes(text: str, is_plain: bool) -> None:
    node = composed(text)
    assert isinstance(node, Scalar)
    assert node.plain is is_plain


@pytest.mark.parametrize("text", ["", "#", "---", "---\n...", "%YAML 1.1\n---\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert compose(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: *.md", (1, 5, "this is not YAML: did not find expected alphabetic or numeric character while scanning an alias. "
         "A text that begins with * is put in quotes.")),
        ("a: *b", (1, 4, "the alias *b names nothing: there is no &b before it. A text that begins with * is put in quotes.")),
        ("a: &b [*b]", (1, 8, "the alias *b stands inside of what it names.")),
        ("a: !b c", (1, 4, "the tag !b is not used in a config. A text that begins with ! is put in quotes.")),
        ("a: !!binary b", (1, 4, "the tag tag:yaml.org,2002:binary is not used in a config. "
         "A text that begins with ! is put in quotes.")),
        ("a: !!python/object:os.system b", (1, 4, "the tag tag:yaml.org,2002:python/object:os.syst… is not used in a config. "
         "A text that begins with ! is put in quotes.")),
        ("a: !!map {}", (1, 4, "the tag tag:yaml.org,2002:map is not used in a config. A text that begins with ! is put in quotes.")),
        ("a: b\n---\nc: d", (2, 1, "a second document begins here (---). A config has one.")),
        ("a:\n\t- b", (2, 1, "this is not YAML: found character that cannot start any token while scanning for the next token. "
         "A tab stands here, and YAML indents with blanks.")),
        ("a: @b", (1, 4, "this is not YAML: found character that cannot start any token while scanning for the next token. "
         "A text that begins with @ is put in quotes.")),
        ("a: b: c", (1, 5, "this is not YAML: mapping values are not allowed in this context. "
         "A text with a colon and a blank in it is put in quotes; else look at the indentation.")),
        ('a: "\\d"', (1, 5, "this is not YAML: found unknown escape character while parsing a quoted scalar. "
         "In double quotes a backslash is written twice; in single quotes it stands for itself.")),
        ('a: "\\ud800"', (1, 7, "this is not YAML: found invalid Unicode character escape code while parsing a quoted scalar.")),
        ("a: {b}/c", (1, 7, "this is not YAML: did not find expected key while parsing a block mapping. "
         "A text that begins with { or [ is put in quotes.")),
        ("a:\n  b: [c\n", (3, 1, "this is not YAML: did not find expected ',' or ']' while parsing a flow sequence "
         "that begins in line 2.")),
        ("a: \x1b", (1, 4, "the character \\x1b is not allowed in YAML.")),
        ("a\n\n \ufeff", (3, 2, "the character \\ufeff is not allowed in YAML.")),
    ],
)  # fmt: skip
def test_what_no_config_needs_is_refused_with_a_hint(text: str, expected: tuple[int, int, str]) -> None:
    assert refused(text) == expected


def test_lists_and_mappings_stand_in_each_other_up_to_a_limit() -> None:
    assert compose("[" * MOST_DEPTH + "]" * MOST_DEPTH) is not None
    assert refused("[" * (MOST_DEPTH + 1))[2] == f"more than {MOST_DEPTH} lists and mappings stand in each other."


def test_an_alias_counts_as_much_as_what_it_stands_for() -> None:
    ten = f"- &a [{', '.join('x' * 9)}]\n"  # ten nodes with the list
    rest = MOST_NODES // 10 - 1
    fits = composed(ten + "- *a\n" * (rest - 1))
    assert fits.size == MOST_NODES - 9
    assert refused(ten + "- *a\n" * rest)[2] == "there are more than 20,000 values, with those that aliases repeat."
