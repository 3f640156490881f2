"""importing: a plan gets what the forge knows and it lacks; what stands in it stays, and is told where it differs.

The plan is edited as text, so that its comments, order and layout stay. Importing again adds what is new.
"""

from __future__ import annotations

import difflib
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
from .forge import reached
from .parse_issue import Wanted, told, wanted
from .placement import Placing, place

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ...plan.project import Project

ABOUT = """\
Made from the milestone {title} on the forge.
# `run-milestone plan import {id}` adds what is new there, and changes nothing that stands here."""


@dataclass(slots=True)
class Import:
    """What an import comes to: the plan's new text, specs to write beside it, and what there is to tell."""

    text: str
    specs: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


def import_plan(project: Project, name: str, title: str, *, dry: bool) -> list[str]:
    """Bring plan `name` up to date from the forge's milestone called `title` (empty: as the plan is); tell what is new.

    Errors: UsageError where there is nothing to import, or it would make no plan.
    """
    folder = project.plan(name)
    there = (folder / "plan.yaml").exists()
    milestone = load(folder) if there else _unplanned(project, name, title)
    before = (read_bytes(folder / "plan.yaml") or b"").decode("utf-8-sig") if there else ""
    with reached(project, milestone) as (seen, forge):
        issues = wanted(milestone, forge.issues(title or milestone.title))
    if not any(there or not issue.closed for issue in issues):
        raise UsageError(
            f"The forge has no open issues in a milestone called {title or milestone.title!r}.",
            "Name the milestone as it is called there with `--from`.",
        )
    placing = place(milestone, issues)
    lacking = _lacking(before, milestone, issues, placing) if before else {}
    text = _merged(before, milestone, lacking, placing) if before else _fresh(project, seen, placing)
    made = Import(text, _specs(folder, milestone, issues, placing), list(_told(milestone, issues, placing, lacking)))
    _check(project, name, made.text)
    if dry:
        return [*_diff(name, before, made), *made.told]
    if made.text != before or made.specs:
        save(folder, made.text, made.specs)
    return [_summary(name, before, made, placing), *made.told]


def _unplanned(project: Project, name: str, title: str) -> Milestone:
    if not title:
        raise UsageError(
            f"There is no plans/{name}/plan.yaml yet, so nobody knows what the milestone is called on the forge.",
            f'Name it: `run-milestone plan import {name} --from "TITLE"`.',
        )
    return Milestone(name, title, f"milestone/{name}", (), target=default_target(project.root))


# ---- the text -----------------------------------------------------------------------------------------------------


def _fresh(project: Project, milestone: Milestone, placing: Placing) -> str:
    about = ABOUT.format(title=quoted(milestone.title), id=milestone.id)
    head = plan_head(project.root, milestone.id, milestone.title, milestone.target, forge=milestone.forge, about=about)
    return head + "".join(f"  {line}\n" for phase in placing.new_phases(milestone) for line in item(phase))


def _merged(before: str, milestone: Milestone, lacking: dict[int, dict[str, Any]], placing: Placing) -> str:
    edited = PlanText(before)
    for github, keys in lacking.items():
        edited.add_keys(*_position(milestone, placing.known[github]), keys)
    for phase in milestone.phases:
        for entry in placing.in_phase(phase.number):
            edited.add_issue(phase.number - 1, entry)
    for added in placing.new_phases(milestone):
        edited.add_phase(added)
    return edited.text


def _position(milestone: Milestone, own: Issue) -> tuple[int, int]:
    """Return where an issue stands: the places of its phase, and of itself in it, from 0."""
    return own.phase - 1, milestone.phases[own.phase - 1].issues.index(own)


def _lacking(
    before: str, milestone: Milestone, issues: tuple[Wanted, ...], placing: Placing
) -> dict[int, dict[str, Any]]:
    """Return the keys that the forge knows and an entry of the plan does not have, by the forge's number."""
    phases, found = read(before.encode()).value["phases"], dict[int, dict[str, Any]]()
    for issue in issues:
        if own := placing.known.get(issue.github):
            phase, position = _position(milestone, own)
            entry = phases[phase]["issues"][position]
            keys = {key: value for key, value in placing.entry(issue).items() if key not in entry}
            found |= {issue.github: keys} if keys else {}
    return found


