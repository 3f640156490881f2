"""Create the issues of a plan on the forge, write their numbers into the plan, and record how they depend there.

A hidden mark in each issue keeps one that was made just before a crash from being made twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...model import Issue, Milestone
from ...plan import load
from ...plan.edit import PlanText, save
from ...plan.yaml_reader import read_bytes
from ...render.phrases import one_line
from ...store.run_lock import held
from . import issue_body
from .forge import open_forge_of
from .parse_issue import parse_issues
from .placement import place
from .relations import relate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...adapters.forge import Forge
    from ...plan.project import Project


def push_plan(project: Project, milestone: Milestone, *, dry: bool) -> Iterator[str]:
    """Create the missing issues one after the other and record their relations; yields what was done.

    Errors: BusyError while a run or another push of the milestone is active.
    """
    if dry:
        with open_forge_of(project, milestone) as (_, forge):
            yield from _preview(milestone, forge)
            yield from relate(milestone, forge, dry=True)
        return
    with held(project.state(milestone.id)) as lock, open_forge_of(project, milestone, lock=lock) as (_, forge):
        forge.ensure_milestone(milestone.title)
        folder = project.plan(milestone.id)
        for issue in _in_order(milestone):
            yield _pushed(folder, load(folder), issue.number, forge)
        yield from relate(load(folder), forge)


def _preview(milestone: Milestone, forge: Forge) -> Iterator[str]:
    existing = _existing(milestone, forge)
    for issue in _in_order(milestone):
        labels = ", ".join(issue_body.labels(milestone, issue))
        what = f"is #{existing[issue.number]} on the forge" if issue.number in existing else f"would be made ({labels})"
        yield f"· #{issue.number} {one_line(issue.title)}: {what}"


def _in_order(milestone: Milestone) -> tuple[Issue, ...]:
    """Return the issues without a number, each after those it depends on, whose numbers it names."""
    left = [issue for issue in milestone.issues if issue.github is None]
    done: list[Issue] = []
    while left:
        numbers = {issue.number for issue in left}
        ready = [issue for issue in left if numbers.isdisjoint(issue.depends_on)]
        done += ready
        left = [issue for issue in left if issue not in ready]
    return tuple(done)


def _existing(milestone: Milestone, forge: Forge) -> dict[str, int]:
    """Return the numbers of issues that the forge has and the plan does not know, by plan number."""
    known = place(milestone, parse_issues(milestone, forge.issues(milestone.title))).known
    return {issue.number: github for github, issue in known.items() if issue.github is None}


def _pushed(folder: Path, milestone: Milestone, number: str, forge: Forge) -> str:
    """Find or create an issue on the forge, and write its number into the plan."""
    issue = next(issue for issue in milestone.issues if issue.number == number)
    existing = _existing(milestone, forge).get(number)
    github = existing or _made(milestone, issue, forge)
    _write_down(folder, milestone, issue, github)
    return f"✓ #{number} is #{github}: {one_line(issue.title)}{' (it existed)' if existing else ''}"


def _made(milestone: Milestone, issue: Issue, forge: Forge) -> int:
    body, labels = issue_body.body(milestone, issue), issue_body.labels(milestone, issue)
    try:
        made = forge.create_issue(title=one_line(issue.title), body=body, milestone=milestone.title, labels=labels)
    except OutsideError:
        existing = _existing(milestone, forge).get(issue.number)  # the call may have failed after its effect
        if existing is None:
            raise
        return existing
    return made.number


def _write_down(folder: Path, milestone: Milestone, issue: Issue, github: int) -> None:
    """Write the number into the plan and read it back."""
    text = PlanText((read_bytes(folder / "plan.yaml") or b"").decode("utf-8-sig"))
    text.add_keys(issue.phase - 1, milestone.phases[issue.phase - 1].issues.index(issue), {"github": github})
    save(folder, text.text, {})
    if replace(issue, github=github) not in load(folder).issues:
        raise OutsideError(
            f"{folder / 'plan.yaml'} does not hold what was written into it.",
            f"Write `github: {github}` into issue {issue.number} by hand.",
        )
