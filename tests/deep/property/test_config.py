"""Laws of the config: any bytes give a config or one error, and what is written down correctly is read as it was meant."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

import jsonschema_rs
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from vsync.config import forms
from vsync.config.config_parser import parse_config
from vsync.config.keys import TARGET_KEYS, Choice, Either, Key, Kind, ListOf, MapOf, Section, Switch, Text, Value, Whole
from vsync.config.schema import json_schema
from vsync.config.target_config import Config, TargetConfig
from vsync.documents.chunking import GivenChunking
from vsync.documents.describing import Describing, Hooks
from vsync.errors import ConfigMistakes

VALIDATOR = jsonschema_rs.Draft7Validator(json_schema())
MOST_SECONDS = 20.0

# --- Configs that are right, as the values that a parser of JSON or YAML reads -------------------------------

WORD = st.from_regex(r"[a-z][a-z0-9]{2,9}", fullmatch=True)
TEXTS: dict[forms.Form, st.SearchStrategy[str]] = {
    forms.STORE_ID: WORD.map("vs_{}".format),
    forms.BRANCH: WORD | WORD.map("feature/{}".format),
    forms.PATTERN: st.sampled_from(["docs/", "**/*.md", "!docs/old/**", "/a b.md", "[ab].txt", "é"]) | WORD,
    forms.TEMPLATE: st.sampled_from(["{directory}", "{{x}}", "{1}-{title}", "no", "12:30", "", "true", "~", "0x1f"])
    | WORD,
    forms.URL: st.sampled_from(["https://docs.example.com/{path-without-extension}", "{permalink}"]),
    forms.ENDING: WORD.map(".{}x".format),
    forms.TEXT_ENDING: st.sampled_from(forms.TEXT_ENDINGS),
    forms.DELETE_LIMIT: st.sampled_from(["20", "30%", "12.5 %"]),
    forms.UPLOAD_LIMIT: st.sampled_from(["5000", "2GB", "5000,2GB", "1.5 MiB"]),
}
"""Texts of each form; words for the others."""


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that the reader takes for a kind, one by one. What concerns several keys may be wrong all the same."""
    match kind:
        case Section(keys):
            required = {key.name: values(key.kind) for key in keys if key.required}
            optional = {key.name: values(key.kind) for key in keys if not key.required}
            return st.fixed_dictionaries(required, optional=optional)
        case Text(form):
            return TEXTS.get(form, WORD)
        case Value(form):
            return st.booleans() | st.integers(-999, 999) | TEXTS.get(form, WORD)
        case ListOf(item, least, _, single):
            several = st.lists(values(item), min_size=least, max_size=3)
            return several | values(item) if single else several
        case MapOf(key, value, least, _):
            return st.dictionaries(values(key), values(value), min_size=least, max_size=3)
        case Either(listing, mapping):
            return values(listing) | values(mapping)
        case Whole(least, most, words):
            return st.integers(least, most) | (st.booleans() if words else st.nothing())
        case Choice(names, words):
            return st.sampled_from([*names, *(words or ())])
        case Switch():
            return st.booleans()


SECTION = values(Section(TARGET_KEYS))
CONFIG = SECTION.map(lambda target: {"version": 1, **target}) | st.dictionaries(
    WORD, SECTION | st.none(), min_size=1, max_size=3
).map(lambda targets: {"version": 1, "targets": targets})


def read(content: bytes) -> Config | None:
    """The config; None: it has mistakes. Nothing else may happen, and nothing takes long."""
    began = time.process_time()
    try:
        return parse_config(content, ".vsync.yml")
    except ConfigMistakes as error:
        lines = error.message.split("\n")
        assert 1 <= len(lines) <= 21
        assert all(line.startswith(".vsync.yml:") and line.isprintable() for line in lines)
        return None
    finally:
        assert time.process_time() - began < MOST_SECONDS


def as_yaml(value: Any) -> bytes:
    """Written as PyYAML does, whose quotes are those that YAML 1.1 needs."""
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()


def as_json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


# --- Laws -------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"version: 1|targets:|: |[|]|{|}|&a |*a |<<|!!str |!a |>|'|#|---|...|%|? |,|~|include|chunking|size|attributes|rules".split(
            "|"
        ),
        *"match|yes|012|1e3|\\|{directory}|sk-|😀".split("|"),
        *["\n  ", "\n", "|\n", '"', "\t", "\r", "\x85", "\u2028", "\ufeff", "x" * 70],
    ]
)


@given(st.binary(max_size=200))
@example(b"\xff\xfea\x00")
@example(b"\xef\xbb\xbf")
@example(b"? ? a\n: b")
def test_any_bytes_give_a_config_or_its_mistakes(content: bytes) -> None:
    read(content)


@given(st.lists(PIECES, max_size=30))
@example(["&a ", "{", "<<", ": ", "*a ", "}"])
@example(["&a ", "[", "*a ", "]"])
def test_any_pieces_of_yaml_give_a_config_or_its_mistakes(pieces: list[str]) -> None:
    read("".join(pieces).encode())
    read(("version: 1\n" + "".join(pieces)).encode())


