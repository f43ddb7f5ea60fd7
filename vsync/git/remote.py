"""A git remote: reads refs and commits, makes commits, and pushes them by compare and swap.

All of it happens in a scratch repository. Nothing is written into the user's clone: no object, no `shallow` file, no
configuration. Git gets the token by its environment, so the token stands on no command line and in no file. No program
runs that the clone's configuration names, and none of its hooks.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from vsync.errors import GitUnavailable, ManifestError, PushRefused, RepositoryError
from vsync.git.changes import FOLDER, REGULAR, TreeEntry, parse_tree
from vsync.git.clone_config import set_aside
from vsync.git.deadlines import Deadlines
from vsync.git.diagnosis import refused_owner
from vsync.git.process import GitProcess, Output, inheritable
from vsync.git.refs import (
    RefUpdate,
    as_environment,
    classify,
    fault_of_machine,
    network_config,
    parse_refs,
    reason_given,
    secrets_of,
    shown_remote,
)
from vsync.git.remedies import DAMAGED, MISSING, OF_MANIFEST, Remedies
from vsync.git.scratch import Scratch

_NAME = "vsync"
"""The remote's name in the scratch repository. A user's global configuration may have settings for `origin`."""
_SMALL = "1m"
_PROTOCOLS = "file:git:http:https:ssh"
"""Others are programs (`ext::`, `git-remote-…`), which the clone's address would choose. GIT_ALLOW_PROTOCOL of the user comes first."""
_QUIET = "GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL= git"
_QUIET_SERVICES = {
    "uploadpack": f"{_QUIET} upload-pack",
    "receivepack": (
        f"{_QUIET} -c core.hooksPath={os.devnull} -c core.alternateRefsCommand=true -c receive.denyCurrentBranch=refuse "
        "-c receive.autogc=false -c maintenance.auto=false receive-pack"
    ),
}
"""They serve a clone on this disk, and run nothing that it names. Git passes its own settings to no other repository."""
_TRIES = 3
_WAIT_S = (1.0, 4.0)
_POLL_S = 0.2
_BOT = {
    "GIT_AUTHOR_NAME": "github-actions[bot]",
    "GIT_AUTHOR_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "github-actions[bot]",
    "GIT_COMMITTER_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
}
"""GitHub shows these as the author: https://github.com/actions/checkout#push-a-commit-using-the-built-in-token."""


