"""Decide which issue of a plan each issue on the forge is, or becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...model import Criterion, Issue, Milestone
from ...policy import naming
from .parse_issue import ParsedIssue


@dataclass(frozen=True, slots=True)
class Placement:
    """`known` issues are in the plan, `new` ones are not; `numbers` and `phases` are by the number on the forge."""

    known: dict[int, Issue]
    new: tuple[ParsedIssue, ...]
    numbers: dict[int, str]
    phases: dict[int, int]

    def entry(self, issue: ParsedIssue) -> dict[str, Any]:
        """Return the keys of an issue's entry in order, without defaults."""
        kind = issue.kind if issue.kind != "feat" else None
        given = {
            "number": int(self.numbers[issue.github]),
            "github": issue.github,
            "title": issue.title,
            "type": kind,
            "priority": issue.priority if issue.priority != "P1" else None,
            "depends_on": [int(self.numbers[needed]) for needed in issue.depends_on if self._may_need(issue, needed)],
            "labels": issue.labels,
            "criteria": [_criterion(criterion) for criterion in issue.criteria],
        }
        return {key: value for key, value in given.items() if value}

    def _may_need(self, issue: ParsedIssue, needed: int) -> bool:
        return needed in self.numbers and self.phases[needed] <= self.phases[issue.github]

    def in_phase(self, phase: int) -> list[dict[str, Any]]:
        """Return the entries of the new issues of a phase."""
        return [self.entry(issue) for issue in self.new if self.phases[issue.github] == phase]

    def new_phases(self, milestone: Milestone) -> Iterator[dict[str, Any]]:
        """Yield the phases that the plan does not have, each with its issues."""
        for phase in range(len(milestone.phases) + 1, max(self.phases.values(), default=0) + 1):
            titles = (issue.phase_title for issue in self.new if self.phases[issue.github] == phase)
            title = next(filter(None, titles), "")
            yield {**({"title": title} if title else {}), "issues": self.in_phase(phase)}

    def unmet(self, issue: ParsedIssue) -> Iterator[str]:
        """Yield which dependencies of an issue this plan cannot have, and why."""
        for needed in issue.depends_on:
            if needed not in self.numbers:
                yield f"#{issue.github} depends on #{needed}, which is not in the plan"
            elif not self._may_need(issue, needed):
                yield f"#{issue.github} depends on #{needed}, which is in a later phase of the plan"


def _criterion(criterion: Criterion) -> str | dict[str, str]:
    return {"text": criterion.text, "test": criterion.test} if criterion.test else criterion.text


def place(milestone: Milestone, issues: Iterable[ParsedIssue]) -> Placement:
    """Match issues with the plan, and give new open ones the next numbers and a phase.

    A label names the phase, else it is the last one. No issue comes before what it depends on.
    """
    everyone = tuple(issues)
    known = _known(milestone, everyone)
    new = tuple(issue for issue in everyone if issue.github not in known and not issue.closed)
    first = 1 + max((int(issue.number) for issue in milestone.issues), default=0)
    numbers = {github: issue.number for github, issue in known.items()}
    numbers |= {issue.github: naming.number(first + count) for count, issue in enumerate(new)}
    phases = {github: issue.phase for github, issue in known.items()}
    phases |= {issue.github: issue.phase or max(1, len(milestone.phases)) for issue in new}
    for _ in new:  # this many rounds suffice, also for circular dependencies
        phases |= {issue.github: _not_before(issue, phases) for issue in new}
    return Placement(known, new, numbers, _without_gaps(milestone, phases))


def _known(milestone: Milestone, issues: tuple[ParsedIssue, ...]) -> dict[int, Issue]:
    """Return the plan's issues by number on the forge; one without a number is matched by mark, then by title."""
    numbers = {issue.github for issue in issues}
    known = {planned.github: planned for planned in milestone.issues if planned.github in numbers}
    matched = {github: planned for github, planned in known.items() if github is not None}
    for same in (_has_mark, _has_title):
        for issue in (issue for issue in issues if issue.github not in matched):
            left = (one for one in milestone.issues if one.github is None and one not in matched.values())
            if (planned := next((one for one in left if same(one, issue)), None)) is not None:
                matched[issue.github] = planned
    return matched


def _has_mark(planned: Issue, issue: ParsedIssue) -> bool:
    return planned.number == issue.mark


def _has_title(planned: Issue, issue: ParsedIssue) -> bool:
    return " ".join(planned.title.split()) == issue.title


def _not_before(issue: ParsedIssue, phases: dict[int, int]) -> int:
    return max(phases[issue.github], *(phases.get(needed, 1) for needed in issue.depends_on), 1)


def _without_gaps(milestone: Milestone, phases: dict[int, int]) -> dict[int, int]:
    """Return the phases with new ones numbered without gaps."""
    last = len(milestone.phases)
    beyond = sorted({phase for phase in phases.values() if phase > last})
    renumbered = {phase: last + count for count, phase in enumerate(beyond, start=1)}
    return {github: renumbered.get(phase, phase) for github, phase in phases.items()}