def _check(project: Project, name: str, text: str) -> None:
    """Refuse what would make no plan, before anything is written."""
    folder = project.plan(name)
    with tempfile.TemporaryDirectory() as trial:
        if not folder.exists():
            folder = Path(trial) / "plans" / name
            folder.mkdir(parents=True)
        try:
            compile_plan(folder, text.encode())
        except PlanError as error:
            raise UsageError(
                "What the forge says makes no plan that can be used, so nothing was written:\n"
                + "\n".join(error.problems),
                "\nMend it on the forge, or in the plan, and import again.",
            ) from None


# ---- specs --------------------------------------------------------------------------------------------------------


def _specs(folder: Path, milestone: Milestone, issues: tuple[Wanted, ...], placing: Placing) -> dict[str, str]:
    """Return the specs to write: of issues with more to read than the plan has keys for, and none beside the plan."""
    there = listed(folder) if folder.exists() else {}
    has_one = {own.number for own in milestone.issues if own.spec} | set(there)
    return {
        f"{number}-{naming.slug_of(issue.title)}.md": _spec(number, issue)
        for issue in issues
        if issue.spec and (number := placing.numbers.get(issue.github)) and number not in has_one
    }


def _spec(number: str, issue: Wanted) -> str:
    return f"# {number} {issue.title} (#{issue.github})\n\n{issue.spec}\n"


# ---- telling ------------------------------------------------------------------------------------------------------


def _told(
    milestone: Milestone, issues: tuple[Wanted, ...], placing: Placing, lacking: dict[int, dict[str, Any]]
) -> Iterator[str]:
    """Yield what was filled in, what differs, and what was left out."""
    for issue in issues:
        own, added = placing.known.get(issue.github), lacking.get(issue.github, {})
        if own is not None:
            if added:
                yield f"✓ #{own.number} (#{issue.github}): added {', '.join(added)}"
            for what in _differences(own, issue, added):
                yield f"· #{own.number} (#{issue.github}) {what}; the plan stays as it is"
        elif issue.closed:
            yield f"· #{issue.github} is closed and was left out"
        if issue.github in placing.numbers:
            yield from (f"· {why}" for why in placing.unmet(issue))
    there = {issue.github for issue in issues}
    for own in milestone.issues:
        if own.github and own.github not in there:
            yield f"· #{own.number} (#{own.github}) is not in the milestone on the forge"


def _differences(own: Issue, issue: Wanted, added: Container[str]) -> Iterator[str]:
    """Yield what the forge says and the plan says otherwise; what only the plan says is its own business."""
    if own.title != issue.title:
        yield f"is called {quoted(issue.title)} on the forge"
    if issue.priority and own.priority != issue.priority and "priority" not in added:
        yield f"has priority {issue.priority} on the forge"
    if issue.kind and own.type != issue.kind and "type" not in added:
        yield f"is of type {issue.kind} on the forge"
    known = {form for criterion in own.criteria for form in _forms(criterion.text)}
    more = [criterion for criterion in issue.criteria if criterion.text not in known and "criteria" not in added]
    yield from (f"has the criterion {quoted(criterion.text)} on the forge" for criterion in more)
    if own.spec and issue.spec and told(issue.spec) not in _forms(told(own.spec.text)):
        yield f"reads differently on the forge than in {own.spec.path}"


def _forms(text: str) -> tuple[str, str]:
    """Return a text as it stands in the plan, and as a push would have written it."""
    return text, for_markdown(one_line(text))


def _diff(name: str, before: str, made: Import) -> list[str]:
    """Return what would change, as a diff; nothing is written."""
    file = f"plans/{name}/plan.yaml"
    lines = difflib.unified_diff(before.splitlines(), made.text.splitlines(), file, file, lineterm="")
    return [*lines, *(f"✓ would write plans/{name}/{spec}" for spec in made.specs)]


def _summary(name: str, before: str, made: Import, placing: Placing) -> str:
    specs = f", {count(len(made.specs), 'spec')} beside it" if made.specs else ""
    if not before:
        return f"✓ made plans/{name}/plan.yaml: {count(len(placing.new), 'issue')}{specs}"
    if made.text == before and not made.specs:
        return f"· plans/{name}/plan.yaml has all of it already"
    if not placing.new:
        return f"✓ plans/{name}/plan.yaml has what it lacked{specs}"
    return f"✓ plans/{name}/plan.yaml: {count(len(placing.new), 'new issue')}{specs}"
