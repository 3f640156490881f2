"""Ask the remote and the forge how branches and pull requests are, and do what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..policy.opinions import bots_of, without_verdict
from ..render import person_reviews as words
from .reconcile import Reconciliation
from .wiring import take_snapshot

if TYPE_CHECKING:
    from .session import Session


def reconcile(session: Session) -> None:
    """Take over what happened to branches and pull requests since the last run."""
    reconciliation = _ask_outside(session)
    for line in reconciliation.take_over():
        session.console.say([line])
        session.done.seals.forget()
    session.done.seals.taken_over(session.ctx.world)
    _follow_up(session, reconciliation)


def look_back(session: Session) -> None:
    """Ask the remote and the forge again, after what this run did there and recorded as it came."""
    _follow_up(session, _ask_outside(session))


def look_again(session: Session) -> bool:
    """Bring what others recorded and read the local branches; returns whether an issue's branch moved."""
    session.console.say(session.ctx.shared.pull())
    names = [session.ctx.branch(issue) for issue in session.milestone.issues]
    before = session.ctx.branches.heads
    session.ctx.read_branches()
    session.done.clear()
    return any(before.get(name) != session.ctx.branches.heads.get(name) for name in names)


def _ask_outside(session: Session) -> Reconciliation:
    """Ask the remote and the forge, and keep what they answer."""
    branches = session.store.registry.all_branches(session.milestone)
    before = session.store.remembered()
    session.ctx = replace(session.ctx, remote=take_snapshot(session.outside, branches, session.milestone.id))
    session.store.remember(session.ctx.world)
    news = without_verdict(before.reviews if before else {}, session.ctx.world.reviews, bots_of(session.milestone))
    session.console.say([words.decides_nothing(number, review) for number, review in news])
    return Reconciliation(session.ctx, session.others, session.done.seals)


def _follow_up(session: Session, reconciliation: Reconciliation) -> None:
    """Leave drafts of skipped issues, and close gates that need no answer, as branches and PRs are now."""
    session.ctx.read_branches()
    for line in () if session.options.mirror else reconciliation.leave_drafts():
        session.console.say([line])
    session.gates.withdraw(session.ctx)
