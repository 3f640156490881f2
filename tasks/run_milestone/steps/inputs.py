"""What each step works from, by name; a step is done while these digests are what its marker says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.serialize import digest
from ..model import (
    BranchMade,
    Implemented,
    Inspected,
    Kind,
    Limits,
    Linted,
    Passed,
    Pushed,
    Reviewed,
    Step,
    Tested,
    Verb,
)
from ..policy.stops import STOPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .context import Job

ISSUE_FIELDS: dict[Step, tuple[str, ...]] = {
    Step.BRANCH: ("depends_on",),
    Step.IMPLEMENT: ("criteria", "spec", "tests", "agent"),
    Step.TEST: ("criteria",),
    Step.INSPECT: ("paths", "type", "tests"),
    Step.REVIEW: ("criteria", "spec"),
    Step.PR: ("number", "title", "type", "github", "labels", "criteria", "spec"),
}
"""Which fields of its plan entry a step uses: editing another one leaves the step alone."""

SETTINGS: dict[Step, tuple[str, ...]] = {
    Step.BRANCH: ("branch",),
    Step.IMPLEMENT: ("agent",),
    Step.LINT: ("commands.lint",),
    Step.TEST: ("commands.test", "limits.coverage"),
    Step.TEST_GATE: ("decisions",),
    Step.INSPECT: (
        "limits.files",
        "limits.lines",
        "limits.coverage",
        "commands.test",
        "sensitive",
        "protected",
        "scope",
        "migrations",
        "database",
        "licences",
    ),
    Step.INSPECT_GATE: ("decisions",),
    Step.PR: ("branch",),
    Step.REVIEW: ("commands.review", "reviewers", "checks.required"),
    Step.REVIEW_GATE: ("decisions",),
}
"""Which of the plan's settings a step uses."""

LATER: dict[Step, dict[str, Any]] = {Step.INSPECT: {"limits.bytes": Limits().bytes}}
"""Settings that came later, with their defaults. At its default one is left out, so that older markers still hold."""


def inputs(job: Job, step: Step) -> dict[str, str]:
    """Return short digests of everything the step works from, by name; names are what `why` tells."""
    return {name: digest(value)[:16] for name, value in _values(job, step)}


def _values(job: Job, step: Step) -> Iterator[tuple[str, Any]]:
    for name in ISSUE_FIELDS.get(step, ()):
        yield f"issue.{name}", getattr(job.issue, name)
    for name in SETTINGS.get(step, ()):
        yield f"plan.{name}", _setting(job, name)
    for name, default in LATER.get(step, {}).items():
        if _setting(job, name) != default:
            yield f"plan.{name}", _setting(job, name)
    retries = [decision.id for decision in job.decisions if _retries(decision.verb, decision.kind, step)]
    if retries:
        yield "retry decisions", retries
    yield from EARLIER[step](job).items()


def _setting(job: Job, name: str) -> Any:
    value: Any = job.milestone
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _retries(verb: Verb, kind: Kind | None, step: Step) -> bool:
    return verb is Verb.RETRY and kind is not None and step in STOPS[kind].found_by.split(", ")


def _committed(job: Job) -> dict[str, Any]:
    """Return what a step that looks at the change stands on: the branch's commit and where it left its base."""
    return {"commit": job.head, "base": job.base}


def _upstream(job: Job) -> dict[str, Any]:
    """Return the pushed commits of what the issue depends on: when one moves, the branch has to take it in."""
    found = [job.state.markers.evidence(f"{number}:{Step.PUSH}", Pushed) for number in job.issue.depends_on]
    return {"commits it depends on": [pushed.head if pushed else None for pushed in found]} if found else {}


def _start(job: Job) -> str:
    made = job.found(Step.BRANCH, BranchMade)
    return made.start or made.base


def _clash(job: Job) -> dict[str, Any]:
    clash = job.found(Step.BRANCH, BranchMade).conflict
    return {"conflict with the base": clash} if clash else {}


def _proposal(job: Job) -> dict[str, Any]:
    return {
        "pushed commit": job.found(Step.PUSH, Pushed).head,
        "labels": [job.found(gate, Passed).labels for gate in (Step.TEST_GATE, Step.INSPECT_GATE)],
        "inspection": job.found(Step.INSPECT, Inspected),
        "tests": job.found(Step.TEST, Tested),
        "decisions": [decision.id for decision in job.decisions],
    }


EARLIER: dict[Step, Callable[[Job], dict[str, Any]]] = {
    Step.BRANCH: lambda job: {"branch name": job.branch, **_upstream(job)},
    Step.IMPLEMENT: lambda job: {
        "base": _start(job),
        "rework decisions": [decision.id for decision in job.reworks],
    },
    Step.LINT: lambda job: {"implementation": job.found(Step.IMPLEMENT, Implemented).head},
    Step.TEST: lambda job: {"commit": job.head, "known failures": job.known_failures},
    Step.TEST_GATE: lambda job: {"tests": job.found(Step.TEST, Tested)},
    Step.INSPECT: lambda job: {**_committed(job), "coverage": job.found(Step.TEST, Tested).coverage},
    Step.INSPECT_GATE: lambda job: {"inspection": job.found(Step.INSPECT, Inspected)},
    Step.PUSH: lambda job: {"commit": job.head, **_clash(job)},
    Step.PR: _proposal,
    Step.REVIEW: lambda job: {
        **_committed(job),
        "proofs": job.found(Step.TEST, Tested).proven,
        **({"lint": left} if (left := job.found(Step.LINT, Linted).left) else {}),
        **({"issue.title": job.issue.title} if job.milestone.reviewers else {}),  # only other reviewers are told it
    },
    Step.REVIEW_GATE: lambda job: {"review": job.found(Step.REVIEW, Reviewed)},
}
"""What earlier steps left that a step stands on, and the commit it looks at, by name."""
