"""A document's upload name and fingerprint follow from its path and the target."""

from __future__ import annotations

import pytest

from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.documents.document import media_type, observed_tag, same_content_rules, upload_filename

TARGET = Target(source="acme/docs", attributes={"team": "docs"})


@pytest.mark.parametrize(
    ("path", "filename", "sent_as"),
    [
        ("docs/a.md", "docs/a.md", "text/markdown"),
        ("docs/a.rst", "docs/a.rst.txt", "text/plain"),
        ("docs/a.mdx", "docs/a.mdx.md", "text/markdown"),
        ("LICENSE", "LICENSE.txt", "text/plain"),
        ("a.pdf", "a.pdf", "application/pdf"),
        ("a.unknown", "a.unknown", "text/plain"),
        ("README.MD", "README.md", "text/markdown"),
        ("docs/Guide.PDF", "docs/Guide.pdf", "application/pdf"),
        ("A.B.Md", "A.B.md", "text/markdown"),
        ("GUIDE.RST", "GUIDE.RST.txt", "text/plain"),
        ("A.IPYNB", "A.IPYNB.md", "text/markdown"),
        ("DOCS.MD/a", "DOCS.MD/a", "text/plain"),
        ("a.\u212amd", "a.\u212amd", "text/plain"),  # the Kelvin sign becomes a k
        ("a.m\u212ad", "a.m\u212ad.md", "text/markdown"),
    ],
)
def test_a_document_is_sent_under_a_name_that_the_store_can_index(path: str, filename: str, sent_as: str) -> None:
    assert upload_filename(path) == filename
    assert media_type(path) == sent_as


@pytest.mark.parametrize(
    ("target", "same_content"),
    [
        (Target(source="acme/docs", attributes={"team": "web"}), True),
        (Target(source="acme/docs"), True),
        (Target(source="acme/renamed", attributes={"team": "docs"}), True),
        (Target(source="acme/docs", attributes={"team": "docs"}, chunking=Chunking(400, 200)), False),
    ],
)
def test_the_tag_tells_an_upload_from_a_retag(target: Target, same_content: bool) -> None:
    before, after = TARGET.tag("a.md"), target.tag("a.md")
    assert before != after
    assert same_content_rules(before, after) is same_content


def test_another_filename_needs_another_upload() -> None:
    assert not same_content_rules(TARGET.tag("a.md"), TARGET.tag("b.md"))


def test_the_tag_does_not_depend_on_the_order_of_attributes() -> None:
    assert Target(source="s", attributes={"a": 1, "b": 2}).tag("a.md") == Target(
        source="s", attributes={"b": 2, "a": 1}
    ).tag("a.md")


def test_the_tag_is_the_same_in_every_version() -> None:
    # Another tag for the same document would upload everybody's documents again.
    assert TARGET.tag("docs/a.md") == "bf6e2460903b.a2cb3f5ff7e6"


def test_the_tag_can_be_told_from_what_the_store_shows() -> None:
    assert observed_tag("a.md", Chunking(), "acme/docs", {"team": "docs"}) == TARGET.tag("a.md")
    assert observed_tag("a.md", None, "acme/docs", {"team": "docs"}) != TARGET.tag("a.md")
