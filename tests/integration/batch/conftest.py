from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.batch_world import BatchWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BatchWorld]:
    with closing(BatchWorld(tmp_path)) as found:
        yield found
