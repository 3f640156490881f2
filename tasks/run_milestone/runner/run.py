"""running: one run from its flags to its exit code."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, Panic, UserError
from ..core.user import whoami
from ..model import Kind
from ..policy import budget
from ..render.autonomous import autonomous_report
from ..render.console import Console
from ..render.gate import question_again
from ..store.summary import measure
from ..sync.shared_state import LocalState, SharedState
from .answerers import autonomous, nobody
from .finish import exit_code
from .loop import drive, drive_own
from .options import Manner, Mode
from .session import Session
from .shutdown import leave_drafts, saved
from .signals import heed_signals
from .watch import wait_for_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Decision, Gate, Milestone
    from ..plan.project import Project
    from .answerers import Answer, Answers


def run(project: Project, milestone: Milestone, mode: Mode, ask: Answers | None = None) -> int:
    """Run or resume a milestone; `ask` answers its gates one after the other, None leaves them or decides alone.

    With several jobs everything that can run does, then all gates that are open are asked about.
    """
    milestone = budget.limited(milestone, time=mode.time, money=mode.money)
    gc.freeze()  # what is imported by now stays: no collection needs to look through it again
    session = Session(project, milestone, Console(apart=mode.jobs > 1), _manner(mode, ask), _sharing(mode))
    heed_signals()
    try:
        session.begin()
        _drive(session, mode, ask)
        return _finish(session, mode)
    except KeyboardInterrupt:
        _save(session)
        raise
    except Panic:
        _secure(session)
        raise
    finally:
        session.end()


def _sharing(mode: Mode) -> LocalState:
    return SharedState(mode.lock) if mode.shared else LocalState()


def _save(session: Session) -> None:
    """Finish what was interrupted; what cannot be sent is recorded here."""
    try:
        session.finish(hurried=True)
    except UserError as error:
        session.console.say([f"⚠️ Not shared: {error}"])


def _secure(session: Session) -> None:
    """Leave nothing to be merged by mistake, and say what is saved."""
    session.state.journal.add("panic", who=whoami())
    session.console.say(leave_drafts(session.milestone, session.state, session.hands.forge))
    session.console.say(saved(session.milestone, session.state))
    session.finish()


def _drive(session: Session, mode: Mode, ask: Answers | None) -> None:
    if mode.own:
        drive_own(session)
        return
    in_turn = ask is not None and mode.jobs == 1
    answers = _one_by_one(session, ask) if ask and not in_turn else ask or (autonomous if mode.autonomous else nobody)
    while True:
        drive(session, answers, only=mode.only, jobs=mode.jobs, in_turn=in_turn)
        if not mode.watch or not wait_for_answer(session):
            return


def _one_by_one(session: Session, ask: Answers) -> Answers:
    """Show each question again before it is answered, as what ran beside it was said after it; a barrier's is last."""

    def answer(gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        if gate.kind is not Kind.PHASE:
            session.console.say(question_again(gate))
        return ask(gate, decisions)

    return answer


def _manner(mode: Mode, ask: Answers | None) -> Manner:
    who = whoami()
    return Manner(
        unreviewed=who if mode.skip_code_review else None,
        plan_unreviewed=who if mode.skip_plan_review else None,
        one_tree=mode.no_worktree,
        prompts=ask is not None or mode.autonomous,
        verbose=mode.verbose,
        about=mode.only if mode.shared else (),
    )


def _finish(session: Session, mode: Mode) -> int:
    if mode.autonomous:
        session.console.leave_all()
        session.console.say(autonomous_report(session.milestone, session.state, aborted=session.aborted))
    code = (
        ExitCode.DONE
        if _only_issues_are_left(session, mode)
        else exit_code(session.state, session.due, session.status, mode.only)
    )
    if mode.only and code == ExitCode.DONE:
        session.console.leave_all()
        session.console.say(["", f"✓ Done: {', '.join(f'#{number}' for number in mode.only)}"])
    session.finish()
    if mode.metrics:
        session.state.write_metrics(measure(session.milestone, session.state))
        session.console.say(["", f"✓ Metrics written: state/{session.milestone.id}/metrics.json"])
    return code


def _only_issues_are_left(session: Session, mode: Mode) -> bool:
    return mode.own and session.status == "unfinished"
