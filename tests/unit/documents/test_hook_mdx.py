"""Of MDX the text stays, and what is code for its builder goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.hooked import hooked
from vsync.documents.describing import Hooks

STRIP = Hooks(mdx="strip")


def stripped(text: str, path: str = "docs/a.mdx") -> str:
    return hooked(text, STRIP, path)


def test_imports_and_exports_go() -> None:
    text = (
        "import A from './a'\nimport {\n  B,\n} from \"b\";\nimport './c.css'\n\n"
        "export const data = {\n  a: '}',\n\n  b: [1, `${2}`], // }\n}\n\nexport default ({children}) =>\n  <A>{children}</A>\n\n"
        "# Title\n"
    )
    assert stripped(text) == "# Title\n"


def test_text_right_behind_an_import_stays() -> None:
    assert stripped("import A from 'a'\nText\n") == "Text\n"
    assert stripped("export const a = 1\n# Title\n") == "# Title\n"


@pytest.mark.parametrize(
    "text",
    ["import duties are high\n", "export is easy\n", "We import a from 'b'\n", "important\n", "export const a = {\n"],
)
def test_prose_that_begins_like_code_stays(text: str) -> None:
    assert stripped(text) == text


def test_the_text_between_tags_stays() -> None:
    text = (
        '<Tabs groupId="os" values={[{a: 1}]}>\n  <TabItem value="npm" label="npm">\n\n  ```bash\n  npm <i> {x}\n  ```\n\n'
        "  </TabItem>\n</Tabs>\n\n<>\n\nText <b>bold</b>, <Foo\n  bar={`a > ${b}`}\n  {...rest}\n/>done.\n\n</>\n"
    )
    assert stripped(text) == "  npm\n\n  ```bash\n  npm <i> {x}\n  ```\n\nText bold, done.\n"


def test_what_readers_see_of_attributes_stays() -> None:
    assert stripped('<Card title="One" description="Two" href="/x" />\n') == "One — Two\n"
    assert stripped('<TabItem label="One">text</TabItem>\n') == "One: text\n"
    assert stripped('A <img src="a.png" alt="picture"/> here\n') == "A picture here\n"
    assert stripped('A <Term title="x">word</Term> here\n') == "A word here\n"
    assert stripped('<Card title={x} />\n\n<Card title="<b>" />\n\nText\n') == "Text\n"


def test_html_that_markdown_allows_keeps_its_text() -> None:
    assert stripped("<details>\n<summary>More</summary>\n\nText<sup>2</sup>, a<br/>b\n\n</details>\n") == (
        "More\n\nText2, a b\n"
    )


def test_words_that_only_tags_kept_apart_stay_apart() -> None:
    assert stripped("<Li>one</Li><Li>two</Li>\n") == "one two\n"


def test_expressions_go_and_literals_stay() -> None:
    assert stripped('# Title {#id}\n\na {props.x} b {"c"}{\' \'}{5} {"<d>"}\n') == "# Title\n\na b c 5 \\<d\\>\n"
    assert stripped("{/* one\n\ntwo */}\n\n{items.map(i => (\n\n  <Li>{i}</Li>\n\n))}\n\nText\n") == "Text\n"


@pytest.mark.parametrize(
    "text",
    [
        "List<String> and Map<K, V>\n",
        "a < b, {never closed\n",
        "<https://example.com> <a@example.com>\n",
        "</Alone> <Open>\n",
        "\\<b> \\{c}\n",
        "`<b>{c}`\n",
        "```jsx\n<b>{c}</b>\nimport a from 'b'\n```\n",
        "$a_{1}$ and\n\n$$\n\\frac{a}{b}\n$$\n",
        ":::note[Title]{.class}\n",
        "<a b=c>\n",
        '<a b="never closed>\n',
    ],
)
def test_what_is_code_or_no_jsx_stays(text: str) -> None:
    assert stripped(text) == text


def test_a_block_of_code_is_never_part_of_a_tag() -> None:
    text = "<A b={`\n\n```\ncode\n```\n\n`} />\n"
    assert "```\ncode\n```\n" in stripped(text)


def test_only_mdx_is_stripped() -> None:
    assert stripped("import a from 'b'\n\n<a>{b}</a>\n", "a.md") == "import a from 'b'\n\n<a>{b}</a>\n"


WORDS = st.text("abcdefgh", min_size=3, max_size=8).map("w".__add__)
AROUND = st.sampled_from(
    [
        *("{}", "<A>{}</A>", "<b>{}</b>", "<>{}</>", "**{}**", "> {}", "- {}", "{} <", "</B> {}", "{}<br/>", "`{}`"),
        *("<A b={{c}}>{}</A>", '<A b="c">\n\n{}\n\n</A>', "List<{}", "{} {{x}}", "```\n{}\n```", "$ {}", "import {}"),
        "export {}",
    ]
)


@given(st.lists(st.tuples(AROUND, WORDS, st.sampled_from(["\n\n", "\n", " "])), max_size=10))
def test_no_word_of_prose_is_lost(parts: list[tuple[str, str, str]]) -> None:
    text = "".join(around.format(word) + end for around, word, end in parts)
    kept = stripped(text)
    for _, word, _ in parts:
        assert kept.count(word) >= 1, (text, kept)


@pytest.mark.parametrize(
    "component", ["<Note>\n\nText\n\n</Note>\n", "Text\n\n<Toc />\n", "  <A.B c={1}>\n\nText\n\n  </A.B>\n"]
)
def test_markdown_that_uses_components_counts_as_mdx(component: str) -> None:
    assert stripped(f"import A from 'a'\n\n{component}", "a.md").strip() == "Text"


@pytest.mark.parametrize(
    "text",
    [
        "A `Vec<T>` and a <Note> in a sentence, {x}\n",
        "```jsx\n<Note>\n```\n\n{x}\n",
        "    <Note>\n\n{x}\n",
        "<details>\n\n{x}\n\n</details>\n",
    ],
)
def test_other_markdown_is_no_mdx(text: str) -> None:
    assert stripped(text, "a.md") == text
