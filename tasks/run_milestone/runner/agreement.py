"""Turn the same answer of several people into one decision, once there are as many as its gate needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.serialize import digest
from ..model import Kind
from ..policy.approvers import WITHDRAWN, is_enough, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from ..model import Decision, Gate, Milestone
    from ..store import State
    from .approvers import Rights


def enough_at(milestone: Milestone, state: State, rights: Rights) -> dict[str, tuple[Decision, ...]]:
    """Return the answers that are enough together, by gate."""
    answers = state.decisions.answers()
    asked = {answer.gate for answer in answers if answer.waits}
    given = {name: standing(gate, answers) for name in sorted(asked) if (gate := state.gates.read(name)) is not None}
    needs, teams = rights.needs, milestone.teams
    return {name: some for name, some in given.items() if is_enough(needs.get(name, ()), some, teams)}


def add_up(
    milestone: Milestone,
    state: State,
    changes: Mapping[str, str | None],
    rights: Rights,
    unknown: AbstractSet[str] = frozenset(),
) -> tuple[Decision, ...]:
    """Record a decision for each gate where the answers are enough, while the change is the one that was shown.

    Answers that are `unknown` by their source wait, because nobody can tell whether they stand.
    """
    enough = enough_at(milestone, state, rights).items()
    open_gates = ((state.gates.read(name), answers) for name, answers in enough)
    return tuple(
        _agree(gate, answers, state)
        for gate, answers in open_gates
        if gate is not None
        and changes.get(gate.gate) in {None, gate.change}
        and not unknown & {one.source for one in answers}
    )


def _agree(gate: Gate, answers: tuple[Decision, ...], state: State) -> Decision:
    """Record what several people answered as one decision, and close its gate. A crash in between records it once."""
    last = answers[-1]
    reasons = [f"{one.who}: {one.why}" for one in answers if one.why]
    why = last.why if gate.kind is Kind.BUDGET else "; ".join(reasons)
    who, source = ", ".join(one.who for one in answers), digest([one.source for one in answers])
    joint = replace(last, who=who, why=why, waits=False, source=source, signed=None)
    decision = state.decisions.record(replace(joint, digest=gate.digest, findings=gate.findings, change=gate.change))
    state.gates.close(gate.gate)
    return decision


def withdraw(sources: Iterable[str], state: State) -> None:
    """Record that answers do not count any more, because their comment is gone, was edited or lost its right."""
    wanted = frozenset(sources)
    for answer in [one for one in state.decisions.answers() if one.source in wanted]:
        state.decisions.record(replace(answer, why="withdrawn", source=f"{WITHDRAWN}{answer.source}"))
