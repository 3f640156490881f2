"""Add what the forge has and a plan lacks; nothing in the plan changes, differences are only reported.

The plan is edited as text, so its comments, order and layout stay.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import PlanError, UsageError
from ...core.text import for_markdown
from ...core.units import count
from ...model import Issue, Milestone
from ...plan import load
from ...plan.compile import compile_plan
from ...plan.edit import PlanText, item, quoted, save
from ...plan.specs import listed
from ...plan.yaml_reader import read, read_bytes
from ...policy import naming
from ...render.phrases import one_line
from ..scaffold import default_target, plan_head
from .forge import open_forge_of
from .parse_issue import ParsedIssue, parse_issues, prose_of
from .placement import Placement, place

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ...plan.project import Project

ABOUT = """\
Made from the milestone {title} on the forge.
# `run-milestone plan import {id}` adds what is new there, and changes nothing that stands here."""


@dataclass(slots=True)
class Import:
    """The result of an import: the new text of the plan, specs to write beside it, and a report."""

    text: str
    specs: dict[str, str] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)


def import_plan(project: Project, name: str, title: str, *, dry: bool) -> list[str]:
    """Update plan `name` from the milestone `title` on the forge (empty: the title of the plan); returns a report.

    Errors: UsageError where there is nothing to import, or the result is no valid plan.
    """
    folder = project.plan(name)
    exists = (folder / "plan.yaml").exists()
    milestone = load(folder) if exists else _unplanned(project, name, title)
    before = (read_bytes(folder / "plan.yaml") or b"").decode("utf-8-sig") if exists else ""
    with open_forge_of(project, milestone) as (seen, forge):
        issues = parse_issues(milestone, forge.issues(title or milestone.title))
    if not any(exists or not issue.closed for issue in issues):
        raise UsageError(
            f"The forge has no open issues in a milestone called {title or milestone.title!r}.",
            "Name the milestone as it is called there with `--from`.",
        )
    placing = place(milestone, issues)
    lacking = _lacking(before, milestone, issues, placing) if before else {}
    text = _merged(before, milestone, lacking, placing) if before else _fresh(project, seen, placing)
    made = Import(
        text, specs_of(folder, milestone, issues, placing), list(_report(milestone, issues, placing, lacking))
    )
    _check(project, name, made.text)
    if dry:
        return [*_diff(project.shown_plan(name), before, made), *made.report]
    if made.text != before or made.specs:
        save(folder, made.text, made.specs)
    return [_summary(project.shown_plan(name), before, made, placing), *made.report]


def _unplanned(project: Project, name: str, title: str) -> Milestone:
    if not title:
        raise UsageError(
            f"There is no {project.shown_plan(name)} yet, so the title of the milestone on the forge is unknown.",
            f'Name it: `run-milestone plan import {name} --from "TITLE"`.',
        )
    return Milestone(name, title, f"milestone/{name}", (), target=default_target(project.root))


# ---- the text -----------------------------------------------------------------------------------------------------


def _fresh(project: Project, milestone: Milestone, placing: Placement) -> str:
    about = ABOUT.format(title=quoted(milestone.title), id=milestone.id)
    head = plan_head(project.root, milestone.id, milestone.title, milestone.target, forge=milestone.forge, about=about)
    return head + "".join(f"  {line}\n" for phase in placing.new_phases(milestone) for line in item(phase))


def _merged(before: str, milestone: Milestone, lacking: dict[int, dict[str, Any]], placing: Placement) -> str:
    edited = PlanText(before)
    for github, keys in lacking.items():
        edited.add_keys(*_position(milestone, placing.known[github]), keys)
    for phase in milestone.phases:
        for entry in placing.in_phase(phase.number):
            edited.add_issue(phase.number - 1, entry)
    for added in placing.new_phases(milestone):
        edited.add_phase(added)
    return edited.text


def _position(milestone: Milestone, issue: Issue) -> tuple[int, int]:
    """Return the index of an issue's phase, and its index there, from 0."""
    return issue.phase - 1, milestone.phases[issue.phase - 1].issues.index(issue)


def _lacking(
    before: str, milestone: Milestone, issues: tuple[ParsedIssue, ...], placing: Placement
) -> dict[int, dict[str, Any]]:
    """Return the keys that the forge has and the plan lacks, by number on the forge."""
    phases, lacking = read(before.encode()).value["phases"], dict[int, dict[str, Any]]()
    for issue in issues:
        if planned := placing.known.get(issue.github):
            phase, position = _position(milestone, planned)
            entry = phases[phase]["issues"][position]
            keys = {key: value for key, value in placing.entry(issue).items() if key not in entry}
            lacking |= {issue.github: keys} if keys else {}
    return lacking


