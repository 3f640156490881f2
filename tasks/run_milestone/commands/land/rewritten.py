"""Bring issues up to what a forge merged as other commits, because it squashed or rebased them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Pushed, Step
from ...policy.graph import BOOTSTRAP, step_name
from ...runner.answerers import NoAnswerer
from ...runner.loop import drive
from ...runner.remote_snapshot import look_back
from .merge import landed_so_far, tip_of
from .readiness import in_order

if TYPE_CHECKING:
    from ...runner.session import Session


def take_in_rewritten(session: Session, issue: str) -> None:
    """Run an issue that stands on rewritten commits, so that it takes these in.

    That waits until the issue is next: each merge rewrites another commit below it, and each run tests it.
    """
    look_back(session)
    session.done.clear()
    session.done.fresh.clear()  # what this landing did before, the merge made old
    session.done.fresh.add(BOOTSTRAP)  # the milestone branch moved by what was tested here
    drive(session, NoAnswerer(), only=(issue,))


def overtaken(session: Session) -> frozenset[str]:
    """Return the issues whose branches lack a commit as which an issue landed that they stand on, and those on them."""
    rewritten, lacking = _rewritten(session), set[str]()
    for issue in in_order(session) if rewritten else ():
        below = issue.depends_on
        if not session.settled(issue.number) and (
            any(number in lacking for number in below)
            or any(_lacks(session, issue.number, rewritten[number]) for number in below if number in rewritten)
        ):
            lacking.add(issue.number)
    return frozenset(lacking)


def _rewritten(session: Session) -> dict[str, str]:
    """Return the commit that holds each issue which landed as other commits than its own."""
    git, landed = session.outside.git, landed_so_far(session).issues
    if not landed:
        return {}
    tip_of(session)  # fetches what landed from another machine
    known = (one for one in landed if git.has(one.head) and git.has(one.held))
    return {one.issue: one.held for one in known if not git.is_ancestor(one.head, one.held)}


def _lacks(session: Session, issue: str, commit: str) -> bool:
    """Return whether an issue was pushed without a commit that it has to hold."""
    pushed = session.store.markers.evidence(step_name(issue, Step.PUSH), Pushed)
    return pushed is not None and not session.outside.git.is_ancestor(commit, pushed.head)
