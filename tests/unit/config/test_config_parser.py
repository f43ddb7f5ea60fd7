"""What a config says, and each mistake in it: exactly one line, with its place."""

from __future__ import annotations

import time

import pytest

from vsync.config.config_parser import parse_config
from vsync.config.limits import Limits
from vsync.config.target_config import MOST_BYTES, Config, TargetConfig
from vsync.documents.chunking import Chunking, GivenChunking
from vsync.documents.describing import Check, Describing, Hooks, Rule
from vsync.errors import ConfigMistakes, ConfigurationError

PATH = ".vsync.yml"
TOKEN = "sk-" + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"


def parsed(text: str) -> Config:
    return parse_config(text.encode(), PATH)


def only(text: str) -> TargetConfig:
    """The only target of a config with this text behind its version."""
    config = parsed(f"version: 1\n{text}")
    (target,) = config.targets
    assert not config.named
    return target


def mistakes(content: str | bytes) -> list[str]:
    """The mistakes without the file's name."""
    with pytest.raises(ConfigMistakes) as caught:
        parse_config(content.encode() if isinstance(content, str) else content, PATH)
    return [line.removeprefix(f"{PATH}:") for line in caught.value.message.split("\n")]


def mistake(text: str) -> str:
    """The only mistake of a config with this text behind its version, which is line 1."""
    (line,) = mistakes(f"version: 1\n{text}")
    return line


# --- What a config says -------------------------------------------------------------------------------------

EVERY_KEY = """\
version: 1
targets:
  docs:
    vector-store-name: acme-docs
    description: The documentation.
    metadata: {team: docs}
    expires-after-days: 30
    branch: main
    root: services/api
    types: documentation
    include: [docs/**, "*.md"]
    exclude: docs/archive/
    allow-secrets: []
    chunking: {size: 800, overlap: 200}
    attributes: {team: docs, section: "{directory}", level: 2, share: 0.5, public: true}
    front-matter: [title, tags]
    git: [changed, author]
    url: "https://docs.example.com/{path-without-extension}"
    directory: true
    content: {front-matter: strip, comments: strip, heading: true, links: absolute, mdx: strip}
    convert: {".log": ".txt"}
    submodules: true
    symlinks: true
    limits: {max-delete: 30%, max-upload: "5000,2GB"}
    rules:
      - match: docs/api/**
        attributes: {section: api}
        front-matter: {title: name}
        git: []
        url: https://api.example.com/{stem}
        directory: 0
        chunking: {size: 400}
        content: {heading: false}
    checks:
      - question: How do I install it?
        expect: docs/install.md
        within: 5
        filter: {section: api}
      - question: Who made it?
        expect: {team: docs}
  code:
    vector-store-id: vs_1
"""


def test_every_key_is_read() -> None:
    docs = TargetConfig(
        name="docs",
        vector_store_name="acme-docs",
        description="The documentation.",
        metadata={"team": "docs"},
        expires_after_days=30,
        branch="main",
        root="services/api",
        types="documentation",
        include=("docs/**", "*.md"),
        exclude=("docs/archive/",),
        allow_secrets=(),
        says=Describing(
            attributes={"team": "docs", "section": "{directory}", "level": 2, "share": 0.5, "public": True},
            front_matter={"title": "title", "tags": "tags"},
            git=("changed", "author"),
            url="https://docs.example.com/{path-without-extension}",
            directory=8,
            chunking=GivenChunking(800, 200),
            content=Hooks("strip", "strip", "title", "absolute", "strip"),
        ),
        convert={".log": ".txt"},
        limits=Limits(max_delete_percent=30.0, max_uploads=5000, max_upload_bytes=2 * 10**9),
        submodules=True,
        symlinks=True,
        rules=(
            Rule(
                ("docs/api/**",),
                Describing(
                    attributes={"section": "api"},
                    front_matter={"title": "name"},
                    git=(),
                    url="https://api.example.com/{stem}",
                    directory=0,
                    chunking=GivenChunking(400),
                    content=Hooks(heading="none"),
                ),
            ),
        ),
        checks=(
            Check("How do I install it?", ("docs/install.md",), {}, 5, {"section": "api"}),
            Check("Who made it?", (), {"team": "docs"}, 3, {}),
        ),
        line=3,
    )
    assert parsed(EVERY_KEY) == Config(PATH, (docs, TargetConfig("code", "vs_1", line=41)), named=True)


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "\n\n", "---\n...\n", "version: 1", "\ufeffversion: 1\r\n", "~", "null"]
)
def test_a_config_that_says_nothing_gives_the_defaults(text: str) -> None:
    assert parsed(text) == Config(PATH)