@given(CONFIG, st.data())
def test_a_config_with_one_damaged_place_gives_a_config_or_its_mistakes(config: Any, data: st.DataObject) -> None:
    content = as_yaml(config).decode()
    at = data.draw(st.integers(0, len(content)))
    read((content[:at] + data.draw(PIECES) + content[at + data.draw(st.integers(0, 5)) :]).encode())


@given(CONFIG)
def test_yaml_and_json_say_the_same(config: Any) -> None:
    from_yaml, from_json = read(as_yaml(config)), read(as_json(config))
    assert (from_yaml is None) == (from_json is None)
    if from_yaml is not None and from_json is not None:
        assert [_without_line(target) for target in from_yaml.targets] == [
            _without_line(target) for target in from_json.targets
        ]


def _without_line(target: TargetConfig) -> str:
    return repr(target).rpartition("line=")[0]


@given(CONFIG)
def test_the_schema_takes_whatever_the_reader_takes(config: Any) -> None:
    if read(as_yaml(config)) is not None:
        VALIDATOR.validate(config)


def _wrong(key: Key) -> Any:
    """A value that no key of its kind takes."""
    return [{"a": [None]}] if isinstance(key.kind, Section | MapOf | Text) else {"a": {"b": [None]}}


@given(CONFIG, st.sampled_from(TARGET_KEYS))
def test_the_reader_refuses_whatever_the_schema_refuses(config: Any, key: Key) -> None:
    damaged = (
        {**config, "targets": {"a": {key.name: _wrong(key)}}}
        if "targets" in config
        else {**config, key.name: _wrong(key)}
    )
    assert not VALIDATOR.is_valid(damaged)
    assert read(as_yaml(damaged)) is None


@given(CONFIG, WORD)
def test_a_key_that_nobody_knows_is_refused_by_both(config: Any, name: str) -> None:
    if name not in {key.name for key in TARGET_KEYS} | {"version", "targets"}:
        damaged = {**config, name: 1}
        assert not VALIDATOR.is_valid(damaged)
        assert read(as_yaml(damaged)) is None


TARGETS = st.builds(
    TargetConfig,
    vector_store_name=st.none() | WORD,
    description=st.none() | TEXTS[forms.TEMPLATE].filter(str.strip),
    metadata=st.dictionaries(WORD, TEXTS[forms.TEMPLATE], max_size=3),
    branch=st.none() | TEXTS[forms.BRANCH],
    include=st.none() | st.lists(TEXTS[forms.PATTERN], max_size=3).map(tuple),
    exclude=st.none() | st.lists(TEXTS[forms.PATTERN], max_size=3).map(tuple),
    says=st.builds(
        Describing,
        attributes=st.dictionaries(WORD, values(Value(forms.TEMPLATE)), max_size=3),
        front_matter=st.none() | st.dictionaries(WORD, WORD, max_size=3),
        git=st.none() | st.just(("changed",)),
        url=st.none() | TEXTS[forms.URL],
        directory=st.none() | st.integers(0, 8),
        chunking=st.none()
        | st.builds(
            GivenChunking, st.none(), st.integers(0, 50)
        )  # half of the smallest size: it fits whatever was said
        | st.integers(100, 4096).flatmap(
            lambda size: st.builds(GivenChunking, st.just(size), st.none() | st.integers(0, size // 2))
        ),
        content=st.builds(
            Hooks,
            heading=st.sampled_from([None, "title", "source", "none"]),
            mdx=st.sampled_from([None, "strip", "keep"]),
        ),
    ),
    submodules=st.booleans(),
    line=st.just(1),
)


def written(target: TargetConfig) -> dict[str, Any]:
    """The keys of a config that say this target."""
    says = target.says
    keys = {
        "vector-store-name": target.vector_store_name,
        "description": target.description,
        "metadata": target.metadata,
        "branch": target.branch,
        "include": target.include and list(target.include),
        "exclude": None if target.exclude is None else list(target.exclude),
        "attributes": says.attributes,
        "front-matter": says.front_matter,
        "git": says.git and list(says.git),
        "url": says.url,
        "directory": says.directory,
        "chunking": says.chunking
        and {name: value for name, value in asdict(says.chunking).items() if value is not None},
        "content": {
            name: value
            for name, value in (
                ("heading", False if says.content.heading == "none" else says.content.heading),
                ("mdx", says.content.mdx),
            )
            if value is not None
        },
        "submodules": target.submodules,
    }
    return {
        "version": 1,
        **{name: list(value) if value == () else value for name, value in keys.items() if value is not None},
    }


@given(TARGETS)
def test_what_is_written_is_read_as_it_was_meant(target: TargetConfig) -> None:
    for content in (as_yaml(written(target)), as_json(written(target))):
        config = read(content)
        assert config is not None
        assert config.targets == (target,)


@given(
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\0\x7f"), max_size=40)
)
def test_a_text_in_json_is_read_as_it_stands(text: str) -> None:
    config = read(as_json({"version": 1, "description": text}))
    assert (config is None) == (not text.strip())
    assert config is None or config.targets == (TargetConfig(description=text),)
