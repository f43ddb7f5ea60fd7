"""A git remote, spoken to from a scratch repository: refs read, commits made, pushes that compare and swap.

Nothing is written into the user's clone: no object, no `shallow` file, no configuration. The token goes to git by the
environment, so it stands on no command line and in no file. Hooks of the user's repository do not run.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from vsync.errors import GitUnavailable, ManifestError, PushRefused
from vsync.git.changes import parse_tree
from vsync.git.refs import (
    RefUpdate,
    as_environment,
    classify,
    network_config,
    parse_refs,
    secrets_of,
    told,
    without_userinfo,
)
from vsync.git.scratch import Scratch

_NAME = "vsync"
"""The remote's name in the scratch repository: people's own configuration may say something of an `origin`."""
_TRIES = 3
_DEADLINE_S = 600.0
"""For one git command: a clone's tree of one commit can be large."""
_GRACE_S = 6.0
"""After the run was told to stop, for all that git still does; GitHub kills a cancelled container after ten."""
_LEAST_S = 1.0
"""For one command even then."""
_LEAST_OF_A_SILENT_S = 0.4
"""For one command when the remote has let another one run out of time: what follows would only wait as well."""
_LOOK_EVERY_S = 0.2
_ENDED = "was ended because "
_WAIT_S = (1.0, 4.0)
_BOT = {
    "GIT_AUTHOR_NAME": "github-actions[bot]",
    "GIT_AUTHOR_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "github-actions[bot]",
    "GIT_COMMITTER_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
}
"""Who GitHub shows as the author: https://github.com/actions/checkout#push-a-commit-using-the-built-in-token."""