def test_the_same_keys_stand_at_the_top_where_there_is_one_target() -> None:
    assert only("branch: main\nlimits: {max-delete: 20}") == TargetConfig(branch="main", limits=Limits(max_deletes=20))


def test_a_target_may_say_nothing() -> None:
    config = parsed("version: 1\ntargets:\n  a:\n  b: {}\n")
    assert [(target.name, target.line) for target in config.targets] == [("a", 3), ("b", 4)]


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("2024", "2024"),
        ("1_000", "1_000"),
        ("012", "012"),
        ("yes", "yes"),
        ("off", "off"),
        ("1e3", "1e3"),
        ("2024-01-01", "2024-01-01"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("refs/heads/main", "main"),
        ("feature/ä", "feature/ä"),
        (">-\n  main", "main"),
    ],
)
def test_a_text_is_taken_as_it_is_written(text: str, branch: str) -> None:
    assert only(f"branch: {text}").branch == branch


@pytest.mark.parametrize("text", ["yes", "[yes]", "- yes", "- |\n    yes\n"])
def test_one_pattern_counts_as_a_list_of_one(text: str) -> None:
    assert only(f"include:\n  {text}").include == ("yes",)


def test_what_is_empty_is_not_what_is_missing() -> None:
    said, unsaid = only("include: []\ngit: []\nfront-matter: []"), only("")
    assert (said.include, said.says.git, said.says.front_matter) == ((), (), {})
    assert (unsaid.include, unsaid.says.git, unsaid.says.front_matter) == (None, None, None)


@pytest.mark.parametrize(("text", "levels"), [("true", 8), ("false", 0), ("0", 0), ("3", 3)])
def test_the_directory_has_levels(text: str, levels: int) -> None:
    assert only(f"directory: {text}").says.directory == levels


@pytest.mark.parametrize(
    ("text", "heading"), [("true", "title"), ("title", "title"), ("source", "source"), ("false", "none")]
)
def test_the_heading_has_four_values(text: str, heading: str) -> None:
    assert only(f"content: {{heading: {text}}}").says.content.heading == heading


@pytest.mark.parametrize(
    ("text", "chunking"),
    [("{}", Chunking()), ("{size: 100}", Chunking(100, 50)), ("{overlap: 0}", Chunking(800, 0))],
)
def test_the_default_overlap_is_half_of_the_size(text: str, chunking: Chunking) -> None:
    given = only(f"chunking: {text}").says.chunking
    assert (given or GivenChunking()).after(Chunking()) == chunking


@pytest.mark.parametrize(
    ("target", "first", "overlap", "most"),
    [
        ("{size: 2000}", "{overlap: 0}", 1000, 1000),
        ("{size: 400}", "{overlap: 0}", 201, 200),
        ("{overlap: 10}", "{overlap: 0}", 401, 400),
        ("{size: 400}", "{size: 1000}", 501, 500),
    ],
)
def test_the_overlap_of_a_rule_is_at_most_half_of_a_size_that_was_said_before(
    target: str, first: str, overlap: int, most: int
) -> None:
    text = f"chunking: {target}\nrules:\n- match: a/\n  chunking: {first}\n- match: b/\n  chunking: {{overlap: %d}}"
    says = only(text % most).rules[1].says.chunking
    assert says == GivenChunking(None, most)
    if overlap > most:
        with pytest.raises(ConfigMistakes, match=f"a whole number from 0 to {most}, half of the size, found {overlap}"):
            only(text % overlap)


