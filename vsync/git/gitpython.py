"""GitPython. It looks for the program git when it is imported, and an error of that is one that a user can mend."""

from __future__ import annotations

from vsync.errors import RepositoryError

try:
    import git as gitpython
except ImportError as error:
    raise RepositoryError(
        "The program git cannot be started.",
        "Install git, and check that PATH leads to it (and GIT_PYTHON_GIT_EXECUTABLE, where it is set).",
    ) from error

__all__ = ["gitpython"]
