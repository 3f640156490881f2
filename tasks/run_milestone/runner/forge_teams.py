"""Ask the forge for the members of the teams that a plan or its code owners name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import OutsideError
from ..model import Teams
from ..policy.teams import of_the_forge
from ..render import transcript as words
from ..steps.target_policy import code_owners, policy_commit

if TYPE_CHECKING:
    from ..steps.run_context import RunContext


def ask_for_members(ctx: RunContext) -> list[str]:
    """Keep who the members are; returns a line for each team that nobody counts for. Nothing is asked without need."""
    by_owners = any(rule.codeowners for rule in ctx.milestone.approvers.values())
    owners = code_owners(ctx, policy_commit(ctx)).names if by_owners and ctx.milestone.forge != "local" else ()
    names = of_the_forge(ctx.milestone, owners)
    if not names:
        return []
    try:
        members, why = ctx.outside.forge.members(*names), ""
    except OutsideError as error:
        members, why = {}, error.what
    ctx.store.remember_teams(Teams(members))
    return [words.team_unknown(name, why) for name in names if name not in members]