def test_an_anchor_and_merge_keys_repeat_what_was_said() -> None:
    config = parsed(
        "version: 1\n"
        "targets:\n"
        "  a: &a {include: &docs [docs/], branch: main, git: author}\n"
        "  b:\n    <<: *a\n    branch: next\n"
        "  c: {exclude: *docs, <<: [{branch: one}, {branch: two, root: x}]}\n"
    )
    _, b, c = config.targets
    assert (b.include, b.branch, b.says.git) == (("docs/",), "next", ("author",))
    assert (c.exclude, c.branch, c.root) == (("docs/",), "one", "x")


def test_keys_of_the_front_matter_do_not_count_as_attributes() -> None:
    assert len(only(f"front-matter: [{', '.join(f'k{number}' for number in range(20))}]").says.front_matter or {}) == 20


@pytest.mark.parametrize("more", ["url: https://docs.example.com/{path}", "directory: 1", "git: [changed, author]"])
def test_what_every_document_has_counts_as_an_attribute(more: str) -> None:
    nine = ", ".join(f"k{number}: v" for number in range(9))
    only(f"attributes: {{{nine}}}\ndirectory: false")
    assert "give 11 attributes" in mistake(
        f"git: author\nattributes: {{{nine}}}\n{more}".replace("git: author\n", "", "git:" in more)
    )


def test_two_targets_may_have_the_same_store() -> None:
    config = parsed("version: 1\ntargets: {a: {vector-store-id: vs_1}, b: {vector-store-id: vs_1}}")
    assert [target.vector_store_id for target in config.targets] == ["vs_1", "vs_1"]


# --- Mistakes -----------------------------------------------------------------------------------------------

