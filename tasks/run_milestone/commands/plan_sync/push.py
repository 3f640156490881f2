"""pushing: issues of a plan that the forge does not have yet are made there, and their numbers written into the plan.

An issue carries a hidden mark, so that one made just before a crash is found again and not made twice.
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
from .forge import reached
from .parse_issue import wanted
from .placement import place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...adapters.forge import Forge
    from ...plan.project import Project


def push_plan(project: Project, milestone: Milestone, *, dry: bool) -> Iterator[str]:
    """Make the issues that are missing on the forge, one after the other; yields what was done with each.

    Errors: BusyError while a run or another push of the milestone is active.
    """
    if dry:
        with reached(project, milestone) as (_, forge):
            yield from _foretold(milestone, forge)
        return
    with held(project.state(milestone.id)) as lock, reached(project, milestone, lock=lock) as (_, forge):
        forge.ensure_milestone(milestone.title)
        folder = project.plan(milestone.id)
        for issue in _in_order(milestone):
            yield _pushed(folder, load(folder), issue.number, forge)


def _foretold(milestone: Milestone, forge: Forge) -> Iterator[str]:
    there = _found(milestone, forge)
    for issue in _in_order(milestone):
        labels = ", ".join(issue_body.labels(milestone, issue))
        what = f"is #{there[issue.number]} on the forge" if issue.number in there else f"would be made ({labels})"
        yield f"· #{issue.number} {one_line(issue.title)}: {what}"


def _in_order(milestone: Milestone) -> tuple[Issue, ...]:
    """Return the issues without a number, each after those it depends on: their numbers are named in it."""
    left = [issue for issue in milestone.issues if issue.github is None]
    done: list[Issue] = []
    while left:
        numbers = {issue.number for issue in left}
        ready = [issue for issue in left if numbers.isdisjoint(issue.depends_on)]
        done += ready
        left = [issue for issue in left if issue not in ready]
    return tuple(done)


def _found(milestone: Milestone, forge: Forge) -> dict[str, int]:
    """Return the issues on the forge that have no number in the plan, by plan number: their mark or title tells."""
    known = place(milestone, wanted(milestone, forge.issues(milestone.title))).known
    return {own.number: github for github, own in known.items() if own.github is None}


def _pushed(folder: Path, milestone: Milestone, number: str, forge: Forge) -> str:
    """Look for an issue, make it where it is not there, and write its number down; the plan is read anew each time."""
    issue = next(issue for issue in milestone.issues if issue.number == number)
    there = _found(milestone, forge).get(number)
    github = there or _made(milestone, issue, forge)
    _write_down(folder, milestone, issue, github)
    return f"✓ #{number} is #{github}: {one_line(issue.title)}{' (it was there)' if there else ''}"


def _made(milestone: Milestone, issue: Issue, forge: Forge) -> int:
    body, labels = issue_body.body(milestone, issue), issue_body.labels(milestone, issue)
    try:
        made = forge.create_issue(title=one_line(issue.title), body=body, milestone=milestone.title, labels=labels)
    except OutsideError:
        there = _found(milestone, forge).get(issue.number)  # it may have been made all the same
        if there is None:
            raise
        return there
    return made.number


def _write_down(folder: Path, milestone: Milestone, issue: Issue, github: int) -> None:
    """Write the number into the plan, beside everything that stands there, and read it back."""
    text = PlanText((read_bytes(folder / "plan.yaml") or b"").decode("utf-8-sig"))
    text.add_keys(issue.phase - 1, milestone.phases[issue.phase - 1].issues.index(issue), {"github": github})
    save(folder, text.text, {})
    if replace(issue, github=github) not in load(folder).issues:
        raise OutsideError(
            f"{folder / 'plan.yaml'} does not say what was written into it.",
            f"Write `github: {github}` into issue {issue.number} by hand.",
        )
