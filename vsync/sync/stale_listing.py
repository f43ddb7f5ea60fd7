"""What a run says of a listing that stays stale before it has planned."""

from __future__ import annotations

from vsync.errors import ApiUnavailable
from vsync.store.whole_listing import WAITED_S
from vsync.system.wording import count


def why_stale(unlisted: int, *, shows_gone: bool) -> str | None:
    """How a listing shows that it is stale; None when it does not. The store counts `unlisted` Files that are not listed."""
    if unlisted > 0:
        return f"the store counts {count(unlisted, 'File')} more than are listed"
    return "entries that it shows are gone" if shows_gone else None


def may_upload_twice(store_id: str, why: str) -> ApiUnavailable:
    """The error of a run without a manifest that would upload documents although the store may hold them already."""
    return ApiUnavailable(
        f"The listing of the vector store {store_id} is stale, even after {WAITED_S:g} s: {why}. There is no manifest here, "
        "so only the listing says which documents are in the store. To upload now could put documents into the store "
        "twice, so nothing was uploaded.",
        "Run again in a few minutes. If it stays so, the store counts Files that it will never list: this happens when "
        "Files were deleted and their entries were not. Then --force (input force) goes on with what is listed; it ignores "
        "both limits as well. Or give another --vector-store-name (input vector-store-name), to begin a new store.",
    )


def stale_warning(store_id: str, why: str) -> str:
    """The warning of a run that goes on with such a listing."""
    return (
        f"The listing of the vector store {store_id} is stale, even after {WAITED_S:g} s: {why}. Entries of documents may be "
        "hidden. Run `vsync verify` later: it compares again."
    )