LINES = [
    ("chunkng: {}", "2:1: chunkng: unknown key. Did you mean chunking?"),
    ("vector_store_id: vs_1", "2:1: vector_store_id: unknown key. Did you mean vector-store-id?"),
    ("chunk-size: 800", "2:1: chunk-size: unknown key. Did you mean size below chunking?"),
    ("chunking: {foo: 1}", "2:12: chunking.foo: unknown key. There are size, overlap."),
    ("chunking: {size: abc}", "2:18: chunking.size: expected a whole number from 100 to 4096, found 'abc' (text)."),
    ("chunking: {size: '800'}", "2:18: chunking.size: expected a whole number from 100 to 4096, found '800' (text). Remove the quotes."),
    ("chunking: {size: 0800}", "2:18: chunking.size: expected a whole number from 100 to 4096, found 0800."),
    ("chunking: {size: 99}", "2:18: chunking.size: expected a whole number from 100 to 4096, found 99."),
    ("chunking: {size: 4_096}", "2:18: chunking.size: expected a whole number from 100 to 4096, found 4_096."),
    ("chunking: {size: 200, overlap: 101}", "2:23: chunking.overlap: expected a whole number from 0 to 100, half of the size, found 101."),
    ("chunking: {overlap: 401}", "2:12: chunking.overlap: expected a whole number from 0 to 400, half of the size, found 401."),
    ("chunking: 800", "2:11: chunking: expected a mapping (key: value), found 800."),
    ("chunking:", "2:10: chunking: expected a mapping (key: value), found nothing."),
    ("expires-after-days: 366", "2:21: expires-after-days: expected a whole number from 1 to 365, found 366."),
    ("branch: true", '2:9: branch: expected the name of a branch, found true. Put it in quotes if it is a text: "true".'),
    ("branch: a..b", "2:9: branch: it is 'a..b', which is no name of a branch. Give a branch's name."),
    ("branch: [main]", "2:9: branch: expected the name of a branch, found a list."),
    ("branch: ''", "2:9: branch: expected the name of a branch, found an empty text."),
    ("types: docs", "2:8: types: expected documentation or any, found 'docs' (text)."),
    ("types: documentaton", "2:8: types: expected documentation or any, found 'documentaton' (text). Did you mean documentation?"),
    ("include: [a, {b: c}]", "2:14: include[2]: expected a gitignore pattern, found a mapping."),
    ("include: ['#a']", "2:11: include[1]: expected a gitignore pattern, found '#a' (text). A pattern that begins with # is a comment. "
     "For a name that begins with #, write \\#."),
    ("include: /a//b", "2:10: include: The gitignore pattern '/a//b' is not usable: no path has the part '//'. Write '/a/b'."),
    ("exclude: |\n  a\n  b", "2:10: exclude: expected a gitignore pattern, found 'a\\nb' (text). It has several lines. "
     "Write a list with one pattern an item."),
    ("include:", "2:9: include: expected a list, found nothing."),
    ("include: a\ninclude: b", "3:1: include: this key stands twice, first in line 2. Remove one."),
    ("root: ../other", "2:7: root: root is '../other', which leads out of the repository. "
     "Give the folder's path from the top folder of the repository, such as services/api."),
    ("root: /srv", "2:7: root: root is '/srv', which is a path of this machine. "
     "Give the folder's path from the top folder of the repository, such as services/api."),
    ("root: |\n  docs\n", "2:7: root: expected a folder of the repository, such as services/api, found 'docs\\n' (text). "
     "A folder has no blank at its ends, and no line break."),
    ("vector-store-id: a/b", "2:18: vector-store-id: it is 'a/b', but an id holds no blank, no slash, no ?, # or %, and only ASCII "
     "characters. Give the id of a vector store (vs_…), as `vsync stores list` shows it; a name is given as vector-store-name."),
    ("vector-store-name: a\nvector-store-id: b", "3:1: both vector-store-id and vector-store-name are given. Give one of them."),
    ("metadata: {vsync_owner: me}", "2:12: metadata.vsync_owner: expected a name, found 'vsync_owner' (text). "
     "Names that begin with vsync_ are vsync's own."),
    ("metadata: {" + ", ".join(f"k{n}: v" for n in range(13)) + "}", "2:11: metadata: there are 13, and at most 12 are taken."),
    ("attributes: {path: x}", "2:14: attributes.path: expected the name of an attribute, found 'path' (text). This attribute is "
     "vsync's own. Choose a name other than commit, owner, path, sha256, source, target."),
    (f"attributes: {{{'k' * 65}: x}}", f"2:14: attributes['{'k' * 59}…']: expected the name of an attribute, "
     "found a text of 65 characters. At most 64 are taken."),
    (f"attributes: {{k: {'v' * 257}}}", "2:17: attributes.k: expected a text or a template such as {directory}, "
     "found a text of 257 characters. At most 256 are taken."),
    ("attributes: {k: '{directry}'}", "2:17: attributes.k: expected a text or a template such as {directory}, found '{directry}' (text). "
     "{directry} is no name of a template: did you mean {directory}?"),
    ("attributes: {k: {directory}}", "2:17: attributes.k: expected a text, a number, or true or false, found a mapping. "
     "A text that begins with { is put in quotes."),
    ("attributes: {k: no}", "2:17: attributes.k: expected a text, a number, or true or false, found no. "
     'Write true or false, or put it in quotes if it is a text: "no".'),
    ("attributes: {k: 12:30}", "2:17: attributes.k: expected a text, a number, or true or false, found 12:30. "
     'Not every parser reads this as a text. Put it in quotes: "12:30".'),
    ("attributes: {k: ~}", "2:17: attributes.k: expected a text, a number, or true or false, found nothing."),
    ("attributes: {" + ", ".join(f"k{n}: v" for n in range(9)) + "}\ngit: [changed, author]",
     "2:1: attributes, git, url and directory give 11 attributes, and 10 fit beside vsync's own. Remove some."),
    ("front-matter: [source]", "2:16: front-matter[1]: expected the name of an attribute, found 'source' (text). This attribute is "
     "vsync's own. Choose a name other than commit, owner, path, sha256, source, target."),
    ("front-matter: title, tags", "2:15: front-matter: expected the name of an attribute, found 'title, tags' (text). A name has no "
     "comma. Several names are a list: [title, tags]."),
    ("url: docs.example.com/{path}", "2:6: url: expected the template of an address, such as "
     "https://docs.example.com/{path-without-extension}, found 'docs.example.com/{path}' (text). An address begins with https:// or "
     "http://."),
    ("git: [changd]", "2:7: git[1]: expected changed or author, found 'changd' (text). Did you mean changed?"),
    ("url: {permalink}", "2:6: url: expected the template of an address, such as https://docs.example.com/{path-without-extension}, "
     "found a mapping. A text that begins with { is put in quotes."),
    ("directory: 9", "2:12: directory: expected true, false or a whole number from 0 to 8, found 9."),
    ("content: {heading: none}", "2:20: content.heading: expected true, false, title or source, found 'none' (text)."),
    ("submodules: yes", "2:13: submodules: expected true or false, found yes."),
    ("symlinks: 'true'", "2:11: symlinks: expected true or false, found 'true' (text). Remove the quotes."),
    ("convert: {log: .txt}", "2:11: convert.log: expected an ending such as .log, found 'log' (text). "
     "An ending begins with its only dot: .log."),
    ("convert: {.pdf: .txt}", "2:11: convert['.pdf']: expected an ending such as .log, found '.pdf' (text). "
     "Files of this kind are not text, and vsync sends them in its own way."),
    ("convert: {.log: .markdown}", "2:17: convert['.log']: expected an ending that the store takes as text, such as .txt, "
     "found '.markdown' (text). The store does not take this ending as text. There are .c, .cpp, .cs, .css, .go, .html, .java, .js, "
     ".json, .md, .php, .py, .rb, .sh, .tex, .ts, .txt."),
    ("convert: {.log: .txt, .LOG: .md}", "2:23: convert['.LOG']: this is '.log' once more. Remove one."),
    ("limits: {max-delete: 101%}", "2:22: limits.max-delete: expected a number of documents (20) or a share of them (30%), "
     "found '101%' (text)."),
    ("limits: {max-upload: a lot}", "2:22: limits.max-upload: expected a number of documents (5000), a size (2GB), or both (5000,2GB), "
     "found 'a lot' (text)."),
    ("limits: {force: true}", "2:10: limits.force: this is said of one run, and never comes from the config. "
     "Give it as the option --force or the input force."),
    ("rules: {match: a}", "2:8: rules: expected a list, found a mapping."),
    ("rules: [{git: author}]", "2:9: rules[1].match: this key is missing. Gitignore patterns of the documents that the rule is for. "
     "They count from root."),
    ("rules: [{match: []}]", "2:17: rules[1].match: the list is empty. Give at least one."),
    ("rules: [{match: a, include: b}]", "2:20: rules[1].include: unknown key. There are match, attributes, front-matter, git, url, "
     "directory, chunking, content."),
    ("checks: [{question: a}]", "2:10: checks[1].expect: this key is missing. What the first results must hold: a path, several paths, "
     "or attributes with their values."),
    ("checks: [{question: a, expect: /a.md}]", "2:32: checks[1].expect: expected a path, found '/a.md' (text). "
     "A path counts from the top folder of the repository: docs/install.md."),
    ("checks: [{question: a, expect: b, within: 51}]", "2:43: checks[1].within: expected a whole number from 1 to 50, found 51."),
    ("manifest: none", "2:1: manifest: this never comes from the config. Give it as the option --manifest or the input manifest, "
     "so that a pull request cannot change what is read and where results go."),
    ("base_url: x", "2:1: base_url: this never comes from the config. Give it as the variable OPENAI_BASE_URL (input openai-base-url), "
     "so that a pull request cannot redirect a key."),
    (f"openai-api-key: {TOKEN}", "2:1: openai-api-key: this never comes from the config. Give it as the variable OPENAI_API_KEY "
     "(input openai-api-key), so that a pull request cannot redirect a key."),
    ("targets:", "2:9: targets: expected a mapping (key: value), found nothing."),
    ("targets: {}", "2:10: targets: the mapping is empty. Give at least one."),
    ("targets: [docs]", "2:10: targets: expected a mapping (key: value), found a list."),
    ("targets: {a b: {}}", "2:11: targets['a b']: expected the name of a target, found 'a b' (text). A target's name has letters, digits, "
     "dots, dashes and underscores, at most 64, and begins with a letter or digit."),
    ("targets: {Docs: {}, docs: {}}", "2:21: targets.docs: this name differs from Docs only in capital letters. Rename it."),
    ("targets: {a: {}}\ninclude: b", "3:1: include: this stands beside targets. "
     "In a file with targets it stands in each target that needs it."),
    ("targets: {a: {version: 1}}", "2:15: targets.a.version: unknown key. There are vector-store-id, vector-store-name, description, "
     "metadata, expires-after-days, branch, root, types, include, exclude, allow-secrets, attributes, front-matter, git, url, directory, "
     "chunking, content, convert, submodules, symlinks, limits, rules, checks."),
    ("? [a]\n: b", "2:3: a key is a word, and here is a list."),
    ("chunking: {<<: [3]}", "2:17: chunking['<<']: << takes a mapping, such as *name, and here is 3."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), LINES, ids=[text[:40] for text, _ in LINES])
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(text: str, line: str) -> None:
    assert mistake(text) == line


