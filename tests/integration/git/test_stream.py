"""A running git writes to two pipes at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.gitrepo import Repo, environment


def test_what_git_says_on_stderr_cannot_stop_a_reader(repo: Repo, tmp_path: Path) -> None:
    """A debugging git writes more than a pipe holds: nobody may wait for somebody to read it."""
    repo.commit({f"{number}.md": b"%d" % number for number in range(2500)})
    program = (
        "import sys; from pathlib import Path; from vsync.git.repository import Repository\n"
        "repository = Repository(Path(sys.argv[1]))\n"
        "entries = list(repository.tree('HEAD'))\n"
        "with repository.blobs() as blobs:\n"
        "    print(sum(int(b''.join(blobs.chunks(entry.blob))) for entry in entries))\n"
        "repository.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(repo.root)],
        env=environment(GIT_TRACE_PACK_ACCESS="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=10,
    )
    assert int(done.stdout) == sum(range(2500))
