"""Whatever files, stores and servers call themselves, summary and comment render as they were meant, and no longer.

Rendered by a CommonMark parser and read back by an HTML parser: the only elements, addresses and hidden comments are
ours, and names are shown as they are.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vsync.errors import ConfigurationError
from vsync.plan.comparison import Comparison
from vsync.report import comment
from vsync.report.body import Planned, Synced
from vsync.report.cost import PRICES_URL
from vsync.report.documents import Documents, FailedItem
from vsync.report.markup import MAX_NAME, code, prose
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.summary import summary
from vsync.system.redaction import printable

REPOSITORY = "https://github.com/acme/docs"
BASE, HEAD = "b" * 40, "f" * 40
RUN = f"{REPOSITORY}/actions/runs/12"

_EVIL = [
    "@octocat", "@acme/team", "#1", "GH-1", "acme/docs#1", "http://evil.test", "https://evil.test/x", "www.evil.test",
    "foo@bar.test", "mailto:foo@bar.test", "-->", "<!--", "--!>", "|", "`", "``", "\n", "\r\n\r\n", "\n\n", "\t", "    ",
    "<img src=x>", "<script>", "</code>", "</a>", "</td></tr></table>", "</details>", "[x](http://evil.test)", "![x](y)",
    "[^1]", "**", "__", "~~", "$x$", "$$", ":smile:", "- ", "1. ", "> ", "# ", "> [!NOTE]", "---", "===", "***", "\\",
    "&lt;", "&#64;", "&", "\u202e", "\u200b", "\x00", "\x1b[31m", "\ud800", "\u2028", "é", "文", "😀", "a", "Z", "0", " ", ".",
]  # fmt: skip
evil = st.lists(st.sampled_from(_EVIL) | st.text(max_size=3), min_size=1, max_size=12).map("".join)
names = evil
"""Paths as git may hold them, and worse."""


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.hidden: list[str] = []
        self.texts: list[tuple[bool, str]] = []
        """Each piece of text that no tag divides, and whether it stands in code."""
        self.cells: list[str] = []
        self._code = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._code += tag == "code"
        if tag == "code":
            self.cells.append("")
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("th", "style"), ("td", "style")}, (tag, name)
            if name == "href":
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.texts.append((self._code > 0, data))
        if self._code:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)


def seen(text: str) -> Seen:
    return Seen(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


TAGS = {
    "h2", "h3", "p", "a", "code", "wbr", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "strong", "ul", "li",
    "details", "summary", "sub",
}  # fmt: skip
LINK = re.compile(
    rf"{re.escape(REPOSITORY)}/(blob/{HEAD}/|blob/{BASE}/|commit/|compare/|actions/runs/12$)[A-Za-z0-9/%._~-]*"
)
MAIL = re.compile(r"[A-Za-z0-9._+-]@[A-Za-z0-9-]+\.[A-Za-z0-9]")
ACTIVE = re.compile(r"@[A-Za-z0-9]|#[0-9]|GH-[0-9]|https?://|www\.[A-Za-z0-9]", re.IGNORECASE)


def assert_inert(page: Seen) -> None:
    assert page.tags <= TAGS
    for link in page.links:
        assert LINK.fullmatch(link) or link == PRICES_URL
        assert "/../" not in link
    for in_code, text in page.texts:
        assert not MAIL.search(text)
        if not in_code:
            assert not ACTIVE.search(text), text


@st.composite
def reports(draw: st.DrawFn) -> Report:
    some = st.lists(names, max_size=3).map(tuple)
    paths = draw(some)
    documents = Documents(
        added=paths,
        updated=draw(some),
        renamed=tuple((draw(names), name) for name in draw(some)),
        retagged=draw(some),
        removed=draw(some),
        skipped=tuple((name, draw(st.sampled_from(["empty", "undecodable-name"]) | evil)) for name in draw(some)),
        failed=tuple(FailedItem(path=name, code=draw(evil), message=draw(evil)) for name in draw(some)),
        sizes=dict.fromkeys(paths, 1_234),
    )
    sizes = StoreSizes(StoreSize(1, 10, 10), StoreSize(3, 4 * 10**9, 4 * 10**9))
    planned = Planned(
        documents,
        refused=draw(st.none() | evil),
        store=draw(st.none() | st.just(sizes)),
        backlog=draw(st.none() | evil),
    )
    return Report(
        target=draw(names),
        comparison=Comparison("diff", draw(evil)),
        body=planned if draw(st.booleans()) else Synced(planned, documents, planned.store),
        source=draw(names),
        vector_store_id=draw(st.none() | evil),
        base=draw(st.sampled_from([None, BASE])),
        head=draw(st.sampled_from([None, HEAD])),
        warnings=draw(some),
        error=draw(st.none() | st.builds(ConfigurationError, evil, evil)),
        started_by=draw(st.just("") | evil),
        repository_url=draw(st.sampled_from([None, REPOSITORY])),
        manifest_commit=draw(st.none() | st.just("c" * 40) | evil),
    )


@given(reports())
def test_no_name_or_message_acts_in_the_summary(report: Report) -> None:
    page = seen(summary(report))
    assert_inert(page)
    assert page.hidden == []


@given(reports(), st.sampled_from(["open", "closed", "merged"]), evil)
def test_no_name_or_message_acts_in_the_comment(report: Report, state: comment.State, place: str) -> None:
    text = comment.body(report, state=state, run_url=RUN, run_id=12, place=place)
    page = seen(text)
    assert_inert(page)
    assert [item.split()[0] for item in page.hidden] == ["vsync", "vsync-run"]
    assert text.startswith(comment.marker(report.target, place))
    assert comment.run_of(text) == 12


@given(reports())
def test_every_row_of_a_table_has_as_many_cells_as_its_head(report: Report) -> None:
    lines = [line for line in comment.body(report).splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in lines}) <= 2  # one table of changes, one of skipped files


@given(names)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    page = seen(f"x {code(name)}")
    if len(printable(name)) <= MAX_NAME:
        assert page.cells == [printable(name)]


@given(evil)
def test_a_message_is_shown_as_it_is(text: str) -> None:
    page = seen(prose(text))
    shown = "".join(piece for _, piece in page.texts).strip()
    # Spaces at the ends are not shown; the signs that cut mentions take no room.
    assert shown.replace("\u200b", "") == printable(text.strip()).strip()


@given(names, names)
def test_markers_of_two_targets_differ(one: str, other: str) -> None:
    assert (comment.marker(one) == comment.marker(other)) == (one == other)


@pytest.mark.parametrize("kind", ["@", "#", "|", "\u202e", "ü", "a", "<", "\ud800", "\U0010ffff", "-", "GH-1 "])
def test_the_longest_texts_still_fit_into_a_comment(kind: str) -> None:
    long = kind * 2_000
    report = Report(
        target=long,
        comparison=Comparison("diff", long),
        source=long,
        vector_store_id=long,
        base=BASE,
        head=HEAD,
        body=Planned(
            Documents(
                added=(long,) * 250,
                skipped=((long, long),) * 250,
                failed=tuple(FailedItem(path=long, code=f"{number}{long}", message=long) for number in range(250)),
            ),
            refused=long,
            store=StoreSizes(StoreSize(1, 1, 1), StoreSize(1, 1, 1)),
            backlog=long,
        ),
        warnings=(long,) * 250,
        error=ConfigurationError(long, long),
        repository_url=REPOSITORY,
    )
    text = comment.body(report, run_url=RUN)
    assert len(text.encode()) <= comment.MAX_BYTES
    assert_inert(seen(text))
