"""The refs of one target on a git remote: what they hold, read together, and the commits that they are set to.

| ref | what it is |
| --- | --- |
| `refs/heads/<branch>` | the branch with the manifest |
| `refs/vsync/<target>` | the seal: a commit without parents that holds a small JSON |
| `refs/vsync-doubt/<target>` | the mark of doubt: a run lost the seal while it worked, so the next run lists the store |
| `refs/vsync-owner/<hash>` | the owner that two targets' first runs agree on, until the manifest is published |
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vsync.errors import GitUnavailable, ManifestError
from vsync.git.refs import RefUpdate
from vsync.git.remote import Remote
from vsync.state.manifest import blob_id
from vsync.state.publication import Published
from vsync.state.seal import Seal, both_overtaken, doubted, dump_seal, instant, parse_seal

MAX_TRIES = 8
_SEALS = "refs/vsync/"
_SEAL_FILE = "seal.json"
_DOUBT_FILE = "doubt"
_OWNER_FILE = "owner"
_MAX_BYTES = 1_000_000
"""How large the file in a commit of vsync can be. A seal has a few thousand bytes."""
_MAX_OWNER = 256


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the remote held when it was read: the commits of the refs, and what these commits hold.

    `seal_date` is the date of the seal's commit: the holder's last sign of life, by its own clock. None: there is no such
    date. `overtaken` is the seal in the mark of doubt, of the run that left the mark. `others` are the commits of other targets'
    seals, which are not fetched.
    """

    tip: str | None = None
    seal_commit: str | None = None
    doubt_commit: str | None = None
    owner_commit: str | None = None
    manifest: bytes | None = None
    seal: Seal | None = None
    seal_date: float | None = None
    overtaken: Seal | None = None
    others: tuple[tuple[str, str], ...] = ()

    @property
    def published(self) -> Published:
        if self.seal is None or self.doubt_commit is None:
            return Published(self.manifest, self.seal)
        return Published(self.manifest, doubted(self.seal, self.overtaken))


