"""The samples on the page "What vsync shows" are what a run prints, but for ids, commits and times."""

from __future__ import annotations

import re

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import world as world
from tests.support.places import ROOT

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

PAGE = (ROOT / "docs/reports.md").read_text()
STORE = ("--vector-store-name", "acme-docs")
OLD = {"README.md": b"# Read me\n", "docs/install.md": b"# Install\n", "docs/old.md": b"# Old\n"}
NEW = {"docs/install.md": b"# Install it\n", "docs/new.md": b"# New\n", "docs/old.md": b""}
USAGE = b"# Usage\n" * 40


def same(text: str) -> str:
    """The text without what differs from run to run."""
    text = re.sub(r"\b(vs_|file-)[A-Za-z0-9]{24}\b", r"\1…", text)
    text = re.sub(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{12}\b", "…", text)
    return re.sub(r"[0-9.]+ s\b|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC", "…", text).strip()


def samples() -> list[str]:
    fenced = re.findall(r"(?ms)^```text\n(.*?)^```$", PAGE)
    indented = [re.sub(r"(?m)^    ", "", text) for text in re.findall(r"(?m)(?:^    \S.*\n(?:^    .*\n)*)", PAGE)]
    return [same(text) for text in [*fenced, *indented]]


def test_every_sample_is_what_a_run_prints(world: World) -> None:
    world.repo.commit({**OLD, "docs/usage.md": USAGE})
    world.vsync("sync", *STORE)
    world.repo.commit({**NEW, "docs/usage.md": None, "docs/guide.md": USAGE})
    printed = [world.vsync(command, *STORE).out for command in ("plan", "sync", "sync")]
    state = world.state()
    with client(world.db) as api:
        api.vector_stores.files.delete(
            state["files"]["docs/new.md"]["file_id"], vector_store_id=state["vector_store_id"]
        )
    printed.append(world.vsync("verify", *STORE).out)
    shown = [*map(same, printed), same(printed[1].replace(" (1 no longer a document)", ""))]
    found = samples()
    assert len(found) == 4
    assert [sample for sample in found if not any(sample in text for text in shown)] == []