class Remote:
    """The remote at an address. `environ` is the process's; `inherited` the configuration of the user's repository.

    `owner` is the user and group of a repository on this disk. Root (in a container) works there as they: git would refuse
    to serve it to anybody else, and what it wrote as root would be in their way. `stopped` says for how many seconds the
    run has been told to stop (None: it has not).
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        environ: Mapping[str, str],
        inherited: Sequence[tuple[str, str]] = (),
        *,
        object_format: str = "sha1",
        owner: tuple[int, int] | None = None,
        pause: Callable[[float], None] | None = None,
        stopped: Callable[[], float | None] = lambda: None,
    ) -> None:
        address, config = network_config(url, token, inherited)
        self.shown = without_userinfo(address)
        self.secrets = secrets_of(url, config)
        self._object_format = object_format
        self._owner = owner if os.geteuid() == 0 and owner != (0, 0) else None
        self._pause = pause or self._wait
        self._stopped = stopped
        self._silent = False
        self._scratch: Scratch | None = None
        config += [
            (f"remote.{_NAME}.url", address),
            (f"remote.{_NAME}.promisor", "true"),
            ("core.hooksPath", os.devnull),
            ("push.pushOption", ""),
            ("http.lowSpeedLimit", "1"),
            ("http.lowSpeedTime", "60"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
        ]
        kept = {name: value for name, value in environ.items() if not _not_for_git(name)}
        asking = {} if token is None else {"GIT_ASKPASS": "", "SSH_ASKPASS": ""}
        self.environment = {
            **kept,
            **as_environment(config, kept),
            **asking,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }

    @property
    def folder(self) -> Path:
        """The scratch repository, made when it is first needed."""
        if self._scratch is None:
            scratch = Scratch(self._owner)
            folder = str(scratch.path)
            if self._owner is not None:
                self.environment["HOME"] = folder  # git does not go on without looking for its configuration there
            kind = f"--object-format={self._object_format}"
            try:
                self._local("init", "--bare", "--quiet", "--template=", kind, folder)
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
        """Those of the named refs that exist, with their commits. A name may end in `/*`."""
        found = parse_refs(self._network("ls-remote", _NAME, *names))
        return {ref: sha for ref, sha in found.items() if any(_named(ref, name) for name in names)}

    def fetch(self, *wanted: str, blobs: bool = True, depth: int = 1) -> None:
        """Brings commits with their trees, and unless told otherwise their blobs, without what was before them.

        At depth 1 git takes even a commit without parents for a shallow one, and then no ref can be set back to it: "shallow
        update not allowed".
        """
        options = [f"--depth={depth}", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--quiet"]
        options.append("--no-filter" if blobs else "--filter=blob:none")
        self._network("fetch", *options, _NAME, *wanted)

    def _bring(self, blob: str) -> None:
        """Fetches a blob that was left out: git would by itself, but not try again. The options are those that it uses."""
        options = ["--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--quiet"]
        self._network("-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, _NAME, blob)

    def has(self, commit: str) -> bool:
        return self._git("cat-file", "-e", commit + "^{tree}", lazy=False)[0] == 0

    def kind(self, fetched: str) -> str:
        """What a fetched object is: `commit`, `tree`, `blob` or `tag`."""
        return self._local("cat-file", "-t", fetched).decode("ascii").strip()

    def date(self, commit: str) -> float:
        """When a fetched commit was made, in seconds since the epoch by its maker's clock; infinite when it does not say."""
        made = re.search(rb" ([0-9]{1,15}) [+-][0-9]+$", b"".join(self._header(commit, b"committer ")[:1]))
        return float(made[1]) if made else math.inf

    def parents(self, commit: str) -> list[str]:
        """A fetched commit's parents as it names them."""
        return [_object_id(line.removeprefix(b"parent ")) for line in self._header(commit, b"parent ")]

    def _header(self, commit: str, start: bytes) -> list[bytes]:
        header, _, _ = self._local("cat-file", "commit", commit).partition(b"\n\n")
        return [line for line in header.split(b"\n") if line.startswith(start)]

    def file(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file of a fetched commit; None when there is no such path.

        Raises ManifestError when something else stands there, or in the place of one of its folders.
        """
        folders = [folder.as_posix() for folder in reversed(PurePosixPath(path).parents) if folder.name]
        for folder in folders:
            mode, _ = self._entry(commit, folder)
            if mode not in {None, "040000"}:
                raise ManifestError(
                    f"{path} cannot stand in {commit[:12]}: {folder} is not a folder there.",
                    "Give another --manifest, another --manifest-branch, or rename what is in the way.",
                )
        mode, blob = self._entry(commit, path)
        if mode is None:
            return None
        if mode not in {"100644", "100755"}:
            kind = "a symbolic link" if mode == "120000" else "a folder" if mode == "040000" else "not a file"
            raise ManifestError(f"{path} in {commit[:12]} is {kind}.", "Replace it by a file, or delete it.")
        if self._git("cat-file", "-e", blob, lazy=False)[0]:
            self._bring(blob)
        return self._local("cat-file", "blob", blob)

    def _entry(self, commit: str, path: str) -> tuple[str | None, str]:
        """Mode and object id of a path; the mode is None when there is no such path."""
        entry = next(parse_tree([self._local("ls-tree", "-z", commit, "--", path)]), None)
        return (entry.mode, entry.blob) if entry else (None, "")

    def paths(self, commit: str) -> set[str]:
        """What stands in the top folder of a fetched commit."""
        listed = self._local("ls-tree", "-z", "--name-only", commit)
        return {os.fsdecode(name) for name in listed.split(b"\0") if name}

    # --- Writing --------------------------------------------------------------------------------------------

    def commit(self, parent: str | None, path: str, content: bytes, message: str, *, date: float | None = None) -> str:
        """Makes a commit that changes one file and nothing else; without a parent it holds that file alone.

        `date` is when it was made, in seconds since the epoch, if not now.
        """
        blob = _object_id(self._local("hash-object", "-w", "--stdin", stdin=content))
        index = {"GIT_INDEX_FILE": str(self.folder / "vsync-index")}
        self._local("read-tree", parent or "--empty", more=index)
        entry = b"100644 %s\t%s\0" % (blob.encode(), os.fsencode(path))
        self._local("update-index", "-z", "--index-info", stdin=entry, more=index)
        tree = _object_id(self._local("write-tree", "--missing-ok", more=index))
        parents = ["-p", parent] if parent else []
        made = {} if date is None else {"GIT_COMMITTER_DATE": f"@{date:.0f} +0000"}
        more = {**_BOT, **made}
        return _object_id(self._local("commit-tree", tree, *parents, "-F", "-", stdin=message.encode(), more=more))

    def push(self, updates: Sequence[RefUpdate]) -> bool:
        """Sets all refs or none. False: one of them is not what was expected, and nothing was changed.

        Raises PushRefused when the remote does not let this be done, GitUnavailable when it does not answer.
        """
        output = ""
        for number in range(_TRIES):
            status, output = self._push(updates)
            if status == 0:
                return True
            there = self.refs(*(update.ref for update in updates))
            if _done(updates, there):
                return True  # only the answer was lost
            if any(there.get(update.ref) != update.expected for update in updates):
                return False
            if classify(output) == "no-atomic":
                return self._push_in_order(updates)
            if classify(output) not in {"unreachable", "busy"} or self._stopped() is not None:
                break
            if number + 1 < _TRIES:
                self._pause(_WAIT_S[number])
        raise self._refusal(output, f"push to {', '.join(update.ref for update in updates)} of")

    def refusal(self, update: RefUpdate, existing: str) -> PushRefused | None:
        """Why the remote would not take an update, found out without changing anything; None when it would, or cannot tell.

        It is pushed with a ref that cannot be made, below one that is `existing` (refs are like files and folders), all or
        nothing: the remote's rules are asked, and then nothing is done.
        """
        impossible = RefUpdate(f"{existing}/probe", update.new, None)
        status, output = self._push([update, impossible])
        if status == 0:  # a remote where refs are not like that: back to how it was
            self.push([RefUpdate(update.ref, update.expected, update.new), RefUpdate(impossible.ref, None, update.new)])
            return None
        if classify(output) not in {"permission", "declined"}:
            return None
        refusal = self._refusal(output, f"push to {update.ref} of")
        return refusal if isinstance(refusal, PushRefused) else None

    def _push_in_order(self, updates: Sequence[RefUpdate]) -> bool:
        """For a server that cannot set several refs at once: the manifest comes first, the seal that vouches for it last."""
        for update in updates:
            status, output = self._push([update])
            if status and self.refs(update.ref).get(update.ref) != update.new:
                if classify(output) in {"permission", "declined"}:
                    raise self._refusal(output, f"push to {update.ref} of")
                return False
        return True

    def _push(self, updates: Sequence[RefUpdate]) -> tuple[int, str]:
        options = ["--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no"]
        if len(updates) > 1:
            options.append("--atomic")
        leases = [f"--force-with-lease={update.ref}:{update.expected or ''}" for update in updates]
        refspecs = [f"{update.new or ''}:{update.ref}" for update in updates]
        status, out, err = self._git("push", *options, *leases, _NAME, *refspecs)
        return status, f"{err}\n{os.fsdecode(out)}"

    # --- Running git ----------------------------------------------------------------------------------------

    def _network(self, *arguments: str) -> str:
        """The output of a command that only reads from the remote. Tried again when the remote does not answer."""
        err = ""
        for number in range(_TRIES):
            status, out, err = self._git(*arguments)
            if status == 0:
                return os.fsdecode(out)
            if classify(err) != "unreachable" or self._stopped() is not None:
                break
            if number + 1 < _TRIES:
                self._pause(_WAIT_S[number])
        raise self._refusal(err, "read from")

    def _wait(self, seconds: float) -> None:
        """Waits before another try, or less when the run was told to stop."""
        until = time.monotonic() + seconds
        while self._stopped() is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_EVERY_S))

    def _refusal(self, output: str, what: str) -> GitUnavailable | PushRefused:
        reason, why = classify(output), told(output)
        if reason == "permission":
            return PushRefused(f"git may not {what} {self.shown}: {why}.", _PERMISSION_REMEDY)
        if reason == "declined":
            return PushRefused(f"git may not {what} {self.shown}: {why}.", _DECLINED_REMEDY)
        if reason == "missing":
            return PushRefused(f"There is no repository {self.shown} that this run can see: {why}.", _MISSING_REMEDY)
        return GitUnavailable(
            f"git cannot {what} {self.shown}: {why}.",
            "Check the network and the remote, and run again: the next run goes on from what was done.",
        )

    def _local(self, *arguments: str, stdin: bytes = b"", more: Mapping[str, str] | None = None) -> bytes:
        status, out, err = self._git(*arguments, stdin=stdin, more=more)
        if (
            status < 0 and _ENDED not in err
        ):  # a terminal's Ctrl-C goes to git as well; what becomes of the run is not git's to decide
            status, out, err = self._git(*arguments, stdin=stdin, more=more)
        if status:
            raise GitUnavailable(
                f"git {arguments[0]} failed: {told(err)}.",
                "Run again; if it stays so, the remote's copy of the manifest's branch may be damaged.",
            )
        return out

    def _git(
        self, *arguments: str, stdin: bytes = b"", more: Mapping[str, str] | None = None, lazy: bool = True
    ) -> tuple[int, bytes, str]:
        environment = dict(self.environment) | dict(more or {})
        if arguments[0] != "init":
            environment["GIT_DIR"] = str(self.folder)
        if not lazy:
            environment["GIT_NO_LAZY_FETCH"] = "1"
        # Not by GitPython, which adds the process's whole environment again: variables of a surrounding git lead elsewhere.
        user, group = self._owner or (None, None)
        alone = not _has_terminal()
        # From a file, since git may be ended while it reads: a pipe would then have to be fed and watched at once.
        with tempfile.TemporaryFile() as feed:
            feed.write(stdin)
            feed.seek(0)
            process = subprocess.Popen(
                ["git", *arguments],
                env=environment,
                stdin=feed,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                user=user,
                group=group,
                extra_groups=None if group is None else [],
                start_new_session=alone,
            )
            with process:
                out, err = self._until_done(process, arguments[0], alone=alone)
        return process.returncode, out, err.decode("utf-8", "replace")

    def _until_done(self, process: subprocess.Popen[bytes], what: str, *, alone: bool) -> tuple[bytes, bytes]:
        """What git wrote. Ends a git that takes too long: it can wait for its own helper, or for a silent server, for ever.

        When the run is to end, git gets a few seconds more, so that what was done can still be recorded.
        """
        started = time.monotonic()
        while True:
            try:
                return process.communicate(timeout=_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                now, stopped = time.monotonic(), self._stopped()
            least = _LEAST_OF_A_SILENT_S if self._silent else _LEAST_S
            over = stopped is not None and stopped >= _GRACE_S and now - started >= least
            if over or now - started >= _DEADLINE_S:
                self._silent = True
                _end(process, alone=alone)
                return (
                    b"",
                    f"fatal: git {what} {_ENDED}{'the run was told to stop' if over else f'{_DEADLINE_S:.0f} s had passed'}".encode(),
                )


_PERMISSION_REMEDY = (
    "The manifest and seal are kept on the remote: give the job `permissions: contents: write` and pass its token as "
    "github-token; or keep no manifest with `manifest: none` (each run then lists the store)."
)
_DECLINED_REMEDY = (
    "A rule of the repository forbids it: keep the manifest on a branch of vsync's own (the default manifest-branch, "
    "vsync-manifest) and leave that and refs/vsync/ out of the rule, or let the workflow's token past it; or keep no "
    "manifest with `manifest: none` (each run then lists the store)."
)
_MISSING_REMEDY = "Check the remote `origin`, and that the job has `permissions: contents: write` and passes its token as github-token."


def _object_id(output: bytes) -> str:
    found = output.strip()
    if not re.fullmatch(rb"[0-9a-f]{40,64}", found):
        raise GitUnavailable(
            f"git wrote {found[:200]!r} where an object's id was expected.",
            "Run again; if it stays so, the remote's copy of the manifest's branch may be damaged.",
        )
    return found.decode("ascii")


def _has_terminal() -> bool:
    """Whether a person could be asked for a passphrase. Git's helpers then stay where they can ask."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes], *, alone: bool) -> None:
    """Ends git, and what it started when that is in a session of its own."""
    if alone:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()  # a helper that lives on may keep its end open


def _not_for_git(name: str) -> bool:
    """Whether that variable would lead git to another repository than the scratch one, or is a secret it has no use for.

    A date would make every seal look as old as that.
    """
    return name.startswith(("INPUT_", "OPENAI_", "ACTIONS_", "VSYNC_")) or name in {
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH", "GIT_CONFIG",
        "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE",
    }  # fmt: skip


def _done(updates: Sequence[RefUpdate], there: Mapping[str, str]) -> bool:
    """Whether a push that is atomic has happened. Others may have moved some of its refs already, but not unmade them."""
    made = [there.get(update.ref) == update.new for update in updates]
    return all(made) or any(done for done, update in zip(made, updates, strict=True) if update.new is not None)


def _named(ref: str, name: str) -> bool:
    return ref.startswith(name[:-1]) if name.endswith("/*") else ref == name