class TargetRefs:
    """Reads the refs of one target, and makes commits for them. `manifest` is the path of the manifest's file.

    `shared` says that people use the branch too. Then only the trees of its tip are fetched.
    """

    def __init__(
        self, remote: Remote, manifest: str, branch: str, target: str, *, shared: bool, log: Callable[[str], None]
    ) -> None:
        self.branch = f"refs/heads/{branch}"
        self.seal = f"{_SEALS}{target}"
        self.doubt = f"refs/vsync-doubt/{target}"
        self.owner = f"refs/vsync-owner/{blob_id(f'{branch}:{manifest}'.encode())[:12]}"
        self.place = f"{manifest} on {branch}"
        """Which manifest the seal belongs to: two manifests can have a target of the same name."""
        self._title = f"{manifest} on the branch {branch}"
        self._manifest = manifest
        self._remote = remote
        self._shared = shared
        self._log = log

    # --- Reading --------------------------------------------------------------------------------------------

    def read(self) -> Snapshot:
        """Reads all refs. When a ref moves between listing and fetching, all are read again."""
        for _ in range(MAX_TRIES):
            names = (self.branch, self.seal, self.doubt, self.owner)
            listed = self._remote.refs(*names, f"{_SEALS}*")
            refs = {name: listed[name] for name in names if name in listed}
            tip, seal, doubt = refs.get(self.branch), refs.get(self.seal), refs.get(self.doubt)
            try:
                if tip is not None and not self._remote.has(tip):
                    self._remote.fetch(tip, blobs=not self._shared)
                if seal is not None and not self._remote.has(seal):
                    self._remote.fetch(seal, small=True, depth=2)
                if doubt is not None and not self._remote.has(doubt):
                    self._remote.fetch(doubt, small=True)
            except GitUnavailable:
                if self._remote.refs(*names) != refs:
                    continue  # a ref moved in between, and its old commit is gone
                raise
            if tip is not None:
                self._check_branch(tip)
            manifest = self._remote.file(tip, self._manifest) if tip else None
            held, date = self._seal_in(seal) if seal else (None, None)
            overtaken = self._seal_in_doubt(doubt) if doubt else None
            others = self._others(listed)
            return Snapshot(tip, seal, doubt, refs.get(self.owner), manifest, held, date, overtaken, others)
        raise GitUnavailable(
            f"{self._title} moved {MAX_TRIES} times while it was read.", "Run again when fewer runs are under way."
        )

    def _others(self, listed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The other targets whose seals are listed, each with the commit of its seal."""
        seals = (item for item in listed.items() if item[0].startswith(_SEALS) and not item[0].endswith("^{}"))
        return tuple((ref.removeprefix(_SEALS), commit) for ref, commit in seals if ref != self.seal)

    def seal_of(self, target: str, commit: str) -> tuple[Seal | None, float | None]:
        """The open seal of another target of this manifest, and its date; None: it is closed, or cannot be read."""
        try:
            if not self._remote.has(commit):
                self._remote.fetch(commit, small=True, depth=2)
            seal = parse_seal(self._content(f"{_SEALS}{target}", commit, _SEAL_FILE))
        except (GitUnavailable, ManifestError):
            return None, None
        is_open = seal.state == "open" and seal.run and seal.place in (None, self.place)
        return (seal, self._remote.date(commit)) if is_open else (None, None)

    def others_open(self) -> bool:
        """Whether the seal of another target is open. An unreadable seal counts as open."""
        refs = self._remote.refs(f"{_SEALS}*")
        for ref, commit in refs.items():
            if ref == self.seal or ref.endswith("^{}"):
                continue
            try:
                self._remote.fetch(commit, small=True)
                seal = parse_seal(self._content(ref, commit, _SEAL_FILE))
            except (GitUnavailable, ManifestError):
                return True
            if seal.state == "open":
                return True
        return False

    def agreed_owner(self, commit: str) -> str:
        """The owner in the commit of the owner's ref. Raises ManifestError when there is none."""
        self._remote.fetch(commit, small=True)
        owner = self._content(self.owner, commit, _OWNER_FILE).decode("utf-8", "replace").strip()
        if not owner or len(owner) > _MAX_OWNER or not owner.isprintable():
            raise self._not_ours(self.owner, "a commit that names no owner")
        return owner

    def mark(self, overtaken: Seal | None) -> None:
        """Leaves the mark of doubt. A mark that another run has left keeps its run."""
        expected, seal = None, overtaken
        for _ in range(MAX_TRIES):
            if self._remote.push([RefUpdate(self.doubt, self.doubt_commit(seal), expected)]):
                return
            expected, seal = self._remote.refs(self.doubt).get(self.doubt), overtaken
            if expected is not None:
                self._remote.fetch(expected, small=True)
                left = self._seal_in_doubt(expected)
                seal = both_overtaken(left, overtaken)
                if seal == left:
                    return  # the mark says already all that this run knows

    def _content(self, ref: str, commit: str, name: str) -> bytes:
        """The file in the commit of a ref. Raises ManifestError when vsync cannot have written the commit."""
        whole, part = self._remote.described(commit, f"{commit}:{name}")
        kind = whole[0] if whole is not None else "missing object"
        if kind != "commit":
            raise self._not_ours(ref, f"a {kind}")
        listed = name in self._remote.paths(commit)
        if not listed or (part is not None and part[0] != "blob"):
            raise self._not_ours(ref, f"a commit without the file {name}")
        if part is None or part[1] > _MAX_BYTES:  # the filter leaves out what is large
            raise self._not_ours(ref, f"a commit whose file {name} is too large")
        try:
            content = self._remote.file(commit, name)
        except ManifestError:
            content = None
        if content is None:
            raise self._not_ours(ref, f"a commit whose {name} is no file")
        return content

    def _check_branch(self, tip: str) -> None:
        (described,) = self._remote.described(tip)
        if described is not None and described[0] != "commit":
            raise self._not_ours(self.branch, f"a {described[0]}")

    def _not_ours(self, ref: str, what: str) -> ManifestError:
        return ManifestError(
            f"The ref {ref} of {self._remote.shown} is no commit of vsync but {what}: somebody else has set it.",
            self._remedy(ref),
        )

    def _remedy(self, ref: str) -> str:
        if ref == self.branch and self._shared:
            return f"Set {ref} to a commit again, and run again."
        deleted = f"Delete it, `git push origin :{ref}`, and run"
        if ref == self.doubt:
            return (
                f"{deleted} vsync verify (input command: verify): such a ref has the next run list the store, and verify lists "
                "it as well."
            )
        if ref == self.owner:
            return f"{deleted} again: nothing is lost."
        return f"{deleted} again: the store is listed then, and nothing is lost."

    def _seal_in(self, commit: str) -> tuple[Seal, float | None]:
        """The seal in a commit, and the commit's date: the holder's last sign of life, since each sign is a new commit."""
        seal = parse_seal(self._content(self.seal, commit, _SEAL_FILE))
        if seal.place not in (None, self.place) and seal.state == "closed":
            self._log(
                f"The seal {self.seal} was closed over another manifest, {seal.place}; this one is {self.place}. Two manifests "
                "of one target have the store listed by each other's runs: give each a --target of its own (input target)."
            )
            # It vouches for no manifest here, and its runs say nothing about which run is late here.
            seal = dataclasses.replace(seal, run="", ended=None, manifest=None, content=None)
        date = self._remote.date(commit)
        seen = instant(date)
        return dataclasses.replace(seal, seen=seen), date if seen is not None else None

    def _seal_in_doubt(self, commit: str) -> Seal | None:
        content = self._content(self.doubt, commit, _DOUBT_FILE)
        return parse_seal(content) if content else None

    # --- Commits --------------------------------------------------------------------------------------------
    # A nonce makes each commit of a seal or mark different. Without it two runs could make equal commits in the same
    # second, and each would take the commit of the other for its own.

    def seal_commit(self, seal: Seal, date: float | None = None) -> str:
        return self._remote.commit(None, _SEAL_FILE, dump_seal(seal), f"vsync seal {_nonce()}\n", date=date)

    def doubt_commit(self, seal: Seal | None) -> str:
        content = dump_seal(seal) if seal else b""
        return self._remote.commit(None, _DOUBT_FILE, content, f"vsync doubt {_nonce()}\n")

    def owner_commit(self, owner: str) -> str:
        """Without a nonce: two runs that agree on the same owner may make the same commit."""
        return self._remote.commit(None, _OWNER_FILE, owner.encode(), "vsync owner\n")


def _nonce() -> str:
    return secrets.token_hex(8)
