"""The content hooks: what is changed in the text of a document before it is sent. Pure; a function of one file.

A hook never fails. What it does not understand, it leaves as it is. Where its result would not be stable, because the
hook would find more in it, the hook leaves the whole text as it is: so a document that went through the hooks twice is
the same as one that did once, and hostile text cannot use one hook to build marks for another reader.
"""

from __future__ import annotations

from collections.abc import Callable

from vsync.documents.about import About
from vsync.documents.describing import Hooks
from vsync.documents.front_matter import find
from vsync.documents.hook_comments import without_comments
from vsync.documents.hook_heading import with_source, with_title
from vsync.documents.hook_links import with_absolute_links
from vsync.documents.hook_mdx import has_components, without_jsx
from vsync.documents.markdown_blocks import blocks
from vsync.documents.markup_kind import Markup

__all__ = ["About", "apply"]


def apply(text: str, hooks: Hooks, about: About) -> str:
    """The text that is sent. Code, data and files whose markup is not known stay as they are.

    | hook | what comes out |
    | --- | --- |
    | `mdx` | of `.mdx` files, and of Markdown that uses components: no imports, exports and tags |
    | `front_matter` | no front matter |
    | `comments` | no comments |
    | `links` | absolute addresses; front matter that is kept stays as it is |
    | `heading` | the title, or a line that names the source, first: behind front matter that is kept |
    """
    markup = about.markup
    if markup is None or not hooks.any:
        return text
    block = find(text) if markup != "text" else None
    head, body = (text[: block.end], text[block.end :]) if block else ("", text)
    stripped = body
    if hooks.mdx == "strip" and (markup == "mdx" or (markup == "markdown" and has_components(stripped))):
        stripped = _stable(stripped, "mdx", without_jsx)
    if hooks.comments == "strip":
        stripped = _stable(stripped, markup, lambda body: without_comments(body, markup))
    if hooks.links == "absolute":
        stripped = _stable(stripped, markup, lambda body: with_absolute_links(body, markup, about))
    if hooks.heading == "title":
        stripped = with_title(stripped, markup, about.title)
    elif hooks.heading == "source":
        stripped = with_source(stripped, markup, about.url(about.path) or about.path)
    if block and hooks.front_matter == "strip":
        head, stripped = "", stripped.lstrip("\r\n")
    if not head and stripped != text and markup != "text" and find(stripped):
        # What now comes first is text of the document, and must not be read as front matter.
        return "\n" + stripped
    return head + stripped


def _stable(text: str, markup: Markup, hook: Callable[[str], str]) -> str:
    changed = hook(text)
    if changed == text:
        return text
    mdx = markup == "mdx"
    if markup in ("markdown", "mdx") and _code(changed, mdx) != _code(text, mdx):
        return text
    return changed if hook(changed) == changed else text


def _code(text: str, mdx: bool) -> str:
    """The code of the text in fences and indented lines."""
    if "```" not in text and "~~~" not in text and mdx:
        return ""
    return "".join(text[block.start : block.end] for block in blocks(text, mdx=mdx) if block.kind == "code")
