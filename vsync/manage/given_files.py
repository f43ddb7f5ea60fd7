"""The Files that are meant by ids and names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from vsync.manage.bulk_report import Failure
from vsync.manage.chosen import Rules
from vsync.manage.each import Working
from vsync.manage.given import Given, by_name, missing, only, sort_out
from vsync.manage.look_up import look_up
from vsync.store.answers import is_id
from vsync.store.client import Api
from vsync.store.entries import UploadedFile
from vsync.store.files import Files

_FEW = 20
"""So many Files are looked up one by one. For more, the listing is cheaper."""

_LOOKS_LIKE_ID = re.compile(r"file-[A-Za-z0-9_-]{1,128}")


async def files_given(
    given: Sequence[str], rules: Rules, api: Api, working: Working, earlier: Collection[str]
) -> Given[UploadedFile]:
    """Finds each File: by its id, else by its name. A listing may lack a new File, so ids are asked for besides.

    What looks like an id is never taken for a name: the File of that id may be gone, and anybody may give its id to another
    File as a name. What of `earlier` is not found was deleted by an earlier run. Raises StoreConflict.
    """
    found: dict[str, UploadedFile | Failure] = {}
    listed: Mapping[str, UploadedFile] | None = None
    named: Mapping[str, Sequence[UploadedFile]] = {}

    async def read_listing() -> Mapping[str, UploadedFile]:
        nonlocal named
        every = await Files(api).all()
        named = by_name(every.values(), lambda file: file.filename) if rules.names else {}
        found.update({word: every[word] for word in given if word in every})
        return every

    if len(given) > _FEW:
        listed = await read_listing()
    unlisted = [
        word
        for word in given
        if word not in found and is_id(word) and (_LOOKS_LIKE_ID.fullmatch(word) or word not in named)
    ]
    found |= await look_up(unlisted, Files(api).find, rules, working)
    if listed is None and rules.names and any(word not in found for word in given):
        await read_listing()
    for word in given:
        if word not in found and word in named and not _LOOKS_LIKE_ID.fullmatch(word):
            found[word] = only(word, named[word], _id, "Files")

    def no_such(word: str) -> Failure:
        name_of = named[word][0].id if word in named else None
        return missing(word, "File", "file-…", rules=rules, name_of=name_of)

    return sort_out(given, found, _id, no_such, rules=rules, earlier=earlier)


def _id(file: UploadedFile) -> str:
    return file.id
