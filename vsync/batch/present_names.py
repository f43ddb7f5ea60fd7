"""Under which names batches stand: the request files that have their content now. Pure.

A batch is of a content, and its metadata hold the path that the request file had when the batch was made. A file may have been
renamed, copied or changed since, and another file may have that path now.

| the content of the batch | the batch stands for |
| --- | --- |
| is in request files, and the old path is that of no request file | these files. The old path means the batch too |
| is in request files, and the old path is that of a request file | these files, and no other |
| is in no request file | the old path, whatever stands there now |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vsync.batch.metadata import Made


class PresentNames:
    """The names of batches. `current` is the SHA-256 of each request file that is there, by its path."""

    def __init__(self, current: Mapping[str, str]) -> None:
        self._current = current
        self._paths: dict[str, tuple[str, ...]] = {}
        for path, sha256 in sorted(current.items()):
            self._paths[sha256] = (*self._paths.get(sha256, ()), path)

    def of(self, sha256: str) -> tuple[str, ...]:
        """The request files that have a content, in the order of their paths."""
        return self._paths.get(sha256, ())

    def former(self, made: Made) -> tuple[str, ...]:
        """The path of which a batch was made, where it is a name of the batch beside its request files; else nothing."""
        return () if self.of(made.sha256) and made.path in self._current else (made.path,)

    def means(self, chosen: Callable[[str], bool], made: Made) -> bool:
        """Whether a batch is meant by one of its names."""
        return any(map(chosen, (*self.of(made.sha256), *self.former(made))))

    def shown(self, made: Made, chosen: Callable[[str], bool] = lambda path: True) -> str:
        """The name under which people see a batch: of several request files the first that is meant."""
        paths = self.of(made.sha256)
        return next(filter(chosen, paths), paths[0] if paths else made.path)
