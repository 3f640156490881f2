"""Begin a plan with open issues of the forge, where it has any and can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import UserError
from ...model import Milestone
from ...plan.edit import item
from ..scaffold import FirstIssues, default_target
from .forge import open_forge_of
from .import_ import specs_of
from .parse_issue import parse_issues
from .placement import place

if TYPE_CHECKING:
    from ...plan.project import Project

MOST = 2
"""Issues that a plan begins with."""


def first_issues(project: Project, name: str) -> FirstIssues:
    """Return the newest open issues of the forge as the first phase of plan `name`; none where it cannot be asked."""
    milestone = Milestone(name, "", f"milestone/{name}", (), target=default_target(project.root))
    try:
        with open_forge_of(project, milestone) as (seen, forge):
            issues = parse_issues(seen, forge.open_issues(MOST))
    except UserError as error:
        why = " ".join(str(error.args[0]).split())
        return FirstIssues(note=f"The forge was not asked for issues: {why}")
    if not issues:
        return FirstIssues(forge=seen.forge if seen.forge != "local" else "")
    placing = place(seen, issues)
    lines = [line for phase in placing.new_phases(seen) for line in item({"title": "Phase one", **phase})]
    numbers = " and ".join(f"#{issue.github}" for issue in issues)
    specs = specs_of(project.plan(name), seen, issues, placing)
    note = f"It begins with {numbers} of the forge; say which issues you want, and what must be true of each"
    return FirstIssues("".join(f"  {line}\n" for line in lines), specs, seen.forge, note)
