"""drive: a whole run, from the first task to the last answer; the engine runs, people answer, the engine runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import engine
from .answers import nobody
from .graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name

if TYPE_CHECKING:
    from .answers import Answers
    from .model import Gate
    from .session import Session


def drive(session: Session, answers: Answers, *, only: tuple[str, ...] = (), jobs: int = 1) -> None:
    """Run the milestone, or `only` some issues, until it is done or waits for somebody who is not there.

    Where somebody is asked, one issue runs after the other, so that each question comes while its issue is on the
    screen; where nobody is, everything that can run does.
    """
    wanted = list(only) or [COMPLETE]
    rounds = [wanted] if answers is nobody else [[name] for name in _in_order(session, only)]
    for names in rounds:
        _run_and_ask(session, answers, names, jobs)
        if session.aborted or session.problems or _shut(session, names):
            return


def _shut(session: Session, names: list[str]) -> bool:
    """Return whether these tasks are a barrier that stays shut: nothing behind it can start."""
    return any(session.nodes[name].issue is None and session.state.markers.read(name) is None for name in names)


def _in_order(session: Session, only: tuple[str, ...]) -> list[str]:
    if only:
        return list(only)
    names = [BOOTSTRAP, PLAN_REVIEW]
    for phase in session.milestone.phases:
        names += [*(issue.number for issue in phase.issues), phase_name(phase.number)]
    return [*names, COMPLETE]


def _run_and_ask(session: Session, answers: Answers, names: list[str], jobs: int) -> None:
    while True:
        engine.run(session, names, jobs=jobs)
        if session.aborted or session.problems or not _answered(session, answers, names):
            return


def _answered(session: Session, answers: Answers, names: list[str]) -> bool:
    """Ask about the gates that these tasks opened; returns whether an answer was taken."""
    before = len(session.state.decisions.all())
    for gate in _open(session, names):
        answer = answers(gate, session.state.decisions.all())
        if answer is not None:
            session.state.approvals.leave(gate.gate, answer.verb, why=answer.why, who=answer.who, digest=gate.digest)
    session.settle()
    return len(session.state.decisions.all()) > before


def _open(session: Session, names: list[str]) -> list[Gate]:
    return [gate for gate in session.state.gates.all() if gate.gate in names]
