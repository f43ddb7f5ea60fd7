"""How a file is sent follows from its name alone."""

from __future__ import annotations

import pytest

from vsync.documents.filetypes import BY_EXTENSION, DOCUMENTATION_EXTENSIONS, FileType, extension_of, file_type

# The list of the API: https://platform.openai.com/docs/assistants/tools/file-search#supported-files
SUPPORTED = {
    ".c": "text/x-c",
    ".cpp": "text/x-c++",
    ".cs": "text/x-csharp",
    ".css": "text/css",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".go": "text/x-golang",
    ".html": "text/html",
    ".java": "text/x-java",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".php": "text/x-php",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".py": "text/x-python",
    ".rb": "text/x-ruby",
    ".sh": "application/x-sh",
    ".tex": "text/x-tex",
    ".ts": "application/typescript",
    ".txt": "text/plain",
}


@pytest.mark.parametrize(
    ("path", "extension"),
    [
        ("a.md", ".md"),
        ("docs/A.MD", ".md"),
        ("archive.tar.gz", ".gz"),
        ("folder.md/README", ""),
        ("Makefile", ""),
        (".env", ""),
        ("docs/.hidden.md", ".md"),
        ("trailing.", "."),
        ("", ""),
        ("..md", ".md"),
    ],
)
def test_the_extension_is_that_of_the_last_component(path: str, extension: str) -> None:
    assert extension_of(path) == extension


@pytest.mark.parametrize(("extension", "media_type"), SUPPORTED.items())
def test_what_the_store_takes_is_sent_under_its_own_name(extension: str, media_type: str) -> None:
    kind = file_type(f"docs/a{extension}")
    assert kind is not None
    assert (kind.suffix, kind.media_type) == ("", media_type)
    assert kind.text == (extension not in {".doc", ".docx", ".pdf", ".pptx"})


@pytest.mark.parametrize(("extension", "kind"), BY_EXTENSION.items())
def test_every_other_text_is_sent_under_a_name_that_the_store_takes(extension: str, kind: FileType) -> None:
    sent = extension_of(f"a{extension}{kind.suffix}")
    assert sent in SUPPORTED
    assert kind.media_type == SUPPORTED[sent]
    assert extension == extension.lower()


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("guide.mdx", ".md"), ("guide.htm", ".html"), ("guide.rst", ".txt"), ("main.rs", ".txt"), ("GUIDE.RST", ".txt")],
)
def test_other_formats_get_a_suffix(path: str, suffix: str) -> None:
    kind = file_type(path)
    assert kind is not None
    assert kind.suffix == suffix


@pytest.mark.parametrize("path", ["README", "docs/LICENSE", "Makefile", "sub/Dockerfile", "readme"])
def test_well_known_names_without_extension_are_text(path: str) -> None:
    assert file_type(path) == FileType("text/plain", ".txt", True)


@pytest.mark.parametrize("path", ["photo.png", "data.bin", "a.xlsx", "unknown", "README/binary", "trailing.", ".env"])
def test_what_the_store_cannot_index_has_no_type(path: str) -> None:
    assert file_type(path) is None


@pytest.mark.parametrize("extension", sorted(DOCUMENTATION_EXTENSIONS))
def test_all_documentation_can_be_indexed(extension: str) -> None:
    assert file_type(f"a{extension}") is not None
