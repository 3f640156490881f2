"""Open or update the pull request of the milestone, which people merge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...model import Proposal, pull_of
from ...policy.preflight import Seen, merge_methods
from ...policy.version_tag import next_tag
from ...render import milestone_pr as words
from ...render.run_summary import suggested_tag
from .merge import landed_so_far

if TYPE_CHECKING:
    from ...runner.session import Session


def propose(session: Session) -> bool:
    """Open or update the pull request of the milestone; returns whether it is open or merged."""
    milestone, landed = session.milestone, landed_so_far(session)
    if not landed.issues:
        session.console.say(words.nothing_landed())
        return False
    forge = session.outside.forge
    pull = pull_of(milestone.branch, forge.pulls(milestone.branch))
    merged = pull is not None and pull.state == "merged"
    recorded = suggested_tag(milestone, session.store)
    tag = recorded if merged else next_tag(session.outside.git.tags(), milestone.id)
    body = words.body(milestone, session.store, landed, tag, _methods(session))
    proposal = Proposal(words.title(milestone), body, milestone.target)
    if pull is None:
        pull = forge.create(milestone.branch, proposal)
    elif pull.state == "open":
        pull = forge.edit(pull.number, proposal)
    elif pull.state == "merged":
        _close(session)
    new = landed.pr != pull.number
    session.store.write_landed(replace(landed, pr=pull.number, url=pull.url, state=pull.state))
    session.console.say(words.pull_status(milestone, pull, tag, new=new))
    return pull.state != "closed"


def _methods(session: Session) -> tuple[str, ...]:
    """Return how the target takes pull requests, nothing where the forge does not tell."""
    forge, target = session.outside.forge, session.milestone.target
    try:
        return merge_methods(target, Seen(rights=forge.rights(), rules=forge.branch_rules(target)))
    except OutsideError:
        return ()


def _close(session: Session) -> None:
    """Close the milestone of the same title on the forge, if there is one."""
    forge, title = session.outside.forge, session.milestone.title
    if forge.issues(title):
        forge.close_milestone(title)
        session.console.say(words.milestone_closed(title))
