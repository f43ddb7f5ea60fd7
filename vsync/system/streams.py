"""Standard streams that the caller closed (`vsync sync >&-`, a service without a terminal)."""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Opens the null device in place of each closed stream.

    Python has None in the place of such a stream. And the next file that is opened would get the number of the stream, so
    what git or a library writes there would go into that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
            os.set_inheritable(descriptor, True)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - open until the process ends
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
