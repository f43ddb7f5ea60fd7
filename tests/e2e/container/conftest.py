"""The image of the container's tests: the one that VSYNC_IMAGE names, or else one built here from the Dockerfile.

Needs a Docker engine, and for building the base image; without them these tests are skipped, unless an image is named.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.container.engine import GIVEN, TAG, available, docker
from tests.support.places import ROOT


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    if GIVEN:
        yield GIVEN
        return
    if not available():
        pytest.skip("no Docker engine with the image python:3.13-slim")
    built = docker("build", "--network", "host", "--tag", TAG, str(ROOT))
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    yield TAG
    docker("rmi", "--force", TAG)