WHOLE = [
    ("branch: main", "1:1: version: this key is missing. The version of the format: 1."),
    ("version: '1'", "1:10: version: expected 1, found '1' (text). Remove the quotes."),
    ("version: 1.0", "1:10: version: expected 1, found 1.0."),
    ("version: 0", "1:10: version: expected 1, found 0."),
    ("foo: 1\nversion: 2", "2:10: the config has version 2, and this vsync knows version 1. Update vsync."),
    ("[version, 1]", "1:1: expected a mapping (key: value), found a list."),
    ("vsync", "1:1: expected a mapping (key: value), found 'vsync' (text)."),
    (b"version: 1\nbranch: \xe9", "2:9: here the file is not UTF-8 text. Save it as UTF-8."),
    ("version: 1\nbranch: \xe4".encode("utf-16"), "1:1: here the file is not UTF-8 text. Save it as UTF-8."),
    (b"version: 1\nbranch: \xed\xa0\x80", "2:9: here the file is not UTF-8 text. Save it as UTF-8."),
    (b"version: 1\nbranch: \x00", "2:9: the character \\x00 is not allowed in YAML."),
    ("#" * (MOST_BYTES + 1), "1:1: the file has 1.0 MB, and a config has at most 1 MiB."),
]


@pytest.mark.parametrize(("content", "line"), WHOLE, ids=[repr(content[:30]) for content, _ in WHOLE])
def test_a_file_that_is_no_config_is_told(content: str | bytes, line: str) -> None:
    assert mistakes(content) == [line]


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = "version: 1\ntargets:\n  docs:\n    chunkng: 1\n    chunking: {size: abc, overlap: 9999}\n  docs: {}\ninclude: x\n"
    assert mistakes(text) == [
        "4:5: targets.docs.chunkng: unknown key. Did you mean chunking?",
        "5:22: targets.docs.chunking.size: expected a whole number from 100 to 4096, found 'abc' (text).",
        "5:36: targets.docs.chunking.overlap: expected a whole number from 0 to 2048, found 9999.",
        "6:3: targets.docs: this key stands twice, first in line 3. Remove one.",
        "7:1: include: this stands beside targets. In a file with targets it stands in each target that needs it.",
    ]


