"""The start of a run, stage by stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..policy.graph import BOOTSTRAP
from ..policy.handed_back import given_out
from ..render import transcript
from ..steps.review import label_as_reviewed
from ..steps.run_context import joined_as_decided
from ..steps.second_look import untrue
from ..steps.step_context import step_context
from ..store.record_check import refuse_forged
from ..store.run_lock import held
from . import budget_tracker
from .approvers import names_now
from .forge_teams import ask_for_members
from .plan_changes import take_up
from .remote_snapshot import reconcile
from .sandbox_probe import probed
from .wiring import connect_adapters, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Issue
    from .session import Session


def lock(session: Session) -> None:
    """Keep every other run of this milestone on this machine out."""
    session.lock = session.resources.enter_context(held(session.store.folder))


def connect(session: Session) -> None:
    """Open the repository, the remote and the forge."""
    ctx = session.ctx
    adapters, session.notes = connect_adapters(ctx.project, ctx.milestone, session.lock, ctx.console, ctx.options)
    session.ctx = replace(ctx, adapters=adapters)


def pull_state(session: Session) -> None:
    """Take the shared lock and what other machines recorded, then say what runs."""
    ctx = session.ctx
    for line in ctx.shared.lock(ctx.milestone, ctx.store, ctx.git):
        ctx.console.say([line])
    session.notes += ctx.shared.start()
    session.notes += ctx.shared.take(ctx.options.results)
    resumed = ctx.store.markers.read(BOOTSTRAP) is not None
    activity = ctx.options.activity or ("Resuming" if resumed else "Starting")
    ctx.console.say([*transcript.start(ctx.milestone, activity), *session.notes])


def plan_changes(session: Session) -> None:
    """Let the records follow the plan's issues to their present numbers."""
    session.console.say(take_up(session.milestone, session.store))
    processes = session.outside.processes
    digest = probed(session.ctx.project, session.milestone, processes) if processes.commands else ""
    box = processes.sandbox.kind if processes.commands else "no commands"
    facts = {"sandbox": box, **({"probes": digest} if digest else {})}
    operator = () if session.options.mirror else names_now(session.ctx)  # it answers nothing
    session.store.journal.add("run started", **facts, operator=operator)


def branches(session: Session) -> None:
    """Read the local branches."""
    session.ctx.read_branches()


def teams(session: Session) -> None:
    """Ask the forge who the members of its teams are, where the plan names some."""
    if not session.options.mirror:
        session.console.say(ask_for_members(session.ctx))


def answers(session: Session) -> None:
    """Take what people answered since the last run, unless an earlier answer was forged."""
    refuse_forged(session.store)
    if not session.options.mirror:
        session.gates.talk(session.ctx)
        session.settle(comments=True)
    session.ctx = joined_as_decided(session.ctx)


def budget(session: Session) -> None:
    """Add up what earlier runs used, those that were killed included."""
    budget_tracker.refresh(session.ctx)
    session.console.say(budget_tracker.record_lost_attempts(session.ctx, session.others))


def results(session: Session) -> None:
    """Look again at the changes of jobs without rights, before anybody's answer is taken and anything is sent.

    Errors: DamagedStateError where a record says of a change what is not so. Then nothing is sent.
    """
    if not session.options.results:
        return
    branches = session.store.registry.all_branches(session.milestone)
    ctx = replace(session.ctx, remote=take_snapshot(session.outside, branches, session.milestone.id))
    for issue in _handed_back(session):
        if (why := untrue(step_context(ctx, issue))) is not None:
            raise DamagedStateError(why, "Nothing of it was used. Look at the job that made it, then start again.")
    ctx.shared.accept()


def labels(session: Session) -> None:
    """Label pull requests as the reviews that jobs without rights made say."""
    for issue in _handed_back(session):
        label_as_reviewed(step_context(session.ctx, issue))


def _handed_back(session: Session) -> Iterator[Issue]:
    given = given_out(session.store.journal.entries()) if session.options.results else frozenset()
    yield from (session.ctx.issues[number] for number in sorted(given & session.ctx.issues.keys()))


STAGES = (lock, connect, pull_state, plan_changes, branches, results, teams, answers, budget, reconcile, labels)


def begin(session: Session) -> None:
    """Go through the stages of a run's start."""
    for stage in STAGES:
        stage(session)
