"""Open the gates of a run, hear what answers them, and close those that need no answer any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ..core.fs import shown
from ..model import Kind, Passed, Step, Verb
from ..policy.graph import step_name
from ..render import transcript as words
from ..render.gate import question
from ..steps.own_change import counted_from, own_base
from ..steps.registry import lookup
from .ask import OpenQuestion, before
from .decide import collect, take_approvals
from .gate_comments import GateComments
from .up_to_date import check, finished, settled

if TYPE_CHECKING:
    from ..model import Decision, Gate
    from ..policy.graph import Node
    from ..steps.run_context import RunContext
    from .up_to_date import DoneTasks


class Stopped(Exception):  # not an error: a question to a person
    """A gate is open; the task that asks fails until it is answered."""

    def __init__(self, gate: Gate, *, is_new: bool) -> None:
        """Carry the gate that waits; `is_new` where no record told of it before."""
        super().__init__(f"gate {gate.gate} waits for {' | '.join(gate.verbs)}")
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
        gate, is_new = ctx.store.gates.open(asked.gate)
        if (gate.gate, gate.digest) in self._shown:
            return gate, False
        self._shown.add((gate.gate, gate.digest))
        self._show(ctx, gate, list(asked.listing), issue)
        return gate, is_new

    def _show(self, ctx: RunContext, gate: Gate, listing: list[str], issue: str | None) -> None:
        prompts, shared = ctx.options.interactive, ctx.store.is_shared
        folder = shown(ctx.store.folder / "approvals")
        ctx.console.say(question(gate, listing, ctx.milestone.id, folder, prompts=prompts, shared=shared), issue)
        if self._comments is not None and not prompts:
            self._comments.post([gate])
        if issue:
            ctx.console.leave(issue)

    # ---- hearing answers --------------------------------------------------------------------------------------

    def settle(self, ctx: RunContext, *, comments: bool = False) -> list[Decision]:
        """Turn approvals into decisions, say what they do, and return them, oldest first.

        Approvals are files and, where `comments` are asked for, comments on the forge.
        """
        written = self._comments.collect() if comments and self._comments is not None else []
        changes = _changes(ctx, {approval.gate for approval in collect(ctx.store, written)})
        made, refused = take_approvals(ctx.milestone, ctx.store, changes, written, self._others)
        ctx.console.say([words.refused(one.approval.file, one.why, one.aside) for one in refused if one.aside])
        if self._comments is not None:
            self._comments.reply(refused)
        decisions = _numbered(ctx, made)
        for decision in decisions:
            self._shown -= self._shown if decision.verb is Verb.UNSKIP else {(decision.gate, decision.digest)}
            self._done.clear()
            ctx.console.say(words.decided(decision, ctx.issues.get(decision.gate)))
        if decisions:
            self.withdraw(ctx)
        return decisions

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


def _numbered(ctx: RunContext, made: tuple[Decision, ...]) -> list[Decision]:
    """Return decisions with the numbers they keep; of several machines the first keeps its own."""
    if not made:
        return []
    ctx.console.say(ctx.shared.push(required=True))
    sources = {decision.source for decision in made}
    return [decision for decision in ctx.store.decisions.all() if decision.source in sources]


def _changes(ctx: RunContext, names: set[str]) -> dict[str, str | None]:
    """Return the changes that these gates are about, as they are now; only open gates have one."""
    return {gate.gate: _change_now(ctx, gate) for gate in ctx.store.gates.all() if gate.gate in names}


def _change_now(ctx: RunContext, gate: Gate) -> str | None:
    """Return the identity of the change a gate is about, as it is now; None where it is about none."""
    issue = ctx.issues.get(gate.gate)
    base = counted_from(ctx.store, gate.gate) if issue else None
    if not gate.change or issue is None or base is None:
        return None
    heads, remote = ctx.branches.heads, ctx.remote.heads if ctx.remote else {}
    head, target = heads.get(ctx.branch(issue), base), ctx.milestone.target
    start = own_base(ctx.git, base, head, (heads.get(target), remote.get(target)))
    if gate.change == ctx.git.patch_id_without_places(start, head):
        return gate.change  # the version before asked
    return ctx.git.patch_id(start, head)


def _can_start(ctx: RunContext, issue: str) -> bool:
    """Return whether nothing blocks an issue's first step any more."""
    node = ctx.nodes[step_name(issue, Step.BRANCH)]
    return isinstance(before(ctx, node, *lookup(ctx, node)), Passed)
