"""What a person has seen and agreed to, when the plan was made once more because the question stood open for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vsync.manage.bulk_report import Spared
from vsync.manage.delete_files import FilePlan
from vsync.manage.delete_stores import StorePlan

_NEW = "it was not among what was shown"
_GONE = "it is not meant any more"


def agreed_stores(shown: StorePlan, now: StorePlan) -> StorePlan:
    """The plan of now, without the stores that were not shown, the Files that were not shown, and those of such a store."""
    stores = {store_id: info for store_id, info in now.stores.items() if store_id in shown.stores}
    files, spared_files = now.files, list(now.spared_files)
    if files is not None:
        meant, files = files, {}
        for file_id, listing in meant.items():
            staying = [store for store in listing if store not in stores]
            if file_id not in (shown.files or {}):
                spared_files.append(Spared(file_id, _NEW))
            elif staying:
                spared_files.append(Spared(file_id, f"another vector store uses it: {', '.join(staying)}"))
            else:
                files[file_id] = listing
    return replace(
        now,
        stores=stores,
        files=files,
        spared=[*now.spared, *_differences(shown.stores, now.stores, _accounted(now))],
        spared_files=spared_files,
        known={**shown.known, **now.known},
    )


def agreed_files(shown: FilePlan, now: FilePlan) -> FilePlan:
    """The plan of now, without the Files that were not shown."""
    files = {file_id: file for file_id, file in now.files.items() if file_id in shown.files}
    spared = [*now.spared, *_differences(shown.files, now.files, _accounted(now))]
    return replace(now, files=files, spared=spared, known={**shown.known, **now.known})


def _accounted(now: StorePlan | FilePlan) -> set[str]:
    """What the plan of now says something about already."""
    return {*now.earlier, *(item.id for item in now.failed), *(item.id for item in now.spared)}


def _differences(shown: Iterable[str], now: Iterable[str], accounted: set[str]) -> list[Spared]:
    before, after = list(shown), list(now)
    seen, left = set(before), set(after)
    gone = [Spared(item, _GONE) for item in before if item not in left and item not in accounted]
    return [*gone, *(Spared(item, _NEW) for item in after if item not in seen)]