class Remote:
    """The remote at an address.

    | argument | meaning |
    | --- | --- |
    | `environ` | the environment of this process |
    | `inherited` | the configuration of the user's clone, of which little counts (`clone_config`) |
    | `users` | what the user's configuration says for this clone alone (`includeIf`) |
    | `clone` | whether the remote is the user's own clone, or lies in it: then nothing that it names runs there |
    | `owner` | user and group of a repository on this disk; root works there as they, since git refuses to serve it to root |
    | `stopped` | for how many seconds the run has been told to stop; None: it has not been told |
    | `once_within_s` | so many seconds each command may take, and it is tried once: for a question that a run can do without |
    | `remedies` | what to do when the remote refuses what this run wants to keep there |
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        environ: Mapping[str, str],
        inherited: Sequence[tuple[str, str]] = (),
        *,
        users: Sequence[tuple[str, str]] = (),
        object_format: str = "sha1",
        clone: bool = False,
        owner: tuple[int, int] | None = None,
        pause: Callable[[float], None] | None = None,
        stopped: Callable[[], float | None] = lambda: None,
        once_within_s: float | None = None,
        deadlines: Deadlines | None = None,
        remedies: Remedies = OF_MANIFEST,
    ) -> None:
        address, config = network_config(url, token, inherited)
        self.shown = shown_remote(address)
        self.secrets = secrets_of(url, config)
        self.object_format = object_format
        self._remedies = remedies
        self._owner = owner if os.geteuid() == 0 and owner != (0, 0) else None
        self._pause = pause or self._wait
        self._stopped = stopped
        self._unused = set_aside(inherited)
        self._tries = _TRIES if once_within_s is None else 1
        command_s = once_within_s or (deadlines or Deadlines()).command_s
        self._git_process = GitProcess(self._owner, stopped, command_s)
        self._scratch: Scratch | None = None
        config = [
            *users,
            *config,
            (f"remote.{_NAME}.url", address),
            (
                f"remote.{_NAME}.pushurl",
                address,
            ),  # without it, a rule `pushInsteadOf` of the user rewrites the address again
            (f"remote.{_NAME}.promisor", "true"),
            *((f"remote.{_NAME}.{service}", command) for service, command in _QUIET_SERVICES.items() if clone),
            ("core.hooksPath", os.devnull),
            ("push.pushOption", ""),
            ("http.lowSpeedLimit", "1"),
            ("http.lowSpeedTime", "60"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            # Git reads larger blobs piece by piece, and looks for no likeness among them: that takes several times their size.
            ("core.bigFileThreshold", "8m"),
            ("pack.windowMemory", "32m"),
        ]
        kept = inheritable(environ)
        no_questions = {} if token is None else {"GIT_ASKPASS": "", "SSH_ASKPASS": ""}
        self.environment = {
            **kept,
            **as_environment(config, kept),
            **no_questions,
            "GIT_ALLOW_PROTOCOL": kept.get("GIT_ALLOW_PROTOCOL", _PROTOCOLS),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }

    @property
    def folder(self) -> Path:
        """The scratch repository. It is made when it is first needed."""
        if self._scratch is None:
            scratch = Scratch(self._owner)
            folder = str(scratch.path)
            if self._owner is not None:
                self.environment["HOME"] = folder  # git fails when it may not read its configuration there
            kind = f"--object-format={self.object_format}"
            try:
                self.local("init", "--bare", "--quiet", "--template=", kind, folder)
            except BaseException:
                scratch.close()
                raise
            self._scratch = scratch
        return self._scratch.path

    def close(self) -> None:
        if self._scratch is not None:
            self._scratch.close()
            self._scratch = None

    # --- Reading --------------------------------------------------------------------------------------------

    def refs(self, *names: str) -> dict[str, str]:
        """The named refs that exist, with their commits. A name may end in `/*`."""
        listed = parse_refs(self._network("ls-remote", _NAME, *names))
        return {ref: sha for ref, sha in listed.items() if any(_named(ref, name) for name in names)}

    def fetch(self, *wanted: str, blobs: bool = True, small: bool = False, depth: int = 1) -> None:
        """Fetches commits with their trees, without their history, and without blobs when `blobs` is false.

        `small`: blobs of a megabyte and more are left out. A server that knows no filters sends all blobs.

        A commit without parents needs depth 2. At depth 1 git marks even that commit as shallow, and the server refuses
        to set a ref to it: "shallow update not allowed".
        """
        options = [f"--depth={depth}", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--quiet"]
        options.append(f"--filter=blob:limit={_SMALL}" if small else "--no-filter" if blobs else "--filter=blob:none")
        self._network("fetch", *options, _NAME, *wanted)

    def fetch_blobs(self, blobs: Sequence[str]) -> None:
        """Fetches blobs that `fetch` left out. Git would fetch each by itself, with these options, but would not try again.

        Blobs that are there are not fetched again: a server that knows no filter has sent all of them.
        """
        wanted = "".join(f"{blob}\n" for blob in blobs).encode()
        there = self._git("cat-file", "--batch-check", stdin=wanted, lazy=False)
        if there.status == 0 and b" missing\n" not in there.stdout:
            return
        options = ["--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--quiet"]
        self._network("-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, "--stdin", _NAME, stdin=wanted)

    def has(self, commit: str) -> bool:
        """Whether the commit and its tree have been fetched."""
        return self._git("cat-file", "-e", commit + "^{tree}", lazy=False).status == 0

    def described(self, *names: str) -> list[tuple[str, int] | None]:
        """The type (`commit`, `tree`, `blob` or `tag`) and the size of each object; None: it has not been fetched."""
        output = self._git(
            "cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in names).encode(), lazy=False
        )
        found = [line.split() for line in output.stdout.decode("utf-8", "replace").splitlines()]
        if output.status and not found:
            raise _local_failure("cat-file", output)
        found += [[]] * (len(names) - len(found))  # git ends at an object that a filter has left out
        return [(words[1], int(words[2])) if len(words) == 3 and words[2].isdecimal() else None for words in found]

    def date(self, commit: str) -> float:
        """When a fetched commit was made, in seconds since the epoch by its maker's clock. Infinite: the commit does not say."""
        made = re.search(rb" ([0-9]{1,15}) [+-][0-9]+$", b"".join(self._header(commit, b"committer ")[:1]))
        return float(made[1]) if made else math.inf

    def parents(self, commit: str) -> list[str]:
        """The parents that a fetched commit names."""
        return [_object_id(line.removeprefix(b"parent ")) for line in self._header(commit, b"parent ")]

    def _header(self, commit: str, start: bytes) -> list[bytes]:
        header, _, _ = self.local("cat-file", "commit", commit).partition(b"\n\n")
        return [line for line in header.split(b"\n") if line.startswith(start)]

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a fetched commit; None when there is no such path.

        Raises ManifestError when the path is not a file, or when one of its folders is not a folder.
        """
        folder = self.in_the_way(commit, PurePosixPath(path).parent.as_posix())
        if folder is not None:
            raise ManifestError(
                f"{path} cannot stand in {commit[:12]}: {folder} is not a folder there.",
                "Give another --manifest, another --manifest-branch, or rename what is in the way.",
            )
        mode, blob = self._entry(commit, path)
        if mode is None:
            return None
        if mode not in {"100644", "100755"}:
            kind = "a symbolic link" if mode == "120000" else "a folder" if mode == FOLDER else "not a file"
            raise ManifestError(f"{path} in {commit[:12]} is {kind}.", "Replace it by a file, or delete it.")
        return self.blob(blob)

    def blob(self, blob: str) -> bytes:
        """The bytes of a blob of a fetched commit. They are fetched where they are not there yet."""
        self.fetch_blobs([blob])
        return self.local("cat-file", "blob", blob)

    def _entry(self, commit: str, path: str) -> tuple[str | None, str]:
        """Mode and object id of a path; the mode is None when there is no such path."""
        entry = next(parse_tree([self.local("ls-tree", "-z", commit, "--", path)]), None)
        return (entry.mode, entry.blob) if entry else (None, "")

    def files(self, commit: str, folder: str) -> list[TreeEntry]:
        """Every file below a folder of a fetched commit: links and submodules too. None where there is no such folder."""
        return list(parse_tree([self.local("ls-tree", "-r", "-z", "--full-tree", commit, "--", f"{folder}/")]))

    def in_the_way(self, commit: str, folder: str) -> str | None:
        """The first part of a folder's path that is no folder in a fetched commit; None: the folder is there, or can be."""
        parts = [*reversed(PurePosixPath(folder).parents), PurePosixPath(folder)]
        paths = [part.as_posix() for part in parts if part.name]
        return next((path for path in paths if self._entry(commit, path)[0] not in {None, FOLDER}), None)

    def paths(self, commit: str) -> set[str]:
        """The names in the top folder of a fetched commit."""
        listed = self.local("ls-tree", "-z", "--name-only", commit)
        return {os.fsdecode(name) for name in listed.split(b"\0") if name}

    # --- Writing --------------------------------------------------------------------------------------------

    def commit(self, parent: str | None, path: str, content: bytes, message: str, *, date: float | None = None) -> str:
        """Makes a commit that changes one file of its parent. Without a parent the commit holds that file alone.

        `date` is the commit's date in seconds since the epoch; None: now.
        """
        return self.commit_files(parent, {path: self.store(content)}, message, date=date)

    def store(self, content: bytes | IO[bytes]) -> str:
        """Makes a blob of bytes, or of a file on the disk, and gives its id. No filter and no attribute changes the bytes."""
        return _object_id(self.local("hash-object", "-w", "--stdin", stdin=content))

    def commit_files(
        self, parent: str | None, files: Mapping[str, str | None], message: str, *, date: float | None = None
    ) -> str:
        """Makes a commit that gives files of its parent other blobs; None: the file is removed.

        Every other file stays, and its bytes need not have been fetched. Paths may hold any character.
        """
        index = {"GIT_INDEX_FILE": str(self.folder / "vsync-index")}
        self.local("read-tree", parent or "--empty", more=index)
        # What is removed comes first: it may be in the way of what is added.
        nothing = "0" * (64 if self.object_format == "sha256" else 40)
        entries = [
            f"{REGULAR if blob else 0} {blob or nothing}\t".encode() + os.fsencode(path) + b"\0"
            for path, blob in sorted(files.items(), key=lambda item: item[1] is not None)
        ]
        self.local("update-index", "-z", "--index-info", stdin=b"".join(entries), more=index)
        tree = _object_id(self.local("write-tree", "--missing-ok", more=index))
        parents = ["-p", parent] if parent else []
        dated = {} if date is None else {"GIT_COMMITTER_DATE": f"@{date:.0f} +0000"}
        more = {**_BOT, **dated}
        return _object_id(self.local("commit-tree", tree, *parents, "-F", "-", stdin=message.encode(), more=more))

    def push(self, updates: Sequence[RefUpdate]) -> bool:
        """Sets all refs or none. False: a ref was not as expected, and nothing was changed.

        Raises PushRefused when the remote forbids the push, GitUnavailable when it does not answer.
        """
        output = ""
        for number in range(_TRIES):
            status, output = self._push(updates)
            if status == 0:
                return True
            present = self.refs(*(update.ref for update in updates))
            if _has_happened(updates, present):
                return True  # only the answer was lost
            if any(present.get(update.ref) != update.expected for update in updates):
                return False
            if classify(output) == "no-atomic":
                return self._push_in_order(updates)
            if classify(output) not in {"unreachable", "busy"} or self._stopped() is not None:
                break
            if number + 1 < _TRIES:
                self._pause(_WAIT_S[number])
        raise self._refusal(output, f"push to {', '.join(update.ref for update in updates)} of")

    def refusal(self, update: RefUpdate, existing: str) -> PushRefused | None:
        """Asks whether the remote would take an update, and changes nothing. None: it would, or its answer is not clear.

        The update is pushed together with a ref that cannot be made, all or nothing. That ref lies below `existing`:
        refs are like files and folders, and no file is also a folder. So the remote applies its rules, then refuses.
        """
        impossible = RefUpdate(f"{existing}/probe", update.new, None)
        status, output = self._push([update, impossible])
        if status == 0:  # this remote can make such a ref: undo both
            self.push([RefUpdate(update.ref, update.expected, update.new), RefUpdate(impossible.ref, None, update.new)])
            return None
        if classify(output) not in {"permission", "declined"}:
            return None
        refusal = self._refusal(output, f"push to {update.ref} of")
        return refusal if isinstance(refusal, PushRefused) else None

    def permission(self, update: RefUpdate) -> PushRefused | None:
        """Asks whether this run may push to the remote, and changes nothing. None: it may, or the answer is not clear.

        The rules of the repository are not asked: the remote applies them to what is really pushed.
        """
        status, output = self._push([update], "--dry-run")
        if status == 0 or classify(output) not in {"permission", "missing"}:
            return None
        refusal = self._refusal(output, f"push to {update.ref} of")
        return refusal if isinstance(refusal, PushRefused) else None

    def _push_in_order(self, updates: Sequence[RefUpdate]) -> bool:
        """Pushes ref by ref, for a server that cannot push atomically: first the manifest, then the seal that vouches for it."""
        for update in updates:
            status, output = self._push([update])
            if status and self.refs(update.ref).get(update.ref) != update.new:
                if classify(output) in {"permission", "declined"}:
                    raise self._refusal(output, f"push to {update.ref} of")
                return False
        return True

    def _push(self, updates: Sequence[RefUpdate], *more: str) -> tuple[int, str]:
        options = [*more, "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no"]
        if len(updates) > 1:
            options.append("--atomic")
        leases = [f"--force-with-lease={update.ref}:{update.expected or ''}" for update in updates]
        refspecs = [f"{update.new or ''}:{update.ref}" for update in updates]
        output = self._git("push", *options, *leases, _NAME, *refspecs)
        return output.status, f"{output.stderr}\n{os.fsdecode(output.stdout)}"

    # --- Running git ----------------------------------------------------------------------------------------

    def _network(self, *arguments: str, stdin: bytes = b"") -> str:
        """The output of a command that only reads from the remote. It is tried again when the remote does not answer."""
        stderr = ""
        for number in range(self._tries):
            output = self._git(*arguments, stdin=stdin)
            if output.status == 0:
                return os.fsdecode(output.stdout)
            stderr = output.stderr
            if classify(stderr) != "unreachable" or self._stopped() is not None:
                break
            if number + 1 < self._tries:
                self._pause(_WAIT_S[number])
        raise self._refusal(stderr, "read from")

    def _wait(self, seconds: float) -> None:
        """Waits before another try. Returns early when the run is told to stop."""
        until = time.monotonic() + seconds
        while self._stopped() is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_S))

    def _refusal(self, output: str, what: str) -> GitUnavailable | PushRefused | RepositoryError:
        kind, why = classify(output), reason_given(output)
        if "dubious ownership" in output:
            return refused_owner(Path(self.shown), output)
        fault = fault_of_machine(output, self.shown)
        if fault is not None:
            return GitUnavailable(*fault)
        if kind == "permission":
            return PushRefused(
                f"git may not {what} {self.shown}: {why}.", f"{self._remedies.permission} {self._unused}".rstrip()
            )
        if kind == "declined":
            return PushRefused(f"git may not {what} {self.shown}: {why}.", self._remedies.declined)
        if kind == "missing":
            remedy = f"{MISSING} {self._unused}".rstrip()
            return PushRefused(f"There is no repository {self.shown} that this run can see: {why}.", remedy)
        return GitUnavailable(
            f"git cannot {what} {self.shown}: {why}.",
            f"Check the network and the remote, and run again: the next run goes on from what was done. {self._unused}".rstrip(),
        )

    def local(
        self,
        *arguments: str,
        stdin: bytes | IO[bytes] = b"",
        more: Mapping[str, str] | None = None,
        into: IO[bytes] | None = None,
    ) -> bytes:
        """The output of a command that needs no network. None where it goes `into` a file."""
        output = self._git(*arguments, stdin=stdin, more=more, into=into)
        if output.status < 0 and not output.ended:
            # A terminal sends Ctrl-C to git as well. Whether the run ends is decided elsewhere, so git is run again.
            output = self._git(*arguments, stdin=stdin, more=more, into=into)
        if output.status:
            raise _local_failure(arguments[0], output)
        return output.stdout

    def _git(
        self,
        *arguments: str,
        stdin: bytes | IO[bytes] = b"",
        more: Mapping[str, str] | None = None,
        lazy: bool = True,
        into: IO[bytes] | None = None,
    ) -> Output:
        environment = {**self.environment, **(more or {})}
        if arguments[0] != "init":
            environment["GIT_DIR"] = str(self.folder)
        if not lazy:
            environment["GIT_NO_LAZY_FETCH"] = "1"
        return self._git_process.run(arguments, environment, stdin, into)


def _local_failure(command: str, output: Output) -> GitUnavailable:
    return GitUnavailable(
        f"git {command} failed: {reason_given(output.stderr)}.",
        DAMAGED,
    )


def _object_id(output: bytes) -> str:
    text = output.strip()
    if not re.fullmatch(rb"[0-9a-f]{40,64}", text):
        raise GitUnavailable(
            f"git wrote {text[:200]!r} where an object's id was expected.",
            DAMAGED,
        )
    return text.decode("ascii")


def _has_happened(updates: Sequence[RefUpdate], present: Mapping[str, str]) -> bool:
    """Whether an atomic push has happened. Since then another run may have moved a ref, but has not deleted it."""
    equal = [present.get(update.ref) == update.new for update in updates]
    return all(equal) or any(same for same, update in zip(equal, updates, strict=True) if update.new is not None)


def _named(ref: str, name: str) -> bool:
    return ref.startswith(name[:-1]) if name.endswith("/*") else ref == name
