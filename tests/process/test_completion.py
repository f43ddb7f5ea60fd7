"""The scripts that `vsync completion` prints, in real shells."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import environment
from tests.support.places import ROOT
from vsync.cli.completion import VARIABLE

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


def listed(world: World, *names: str) -> None:
    """Stores of these names, as `vsync stores list` has listed them."""
    with client(world.db) as api:
        for name in names:
            api.vector_stores.create(name=name)
    assert world.vsync("stores", "list", XDG_CACHE_HOME=str(world.db.parent / "cache")).code == 0


def shell(world: World, program: str, script: str) -> list[str]:
    """The lines that a script of a shell prints, with `vsync` on its path."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")
    binaries = world.db.parent / "bin"
    binaries.mkdir(exist_ok=True)
    start = binaries / "vsync"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vsync "$@"\n')
    start.chmod(0o755)
    env = environment(
        PYTHONPATH=str(ROOT),
        PATH=f"{binaries}:/usr/local/bin:/usr/bin:/bin",
        XDG_CACHE_HOME=str(world.db.parent / "cache"),
        VSYNC_LOCAL=str(world.db),
        HOME=str(world.db.parent),
    )
    done = subprocess.run(
        [program, *_NO_FILES[program], "-c", script], cwd=world.repo.root, env=env, capture_output=True
    )
    assert done.stderr == b""
    return done.stdout.decode().splitlines()


_NO_FILES: dict[str, Sequence[str]] = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}

_BASH = """
eval "$(vsync completion bash)"
complete -p vsync
compopt() { :; }
COMP_WORDS=(vsync stores show my); COMP_CWORD=3
_vsync_completion vsync
printf '<%s>\\n' "${COMPREPLY[@]}"
COMP_WORDS=(vsync sync --reind); COMP_CWORD=2
_vsync_completion vsync
printf '<%s>\\n' "${COMPREPLY[@]}"
"""


def test_bash_completes_and_acts_on_no_name(world: World, docs: str) -> None:
    world.local = True
    world.vsync("sync")
    listed(world, "my docs", "my$(touch acted);`touch acted`&*")
    found = shell(world, "bash", _BASH)
    assert "_vsync_completion" in found[0]
    assert found[1:] == ["<my\\ docs>", "<my\\$\\(touch\\ acted\\)\\;\\`touch\\ acted\\`\\&\\*>", "<--reindex>"]
    assert not (world.repo.root / "acted").exists()


def test_bash_shows_nothing_when_vsync_is_gone(world: World) -> None:
    script = (
        'eval "$(vsync completion bash)"; hash -r; PATH=/usr/bin:/bin; COMP_WORDS=(vsync sy); COMP_CWORD=1;'
        ' _vsync_completion /no/vsync; printf "%s" "${#COMPREPLY[@]}"'
    )
    assert shell(world, "bash", script) == ["0"]


def test_zsh_takes_the_script(world: World) -> None:
    script = 'autoload -Uz compinit; compinit -u -D; eval "$(vsync completion zsh)"; print -r -- "${_comps[vsync]}"'
    assert shell(world, "zsh", script) == ["_vsync_completion"]


def test_fish_completes(world: World, docs: str) -> None:
    world.local = True
    world.vsync("sync")
    listed(world, "my docs")
    script = 'vsync completion fish | source; complete -C "vsync sync --reind"; complete -C "vsync stores show my"'
    found = shell(world, "fish", script)
    assert [line.partition("\t")[0] for line in found] == ["--reindex", "my docs"]


def test_the_sdk_is_not_imported_for_an_answer(world: World, docs: str) -> None:
    world.local = True
    world.vsync("sync")
    code = (
        "import sys; from vsync.cli.main import run; import os; run([], os.environ);"
        "sys.stderr.write(str(sorted({'openai', 'rich', 'github', 'pathspec'} & set(sys.modules))))"
    )
    env = environment(
        PYTHONPATH=str(ROOT),
        VSYNC_LOCAL=str(world.db),
        COMP_WORDS="vsync sync --target ",
        COMP_CWORD="3",
        **{VARIABLE: "bash_complete"},
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=world.repo.root, env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("plain,default\n", "[]")
