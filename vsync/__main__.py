"""`python -m vsync` and the console script `vsync`."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    # Imports make hundreds of thousands of objects that live until the end. Searching them for garbage again and
    # again takes a fifth of the time that importing the SDK takes.
    gc.set_threshold(100_000, 50, 100)
    from vsync.system.stop import Stop

    stop = Stop()
    stop.install()  # who interrupts while the rest is imported gets an exit code, and no traceback
    from vsync.cli.main import run
    from vsync.network.certificates import anchor
    from vsync.system.secrets import taken_from
    from vsync.system.streams import open_closed_streams

    open_closed_streams()
    anchor(os.environ)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 gets what it can show
    code = run(sys.argv[1:] if arguments is None else arguments, taken_from(os.environ), stop=stop)
    gc.freeze()  # nor is the end worth a search: it takes 0.2 s with the SDK loaded
    sys.exit(code)


if __name__ == "__main__":
    main()
