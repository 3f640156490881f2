"""Open the gates of a run, hear what answers them, and close those that need no answer any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from ..core.fs import shown
from ..model import Kind, Passed, Step, Verb
from ..policy.approvers import is_local, standing, waits_for
from ..policy.graph import step_name
from ..policy.topics import answers_to
from ..render import transcript as words
from ..render.gate import question
from ..steps.own_change import changed_between
from ..steps.registry import lookup
from .agreement import add_up, enough_at, withdraw
from .approvers import needs_at, rights
from .ask import OpenQuestion, before
from .decide import collect, take_approvals
from .gate_comments import GateComments
from .up_to_date import check, finished, settled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Decision, Gate
    from ..policy.graph import Node
    from ..steps.run_context import RunContext
    from .up_to_date import DoneTasks


class Stopped(Exception):  # not an error: a question to a person
    """A gate is open; the task that asks fails until it is answered."""

    def __init__(self, gate: Gate, *, is_new: bool) -> None:
        """Carry the gate that waits; `is_new` where no record told of it before."""
        super().__init__(f"gate {gate.gate} waits for {' | '.join(answers_to(gate))}")
        self.gate = gate
        self.is_new = is_new


class Gates:
    """The gates of one run. On the terminal and on the forge each is shown once, and answered in either place."""

    def __init__(self, done: DoneTasks, others: frozenset[str]) -> None:
        """Ask for one run; the gates of `others` are left to the runs that work on those issues."""
        self._done = done
        self._others = others
        self._comments: GateComments | None = None
        self._shown: set[tuple[str, str | None]] = set()
        """Gates with the digest of what they asked in this run: nobody is shown the same question twice."""

    def talk(self, ctx: RunContext) -> None:
        """Ask on the forge as well from now on, and hear what people comment there."""
        self._comments = GateComments(ctx.milestone, ctx.store, ctx.outside.forge, ctx.console, self._others)

    # ---- asking -----------------------------------------------------------------------------------------------

    def stop(self, ctx: RunContext, asked: OpenQuestion, issue: str | None) -> NoReturn:
        """Open a gate and raise Stopped."""
        gate, is_new = self.open(ctx, asked, issue)
        raise Stopped(gate, is_new=is_new)

    def open(self, ctx: RunContext, asked: OpenQuestion, issue: str | None) -> tuple[Gate, bool]:
        """Open a gate and show its question once per run; returns it, and whether it is new."""
        gate, is_new = ctx.store.gates.open(replace(asked.gate, needs=needs_at(ctx, asked.gate.gate, asked.gate)))
        if (gate.gate, gate.digest) in self._shown:
            return gate, False
        self._shown.add((gate.gate, gate.digest))
        self._show(ctx, gate, list(asked.listing), issue)
        return gate, is_new

    def _show(self, ctx: RunContext, gate: Gate, listing: list[str], issue: str | None) -> None:
        prompts = ctx.options.interactive and is_local(ctx.milestone, gate.needs)
        shared, milestone = ctx.store.is_shared, ctx.store.with_teams(ctx.milestone)
        folder = shown(ctx.store.folder / "approvals")
        ctx.console.say(question(gate, listing, milestone, folder, prompts=prompts, shared=shared), issue)
        if self._comments is not None and not prompts:
            self._comments.post([gate])
        if issue:
            ctx.console.leave(issue)

    # ---- hearing answers --------------------------------------------------------------------------------------

    def settle(
        self, ctx: RunContext, *, comments: bool = False, by_runner: frozenset[str] = frozenset()
    ) -> list[Decision]:
        """Turn approvals into decisions, say what they do, and return them, oldest first.

        Approvals are files and, where `comments` are asked for, comments on the forge. `by_runner` are the sources of
        those that the run itself gave.
        """
        decisions = _numbered(ctx, self._take(ctx, comments=comments, by_runner=by_runner))
        for decision in decisions:
            self._shown -= self._shown if decision.verb is Verb.UNSKIP else {(decision.gate, decision.digest)}
            self._done.clear()
            ctx.console.say(words.decided(decision, ctx.issues.get(decision.gate)))
        if decisions:
            self.withdraw(ctx)
        return decisions

    def _take(self, ctx: RunContext, *, comments: bool, by_runner: frozenset[str]) -> list[Decision]:
        """Judge every answer, and say which are refused and which wait for others; returns all that were recorded."""
        written = self._comments.collect() if comments and self._comments is not None else []
        approvals = collect(ctx.store, written)
        names = {approval.gate for approval in approvals}
        names |= {answer.gate for answer in ctx.store.decisions.answers() if answer.waits}
        changes, who = _changes(ctx, names), rights(ctx, names, approvals, by_runner)
        milestone = ctx.store.with_teams(ctx.milestone)
        made, refused = take_approvals(milestone, ctx.store, changes, written, self._others, who)
        ctx.console.say([words.refused(one.approval.file, one.why, one.aside) for one in refused if one.aside])
        if self._comments is not None:
            self._comments.reply(refused)
        ctx.console.say([words.counted(one, _left(ctx, one.gate)) for one in made if one.waits])
        enough = enough_at(milestone, ctx.store, who).values()
        gone, unknown = self._withdrawn(one for answers in enough for one in answers)
        withdraw(gone, ctx.store)
        return [*made, *add_up(milestone, ctx.store, changes, who, unknown)]

    def _withdrawn(self, answers: Iterable[Decision]) -> tuple[set[str], set[str]]:
        """Return the answers by comment that do not stand any more, and those that nobody can look up."""
        return self._comments.withdrawn(answers) if self._comments is not None else (set(), set())

    # ---- closing ----------------------------------------------------------------------------------------------

    def withdraw(self, ctx: RunContext) -> None:
        """Close the gates that need no answer any more."""
        for gate in ctx.store.gates.all():
            why = None if gate.gate in self._others else self._why_needless(ctx, gate)
            if why is not None:
                ctx.store.gates.close(gate.gate)
                ctx.console.say([words.withdrawn(gate.gate, why)])

    def _why_needless(self, ctx: RunContext, gate: Gate) -> str | None:
        """Return why an open gate needs no answer any more; None where it does."""
        node = ctx.nodes.get(gate.gate)
        if gate.kind is Kind.PHASE:
            return self._phase_needless(ctx, node) if node is not None else None
        if node is None or node.issue is None:
            return None
        fixed = gate.kind in {Kind.BLOCKED, Kind.SPEC_MISSING} and _can_start(ctx, node.issue)
        return settled(ctx, node.issue) or ("what it asked about is fixed" if fixed else None)

    def _phase_needless(self, ctx: RunContext, node: Node) -> str | None:
        if not check(ctx, node, self._done.fresh).run:
            return "its list is the one that was approved"
        issues = [issue.number for issue in ctx.milestone.issues if issue.phase == node.phase]
        left = next((number for number in issues if not finished(ctx, number, self._done.fresh)), None)
        return None if left is None else f"its issue #{left} has work left"

    def leave(self, ctx: RunContext) -> None:
        """Say on the forge which questions are answered or not asked any more, and which are open."""
        if self._comments is not None:
            self._comments.close()
            self._comments.post(ctx.store.gates.all())


def _numbered(ctx: RunContext, made: list[Decision]) -> list[Decision]:
    """Return decisions with the numbers they keep; of several machines the first keeps its own."""
    if not made:
        return []
    ctx.console.say(ctx.shared.push(required=True))
    sources = {decision.source for decision in made}
    return [decision for decision in ctx.store.decisions.all() if decision.source in sources]


def _left(ctx: RunContext, name: str) -> str:
    """Return who is waited for at a gate after the answers so far."""
    gate = ctx.store.gates.read(name)
    teams = ctx.store.with_teams(ctx.milestone).teams
    return waits_for(gate.needs, standing(gate, ctx.store.decisions.answers()), teams) if gate else ""


def _changes(ctx: RunContext, names: set[str]) -> dict[str, str | None]:
    """Return the changes that these gates are about, as they are now; only open gates have one."""
    return {gate.gate: _change_now(ctx, gate) for gate in ctx.store.gates.all() if gate.gate in names}


def _change_now(ctx: RunContext, gate: Gate) -> str | None:
    """Return the identity of the change a gate is about, as it is now; None where it is about none."""
    between = changed_between(ctx, gate.gate) if gate.change else None
    if between is None:
        return None
    if gate.change == ctx.git.patch_id_without_places(*between):
        return gate.change  # the version before asked
    return ctx.git.patch_id(*between)


def _can_start(ctx: RunContext, issue: str) -> bool:
    """Return whether nothing blocks an issue's first step any more."""
    node = ctx.nodes[step_name(issue, Step.BRANCH)]
    return isinstance(before(ctx, node, *lookup(ctx, node)), Passed)