def test_twenty_mistakes_are_shown_and_the_others_counted() -> None:
    lines = mistakes("version: 1\n" + "".join(f"foo{number}: 1\n" for number in range(23)))
    assert len(lines) == 21
    assert lines[-1] == " 3 more mistakes not shown."


def test_the_error_is_a_wrong_configuration() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed("foo: 1")
    assert (caught.value.exit_code, caught.value.reason) == (2, "config")
    assert str(caught.value).split("\n")[-1] == "docs/configuration.md describes the keys of the config."


@pytest.mark.parametrize(
    "text",
    [
        "openai-api-key: TOKEN",
        "attributes: {key: TOKEN}",
        "attributes: {TOKEN: x, path: y}",
        "TOKEN: x",
        "include: [TOKEN, '/a//TOKEN']",
        "branch: TOKEN..x",
        "chunking: {size: TOKEN}",
        "content: {heading: TOKEN}",
        "limits: {max-upload: TOKEN}",
        "description: !TOKEN x",
        "include: *TOKEN",
        "checks: [{question: TOKEN, expect: {TOKEN: [TOKEN]}}]",
        "targets: {TOKEN: {a: b}}",
        "targets: {a: {TOKEN: b}}",
        "metadata: {password: TOKEN}",
        "url: https://me:TOKEN@docs.example.com/{path}",
    ],
)
@pytest.mark.parametrize("token", [TOKEN, TOKEN[:30], "ghp_" + "a1" * 18, "AKIA" + "IOSFODNN7EXAMPLE" + "x"])
def test_what_looks_like_a_secret_is_never_repeated(text: str, token: str) -> None:
    said = ""
    try:
        parsed("version: 1\n" + text.replace("TOKEN", token))
    except ConfigurationError as error:
        said = str(error)
    assert token not in said


