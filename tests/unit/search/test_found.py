"""A result with its place: heading, line, part and web page, as far as they are certain."""

from __future__ import annotations

from vsync.documents.prepare import Prepared
from vsync.search.found import Found, Text, found_in
from vsync.store.entries import Hit

COMMIT = "c" * 40
PAGE = "https://github.com/acme/docs"
DOCUMENT = "# Title\n\nintro\n\n## Install\n\nRun the\ninstaller now.\n"


def hit(text: str = DOCUMENT, path: str | None = "docs/a.md", **more: str) -> Hit:
    attributes = {"path": path, "source": "acme/docs", "commit": COMMIT, **more}
    return Hit("file-1", "a.md", 0.5, {key: value for key, value in attributes.items() if value is not None}, text)


def found(one: Hit, text: Text | None, page: str | None = PAGE) -> Found:
    (only,) = found_in([one], "installer", lambda _: text, "acme/docs", page)
    return only


def test_with_the_document_its_line_and_heading_are_known() -> None:
    result = found(hit("the\ninstaller now."), Text(DOCUMENT, COMMIT))
    assert (result.line, result.heading, result.place) == (8, "Install", "docs/a.md:8")
    assert result.url == f"{PAGE}/blob/{COMMIT}/docs/a.md?plain=1#L8"


def test_without_the_document_the_heading_is_that_of_the_found_text() -> None:
    result = found(hit(), None)
    assert (result.line, result.heading, result.place) == (None, "Install", "docs/a.md")
    assert result.url == f"{PAGE}/blob/{COMMIT}/docs/a.md"
    assert found(hit("the installer"), None).heading is None


def test_the_page_is_of_the_commit_that_has_these_bytes() -> None:
    assert f"/blob/{'d' * 40}/" in str(found(hit(), Text(DOCUMENT, "d" * 40)).url)


def test_a_converted_document_has_parts_and_no_lines() -> None:
    converted = Prepared(DOCUMENT.encode(), DOCUMENT, parts=((1, "cell 1"), (5, "cell 2")))
    result = found(hit(path="a.ipynb"), Text(DOCUMENT, COMMIT, converted))
    assert (result.line, result.part, result.heading, result.place) == (None, "cell 2", "Install", "a.ipynb")
    assert result.url == f"{PAGE}/blob/{COMMIT}/a.ipynb"


def test_the_page_is_told_only_of_the_documents_of_this_source() -> None:
    assert found(hit(source="other/docs"), None).url is None
    assert found(hit(), None, None).url is None
    assert found(hit(commit="-x"), None).url is None
    assert found(hit(), Text(DOCUMENT, None)).url is None


def test_an_entry_of_another_tool_has_its_filename() -> None:
    result = found(hit(path=None), None)
    assert (result.name, result.url, result.heading) == ("a.md", None, "Install")


def test_a_result_as_data_is_whole() -> None:
    assert found(hit("Run the\ninstaller now.", team="docs"), Text(DOCUMENT, COMMIT)).to_json() == {
        "path": "docs/a.md",
        "filename": "a.md",
        "file_id": "file-1",
        "score": 0.5,
        "attributes": {"path": "docs/a.md", "source": "acme/docs", "commit": COMMIT, "team": "docs"},
        "text": "Run the\ninstaller now.",
        "excerpt": "Run the installer now.",
        "heading": "Install",
        "line": 8,
        "part": None,
        "url": f"{PAGE}/blob/{COMMIT}/docs/a.md?plain=1#L8",
    }
    assert found(hit(path=None), None).to_json()["path"] is None


def test_the_document_of_a_record_has_its_file_name_beside_its_path() -> None:
    record = of_record('pages/{"id":1}', "install.md")
    assert found(record, None).other_name == "install.md"
    assert found(record, None).heading == "Install"


def test_a_file_name_that_the_path_shows_is_not_said_twice() -> None:
    for path, filename in (("1350", "1350.txt"), ("pages/a.md", "a.md"), ("docs/README", "docs/README.txt")):
        assert found(of_record(path, filename), None).other_name == ""
    assert found(hit("text", path="docs/a.md"), None).other_name == ""  # of a commit: its path is a file's
    assert found(hit(path=None), None).other_name == ""


def of_record(path: str, filename: str) -> Hit:
    """The entry of a record: without a commit, and under a name of its own."""
    return Hit("file-1", filename, 0.5, {"path": path, "source": "kb"}, DOCUMENT)