def _check(project: Project, name: str, text: str) -> None:
    """Refuse what is no valid plan, before anything is written."""
    folder = project.plan(name)
    with tempfile.TemporaryDirectory() as trial:
        if not folder.exists():
            folder = Path(trial) / name
            folder.mkdir(parents=True)
        try:
            compile_plan(folder, text.encode())
        except PlanError as error:
            raise UsageError(
                "The issues on the forge make no valid plan, so nothing was written:\n" + "\n".join(error.problems),
                "\nCorrect it on the forge or in the plan, then import again.",
            ) from None


# ---- specs --------------------------------------------------------------------------------------------------------


def specs_of(folder: Path, milestone: Milestone, issues: tuple[ParsedIssue, ...], placing: Placement) -> dict[str, str]:
    """Return the specs to write: of issues whose text says more than the plan, and that have no spec yet."""
    files = listed(folder) if folder.exists() else {}
    has_one = {issue.number for issue in milestone.issues if issue.spec} | set(files)
    return {
        f"{number}-{naming.slug_of(issue.title)}.md": _spec(number, issue)
        for issue in issues
        if issue.spec and (number := placing.numbers.get(issue.github)) and number not in has_one
    }


def _spec(number: str, issue: ParsedIssue) -> str:
    return f"# {number} {issue.title} (#{issue.github})\n\n{issue.spec}\n"


# ---- the report ---------------------------------------------------------------------------------------------------


def _report(
    milestone: Milestone, issues: tuple[ParsedIssue, ...], placing: Placement, lacking: dict[int, dict[str, Any]]
) -> Iterator[str]:
    """Yield what was added, what differs, and what was left out."""
    for issue in issues:
        planned, added = placing.known.get(issue.github), lacking.get(issue.github, {})
        if planned is not None:
            if added:
                yield f"✓ #{planned.number} (#{issue.github}): added {', '.join(added)}"
            for what in _differences(planned, issue, added):
                yield f"· #{planned.number} (#{issue.github}) {what}; the plan stays as it is"
        elif issue.closed:
            yield f"· #{issue.github} is closed and was left out"
        if issue.github in placing.numbers:
            yield from (f"· {why}" for why in placing.unmet(issue))
    present = {issue.github for issue in issues}
    for planned in milestone.issues:
        if planned.github and planned.github not in present:
            yield f"· #{planned.number} (#{planned.github}) is not in the milestone on the forge"


def _differences(planned: Issue, issue: ParsedIssue, added: Container[str]) -> Iterator[str]:
    """Yield how the forge differs from the plan; what only the plan has is no difference."""
    if planned.title != issue.title:
        yield f"is called {quoted(issue.title)} on the forge"
    if issue.priority and planned.priority != issue.priority and "priority" not in added:
        yield f"has priority {issue.priority} on the forge"
    if issue.kind and planned.type != issue.kind and "type" not in added:
        yield f"is of type {issue.kind} on the forge"
    known = {form for criterion in planned.criteria for form in _forms(criterion.text)}
    more = [criterion for criterion in issue.criteria if criterion.text not in known and "criteria" not in added]
    yield from (f"has the criterion {quoted(criterion.text)} on the forge" for criterion in more)
    if planned.spec and issue.spec and prose_of(issue.spec) not in _forms(prose_of(planned.spec.text)):
        yield f"reads differently on the forge than in {planned.spec.path}"


def _forms(text: str) -> tuple[str, str]:
    """Return a text as the plan has it, and as a push writes it."""
    return text, for_markdown(one_line(text))


def _diff(file: str, before: str, made: Import) -> list[str]:
    """Return what would change, as a diff."""
    lines = difflib.unified_diff(before.splitlines(), made.text.splitlines(), file, file, lineterm="")
    return [*lines, *(f"✓ would write {os.path.dirname(file)}/{spec}" for spec in made.specs)]


def _summary(file: str, before: str, made: Import, placing: Placement) -> str:
    specs = f", {count(len(made.specs), 'spec')} beside it" if made.specs else ""
    if not before:
        return f"✓ made {file}: {count(len(placing.new), 'issue')}{specs}"
    if made.text == before and not made.specs:
        return f"· {file} has all of it already"
    if not placing.new:
        return f"✓ {file} has what it lacked{specs}"
    return f"✓ {file}: {count(len(placing.new), 'new issue')}{specs}"
