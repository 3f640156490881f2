"""The loop of a run: doit runs tasks, people answer gates, doit runs on."""

from __future__ import annotations

import uuid
from itertools import chain
from typing import TYPE_CHECKING

from ..model import Verb
from ..policy import topics
from ..policy.boundary import MILESTONE_GATES
from ..policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, longest_first, phase_name
from .pass_over import pass_over_done

if TYPE_CHECKING:
    from ..model import Gate
    from .answerers import Answerer
    from .session import Session


def drive(
    session: Session, answerer: Answerer, *, only: tuple[str, ...] = (), jobs: int = 1, in_turn: bool = False
) -> None:
    """Run the milestone, or `only` some issues, until it is done or waits for somebody who is not there.

    With `in_turn` one issue runs after the other, so that each question comes while its issue is on the screen;
    without, everything that can run does, and the answerer is asked about all of it.
    """
    stretches = _stretches(session, only, jobs)
    if not in_turn:
        _run_and_ask(session, answerer, stretches, jobs)
        return
    for name in chain(*stretches):
        _run_and_ask(session, answerer, [[name]], jobs, in_turn=True)
        if session.aborted or session.problems or _shut(session, name):
            return


def _shut(session: Session, name: str) -> bool:
    """Return whether this task is a barrier that stays shut, or the budget is used up: nothing behind it can start."""
    barrier = session.nodes[name].issue is None and session.store.markers.read(name) is None
    return barrier or any(session.store.gates.read(gate) is not None for gate in MILESTONE_GATES)


def _stretches(session: Session, only: tuple[str, ...], jobs: int) -> list[list[str]]:
    """Return the tasks to ask for in the order in which doit is to begin them, each stretch up to a barrier.

    doit keeps that order only among what can begin at once, so what waits for a barrier is asked for behind it.
    """
    if only:
        return [list(only)]
    order = longest_first if jobs > 1 else tuple
    phases = [
        [*(issue.number for issue in order(phase.issues)), phase_name(phase.number)]
        for phase in session.milestone.phases
    ]
    return [[BOOTSTRAP], [PLAN_REVIEW], *phases, [COMPLETE]]


def _run_and_ask(
    session: Session, answerer: Answerer, stretches: list[list[str]], jobs: int, *, in_turn: bool = False
) -> None:
    """Run until no answer is left to take; in turn, what failed ends it, else it holds up only what needs it."""
    names = list(chain(*stretches))
    asked = {*MILESTONE_GATES, *(names if in_turn else _reached(session, names))}
    while True:
        for stretch in stretches:
            _run(session, stretch, jobs)
            if session.aborted or stretch[-1] not in session.done:
                break
        if session.aborted or (in_turn and session.problems) or not _answered(session, answerer, asked):
            return


def _run(session: Session, names: list[str], jobs: int) -> None:
    """Let doit run what is not done yet. Where nothing is left, doit is not even imported."""
    pass_over_done(session, names)
    if any(name not in session.done for name in names):
        from . import doit_adapter

        doit_adapter.run(session, names, jobs=jobs)


def _reached(session: Session, names: list[str]) -> set[str]:
    """Return the gates of these tasks and of all that they need."""
    seen, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += session.nodes[name].after
    return {session.nodes[name].issue or name for name in seen}


def _answered(session: Session, answerer: Answerer, asked: set[str]) -> bool:
    """Ask about the gates that are open among those; returns whether an answer was taken."""
    by_runner = set[str]()
    for gate in _open(session, asked):
        answer = answerer.answer(gate, session.store.decisions.all())
        if answer is None:
            continue
        source, about = uuid.uuid4().hex, topics.meant(gate, answer.verb, answer.topic) or gate
        by_runner |= {source} if answer.who else set()
        session.store.approvals.leave(
            gate.gate,
            answer.verb,
            why=answer.why,
            who=answer.who,
            digest=about.digest,
            source=source,
            topic=answer.topic,
        )
        if answer.verb is Verb.ABORT:
            break
    return session.settle(by_runner=frozenset(by_runner))


def _open(session: Session, asked: set[str]) -> list[Gate]:
    return [gate for gate in session.store.gates.all() if gate.gate in asked]


def drive_own(session: Session) -> None:
    """Run the tasks of the milestone itself, as far as its issues let: bootstrap, plan review, barriers, end."""
    names = [BOOTSTRAP, PLAN_REVIEW]
    for phase in session.milestone.phases:
        if not all(session.finished(issue.number) for issue in phase.issues):
            break
        names.append(phase_name(phase.number))
    else:
        names.append(COMPLETE)
    _run(session, names, 1)
