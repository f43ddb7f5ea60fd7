"""What somebody else changed in the store since the last run, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from vsync.state.manifest import TargetState
from vsync.sync.store_figures import Sign
from vsync.system.wording import count

_NAMED = 10
_WORDS: Mapping[Sign, str] = MappingProxyType(
    {"count": "another count of entries", "usage": "other bytes in use", "metadata": "other metadata"}
)


def changed_since(store_id: str, recorded: TargetState, found: TargetState) -> str:
    """The warning of a run that has listed the store because of its figures. `found` is the state that the listing proves."""
    return (
        f"Somebody else changed the vector store {store_id} since the last run that is recorded here, for example a sync from "
        f"another clone without --push. {_what(recorded, found)} The store was listed, and what it holds was taken "
        "into account. To keep one record of the store, use --push (input commit: true) wherever it is synced from."
    )


def nothing_of_ours(store_id: str, signs: Sequence[Sign]) -> str:
    """What a run says that has listed the store because of its figures, and found all documents as they are recorded."""
    shown = _list([_WORDS[sign] for sign in signs])
    return (
        f"The vector store {store_id} shows {shown} than after the last run. It was listed: all documents of this target are as "
        "recorded."
    )


def entries_were_gone(store_id: str, paths: Sequence[str]) -> str:
    """The warning of a run that found only at its end that the store is not what the manifest said."""
    return (
        f"Somebody else removed entries from the vector store {store_id} since the last run that is recorded here, for example a "
        f"sync from another clone without --push. {_sentence('lacked the recorded entry of', sorted(paths))} The store may hold "
        "these documents twice now. Run again: the next run lists the store and brings it in order. To keep one record of the store, "
        "use --push (input commit: true) wherever it is synced from."
    )


def _what(recorded: TargetState, found: TargetState) -> str:
    """What differs, in one sentence for each kind."""
    missing = sorted(recorded.files.keys() - found.files.keys())
    both = sorted(recorded.files.keys() & found.files.keys())
    others = [path for path in both if recorded.files[path].file_id != found.files[path].file_id]
    retagged = [path for path in both if path not in others and recorded.files[path] != found.files[path]]
    known = {entry.file_id for entry in recorded.files.values()}
    more = len(set(found.pending_delete) - known - set(recorded.pending_delete))
    new = sorted(found.files.keys() - recorded.files.keys())
    sentences = (
        _sentence("lacked", missing),
        _sentence("held another version of", others),
        _sentence("held other attributes of", retagged),
        _sentence("held, besides what is recorded,", new),
        f"It held {count(more, 'more entry', 'more entries')} of this target." if more else "",
    )
    return " ".join(filter(None, sentences)) or "It is not what the manifest says."


def _sentence(verb: str, paths: Sequence[str]) -> str:
    if not paths:
        return ""
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return f"It {verb} {count(len(paths), 'document')}: {', '.join(paths[:_NAMED])}{more}."


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
