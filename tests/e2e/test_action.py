"""The action in its container, as GitHub's runner starts it: what it does, and what it leaves behind."""

from __future__ import annotations
from tests.e2e.runner import Runner
from tests.servers.openai_api import OpenAIServer


def test_a_push_syncs(runner: Runner, store: OpenAIServer) -> None:
    first = runner.remote.commit({"README.md": b"# Read me\n", "docs/a.md": b"# A\n", "src/x.py": b"x = 1\n"})
    step = runner.push(first)
    print(step)
    [id] = store.stores()
    print(store.documents(id))
    assert 0
