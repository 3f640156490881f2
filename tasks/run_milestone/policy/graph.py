"""graph: IN WHICH ORDER; a milestone becomes nodes and barriers. Pure: no doit, no files."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from ..model import STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Issue, Milestone, Phase

BOOTSTRAP = "bootstrap"
PLAN_REVIEW = "plan-review"
COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Node:
    """One task. `name` is the part after `m4.1:`; a group (an issue's whole chain) carries nothing out itself."""

    name: str
    after: tuple[str, ...]
    title: str
    issue: str | None = None
    step: Step | None = None
    phase: int | None = None
    group: bool = False


def phase_name(number: int) -> str:
    """Return the barrier's task and gate name: `phase-1`."""
    return f"phase-{number}"


def step_name(issue: str, step: Step) -> str:
    """Return a step's task name: `03:test`."""
    return f"{issue}:{step}"


def compile_graph(milestone: Milestone) -> tuple[Node, ...]:
    """Return every node, each after the ones it needs; plan order where nothing else orders them."""
    return tuple(_nodes(milestone))


def _nodes(milestone: Milestone) -> Iterator[Node]:
    yield Node(BOOTSTRAP, (), "project, repository, base branch, baseline tests")
    yield Node(PLAN_REVIEW, (BOOTSTRAP,), "review of the plan")
    before, steps = PLAN_REVIEW, steps_of(milestone)
    for phase in milestone.phases:
        for issue in _in_order(phase.issues):
            yield from _chain(issue, before, steps)
        before = phase_name(phase.number)
        yield _barrier(phase)
    yield Node(COMPLETE, (before,), "summary of the milestone")


def _in_order(issues: tuple[Issue, ...]) -> Iterator[Issue]:
    """Yield a phase's issues, each after those of the phase that it depends on."""
    places = {issue.number: place for place, issue in enumerate(issues)}
    needs = {issue.number: [number for number in issue.depends_on if number in places] for issue in issues}
    sorter, ready = TopologicalSorter(needs), list[int]()
    sorter.prepare()
    while sorter.is_active():
        for number in sorter.get_ready():
            heapq.heappush(ready, places[number])
        issue = issues[heapq.heappop(ready)]
        yield issue
        sorter.done(issue.number)


def longest_first(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Return issues by how long a chain of others waits for each, the longest first, else in their order.

    What is long begins first, so that several at a time end as soon as the longest chain can.
    """
    waiting: dict[str, list[str]] = {issue.number: [] for issue in issues}
    for issue in issues:
        for number in waiting.keys() & set(issue.depends_on):
            waiting[number].append(issue.number)
    lengths: dict[str, int] = {}
    for number in TopologicalSorter(waiting).static_order():
        lengths[number] = 1 + max((lengths[other] for other in waiting[number]), default=0)
    return tuple(sorted(issues, key=lambda issue: -lengths[issue.number]))


def steps_of(milestone: Milestone) -> tuple[Step, ...]:
    """Return the steps of its issues: a tree is set up where the plan says how."""
    return tuple(step for step in STEPS if step is not Step.SETUP or milestone.tree.setup)


def _chain(issue: Issue, before: str, steps: tuple[Step, ...]) -> Iterator[Node]:
    names = [step_name(issue.number, step) for step in steps]
    first = (before, *(step_name(other, STEPS[-1]) for other in issue.depends_on))
    for step, name, after in zip(steps, names, [first, *((name,) for name in names)], strict=False):
        yield Node(name, after, f"{step} of #{issue.number}", issue.number, step, issue.phase)
    yield Node(issue.number, tuple(names), issue.title, issue.number, None, issue.phase, group=True)


def _barrier(phase: Phase) -> Node:
    ends = tuple(step_name(issue.number, STEPS[-1]) for issue in phase.issues)
    return Node(phase_name(phase.number), ends, f"barrier: {phase.title}", phase=phase.number)
