"""milestone: the milestone's own pull request, opened or brought up to date last of all; people merge it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Proposal, pull_of
from ...render import milestone_pr as words
from .merge import landed_so_far

if TYPE_CHECKING:
    from ...runner.session import Session


def propose(session: Session) -> bool:
    """Open the milestone's pull request, or bring it up to date; people merge it."""
    milestone, landed = session.milestone, landed_so_far(session)
    if not landed.issues:
        session.console.say(["", "✗ Nothing landed: every issue is skipped"])
        return False
    forge = session.outside.forge
    found = pull_of(milestone.branch, forge.pulls(milestone.branch))
    body = words.body(milestone, session.store, landed)
    proposal = Proposal(words.title(milestone), body, milestone.target)
    if found is None:
        found = forge.create(milestone.branch, proposal)
    elif found.state == "open":
        found = forge.edit(found.number, proposal)
    elif found.state == "merged":
        _close(session)
    new = landed.pr != found.number
    session.store.write_landed(replace(landed, pr=found.number, url=found.url, state=found.state))
    session.console.say(words.pull_status(milestone, found, new=new))
    return found.state != "closed"


def _close(session: Session) -> None:
    """Close the forge's milestone of the same title, where it has one: people merged what it was for."""
    forge, title = session.outside.forge, session.milestone.title
    if forge.issues(title):
        forge.close_milestone(title)
        session.console.say([f"✓ The milestone “{title}” is closed on the forge"])
