"""What a pull request would change in the stores: its base's tree against the tree that merging it gives.

The plan shows only what the pull request does, in its files and in its config. This reads git and the manifest, and
needs no key. It never reads the pull request's own manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from vsync.config.settings import Settings
from vsync.errors import GitUnavailable, Interrupted, PushRefused, VsyncError
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.github.mode import PullRequest
from vsync.github.pull_change import Before, propose
from vsync.github.pull_configs import Sides, read_sides
from vsync.github.trees import OpenTrees, Trees, find_trees, sources
from vsync.report.documents import Lines
from vsync.report.report import Report
from vsync.report.several import without_run
from vsync.source.listed_once import ListedOnce
from vsync.state.publication import Published
from vsync.sync.assemble import Assembled
from vsync.sync.config_at_head import AtHead
from vsync.sync.config_targets import ConfigTargets, stores_of
from vsync.sync.context import RunContext
from vsync.sync.git_access import GitAccess
from vsync.sync.left_behind import left_behind
from vsync.sync.one_store import OfTarget, check_one_store
from vsync.sync.ports import Ports
from vsync.sync.recorded import Recorded, read_recorded
from vsync.sync.several import Make, assemble_each
from vsync.sync.workspace import Workspace


class PullPlan(NamedTuple):
    """The report of each target of the merge. `named` is as for `Sides`."""

    reports: list[Report]
    named: bool


Check = Callable[[AtHead], AbstractContextManager[AtHead]]
"""Adds warnings about the targets; where no report can show them, they are told all the same."""


def plan(
    settings: Settings, pull: PullRequest, workspace: Workspace, access: GitAccess, make: Make, check: Check
) -> PullPlan:
    """What a pull request would change in the store of each target. `make` is as for `assemble_each`.

    Raises RepositoryError when its base cannot be found, and ConfigurationError for a mistake in its config. Of several
    targets, what ends the plan of one stands in its report.
    """
    repository, checked_out = workspace.repository, workspace.source.head
    assert repository is not None
    assert checked_out is not None
    remote = workspace.remote or _reading(repository, access)
    try:
        base = repository.resolve(settings.base, "base") if settings.base else None
        trees = find_trees(pull, repository, checked_out, base, remote, named=settings.head is not None)
        with sources(trees, repository, remote) as opened:
            sides = read_sides(opened.base, opened.head, settings)
            with check(AtHead(sides.head, None, ())) as found:
                return PullPlan(_Plans(sides, pull, workspace, opened, trees, make).reports(found), sides.named)
    finally:
        if remote is not None:
            remote.close()


class _OneTarget(NamedTuple):
    """What the plan of one target starts from. `published` and `recorded` are None where nothing is known of the store."""

    run: Assembled
    published: Published | None
    recorded: Recorded | None

    def warned(self, warnings: tuple[str, ...]) -> _OneTarget:
        context = replace(self.run.context, warnings=(*self.run.context.warnings, *warnings))
        return self._replace(run=self.run._replace(context=context))


class _Plans(NamedTuple):
    """The plans of one pull request."""

    sides: Sides
    pull: PullRequest
    workspace: Workspace
    opened: OpenTrees
    trees: Trees
    make: Make

    def reports(self, found: AtHead) -> list[Report]:
        head, base = ListedOnce(self.opened.head), ListedOnce(self.opened.base)
        runs = assemble_each(found, self.workspace, self.make)
        reaching = self.workspace.reaching
        targets = [
            self._read(run._replace(ports=replace(run.ports, source=reaching(head, run.target)))) for run in runs
        ]
        if len(targets) > 1:
            check_one_store(head, [OfTarget(one.run.target, one.recorded) for one in targets if one.recorded])
        left = self._left_behind(targets)
        reports = [self._report(one.warned(left), base, alone=len(targets) == 1) for one in targets]
        return [replace(report, config_change=self.sides.change) for report in reports]

    def _read(self, run: Assembled) -> _OneTarget:
        published, warnings = _published(
            run.ports, run.context, self.workspace, self.opened.repository, self.trees.base
        )
        recorded = None
        if published is not None:
            publication, identity = run.ports.publication, run.context.identity
            recorded = read_recorded(publication, identity, run.target.name, published=published)
        return _OneTarget(run, published, recorded).warned(warnings)

    def _report(self, one: _OneTarget, base: ListedOnce, *, alone: bool) -> Report:
        target, ports, context = one.run
        of_base = self.sides.base.get(target.name)
        if not alone:
            context.observer.note(f"Target {target.name}:")
        try:
            known = None if of_base is None else self.make(of_base, self.workspace, ports.rates).target
            before = Before(self.workspace.reaching(base, known or target), known, self.sides.unread)
            report = propose(target, ports, context, before, self.trees, published=one.published)
        except Interrupted:
            raise
        except VsyncError as error:
            if alone:
                raise
            return without_run(target.name, error, dry_run=True, source=context.identity.name)
        return _readable(with_lines(report, self.opened.repository, self.trees), self.pull, self.opened.repository)

    def _left_behind(self, targets: Sequence[_OneTarget]) -> tuple[str, ...]:
        """What is said of targets that the pull request removes from the config. All targets share a manifest."""
        one = targets[0]
        manifest = None if one.recorded is None else one.recorded.manifest
        removed = {settings.target.name for settings in self.sides.removed}
        if manifest is None or not removed:
            return ()
        others = {settings.target.name for settings in self.sides.head} | (manifest.targets.keys() - removed)
        seals = one.run.ports.publication.left_open(others)
        left_open = {name: seal for name, seal in seals.items() if name in removed}
        stores = stores_of([each.run.target for each in targets])
        configured = ConfigTargets(frozenset(others), are_all=True, stores=stores)
        left = left_behind(manifest, configured, one.run.context.state_options, left_open)
        return tuple(f"After this pull request: {text}" for text in left)


_MOST_COUNTED, _MOST_BYTES_OF_NAMES = 1_000, 100_000
"""With more documents or longer names no lines are counted: nobody reads that many rows, and a command has a longest length."""


def with_lines(report: Report, repository: Repository, trees: Trees) -> Report:
    """The report with the added and removed lines of its documents. A report without them says all that matters."""
    documents = report.documents
    paths = [*documents.added, *documents.updated, *documents.removed]
    too_many = len(paths) > _MOST_COUNTED or sum(len(path.encode()) for path in paths) > _MOST_BYTES_OF_NAMES
    if not paths or too_many:
        return report
    try:
        counted = repository.line_counts(trees.base, trees.head, paths)
    except GitUnavailable:
        return report
    lines = {path: Lines(*numbers) for path, numbers in counted.items()}
    return replace(report, body=replace(report.plan, documents=replace(documents, lines=lines)))


def _readable(report: Report, pull: PullRequest, repository: Repository) -> Report:
    """The report with links to the pull request's head. GitHub soon forgets the merge that it makes for a trial."""
    if pull.state != "open" or pull.head is None or report.head is None or report.comparison.mode == "full":
        return report
    return replace(report, files_at=pull.head) if pull.head in repository.parents(report.head) else report


def _reading(repository: Repository, access: GitAccess) -> Remote | None:
    """The remote to fetch from, where the manifest is not kept on the remote."""
    url = repository.push_url()
    return None if url is None else access.remote(repository, url)


def _published(
    ports: Ports, context: RunContext, workspace: Workspace, repository: Repository, base: str
) -> tuple[Published | None, tuple[str, ...]]:
    """What is recorded of the store (None: that is not known), and warnings.

    A manifest that is a file of the repository is read from the base. The manifest in the workspace belongs to the pull
    request, and anybody may have written it.
    """
    publication = ports.publication
    if not context.keeps_manifest:
        return None, ()
    if workspace.remote is None and not Path(publication.name).is_absolute():
        return Published(repository.file(base, publication.name), None), ()
    try:
        return publication.read(), ()
    except (GitUnavailable, PushRefused) as error:
        return None, (
            f"What the store lacks besides this is not known: what was synced last could not be read. {error}",
        )
