"""All stores and all Files of a project. Each page is a step of the progress, because nobody knows how many there are."""

from __future__ import annotations

from vsync.report.observer import Observer
from vsync.store.client import Api
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.store.files import Files
from vsync.store.stores import Stores

_PAGES_OF_STORES = "listing stores"
_PAGES_OF_FILES = "listing Files"


async def all_stores(api: Api, observer: Observer) -> dict[str, StoreInfo]:
    """Every store once, by its id."""
    found: dict[str, StoreInfo] = {}
    observer.stage(_PAGES_OF_STORES, 1)
    async for page in Stores(api).pages():
        if found:
            observer.stage(_PAGES_OF_STORES, 1)
        found |= {info.id: info for info in page}
        observer.advance(_PAGES_OF_STORES)
    return found


async def all_files(api: Api, observer: Observer) -> dict[str, UploadedFile]:
    """Every File once, by its id."""
    found: dict[str, UploadedFile] = {}
    observer.stage(_PAGES_OF_FILES, 1)
    async for page in Files(api).pages():
        if found:
            observer.stage(_PAGES_OF_FILES, 1)
        found |= {file.id: file for file in page}
        observer.advance(_PAGES_OF_FILES)
    return found
