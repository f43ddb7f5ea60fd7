"""Documents for the tests of the content hooks."""

from __future__ import annotations

from vsync.documents.describing import Hooks
from vsync.documents.hooks import About, apply


def about(path: str = "docs/guide/a.md", title: str | None = None, *, site: str | None = None) -> About:
    """`site` is the address of the docs site: its pages have their paths without the extension."""

    def url(path: str) -> str | None:
        return f"{site}/{path.removeprefix('docs/').rpartition('.')[0]}" if site else None

    return About(path, title, url, "https://github.com/acme/docs")


def hooked(
    text: str, hooks: Hooks, path: str = "docs/guide/a.md", title: str | None = None, site: str | None = None
) -> str:
    return apply(text, hooks, about(path, title, site=site))
