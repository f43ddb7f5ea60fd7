"""The container's entry. Without arguments it is the action; `vsync …` (or just `…`) is the command line."""

from __future__ import annotations

import os
import sys

from vsync.system.stop import Stop


def main(arguments: list[str]) -> int:
    # First of all: as PID 1 a process that has no handler ignores SIGTERM, and a cancelled job would be killed
    # without a word. Everything slow is imported after this.
    stop = Stop()
    stop.install()
    from vsync.network.certificates import anchor
    from vsync.system.secrets import taken_from
    from vsync.system.streams import open_closed_streams

    open_closed_streams()
    anchor(os.environ)
    environ = taken_from(os.environ)
    # A runner may hand the action's input `args` to the container as its own arguments.
    if arguments and "INPUT_COMMAND" not in environ:
        from vsync.cli import main as cli

        return cli.run(arguments[1:] if arguments[0] == "vsync" else arguments, environ, stop=stop)
    from vsync.github import action

    return action.run(environ, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
