"""What a repository holds, and which documents a store should hold: a second and plain version of the product's rules."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.support.gitrepo import Content, File, executable, link, submodule
from tests.support.notebooks import code, notebook

Tree = dict[str, bytes | File]

PATHS = ["a.md", "b.txt", "docs/c.md", "docs/d.html", "docs/deep/e.md", "g.rst", "ü/f.md", "src/x.py", "C.TXT"]
OFFICE = "docs/w.docx"
NOTEBOOK = "src/n.ipynb"
DOCUMENTATION = (".md", ".txt", ".html", ".rst", ".docx", ".ipynb")
TEXTS = [b"# one\n", b"# two\n", b"# six\n", b"# another, of another size\n"]
"""There are few texts, so that the same bytes often stand under several names, and come back later."""

NO_DOCUMENTS: list[bytes | File] = [b"", b"\0\1\2", " \ufeff\n".encode(), link("a.md"), submodule()]

MARKDOWN = {
    notebook("one", code("two()", "three")): b"one\n\n```\ntwo()\n```\n\n```output\nthree\n```\n",
    notebook("one", code("two()", "three"), metadata={"n": 2}): b"one\n\n```\ntwo()\n```\n\n```output\nthree\n```\n",
    notebook("another"): b"another\n",
}
"""Notebooks, and what the store should hold of them. Two of them differ in nothing that is uploaded."""


class Named(bytes):
    """Bytes with a name that failing tests print."""

    name: str

    def __new__(cls, data: bytes, name: str) -> Named:
        made = super().__new__(cls, data)
        made.name = name
        return made

    def __repr__(self) -> str:
        return self.name


BROKEN = Named(b"no archive", "BROKEN")
"""A Word document that no store can index."""


def _word_document() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), "<w:p><w:t>words</w:t></w:p>")
    return made.getvalue()


WORD = Named(_word_document(), "WORD")

_texts = st.sampled_from(TEXTS)
_contents = st.one_of(_texts, _texts, _texts, st.sampled_from(NO_DOCUMENTS), _texts.map(executable))
_change = st.one_of(
    st.tuples(st.sampled_from(PATHS), st.one_of(_contents, _contents, _contents, st.none())),
    st.tuples(st.sampled_from(PATHS), _texts),
    st.tuples(st.just(OFFICE), st.sampled_from([WORD, WORD, BROKEN, None])),
    st.tuples(st.just(NOTEBOOK), st.sampled_from([*MARKDOWN, *MARKDOWN, b"{}", notebook(), link("a.md"), None])),
)
changes = st.lists(_change, min_size=1, max_size=4).map(dict)
"""What one commit changes: `tests.support.gitrepo.Content` by path."""


def after(tree: Tree, change: Mapping[str, Content]) -> Tree:
    new = {**tree, **change}
    return {path: content for path, content in new.items() if content is not None}


@dataclass(frozen=True)
class Rules:
    """One target's settings: some choose documents, some describe them."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    chunk_size: int | None = None

    def options(self) -> dict[str, Any]:
        """As the command line gives them."""
        given = {
            "include": list(self.include),
            "exclude": list(self.exclude),
            "attributes": [f"{key}={value}" for key, value in self.attributes],
            "chunk_size": str(self.chunk_size) if self.chunk_size else None,
        }
        return {name: value for name, value in given.items() if value}

    def selects(self, path: str) -> bool:
        if "docs/deep/" in self.exclude and path.startswith("docs/deep/"):
            return False
        if not self.include:
            return path.lower().endswith(DOCUMENTATION)
        return ("*.md" in self.include and path.endswith(".md")) or ("src/" in self.include and path.startswith("src/"))

    def documents(self, tree: Tree) -> dict[str, bytes]:
        """The bytes that the store should hold, by path."""
        found = {}
        for path, content in tree.items():
            if isinstance(content, File):
                if content.mode == "100755":
                    found[path] = content.data
            elif path == NOTEBOOK:
                if content in MARKDOWN:
                    found[path] = MARKDOWN[content]
            elif path.endswith(".docx") or (b"\0" not in content and content.decode().strip(" \ufeff\n")):
                found[path] = content
        return {path: data for path, data in found.items() if self.selects(path)}


rules = st.builds(
    Rules,
    include=st.sampled_from([(), (), ("*.md",), ("*.md", "src/")]),
    exclude=st.sampled_from([(), ("docs/deep/",)]),
    attributes=st.sampled_from([(), (("team", "docs"),)]),
    chunk_size=st.sampled_from([None, None, 400]),
)


def named_in_store(path: str) -> str:
    """As vsync names a document's File."""
    return {"g.rst": "g.rst.txt", "C.TXT": "C.txt", NOTEBOOK: f"{NOTEBOOK}.md"}.get(path, path)


def broken(documents: Mapping[str, bytes]) -> set[str]:
    """The documents that no store can index."""
    return {path for path, data in documents.items() if path == OFFICE and data != WORD}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Commit:
    """A commit and the tree that it holds."""

    id: str
    tree: Tree = field(default_factory=dict)
