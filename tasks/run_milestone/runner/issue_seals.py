"""Seal issues of which nothing is due: a digest of all that this rests on stands for their tasks while it holds."""

from __future__ import annotations

import hashlib
import platform
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core import fastpath
from ..core.user import whoami
from ..policy.graph import BOOTSTRAP, phase_name
from ..policy.stacking import join_of

if TYPE_CHECKING:
    from collections.abc import Container

    from ..model import Decision, World
    from ..steps.run_context import RunContext


class IssueSeals:
    """The seals of a milestone's issues and phases: those of the last run, and how each is since the last decision.

    Where the seal of an issue holds, the remote tells nothing new of it and `up_to_date.check` would find nothing due;
    where that of a phase holds, its barrier need not ask. What this rests on is either the issue's own, or that of an
    issue it depends on, or else a part of every seal.
    """

    def __init__(self) -> None:
        """Start without having looked."""
        self._kept: dict[str, str] | None = None
        self._digests: dict[str, str | None] = {}
        self._holding: set[str] = set()
        self._rules: str | None = None
        self._world: World | None = None
        self._taken_over: World | None = None

    def forget(self) -> None:
        """Look again at the next question: something was decided, or a branch moved."""
        self._digests.clear()
        self._holding.clear()

    def taken_over(self, world: World) -> None:
        """Note that what the remote and the forge answered is in the records, so that it may be sealed."""
        self._taken_over = world

    def hold(self, ctx: RunContext, name: str, fresh: Container[str]) -> bool:
        """Return whether the seal of an issue or a phase holds, and those of all that it depends on.

        One that this run worked at has none: its tasks are `fresh`.
        """
        if self._world is not ctx.remote or not self._digests:
            self.forget()
            self._world, self._rules = ctx.remote, _rules(ctx)
        left, begun = [name], set[str]()
        while left:  # a chain of issues may be longer than Python nests calls
            one = left[-1]
            needed = [other for other in _needs(ctx, one) if other not in self._digests]
            if one not in self._digests and (not needed or one in begun):
                self._look(ctx, one, fresh)
            if one in self._digests:
                left.pop()
            else:
                begun.add(one)
                left += needed
        return name in self._holding

    def keep(self, ctx: RunContext, done: Container[str], fresh: Container[str]) -> None:
        """Seal for the next run what was looked at and of which nothing was due."""
        if self._world is None or self._world is not self._taken_over:
            return
        kept = self._read(ctx)
        for name, digest in self._digests.items():
            if digest is not None and all(task in done and task not in fresh for task in _tasks(ctx, name)):
                kept[name] = digest
            else:
                kept.pop(name, None)
        ctx.store.seal_issues(kept)

    def _read(self, ctx: RunContext) -> dict[str, str]:
        if self._kept is None:
            self._kept = ctx.store.sealed_issues()
        return self._kept

    def _look(self, ctx: RunContext, name: str, fresh: Container[str]) -> None:
        needed = {other: self._digests.get(other) for other in _needs(ctx, name)}
        is_known = self._rules is not None and None not in needed.values()
        parts = _parts(ctx, name) if is_known else None
        digest = self._digests[name] = None if parts is None else _short((self._rules, needed, parts))
        is_kept = digest is not None and self._read(ctx).get(name) == digest
        if is_kept and self._holding.issuperset(needed) and not any(task in fresh for task in _tasks(ctx, name)):
            self._holding.add(name)


def _needs(ctx: RunContext, name: str) -> tuple[str, ...]:
    """Return the issues that an issue depends on, or those of a phase."""
    if name in ctx.issues:
        return ctx.issues[name].depends_on
    return tuple(issue.number for issue in ctx.milestone.phases[(ctx.nodes[name].phase or 1) - 1].issues)


def _tasks(ctx: RunContext, name: str) -> tuple[str, ...]:
    return ctx.nodes[name].after if name in ctx.issues else (name,)


def _parts(ctx: RunContext, name: str) -> Any:
    """Return what an issue or a phase rests on beside the rules and what it needs; None where it has no seal."""
    return _parts_of_issue(ctx, name) if name in ctx.issues else _parts_of_phase(ctx, name)


def _parts_of_issue(ctx: RunContext, number: str) -> Any:
    """Return the parts of an issue; None unless its branch is as the remote has it, and its pull request open."""
    issue, heads, world = ctx.issues[number], ctx.branches.heads, ctx.world
    branch = ctx.branch(issue)
    head, pull, join = heads.get(branch), world.pull(branch), join_of(branch)
    if head is None or head != world.heads.get(branch) or pull is None or pull.state != "open":
        return None
    if heads.get(join) is None and join in world.heads:
        return None
    return (
        (issue, ctx.store.registry.marks(ctx.milestone, issue)),
        (branch, head, heads.get(join), world.heads.get(join)),
        (pull, world.reviews_of(branch)),
        ctx.store.markers.identities(number),
        [_shown(one) for one in ctx.store.decisions.at(number, phase_name(issue.phase))],
    )


def _parts_of_phase(ctx: RunContext, name: str) -> Any:
    asked = [gate for gate in ctx.store.gates.all() if gate.gate in {name, *_needs(ctx, name)}]
    return ctx.store.markers.identity(name), asked, [_shown(one) for one in ctx.store.decisions.at(name)]


def _rules(ctx: RunContext) -> str | None:
    """Return the digest of what every task may rest on; None where the target or the milestone branch is not here."""
    milestone, git = ctx.store.with_teams(ctx.milestone), ctx.git
    tips = [(ctx.branches.heads.get(name), ctx.world.heads.get(name)) for name in (milestone.branch, milestone.target)]
    if not all(remote is None or remote == local or git.has(remote) for local, remote in tips):
        return None
    gates = {*ctx.issues, *(phase_name(phase.number) for phase in milestone.phases)}
    options = ctx.options
    parts = (
        (1, fastpath.FORM, sys.version, platform.platform()),  # another version may decide differently
        (ctx.project.root, replace(milestone, phases=()), tips),
        (options.skip_code_review, options.no_worktree, options.unsandboxed, options.mirror, whoami()),
        ctx.store.markers.identity(BOOTSTRAP),
        [_shown(one) for one in ctx.store.decisions.all() if one.gate not in gates],
        datetime.now(UTC).date() if milestone.quarantine else None,
    )
    return _short(parts)


_SHOWN: dict[int, tuple[Decision, str]] = {}
"""Decisions by their identity, each with its digest: that of a phase is shared by all its issues."""


def _shown(decision: Decision) -> str:
    if id(decision) not in _SHOWN:
        _SHOWN[id(decision)] = decision, _short(decision)
    return _SHOWN[id(decision)][1]


def _short(value: object) -> str:
    """Return the digest of plain and frozen values, whose `repr` says all of them."""
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]
