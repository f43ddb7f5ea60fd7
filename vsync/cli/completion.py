"""`vsync completion`: what a shell needs to complete the command line, and the answers that its script asks for."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from vsync.cli.options import WithArgument
from vsync.cli.terminal import put
from vsync.errors import EXIT_OK

if TYPE_CHECKING:
    from vsync.cli.context import Context

_PROGRAM = "vsync"
VARIABLE = "_VSYNC_COMPLETE"
"""The variable by which a shell's script asks for answers."""

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' type value completion response
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS= read -r completion; do
        type=${completion%%%%,*} value=${completion#*,}
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_FISH = """\
function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp | string collect) \\
        COMP_CWORD=(commandline -t | string collect) %(prog_name)s 2>/dev/null)
    for completion in $response
        set -l metadata (string split "," -- $completion)
        switch $metadata[1]
            case dir
                __fish_complete_directories $metadata[2]
            case file
                __fish_complete_path $metadata[2]
            case plain
                echo $metadata[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Answers(ShellComplete):
    """Answers as `vsync` itself reads the words: before an argument, --local has no value."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        if args[-1:] == ["--local"] and isinstance(self._command(args), WithArgument):
            args = [*args[:-1], "--local=true"]
        return super().get_completions(args, incomplete)

    def _command(self, args: list[str]) -> click.Command:
        command = self.cli
        for word in args:
            if not isinstance(command, click.Group) or word not in command.commands:
                break
            command = command.commands[word]
        return command


class _Bash(_Answers, BashComplete):
    """Bash takes an answer as it is, so what its parser would act on needs a backslash."""

    source_template = _BASH

    def source(self) -> str:
        return self.source_template % self.source_vars()  # click's own asks bash for its version first

    def format_completion(self, item: CompletionItem) -> str:
        value = re.sub(r"[^A-Za-z0-9\u0080-\U0010ffff._/@%+:=,^-]", r"\\\g<0>", item.value)
        return f"{item.type},{value if item.type == 'plain' else item.value}"


class _Zsh(_Answers, ZshComplete):
    pass


class _Fish(_Answers, FishComplete):
    source_template = _FISH


_SHELLS: Mapping[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the script with which a shell completes vsync's command line.

    \b
    bash  eval "$(vsync completion bash)"            in ~/.bashrc
    zsh   eval "$(vsync completion zsh)"             in ~/.zshrc, after compinit
    fish  vsync completion fish > ~/.config/fish/completions/vsync.fish

    The shell then completes commands, options, the targets of the manifest, and the names of the stores that
    `vsync stores list` showed last.
    """
    script = _SHELLS[shell](ctx.find_root().command, {}, _PROGRAM, VARIABLE).source()
    put(sys.stdout, script.rstrip("\n"))


def answer(main: click.Command, instruction: str, context: Context) -> int:
    """Answers a shell's script. Whatever is wrong, the shell gets no answer and shows no error.

    `instruction` is the shell's name and `_complete`.
    """
    shell = _SHELLS.get(instruction.removesuffix("_complete"))
    if shell is None:
        return EXIT_OK
    found = ""
    nowhere = io.StringIO()
    with contextlib.suppress(Exception, SystemExit), contextlib.redirect_stderr(nowhere):
        found = shell(main, {"obj": context}, _PROGRAM, VARIABLE).complete()
    with contextlib.suppress(OSError):
        sys.stdout.write(found and f"{found}\n")
        sys.stdout.flush()
    return EXIT_OK
