"""The examples of the content hooks in the documentation are what the hooks do."""

from __future__ import annotations

import re

import pytest

from tests.support.places import ROOT
from vsync.documents.describing import Hooks
from vsync.documents.hooks import About, apply

(SECTION,) = re.findall(r"(?ms)^### Content hooks\n(.*?)^### ", (ROOT / "docs" / "configuration.md").read_text())
EXAMPLES = re.findall(
    r"(?s)`(site/[\w/.]+)`[^`]*(?:`url:[^`]*`,\n)?\n```\w+\n(.*?)```\n\nbecomes\n\n```\w+\n(.*?)```", SECTION
)
HOOKS = (
    Hooks(front_matter="strip"),
    Hooks(comments="strip"),
    Hooks(heading="title"),
    Hooks(links="absolute"),
    Hooks(mdx="strip"),
)


def address(path: str) -> str:
    return f"https://docs.acme.dev/{path.rpartition('.')[0]}"


@pytest.mark.parametrize(("hooks", "example"), list(zip(HOOKS, EXAMPLES, strict=True)))
def test_an_example_is_what_the_hook_does(hooks: Hooks, example: tuple[str, str, str]) -> None:
    path, before, after = example
    assert apply(before, hooks, About(path, "Install", address, "https://github.com/acme/docs")) == after
