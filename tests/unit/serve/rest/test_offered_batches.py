from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vsync.serve.rest.failure import Failure
from vsync.serve.rest.offered_batches import BatchFolders, OfferedBatches

FOLDERS = BatchFolders(Path("/srv/acme"), "batches", "batch-results", "acme/docs")


async def comes_in(offered: OfferedBatches, *, changes: bool) -> bool:
    try:
        async with offered.at_work(changes=changes):
            return True
    except Failure:
        return False


def test_who_cannot_come_in_is_told_to_come_again() -> None:
    async def main() -> None:
        offered = OfferedBatches(FOLDERS, wait_s=0.01)
        async with offered.at_work(changes=True):
            with pytest.raises(Failure) as caught:
                async with offered.at_work(changes=True):
                    pass
        assert (caught.value.status, caught.value.code, caught.value.retry_after) == (503, "busy", 10.0)

    asyncio.run(main())


def test_a_call_that_changes_something_keeps_others_out_until_it_ends() -> None:
    async def main() -> None:
        offered = OfferedBatches(FOLDERS, wait_s=0.01)
        async with offered.at_work(changes=True):
            assert not await comes_in(offered, changes=True)
            assert await comes_in(offered, changes=False)
        assert await comes_in(offered, changes=True)

    asyncio.run(main())


def test_a_call_waits_for_the_one_before() -> None:
    async def main() -> None:
        offered = OfferedBatches(FOLDERS, wait_s=10)
        async with offered.at_work(changes=True):
            second = asyncio.ensure_future(comes_in(offered, changes=True))
            await asyncio.sleep(0.01)
            assert not second.done()
        assert await second

    asyncio.run(main())


def test_few_calls_read_the_folder_at_the_same_time() -> None:
    async def main() -> None:
        offered = OfferedBatches(FOLDERS, wait_s=0.01)
        async with offered.at_work(changes=False), offered.at_work(changes=False):
            assert not await comes_in(offered, changes=False)
            assert await comes_in(offered, changes=True)
        assert await comes_in(offered, changes=False)

    asyncio.run(main())


def test_a_call_that_fails_leaves_the_folder() -> None:
    async def main() -> None:
        offered = OfferedBatches(FOLDERS, wait_s=0.01)
        for _ in range(2):
            with pytest.raises(KeyError):
                async with offered.at_work(changes=True):
                    raise KeyError
        assert await comes_in(offered, changes=True)

    asyncio.run(main())
