"""What a source holds of selected paths: the rules, and then the marks of its `.gitattributes`.

The marks come second, because the files that hold them are known only when the paths are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from vsync.config.targets import Target
from vsync.documents import gitattributes
from vsync.documents.document import Document
from vsync.documents.gitattributes import GitAttributes
from vsync.documents.selection import NotSelected, Selector, Verdict
from vsync.git.changes import TreeEntry, decodable
from vsync.plan.advice import NotSelectedDocumentation, Unmatched
from vsync.source.base import Source
from vsync.state.manifest import Skipped

_REGULAR = frozenset({"100644", "100755"})
_ATTRIBUTES = gitattributes.NAME.encode()
_ASKED_SINGLY = 1_000
"""Folders that are asked for one by one. Where there are more, the whole tree is listed."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The selected paths: what may be a document, and what cannot be one. The bytes are not looked at yet."""

    documents: list[Document]
    skipped: dict[str, Skipped]


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks on while paths are selected, for the plan's advice.

    Of a diff only the `added` paths count among the others: a file that is not selected is told once, and not with each
    change of it.
    """

    unmatched: Unmatched
    others: NotSelectedDocumentation
    added: Collection[bytes] | None = None

    @classmethod
    def of(cls, target: Target, added: Collection[bytes] | None) -> Watch:
        rules = target.rules
        return cls(Unmatched(rules, target.described_by), NotSelectedDocumentation(rules), added)

    def see(self, entry: TreeEntry, why: NotSelected | None) -> None:
        self.unmatched.see(entry.path.decode("utf-8", "surrogateescape"), entry.mode)
        self.see_left_out(entry, why)

    def see_left_out(self, entry: TreeEntry, why: NotSelected | None) -> None:
        if why is not None and (self.added is None or entry.path in self.added):
            self.others.see(entry.path.decode("utf-8", "surrogateescape"), why)


def select(
    source: Source,
    entries: Iterable[TreeEntry],
    selector: Selector,
    target: Target,
    watch: Watch | None = None,
    *,
    whole: bool,
) -> Selected:
    """What is selected of these entries. `whole`: they are all entries of the source."""
    found: list[tuple[TreeEntry, Verdict]] = []
    holders: list[TreeEntry] = []
    for entry in entries:
        verdict = selector.decide(entry.path, entry.mode)
        if watch is not None:
            watch.see(entry, verdict.why)
        if verdict.path is not None:
            found.append((entry, verdict))
        elif is_attributes(entry.path):
            holders.append(entry)
    if selector.documentation_only and found:
        attributes = read_attributes(source, holders if whole else _holders_of(source, found))
        found = [item for item in found if not _is_marked(item, selector, attributes, watch)]
    documents: list[Document] = []
    skipped: dict[str, Skipped] = {}
    for entry, verdict in found:
        assert verdict.path is not None
        if verdict.skipped is not None:
            skipped[verdict.path] = Skipped(entry.blob or "-", verdict.skipped)
        else:
            path, blob = verdict.path, source.identify(entry).blob
            documents.append(
                Document(path, blob, target.tag(path), filename=target.filename(path), recipe=target.recipe(path))
            )
    return Selected(documents, skipped)


def selector_for(source: Source, target: Target, path: str) -> Selector:
    """The rules with the marks of the `.gitattributes` that say something of one path, to ask why it is not selected."""
    holders = source.find([_holder(folder) for folder in gitattributes.folders_of(path)])
    return Selector(target.rules, read_attributes(source, holders))


def is_attributes(path: bytes) -> bool:
    """Whether the path is that of a `.gitattributes` file."""
    return path == _ATTRIBUTES or path.endswith(b"/" + _ATTRIBUTES)


def read_attributes(source: Source, holders: Iterable[TreeEntry]) -> GitAttributes:
    """The `.gitattributes` files among the entries. Git reads none through a link."""
    documents = [
        Document(entry.path.decode(), entry.blob, "")
        for entry in holders
        if entry.mode in _REGULAR and decodable(entry.path)
    ]
    files: dict[str, bytes] = {}
    if documents:
        source.prefetch(documents)
        sizes = source.sizes(documents)
        for document in documents:
            if sizes.get(document.path, gitattributes.MAX_BYTES) < gitattributes.MAX_BYTES:
                files[document.path.rpartition("/")[0]] = b"".join(source.chunks(document))
    return GitAttributes(files)


def _holders_of(source: Source, found: Sequence[tuple[TreeEntry, Verdict]]) -> list[TreeEntry]:
    """The `.gitattributes` files that say something of these paths."""
    paths = [entry.path.decode("utf-8", "surrogateescape") for entry, _ in found]
    folders = sorted({folder for path in paths for folder in gitattributes.folders_of(path)})
    if len(folders) > _ASKED_SINGLY:
        return [entry for entry in source.entries() if is_attributes(entry.path)]
    return source.find([_holder(folder) for folder in folders])


def _holder(folder: str) -> bytes:
    path = f"{folder}/{gitattributes.NAME}" if folder else gitattributes.NAME
    return path.encode("utf-8", "surrogateescape")


def _is_marked(
    item: tuple[TreeEntry, Verdict], selector: Selector, attributes: GitAttributes, watch: Watch | None
) -> bool:
    why = selector.marked(item[0].path.decode("utf-8", "surrogateescape"), attributes)
    if watch is not None:
        watch.see_left_out(item[0], why)
    return why is not None
