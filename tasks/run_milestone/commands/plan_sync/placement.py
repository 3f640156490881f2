"""placing: which entry of a plan each issue on the forge is, or becomes; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...model import Criterion, Issue, Milestone
from ...policy import naming
from .parse_issue import Wanted


@dataclass(frozen=True, slots=True)
class Placing:
    """Where issues belong: `known` are in the plan, `new` are not; `numbers` and `phases` are by the forge's number."""

    known: dict[int, Issue]
    new: tuple[Wanted, ...]
    numbers: dict[int, str]
    phases: dict[int, int]

    def entry(self, issue: Wanted) -> dict[str, Any]:
        """Return the keys of an issue's entry, in order; what a plan may leave out is left out."""
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

    def _may_need(self, issue: Wanted, needed: int) -> bool:
        return needed in self.numbers and self.phases[needed] <= self.phases[issue.github]

    def in_phase(self, phase: int) -> list[dict[str, Any]]:
        """Return the entries of the new issues of a phase."""
        return [self.entry(issue) for issue in self.new if self.phases[issue.github] == phase]

    def new_phases(self, milestone: Milestone) -> Iterator[dict[str, Any]]:
        """Yield the phases that the plan has not got yet, each with its issues."""
        for phase in range(len(milestone.phases) + 1, max(self.phases.values(), default=0) + 1):
            own = [issue for issue in self.new if self.phases[issue.github] == phase]
            title = next((issue.phase_title for issue in own if issue.phase_title), "")
            yield {**({"title": title} if title else {}), "issues": self.in_phase(phase)}

    def unmet(self, issue: Wanted) -> Iterator[str]:
        """Yield what an issue depends on by its own words and cannot in this plan, and why."""
        for needed in issue.depends_on:
            if needed not in self.numbers:
                yield f"#{issue.github} depends on #{needed}, which is not in the plan"
            elif not self._may_need(issue, needed):
                yield f"#{issue.github} depends on #{needed}, which is in a later phase of the plan"


def _criterion(criterion: Criterion) -> str | dict[str, str]:
    return {"text": criterion.text, "test": criterion.test} if criterion.test else criterion.text


def place(milestone: Milestone, issues: Iterable[Wanted]) -> Placing:
    """Find the issues that the plan has, and give the others the next numbers and a phase, closed ones left out.

    An issue says its phase by a label; without one it goes to the last. It never comes before what it depends on.
    """
    everyone = tuple(issues)
    known = _known(milestone, everyone)
    new = tuple(issue for issue in everyone if issue.github not in known and not issue.closed)
    first = 1 + max((int(issue.number) for issue in milestone.issues), default=0)
    numbers = {github: own.number for github, own in known.items()}
    numbers |= {issue.github: naming.number(first + count) for count, issue in enumerate(new)}
    phases = {github: own.phase for github, own in known.items()}
    phases |= {issue.github: issue.phase or max(1, len(milestone.phases)) for issue in new}
    for _ in new:  # after as many rounds nothing moves any more, also where issues depend on each other in a circle
        phases |= {issue.github: _not_before(issue, phases) for issue in new}
    return Placing(known, new, numbers, _without_gaps(milestone, phases))


def _known(milestone: Milestone, issues: tuple[Wanted, ...]) -> dict[int, Issue]:
    """Return the plan's issues by the forge's number; one without a number is found by its mark, else by its title."""
    known = {own.github: own for own in milestone.issues if own.github in {issue.github for issue in issues}}
    found = {github: own for github, own in known.items() if github is not None}
    for same in (_has_mark, _has_title):
        for issue in (issue for issue in issues if issue.github not in found):
            left = (own for own in milestone.issues if own.github is None and own not in found.values())
            if (own := next((own for own in left if same(own, issue)), None)) is not None:
                found[issue.github] = own
    return found


def _has_mark(own: Issue, issue: Wanted) -> bool:
    return own.number == issue.mark


def _has_title(own: Issue, issue: Wanted) -> bool:
    return " ".join(own.title.split()) == issue.title


def _not_before(issue: Wanted, phases: dict[int, int]) -> int:
    return max(phases[issue.github], *(phases.get(needed, 1) for needed in issue.depends_on), 1)


def _without_gaps(milestone: Milestone, phases: dict[int, int]) -> dict[int, int]:
    """Return the phases with those that the plan has not got yet numbered one after the other."""
    last = len(milestone.phases)
    beyond = sorted({phase for phase in phases.values() if phase > last})
    renumbered = {phase: last + count for count, phase in enumerate(beyond, start=1)}
    return {github: renumbered.get(phase, phase) for github, phase in phases.items()}
