"""What a table is made for: the terminal's width, the server's time, and whether OpenAI's prices hold."""

from __future__ import annotations

import shutil
import time
from typing import IO, TYPE_CHECKING

from vsync.auth.api_address import api_address
from vsync.report.markup import store_url

if TYPE_CHECKING:
    from vsync.auth.credentials import Credentials
    from vsync.manage.listings import Look
    from vsync.store.client import Api
    from vsync.store.embedded_file import EmbeddedFile


def terminal_width(out: IO[str]) -> int | None:
    """How many columns the terminal has; None where the stream is no terminal: a program may read it, so nothing is cut."""
    return shutil.get_terminal_size().columns if out.isatty() else None


def look_of(api: Api, keys: Credentials, embedded: EmbeddedFile | None, width: int | None) -> Look:
    from vsync.manage.listings import Look

    address = api_address(keys, embedded=embedded is not None)
    return Look(api.traffic.date or int(time.time()), width, store_url(address, "vs_1") is not None)
