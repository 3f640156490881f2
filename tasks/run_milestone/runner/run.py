"""One run of a milestone, from its options to its exit code."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, Panic, UserError
from ..core.fs import shown
from ..core.user import whoami
from ..policy import budget
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
    milestone = budget.limited(milestone, time=options.max_time, money=options.max_cost)
    options = replace(options, interactive=ask is not None or options.autonomous)
    gc.freeze()  # what is imported by now stays: no collection needs to look through it again
    shared = SharedState(options.lock) if options.shared else LocalState()
    session = Session(project, milestone, Console(apart=options.jobs > 1), options, shared)
    heed_signals()
    try:
        begin(session)
        _drive(session, ask)
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
    if options.auto_fix or session.milestone.auto_fix:
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
    if options.only and code == ExitCode.DONE:
        session.console.leave_all()
        session.console.say(words.issues_done(options.only))
    session.finish()
    if options.metrics:
        session.store.write_metrics(measure(session.milestone, session.store))
        session.console.say(words.metrics_written(shown(session.store.folder / "metrics.json")))
    return code


def _exit_code(session: Session) -> ExitCode:
    if session.options.no_issues and session.status == "unfinished":
        return ExitCode.DONE  # only issues are left
    return exit_code(session.ctx, session.status, session.done.fresh)