def test_what_stands_behind_the_name_of_a_secret_is_never_repeated() -> None:
    assert (
        mistake("attributes: {password: 012345}")
        == "2:24: attributes.password: expected a text, a number, or true or false."
    )


def test_a_secret_is_refused_where_it_would_be_sent() -> None:
    assert mistake(f"attributes: {{k: {TOKEN}}}") == (
        "2:17: attributes.k: expected a text or a template such as {directory}, found a text that looks like a secret. "
        "Remove it from the config, and revoke it: whoever can read the repository knows it."
    )


@pytest.mark.parametrize("hostile", ["\x1b[31m", "::error::x", "\u202e", "a\nb"])
def test_nothing_of_the_file_acts_on_a_terminal(hostile: str) -> None:
    text = '"' + hostile.encode("unicode_escape").decode().replace("\\x1b", "\\e") + '"'
    (line,) = mistakes(f"version: 1\ntypes: {text}")
    assert line.isprintable()


def test_a_long_text_is_cut() -> None:
    assert len(mistake(f"types: {'x' * 5000}")) < 200


# --- Files that are made to break a parser ------------------------------------------------------------------


def doubling(levels: int) -> str:
    """Ten times as many values a level."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines)


BOMBS = [
    doubling(30),
    "a: &a {b: &b {<<: *a}}",
    "a: &a [*a]",
    "[" * 1_000_000,
    "{" * 1_000_000,
    "{a: " * 250_000,
    "- " * 500_000,
    "? " * 500_000,
    "a:\n " * 300_000,
    "&a " * 300_000,
    "*" * 1_000_000,
    "x" * 1_000_000 + ": 1",
    "version: 1\n" + "\n".join(f"incluqe{number}: 1" for number in range(9_000)),
    "version: 1\n" + "include: 1\n" * 9_000,
    "version: 1\ninclude: [" + ",".join('"' + "{a,b}" * 800 + f'{n}"' for n in range(240)) + "]",
    "version: 1\ninclude: [" + ",".join(f"d{number}" for number in range(19_000)) + "]",
    "version: 1\nattributes:\n  a: &p " + "x" * 900_000 + "\n" + "\n".join(f"  b{n}: *p" for n in range(9_000)),
    "version: 1\nbranch: " + "x" * 1_000_000,
]


@pytest.mark.parametrize("text", BOMBS, ids=[bomb[:35] for bomb in BOMBS])
def test_a_hostile_file_is_refused_at_once(text: str) -> None:
    assert min(seconds(text) for _ in range(2)) < 10  # what is not bounded takes minutes


def seconds(text: str) -> float:
    """How long the mistakes take. A machine that has more to do takes longer, so a test takes the best of some tries."""
    began = time.process_time()
    assert mistakes(text)
    return time.process_time() - began
