"""`make demo`: the whole job in a minute and without a key.

Makes a small repository of this project's docs, syncs it into the embedded store, changes something, syncs again, asks
the store a question, and runs a batch of requests; each step is the real command line, and shows what it printed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="vsync-demo-") as folder:
        return Demo(Path(folder)).run()


class Demo:
    """The steps, in a repository of their own."""

    def __init__(self, folder: Path) -> None:
        self._repo = folder / "acme-docs"
        self._environ = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("GIT_", "GITHUB_", "VSYNC_", "OPENAI_"))
            },
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "PYTHONPATH": str(ROOT),  # vsync as it stands here: `make demo` installs only what vsync needs
        }

    def run(self) -> int:
        self._make_repository()
        self._step("1. The plan: what would be synced. No key, no request", "plan", "--local")
        self._step("2. The first sync", "sync", "--local")
        self._step("3. Again: nothing has changed, so nothing is asked", "sync", "--local")
        self._change()
        self._step("4. After a commit: one file edited, one added, one renamed, one removed", "sync", "--local")
        self._step("5. Which version is live?", "status", "docs/new.md", "--local")
        self._step("6. Ask the store", "search", "what happens when a run is killed", "-n", "3", "--local")
        self._ask_in_a_batch()
        self._step("7. Batch jobs: check a file of requests, and start its batch", "batch", "submit", "--local")
        title = "8. Wait for the results. One request fails, because its custom_id asks the embedded store for that"
        self._step(title, "batch", "fetch", "--wait", "--local", code=1)
        self._show_first_lines("9. A result stands on the line of its request (the embedded store has no model)")
        print("\nDone. README.md tells how to install the command `vsync` and how to sync into a real store.")
        return 0

    def _make_repository(self) -> None:
        (self._repo / "docs").mkdir(parents=True)
        for document in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]:
            shutil.copy(document, self._repo / "docs" / document.name.lower())
        shutil.copy(ROOT / "README.md", self._repo / "README.md")
        (self._repo / "docs" / "notes.txt").write_text("A note that will be removed.\n")
        self._git("init", "--quiet", "--initial-branch", "main")
        self._commit("The documentation")

    def _change(self) -> None:
        docs = self._repo / "docs"
        readme = self._repo / "README.md"
        readme.write_text(readme.read_text() + "\nEdited by the demo.\n")
        (docs / "new.md").write_text("# New\n\nA page that the demo adds.\n")
        (docs / "changelog.md").rename(docs / "history.md")
        (docs / "notes.txt").unlink()
        self._commit("Edit, add, rename, remove")

    def _ask_in_a_batch(self) -> None:
        (self._repo / "batches").mkdir()
        bodies = [{"model": "gpt-5-mini", "input": f"Sum up docs/{name} in a sentence."} for name in ("a.md", "b.md")]
        requests = [
            {"custom_id": custom_id, "method": "POST", "url": "/v1/responses", "body": body}
            for custom_id, body in zip(("sum-1", "vsync-fail-429"), bodies, strict=True)
        ]
        (self._repo / "batches/sums.jsonl").write_text("".join(json.dumps(request) + "\n" for request in requests))

    def _show_first_lines(self, title: str) -> None:
        self._title(title)
        request, result = (
            json.loads((self._repo / folder / "sums.jsonl").read_text().splitlines()[0])
            for folder in ("batches", "batch-results")
        )
        print(f"batches/sums.jsonl:1        {request['custom_id']}: {request['body']['input']}")
        text = result["response"]["body"]["output"][0]["content"][0]["text"]
        print(f"batch-results/sums.jsonl:1  {result['custom_id']}: {text}")

    def _commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git("-c", "user.name=Demo", "-c", "user.email=demo@example.invalid", "commit", "--quiet", "-m", message)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self._repo, env=self._environ, check=True)

    def _step(self, title: str, *arguments: str, code: int = 0) -> None:
        """Runs a command, which must end with this exit code."""
        self._title(title)
        shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
        print(f"$ vsync {shown}", flush=True)
        command = [sys.executable, "-m", "vsync", *arguments]
        found = subprocess.run(command, cwd=self._repo, env=self._environ, check=False)
        if found.returncode != code:
            raise subprocess.CalledProcessError(found.returncode, command)

    def _title(self, title: str) -> None:
        print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
