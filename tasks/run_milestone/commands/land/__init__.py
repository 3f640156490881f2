"""Land a milestone: merge its pull requests in order into its branch, then open its own for people to merge."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.errors import ExitCode
from ...model import Passed, RunOptions, Step
from ...policy.graph import COMPLETE, phase_name
from ...policy.stops import AGAIN
from ...render import milestone_pr as words
from ...render.console import Console
from ...runner.answerers import NoAnswerer
from ...runner.ask import after
from ...runner.gates import Stopped
from ...runner.loop import drive
from ...runner.remote_snapshot import look_back
from ...runner.session import Session
from ...runner.signals import heed_signals
from ...runner.stages import begin
from ...runner.up_to_date import Verdict, unready, unready_step
from ...steps.registry import lookup
from ...steps.run_context import Adapters
from ...sync.shared_state import LocalState, SharedState
from .combine import pass_together
from .local_branch import follow
from .merge import Landing
from .milestone_pr import propose
from .readiness import QUESTIONS, in_order, landing_blockers, landing_steps, review_blockers
from .rewritten import overtaken, take_in_rewritten

if TYPE_CHECKING:
    from ...model import Issue, Milestone
    from ...plan.project import Project


def land(project: Project, milestone: Milestone, *, shared: bool = False) -> int:
    """Land a milestone, or resume an earlier landing; with `shared` the state is on the remote."""
    shared_state = SharedState() if shared else LocalState()
    session = Session(project, milestone, Console(), RunOptions(activity="Landing"), shared_state)
    heed_signals()
    try:
        begin(session)
        return _finish(session, done=_land(session))
    except KeyboardInterrupt:
        session.finish(hurried=True)
        raise
    finally:
        session.end()


def _finish(session: Session, *, done: bool) -> ExitCode:
    look_back(session)
    waiting = bool(session.store.gates.all())
    session.finish()
    return ExitCode.DONE if done else ExitCode.WAITING if waiting else ExitCode.FAILED


def _land(session: Session) -> bool:
    if session.aborted:
        return False
    if any(_has_rework(session, issue) for issue in session.milestone.issues):
        drive(session, NoAnswerer())
    late = overtaken(session)  # an earlier landing may have ended before they took in what it rewrote
    _ask_about_reviews(session, late)
    _take_answers_to_phases(session)
    if not (_is_ready(session, late) and pass_together(session) and _merge_all(session, late)):
        return False
    follow(session)
    return propose(session)


def _is_ready(session: Session, late: frozenset[str]) -> bool:
    """Return whether nothing blocks the landing; otherwise say what does. The `late` issues are checked in turn."""
    blockers = [*landing_blockers(session, late), *review_blockers(session, session.outside.forge)]
    if blockers:
        session.forget(COMPLETE)  # a run has something to do
        session.console.say(words.cannot_land(session.milestone, blockers))
    return not blockers


def _merge_all(session: Session, late: frozenset[str]) -> bool:
    """Merge the pull requests in order. Who stands on what was squashed or rebased takes it in when its turn comes."""
    landing = Landing(session)
    for issue in in_order(session):
        if issue.number in late:
            take_in_rewritten(session, issue.number)
            late -= {issue.number}
            if not _is_ready(session, late):
                return False
        if not landing.merges(issue):
            return False
        late |= overtaken(session)
    return True


def _ask_about_reviews(session: Session, late: frozenset[str]) -> None:
    """Read the reviews that people gave since the last run, and ask about them, where nothing else is left to do."""
    for issue in session.milestone.issues:
        if session.settled(issue.number) is None and issue.number not in late:
            with contextlib.suppress(Stopped):  # its gate is a blocker
                _read_reviews(session, issue)


def _read_reviews(session: Session, issue: Issue) -> None:
    """Run the steps of reviews; an answer to them changes the pull request's text, so that one comes first."""
    for name in session.ctx.nodes[issue.number].after:
        node = session.ctx.nodes[name]
        why = unready_step(session.ctx, node, session.done.fresh)
        if why and node.step not in {Step.PR, Step.PEOPLE, Step.PEOPLE_GATE}:
            return
        if why:
            session.execute(node, Verdict(True, why))


def _take_answers_to_phases(session: Session) -> None:
    """Record that phases are passed which were asked again and answered since the last run."""
    for phase in session.milestone.phases:
        node = session.ctx.nodes[phase_name(phase.number)]
        verdict = session.check(node)
        if not verdict.run or session.store.markers.read(node.name) is None:
            continue
        if isinstance(after(session.ctx, node, *lookup(session.ctx, node), None), Passed):
            session.execute(node, verdict)


def _has_rework(session: Session, issue: Issue) -> bool:
    """Return whether a gate of an earlier landing was answered with another attempt that has not run yet."""
    decisions = [decision for decision in session.store.decisions.all() if decision.gate == issue.number]
    asked = bool(decisions) and decisions[-1].verb in AGAIN and decisions[-1].kind in QUESTIONS
    return (
        asked
        and not session.settled(issue.number)
        and unready(session.ctx, issue.number, session.done.fresh) is not None
    )


def preview_landing(project: Project, milestone: Milestone) -> str:
    """Return what would land and in which order. It asks the remote and the forge, and changes nothing."""
    from ...adapters.process import Processes
    from ...runner.wiring import open_forge, open_git

    session, processes = Session(project, milestone, Console()), Processes()
    try:
        with session.looking():
            git = open_git(project, milestone, processes, make=False)
            forge = open_forge(milestone, git, processes)
            session.ctx = replace(session.ctx, adapters=Adapters(processes, git, forge))
            blockers = [*landing_blockers(session), *review_blockers(session, forge)]
            if blockers:
                return "\n".join([*words.cannot_land(milestone, blockers)[1:], ""])
            pulls = forge.pulls(*session.store.registry.branches(milestone).values())
            return "\n".join([*words.dry_run(milestone, landing_steps(session, pulls)), ""])
    finally:
        processes.stop()
