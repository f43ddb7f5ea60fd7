"""Clients of a fresh store behind a real port."""

from __future__ import annotations

import pytest

from tests.contract.conftest import client as client
from tests.contract.conftest import make_async_client as make_async_client
from tests.contract.conftest import make_client as make_client
from tests.contract.conftest import server as server


@pytest.fixture
def way() -> str:
    return "http"
