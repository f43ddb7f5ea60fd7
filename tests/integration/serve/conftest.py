from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer

OTHER = "sk-other-9876543210fedcba"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ProjectsServer]:
    """The API behind the server. It knows two keys."""
    with ProjectsServer(tmp_path, KEY, OTHER) as running:
        yield running


@pytest.fixture
def served(api: ProjectsServer) -> Iterator[Served]:
    with Served(api.base_url) as running:
        yield running
