"""questions: what a run asks people, from the moment a gate opens until an answer is taken or nobody needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Gate, Kind, Passed, Step, Verb
from ..policy.graph import step_name
from ..render import transcript as words
from ..render.gate import question
from ..steps.context import counted_from
from .decide import collect, take_approvals
from .gate_comments import GateComments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..adapters.forge import Forge
    from ..model import Decision, Gate, Issue
    from ..policy.graph import Node
    from ..render.console import Console
    from ..sync.shared_state import LocalState
    from .up_to_date import Due


class Questions:
    """The questions of one run. On the terminal and on the forge each is put once, and answered in either place."""

    def __init__(self, due: Due, console: Console, sharing: LocalState, others: frozenset[str]) -> None:
        """Ask about what is due; the gates of `others` are left to the runs that are about those issues."""
        self._due = due
        self._milestone = due.making.milestone
        self._state = due.making.state
        self._console = console
        self._sharing = sharing
        self._others = others
        self._comments: GateComments | None = None
        self._shown: set[tuple[str, str | None]] = set()
        """Gates, each with the digest of what it asked in this run: nobody is shown the same question twice."""

    def talk_on(self, forge: Forge) -> None:
        """Put questions on the forge as well from now on, and hear what people comment there."""
        self._comments = GateComments(self._milestone, self._state, forge, self._console, self._others)

    # ---- asking -----------------------------------------------------------------------------------------------

    def ask(self, asked: Gate, listing: list[str], issue: str | None, send: Callable[[], None]) -> Gate:
        """Open a gate and put its question, once per run; `send` sends what is new to whoever shares the records."""
        gate, new = self._state.gates.open(asked)
        if (gate.gate, gate.digest) in self._shown:
            return gate
        self._shown.add((gate.gate, gate.digest))
        if new:
            self._state.journal.add("gate opened", gate=gate.gate, kind=gate.kind, digest=gate.digest)
        self._console.say(self._question(gate, listing), issue)
        if self._comments is not None and not self._due.making.manner.prompts:
            self._comments.post([gate])
        if issue:
            self._console.leave(issue)
        if new:
            send()
        return gate

    def _question(self, gate: Gate, listing: list[str]) -> list[str]:
        prompts, shared = self._due.making.manner.prompts, self._state.is_shared
        return question(gate, listing, self._milestone.id, prompts=prompts, shared=shared)

    # ---- hearing answers --------------------------------------------------------------------------------------

    def settle(self, *, comments: bool = False) -> list[Decision]:
        """Turn approvals into decisions, say what they do, and return them, oldest first.

        Approvals are files and, where `comments` are asked for, comments on the forge.
        """
        written = self._comments.collect() if comments and self._comments is not None else []
        changes = self._changes({approval.gate for approval in collect(self._state, written)})
        decisions, refused = take_approvals(self._milestone, self._state, changes, written, self._others)
        self._console.say([words.refused(one.approval.file, one.why, one.aside) for one in refused if one.aside])
        if self._comments is not None:
            self._comments.reply(refused)
        made = self._numbered(decisions)
        for decision in made:
            self._shown -= self._shown if decision.verb is Verb.UNSKIP else {(decision.gate, decision.digest)}
            self._due.ask_again()
            self._console.say(words.decided(decision, self._issue(decision.gate)))
        if made:
            self.withdraw()
        return made

    def _changes(self, names: set[str]) -> dict[str, str | None]:
        """Return the changes that these gates are about, as they are now; only open gates have one."""
        return {gate.gate: self._change_now(gate) for gate in self._state.gates.all() if gate.gate in names}

    def _numbered(self, made: tuple[Decision, ...]) -> list[Decision]:
        """Return decisions with the numbers they keep; of several machines the first keeps its own."""
        if not made:
            return []
        self._console.say(self._sharing.push(required=True))
        sources = {decision.source for decision in made}
        return [decision for decision in self._state.decisions.all() if decision.source in sources]

    def _change_now(self, gate: Gate) -> str | None:
        """Return the identity of the change a gate is about, as it is now; None where it is about none."""
        issue = self._issue(gate.gate)
        base = counted_from(self._state, gate.gate) if issue else None
        if not gate.change or issue is None or base is None:
            return None
        outside, branch = self._due.making.outside, self._state.registry.branch(self._milestone, issue)
        return outside.reach().git.patch_id(base, outside.heads.get(branch, base))

    def _issue(self, gate: str) -> Issue | None:
        return next((issue for issue in self._milestone.issues if issue.number == gate), None)

    # ---- letting go -------------------------------------------------------------------------------------------

    def withdraw(self) -> None:
        """Close the questions that need no answer any more."""
        for gate, why in list(self._needless()):
            self._state.gates.close(gate.gate)
            self._console.say([f"· Gate {gate.gate} is withdrawn: {why}"])

    def _needless(self) -> Iterator[tuple[Gate, str]]:
        for gate in self._state.gates.all():
            why = None if gate.gate in self._others else _why_needless(self._due, gate)
            if why is not None:
                yield gate, why

    def leave(self) -> None:
        """Say on the forge which questions are answered or not asked any more, and which are open."""
        if self._comments is not None:
            self._comments.close()
            self._comments.post(self._state.gates.all())


def _why_needless(due: Due, gate: Gate) -> str | None:
    """Return why an open question needs no answer any more; None where it does."""
    node = due.nodes.get(gate.gate)
    if gate.kind is Kind.PHASE:
        return _phase_needless(due, node) if node is not None else None
    if node is None or node.issue is None:
        return None
    mended = gate.kind in {Kind.BLOCKED, Kind.SPEC_MISSING} and _starts(due, node.issue)
    return due.settled(node.issue) or ("what it asked about is mended" if mended else None)


def _phase_needless(due: Due, node: Node) -> str | None:
    if due.why(node) is None:
        return "its list is the one that was approved"
    issues = [issue for issue in due.making.milestone.issues if issue.phase == node.phase]
    left = next((issue.number for issue in issues if not due.finished(issue.number)), None)
    return None if left is None else f"its issue #{left} has work left"


def _starts(due: Due, issue: str) -> bool:
    """Return whether nothing keeps an issue from being started any more."""
    task = due.making.task(due.nodes[step_name(issue, Step.BRANCH)])
    return isinstance(due.ask_about(task, task.hindrances()), Passed)


class Stopped(Exception):  # not an error: a question to a person
    """A gate is open; the task that asks fails until it is answered."""

    def __init__(self, gate: Gate) -> None:
        """Carry the gate that waits."""
        super().__init__(f"gate {gate.gate} waits for {' | '.join(gate.verbs)}")
        self.gate = gate
