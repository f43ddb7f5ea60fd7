"""Which kinds of files the store can index, and under which name and media type they are sent. Pure data.

The store decides by the extension of the file name alone, and accepts a fixed list of extensions
(https://platform.openai.com/docs/assistants/tools/file-search#supported-files). Text in other formats is indexed as
well when its name ends in an extension of that list. So `guide.rst` is sent as `guide.rst.txt`, and its `path`
attribute stays `guide.rst`. An extension in capitals is sent in small letters: `README.MD` as `README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

_NATIVE_TEXT = {
    ".c": "text/x-c",
    ".cpp": "text/x-c++",
    ".cs": "text/x-csharp",
    ".css": "text/css",
    ".go": "text/x-golang",
    ".html": "text/html",
    ".java": "text/x-java",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".php": "text/x-php",
    ".py": "text/x-python",
    ".rb": "text/x-ruby",
    ".sh": "application/x-sh",
    ".tex": "text/x-tex",
    ".ts": "application/typescript",
    ".txt": "text/plain",
}
_NATIVE_BINARY = {
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_SENT_AS = {
    ".md": ".markdown .mdown .mkd .mdx .qmd .rmd .ipynb",
    ".html": ".htm .xhtml",
    ".txt": (
        ".adoc .asciidoc .asc .rst .rest .text .org .textile .wiki .mediawiki .log "
        ".yaml .yml .toml .ini .cfg .conf .properties .env .xml .svg .csv .tsv .sql .graphql .proto .jsonl .json5 "
        ".bat .cmd .ps1 .bash .zsh .fish .awk .sed .vim .el .lisp .clj .cljs .scm .rkt .hs .ml .mli .elm .ex .exs "
        ".erl .hrl .rs .kt .kts .swift .scala .sbt .groovy .gradle .dart .lua .pl .pm .r .jl .m .mm .f .f90 .f95 "
        ".h .hh .hpp .hxx .cc .cxx .inl .asm .s .v .sv .vhd .vhdl .zig .nim .d .pas .vb .fs .fsx .fsi "
        ".jsx .tsx .mjs .cjs .mts .cts .vue .svelte .astro .scss .sass .less .styl "
        ".tf .tfvars .hcl .nix .cmake .mk .dockerfile .tmpl .tpl .j2 .jinja .jinja2 .mustache .hbs .erb "
        ".po .pot .bib .patch .diff .pyi .pyx .sol .thrift .avsc .feature .http .rego .cue .dhall .bicep"
    ),
}
ConversionName = Literal["notebook"]

_CONVERTED: dict[str, ConversionName] = {".ipynb": "notebook"}
"""Kinds of files whose bytes are converted before they are sent. The conversions are in `convert`."""

_TEXT_NAMES = frozenset(
    (
        "authors changelog changes codeowners contributing contributors copying dockerfile gemfile jenkinsfile "
        "justfile license licence maintainers makefile news notice procfile rakefile readme security todo "
        "vagrantfile version"
    ).split()
)

DOCUMENTATION_EXTENSIONS = frozenset(
    (
        ".md .markdown .mdown .mkd .mdx .qmd .rst .rest .adoc .asciidoc .asc .org .txt .text .ipynb .html .htm "
        ".pdf .doc .docx .pptx"
    ).split()
)
"""The kinds of files that count as documentation. `defaults` says more."""


@dataclass(frozen=True, slots=True)
class FileType:
    """How a file is sent.

    `suffix` is added to its name. `text` says whether the bytes that are sent must be text. `conversion` makes these
    bytes from the file's bytes; None: they are the same.
    """

    media_type: str
    suffix: str
    text: bool
    conversion: ConversionName | None = None


def _table() -> dict[str, FileType]:
    table = {extension: FileType(media, "", True) for extension, media in _NATIVE_TEXT.items()}
    table |= {extension: FileType(media, "", False) for extension, media in _NATIVE_BINARY.items()}
    for suffix, extensions in _SENT_AS.items():
        table |= {
            extension: FileType(_NATIVE_TEXT[suffix], suffix, True, _CONVERTED.get(extension))
            for extension in extensions.split()
        }
    return table


BY_EXTENSION = MappingProxyType(_table())
_PLAIN = FileType("text/plain", ".txt", True)


def named(path: str, kind: FileType | None) -> str:
    """The name under which a file of that kind is sent. None: its own name."""
    if kind is None:
        return path
    if kind.suffix:
        return path + kind.suffix
    # The store's list has small letters. A kind without a suffix has an extension.
    stem, _, extension = path.rpartition(".")
    return f"{stem}.{extension.lower()}"


def extension_of(path: str) -> str:
    """The extension of the file name, in lower case and with its dot; empty when there is none."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if dot and stem else ""


def file_type(path: str) -> FileType | None:
    """How the file at that path is sent; None when the store cannot index its kind."""
    extension = extension_of(path)
    if extension:
        return BY_EXTENSION.get(extension)
    return _PLAIN if path.rpartition("/")[2].lower() in _TEXT_NAMES else None
