"""An OpenAI-compatible API in one SQLite file: Files, Uploads, vector stores, search, batches. It needs no server and no key.

It is for trying, testing and using vsync offline. It may touch its SQLite file and nothing else. Importing it is cheap:
only `transport` imports httpx2.
"""

from vsync.embedded.api import EmbeddedStore
from vsync.embedded.database import EmbeddedStoreError
from vsync.embedded.messages import Request, Response

__all__ = ["EmbeddedStore", "EmbeddedStoreError", "Request", "Response"]
