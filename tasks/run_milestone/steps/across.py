"""Look across issues that are not merged yet: which conflict, fork the migrations or ask for different versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from ..checks.change import Change
from ..checks.manifests import Dependency, by_name, is_manifest, read
from ..checks.migrations.lines import check as check_line
from ..checks.migrations.lines import of_paths
from ..model import Inspected, Pushed, Step
from ..policy.graph import step_name
from .inspect import TreeTools
from .step_context import step_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..model import Finding
    from .run_context import RunContext


class Clash(NamedTuple):
    """Two issues whose branches git cannot merge, and the files in which they conflict."""

    one: str
    other: str
    paths: tuple[str, ...]


class Fork(NamedTuple):
    """A fork of the migrations that comes of joining issues, and the first and last issue that brings a migration."""

    early: str
    late: str
    finding: Finding


class Versions(NamedTuple):
    """A package for which two issues ask differently: each issue with the version that it asks for."""

    package: str
    one: tuple[str, str]
    other: tuple[str, str]


@dataclass
class Across:
    """Issues that are not merged, with their commits, in the order of landing; `tip` is the milestone branch."""

    ctx: RunContext
    tip: str
    heads: Mapping[str, str]

    def clashes(self) -> Iterator[Clash]:
        """Yield the pairs that conflict. Only those that change a file in common are merged."""
        for one, other in combinations(self.heads, 2):
            if self._changed[one].isdisjoint(self._changed[other]):
                continue
            if paths := self.ctx.git.conflicts(self.heads[one], self.heads[other]):
                yield Clash(one, other, paths)

    def forks(self) -> Iterator[Fork]:
        """Yield the forks of the migrations that come of joining the issues that bring any."""
        bringing = [number for number in self.heads if any(map(_may_migrate, self._changed[number]))]
        if len(bringing) > 1:
            brought = {path: number for number in reversed(bringing) for path in self._changed[number]}
            yield from forks(self.ctx, self.tip, self._joined(bringing), bringing, brought)

    def versions(self) -> Iterator[Versions]:
        """Yield the packages for which two issues ask differently, unless one of them stands on the other."""
        asked = {number: self._asked(number) for number in self.heads}
        for one, other in combinations(self.heads, 2):
            for name in sorted(asked[one].keys() & asked[other].keys()):
                first, second = asked[one][name].shown, asked[other][name].shown
                if first != second and not self.ctx.git.is_ancestor(self.heads[one], self.heads[other]):
                    yield Versions(name[1], (one, first), (other, second))

    @cached_property
    def _changed(self) -> dict[str, frozenset[str]]:
        """The files that each issue changes."""
        markers = self.ctx.store.markers
        seen = {number: markers.evidence(step_name(number, Step.INSPECT), Inspected) for number in self.heads}
        return {number: frozenset(one.paths if one else ()) for number, one in seen.items()}

    def _joined(self, numbers: Iterable[str]) -> str:
        git, commit = self.ctx.git, self.tip
        for head in (self.heads[number] for number in numbers):
            commit = head if git.is_ancestor(commit, head) else git.joined_with_marks(commit, head)
        return commit

    def _asked(self, number: str) -> dict[tuple[str, str], Dependency]:
        """Return the packages that an issue asks for otherwise than what it started from."""
        paths = sorted(path for path in self._changed[number] if is_manifest(path))
        if not paths:
            return {}
        head = self.heads[number]
        before, after = (self._packages(commit, paths) for commit in (self.ctx.git.merge_base(self.tip, head), head))
        return {name: one for name, one in after.items() if before.get(name) != one}

    def _packages(self, commit: str, paths: Iterable[str]) -> dict[tuple[str, str], Dependency]:
        """Return the packages of manifests. One that cannot be read was told when its issue was inspected."""
        packages = list[Dependency]()
        for path in paths:
            text = (self.ctx.git.read(commit, path) or b"").decode("utf-8", "replace")
            try:
                packages += read(path, text).packages
            except (ValueError, TypeError):
                continue
        return by_name(packages)


def across(ctx: RunContext, tip: str, numbers: Iterable[str]) -> Across:
    """Return the look across issues, those that have been pushed."""
    pushed = {number: ctx.store.markers.evidence(step_name(number, Step.PUSH), Pushed) for number in numbers}
    return Across(ctx, tip, {number: one.head for number, one in pushed.items() if one and ctx.git.has(one.head)})


def forks(ctx: RunContext, tip: str, joined: str, order: list[str], brought: Mapping[str, str]) -> Iterator[Fork]:
    """Yield the forks of the migrations in `joined` that are not in `tip`; `brought` names who brings each file."""
    last = ctx.issues[order[-1]]
    change = Change(ctx.milestone, last, tip, joined, (), ctx.git, TreeTools(step_context(ctx, last), joined))
    for line in of_paths(change, brought):
        before = set(check_line(replace(change, head=tip), line))
        for finding in (one for one in check_line(change, line) if one not in before):
            bringing = [one for path, one in brought.items() if line.holds(path)]
            if bringing:
                yield Fork(min(bringing, key=order.index), max(bringing, key=order.index), finding)


def _may_migrate(path: str) -> bool:
    return path.endswith((".py", ".sql", ".rb", ".exs", ".go")) and any(
        word in path for word in ("versions/", "migrat", "alembic", ".sql")
    )
