"""One run of a milestone, from its options to its exit code."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, Panic, UserError
from ..core.fs import shown
from ..core.user import whoami
from ..policy import budget
from ..policy.handed_back import HANDED_OUT, without_progress
from ..render import transcript as words
from ..render.autonomous import autonomous_report
from ..render.console import Console
from ..store.summary import measure
from ..sync.shared_state import LocalState, SharedState
from .answerers import AutoFix, NoAnswerer, ShowAgain, StopTable
from .finish import exit_code
from .loop import drive, drive_own
from .session import Session
from .shutdown import leave_drafts, saved
from .signals import heed_signals
from .stages import begin
from .watch import wait_for_answer

if TYPE_CHECKING:
    from ..model import Milestone, RunOptions
    from ..plan.project import Project
    from .answerers import Answerer


def run(project: Project, milestone: Milestone, options: RunOptions, ask: Answerer | None = None) -> int:
    """Run or resume a milestone; `ask` answers its gates one after the other, None leaves them or decides alone.

    With several jobs everything that can run does, then all gates that are open are asked about.
    """
    options = replace(options, interactive=ask is not None or options.autonomous)
    return _carry_out(_session(project, milestone, options), ask)


def publish(project: Project, milestone: Milestone, options: RunOptions) -> tuple[int, tuple[str, ...]]:
    """Run what needs no command: push, open pull requests, take answers; returns the exit code and what is left.

    Left are the issues, or the baseline, whose next task starts a command.
    """
    session = _session(project, milestone, replace(options, no_commands=True))
    code = _carry_out(session, None)
    return code, session.left


def _left(session: Session) -> tuple[str, ...]:
    """Return what other jobs may work on; right after they did, not what waits for an answer or did not get on."""
    if not session.options.results:
        return tuple(sorted(session.put_off))
    asked = {gate.gate for gate in session.store.gates.all()}
    return tuple(sorted(session.put_off - asked - without_progress(session.store.journal.entries())))


def _session(project: Project, milestone: Milestone, options: RunOptions) -> Session:
    milestone = budget.limited(milestone, time=options.max_time, money=options.max_cost)
    gc.freeze()  # what is imported by now stays: no collection needs to look through it again
    shared = SharedState(options.lock) if options.shared else LocalState()
    return Session(project, milestone, Console(apart=options.jobs > 1), options, shared)


def _carry_out(session: Session, ask: Answerer | None) -> int:
    heed_signals()
    try:
        begin(session)
        _drive(session, ask)
        if session.options.no_commands:
            session.left = _left(session)
            session.store.journal.add(HANDED_OUT, work=session.left)
        return _finish(session)
    except KeyboardInterrupt:
        _save(session)
        raise
    except Panic:
        _secure(session)
        raise
    finally:
        session.end()


def _save(session: Session) -> None:
    """Finish what was interrupted; what cannot be sent is recorded here."""
    try:
        session.finish(hurried=True)
    except UserError as error:
        session.console.say(words.not_shared(error))


def _secure(session: Session) -> None:
    """Leave nothing to be merged by mistake, and say what is saved."""
    session.store.journal.add("panic", who=whoami())
    session.console.say(leave_drafts(session.milestone, session.store, session.outside.forge))
    session.console.say(saved(session.milestone, session.store))
    session.finish()


def _drive(session: Session, ask: Answerer | None) -> None:
    options = session.options
    if options.no_issues:
        drive_own(session)
        return
    in_turn = ask is not None and options.jobs == 1
    unasked = StopTable() if options.autonomous else NoAnswerer()
    answerer = ShowAgain(session.console, ask) if ask and not in_turn else ask or unasked
    if (options.auto_fix or session.milestone.auto_fix) and not options.mirror:
        answerer = AutoFix(session.ctx, options.auto_fix, answerer)
    while True:
        drive(session, answerer, only=options.only, jobs=options.jobs, in_turn=in_turn)
        if not options.watch or not wait_for_answer(session):
            return


def _finish(session: Session) -> int:
    options = session.options
    if options.autonomous:
        session.console.leave_all()
        session.console.say(
            autonomous_report(session.milestone, session.store, session.problems, aborted=session.aborted)
        )
    code = _exit_code(session)
    if options.only and code == ExitCode.DONE and not options.mirror:
        session.console.leave_all()
        session.console.say(words.issues_done(options.only))
    session.finish()
    if options.metrics:
        session.store.write_metrics(measure(session.milestone, session.store))
        session.console.say(words.metrics_written(shown(session.store.folder / "metrics.json")))
    return code


def _exit_code(session: Session) -> ExitCode:
    options, status = session.options, session.status
    if options.mirror:
        return ExitCode.FAILED if status == "failed" else ExitCode.DONE  # what waits is said by the job that may push
    if (options.no_issues or options.no_commands) and status == "unfinished":
        return ExitCode.DONE  # only issues are left, or what another job does
    return exit_code(session.ctx, status, session.done.fresh)
