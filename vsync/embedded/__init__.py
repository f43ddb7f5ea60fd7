"""An OpenAI-compatible Files, Vector Stores and Search API in one SQLite file, without a server or a key.

It is there to try, test and use vsync offline. Importing it is cheap: what needs httpx2 is in `transport`.
"""

from vsync.embedded.api import EmbeddedStore
from vsync.embedded.database import EmbeddedStoreError
from vsync.embedded.messages import Request, Response

__all__ = ["EmbeddedStore", "EmbeddedStoreError", "Request", "Response"]
