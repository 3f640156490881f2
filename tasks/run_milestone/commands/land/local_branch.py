"""Let the local milestone branch follow what landed on the remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...render import milestone_pr as words
from .merge import tip_of

if TYPE_CHECKING:
    from ...runner.session import Session


def follow(session: Session) -> None:
    """Move the local milestone branch to what landed. Where it is checked out or has other commits, say the command."""
    git, branch, tip = session.outside.git, session.milestone.branch, tip_of(session)
    local = git.head(branch)
    if local is not None and git.is_ancestor(tip, local):
        return
    place = git.checked_out(branch)
    if place is not None:
        session.console.say(words.behind(branch, f"git -C {place} merge {tip[:12]}"))
    elif local is None:
        session.console.say(words.behind(branch, f"git -C {git.repository} branch {branch} {tip[:12]}"))
    elif git.is_ancestor(local, tip):
        git.set_branch(branch, tip, local)
        session.console.say(words.followed(branch, tip))
    else:
        merge = f"git -C {git.repository} switch {branch} && git -C {git.repository} merge {tip[:12]}"
        session.console.say(words.behind(branch, merge))
