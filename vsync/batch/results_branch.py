"""The results on a branch of a git remote, where every run of a repository finds them, on any machine.

| branch | what it holds |
| --- | --- |
| `vsync-batch-results` | the results folder and nothing else; vsync makes this branch |
| another one (`--results-branch`) | the results folder beside the files of the repository; it must be there |

Every push names the commit that the branch must have before. When the branch has moved, the changes are decided again
against its new tip (`branch_changes`). Nothing is written into the clone but the files of the results folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from vsync.batch.branch_changes import SUMMARY, Changes, Pair, pairs_of
from vsync.batch.branch_offer import MOST_FILE_BYTES, Offer
from vsync.batch.branch_tip import MAX_TRIES, BranchReader, Tip
from vsync.batch.results_on_disk import HereFile, ResultsOnDisk
from vsync.config.values import branch_name
from vsync.errors import GitUnavailable, PublicationFailed, PushRefused, RepositoryError
from vsync.git.refs import RefUpdate
from vsync.git.remedies import Remedies
from vsync.git.remote import Remote
from vsync.git.remote_blobs import read_blobs, store_files
from vsync.sync.git_access import GitAccess, Kept, open_remote, trusting
from vsync.system.redaction import printable
from vsync.system.secret_search import needles
from vsync.system.wording import shortened

DEFAULT_RESULTS_BRANCH = "vsync-batch-results"
_WITHOUT = (
    "Or publish nothing (without --commit and --push; in a workflow `commit: false`), and keep the results with a step of "
    "actions/upload-artifact."
)
OF_RESULTS = Remedies(
    permission=(
        "The results are published on a branch of the remote: give the job `permissions: contents: write` and pass its token "
        f"as github-token. The token of a pull request from a fork can only read. {_WITHOUT}"
    ),
    declined=(
        "A rule of the repository forbids it: publish to a branch of vsync's own (without --results-branch it is "
        f"{DEFAULT_RESULTS_BRANCH}) and leave that out of the rule, or let the workflow's token past it. {_WITHOUT}"
    ),
)
_KEPT = Kept(
    "the results",
    "--results-branch",
    "Add one, or keep the results as files (without --push; in a workflow: `commit: false`).",
    OF_RESULTS,
)


class ResultsBranch:
    """The results folder on one branch.

    | argument | meaning |
    | --- | --- |
    | `folder` | the results folder, relative to the repository |
    | `shared` | people use the branch too: commits on it ask for no workflow runs, and it must be there |
    | `secrets` | a results file that holds one of them is not published |
    | `only_reads` | `publish` changes nothing, and no permission to push is needed |
    | `log` | gets messages for the user |

    After `publish`, `left_out` says for each results file here that is not published why, and `only_here` are the ids of the
    batches in these files: what the API holds of them must not be deleted yet.
    """

    def __init__(
        self,
        remote: Remote,
        branch: str,
        folder: str,
        *,
        shared: bool,
        secrets: Iterable[str] = (),
        only_reads: bool = False,
        log: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.branch = branch
        self.commit: str | None = None
        self.left_out: Mapping[str, str] = {}
        self.only_here: frozenset[str] = frozenset()
        self._remote = remote
        self._reader = BranchReader(remote, branch, folder, shared=shared, made=DEFAULT_RESULTS_BRANCH)
        self._folder = folder
        self._shared = shared
        self._secrets = secrets
        self._only_reads = only_reads
        self._log = log
        self._known: dict[str, Pair] = {}
        self._stored: dict[HereFile, str] = {}
        self._disks: dict[Path, ResultsOnDisk] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._remote.close()

    # --- From the branch ------------------------------------------------------------------------------------

    def bring(self, root: Path) -> int:
        """Writes the results of the branch that are not here yet. The number of files written.

        Results that are here and differ are left alone. Raises PushRefused when this run may not push: so it is known before
        results are fetched. Raises GitUnavailable, RepositoryError, and PublicationFailed when the disk refuses.
        """
        tip = self._reader.look()
        if not self._only_reads:
            self._check_permission(tip)
        disk = self._disk(root)
        here = disk.files()
        absent: dict[str, str] = {}
        for place, pair in pairs_of(tip.files).items():
            files = pair.files(place)
            missing = {path: blob for path, blob in files.items() if disk.can_be_made(path)}
            if all(path in missing or (path in here and here[path].blob == blob) for path, blob in files.items()):
                self._known[place] = pair
                absent.update(missing)
        self._remote.fetch_blobs(sorted({*absent.values()}))
        # The summary comes first: results without a summary are taken for somebody else's.
        ordered = sorted(absent.items(), key=lambda item: (not item[0].endswith(SUMMARY), item[0]))
        contents = read_blobs(self._remote, [blob for _, blob in ordered])
        for (path, _), pieces in zip(ordered, contents, strict=True):
            with disk.new(path) as file:
                file.writelines(pieces)
        return len(absent)

    def _disk(self, root: Path) -> ResultsOnDisk:
        if root not in self._disks:
            self._disks[root] = ResultsOnDisk(root, self._folder, self._remote.object_format, MOST_FILE_BYTES)
        return self._disks[root]

    def _check_permission(self, tip: Tip) -> None:
        trial = self._remote.commit(tip.commit, f"{self._folder}/trial.jsonl", b"", "vsync: a trial\n")
        refusal = self._remote.permission(RefUpdate(self._reader.ref, trial, tip.commit))
        if refusal is not None:
            raise refusal

    # --- To the branch --------------------------------------------------------------------------------------

    def publish(self, root: Path, message: str) -> str | None:
        """Commits the results that are here and pushes them. The commit's id; None: there was nothing to change.

        Raises PushRefused and GitUnavailable. The results here stay as they are then.
        """
        if self._only_reads:
            return None
        try:
            return self._publish(self._disk(root), message)
        except (GitUnavailable, PushRefused) as error:
            raise type(error)(
                error.message, f"The results are in {printable(self._folder)} on this machine. {error.remedy}".rstrip()
            ) from error

    def _publish(self, disk: ResultsOnDisk, message: str) -> str | None:
        offer = Offer(disk, self._reader, needles(self._secrets))
        for _ in range(MAX_TRIES):
            tip = self._reader.look()
            changes = offer.changes(tip, self._known)
            self.left_out, self.only_here = changes.left_out, offer.batches_at(changes.left_out)
            if not changes.files:
                return self._told(None)
            files = self._store(disk, offer.files, changes)
            commit = self._remote.commit_files(tip.commit, files, self._message(message))
            if self._remote.push([RefUpdate(self._reader.ref, commit, tip.commit)]):
                self._known.update({place: offer.pairs[place] for place in changes.put})
                return self._told(commit)
        raise GitUnavailable(
            f"The results could not be pushed: the branch {self.branch} moved {MAX_TRIES} times.",
            "Run again when fewer runs are under way.",
        )

    def _told(self, commit: str | None) -> str | None:
        self.commit = commit
        for place, reason in self.left_out.items():
            self._log(f"{printable(place)} is not on the branch {self.branch}: {reason}")
        return commit

    def _store(self, disk: ResultsOnDisk, here: Mapping[str, HereFile], changes: Changes) -> dict[str, str | None]:
        """The changes, whose files from here are now blobs of the scratch repository. Blobs of the branch need not be there."""
        found: dict[str, str | None] = dict(changes.files)
        paths = [path for path, blob in found.items() if path in here and here[path].blob == blob]
        wanted = [here[path] for path in paths if here[path] not in self._stored]
        try:
            self._stored.update(zip(wanted, store_files(self._remote, disk.opened(wanted)), strict=True))
        except OSError as error:
            raise PublicationFailed(
                f"The results in {printable(self._folder)} cannot be read: {error.strerror or error}.",
                "Mend that and run again: they stay as they are.",
            ) from error
        found.update((path, self._stored[here[path]]) for path in paths)
        return found

    def _message(self, message: str) -> str:
        """The commit's message, on one line. On a shared branch it asks GitHub to start no workflow.

        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
        """
        return f"vsync: {shortened(printable(message), 200)}{' [skip ci]' if self._shared else ''}\n"


def open_results_branch(
    repo: Path,
    folder: str,
    *,
    branch: str | None,
    commit: bool,
    push: bool,
    access: GitAccess,
    secrets: Iterable[str] = (),
    only_reads: bool = False,
    log: Callable[[str], None] = lambda text: None,
) -> ResultsBranch | None:
    """The branch for the results of a repository, ready for use. The caller closes it. None: nothing is to be published.

    | argument | meaning |
    | --- | --- |
    | `repo` | a folder of the repository; `folder` is relative to the repository's top folder |
    | `branch` | `--results-branch`; None: the branch of vsync's own |
    | `push` | publish to the remote `origin`; without it `commit` means the branch of the clone itself |
    | `secrets` | a results file that holds one of them is not published |
    | `only_reads` | results come from the branch, and none go to it |

    Where there is no remote, that is an error only if `access` says that somebody asked for one (`--push`); else it is logged.
    Raises ConfigurationError and RepositoryError.
    """
    if not (commit or push):
        return None
    name = branch_name("results-branch", branch or DEFAULT_RESULTS_BRANCH)
    try:
        with contextlib.closing(access.repository(repo)) as repository:
            remote = open_remote(trusting(access, repository), repository, name, _KEPT, push=push)
    except RepositoryError as error:
        if not access.optional:
            raise
        log(f"{error.message} The results stay in the workspace.")
        return None
    return ResultsBranch(
        remote, name, folder, shared=name != DEFAULT_RESULTS_BRANCH, secrets=secrets, only_reads=only_reads, log=log
    )
