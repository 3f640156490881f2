"""What each step works from, by name; a step is done while these digests are what its marker says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..digest import digest
from ..model import BranchMade, Implemented, Inspected, Kind, Passed, Pushed, Reviewed, Step, Tested, Verb
from ..policy import STOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .job import Job

ISSUE_FIELDS: dict[Step, tuple[str, ...]] = {
    Step.BRANCH: ("depends_on",),
    Step.IMPLEMENT: ("criteria", "spec", "tests", "agent"),
    Step.INSPECT: ("paths", "type"),
    Step.PR: ("title", "type", "github", "labels", "criteria"),
}
"""Which fields of its plan entry a step uses: editing another one leaves the step alone."""

SETTINGS: dict[Step, tuple[str, ...]] = {
    Step.BRANCH: ("branch",),
    Step.IMPLEMENT: ("agent",),
    Step.LINT: ("commands.lint",),
    Step.TEST: ("commands.test",),
    Step.TEST_GATE: ("decisions",),
    Step.INSPECT: (
        "limits.files",
        "limits.lines",
        "sensitive",
        "protected",
        "scope",
        "migrations",
        "database",
        "licences",
    ),
    Step.INSPECT_GATE: ("decisions",),
    Step.PR: ("branch",),
    Step.REVIEW: ("commands.review",),
    Step.REVIEW_GATE: ("decisions",),
}
"""Which of the plan's settings a step uses."""


def inputs(job: Job, step: Step) -> dict[str, str]:
    """Return short digests of everything the step works from, by name; names are what `why` tells."""
    return {name: digest(value)[:16] for name, value in _values(job, step)}


def _values(job: Job, step: Step) -> Iterator[tuple[str, Any]]:
    for name in ISSUE_FIELDS.get(step, ()):
        yield f"issue.{name}", getattr(job.issue, name)
    for name in SETTINGS.get(step, ()):
        yield f"plan.{name}", _setting(job, name)
    retries = [decision.id for decision in job.decisions if _retries(decision.verb, decision.kind, step)]
    if retries:
        yield "retry decisions", retries
    yield from _earlier(job, step)


def _setting(job: Job, name: str) -> Any:
    value: Any = job.milestone
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _retries(verb: Verb, kind: Kind | None, step: Step) -> bool:
    return verb is Verb.RETRY and kind is not None and (step in STOPS[kind].found_by.split(", ") or kind is Kind.TOOL)


def _earlier(job: Job, step: Step) -> Iterator[tuple[str, Any]]:  # one case per step
    """Yield what earlier steps left that this one stands on, and the commit it looks at."""
    match step:
        case Step.BRANCH:
            yield "branch name", job.branch
        case Step.IMPLEMENT:
            yield "base", job.found(Step.BRANCH, BranchMade).base
            yield "rework decisions", [decision.id for decision in job.reworks]
        case Step.LINT:
            yield "implementation", job.found(Step.IMPLEMENT, Implemented).head
        case Step.TEST:
            yield "commit", job.head
            yield "known failures", job.known_failures
        case Step.TEST_GATE:
            yield "tests", job.found(Step.TEST, Tested)
        case Step.INSPECT:
            yield "commit", job.head
            yield "base", job.found(Step.BRANCH, BranchMade).base
        case Step.INSPECT_GATE:
            yield "inspection", job.found(Step.INSPECT, Inspected)
        case Step.PUSH:
            yield "commit", job.head
        case Step.PR:
            yield "pushed commit", job.found(Step.PUSH, Pushed).head
            yield "labels", [job.found(gate, Passed).labels for gate in (Step.TEST_GATE, Step.INSPECT_GATE)]
            yield "inspection", job.found(Step.INSPECT, Inspected)
            yield "decisions", [decision.id for decision in job.decisions]
        case Step.REVIEW:
            yield "commit", job.head
            yield "base", job.found(Step.BRANCH, BranchMade).base
        case Step.REVIEW_GATE:
            yield "review", job.found(Step.REVIEW, Reviewed)
