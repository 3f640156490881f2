"""The gates of an issue: each asks about what the step before it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.units import count
from ..model import Finding, Inspected, Kind, Passed, Reviewed, Severity, Step, Tested
from .import_origin import imported_elsewhere
from .task import IssueStep, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import StepContext


class TestGate(IssueStep[Passed]):
    """Ask about tests that fail."""

    name = Step.TEST_GATE
    shape = Passed
    is_gate = True
    settings = ("decisions",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the result of the tests."""
        return {"tests": ctx.evidence(Step.TEST, Tested)}

    def findings(self, ctx: StepContext, evidence: Passed) -> Questions:
        """Return the failing tests, bound to the change they failed on."""
        _ = evidence
        tested = ctx.evidence(Step.TEST, Tested)
        failures = _failures(tested)
        return Questions(failures, ctx.git.patch_id(ctx.base, tested.head) if failures else "")


MOST_LISTED = 10
"""Tests that one finding names."""


def _failures(tested: Tested) -> tuple[Finding, ...]:
    if tested.imports and tested.imports.elsewhere:
        return imported_elsewhere(tested.imports)
    failures = [_failure(name, name.rpartition("::")[2], tested.details.get(name)) for name in tested.failed]
    if tested.missing:
        failures.insert(0, _failure("missing", _did_not_run(tested.missing)))
    if tested.problem:
        failures.insert(0, _failure("problem", tested.problem, tested.details.get("")))
    return tuple(failures)


def _failure(rule: str, message: str, output: str | None = None) -> Finding:
    return Finding(Kind.TESTS, Severity.CRITICAL, rule, message, detail=output or None)


def _did_not_run(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{count(len(names), 'test')} of the base did not run: {', '.join(names[:MOST_LISTED])}{more}"


class InspectGate(IssueStep[Passed]):
    """Ask about what the checks found in the change."""

    name = Step.INSPECT_GATE
    shape = Passed
    is_gate = True
    settings = ("decisions",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what the inspection found."""
        return {"inspection": ctx.evidence(Step.INSPECT, Inspected)}

    def findings(self, ctx: StepContext, evidence: Passed) -> Questions:
        """Return what the inspection found, bound to the change."""
        _ = evidence
        inspected = ctx.evidence(Step.INSPECT, Inspected)
        return Questions(inspected.findings, inspected.change)


class ReviewGate(IssueStep[Passed]):
    """Ask about what the review found."""

    name = Step.REVIEW_GATE
    shape = Passed
    is_gate = True
    settings = ("decisions",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what the review found."""
        return {"review": ctx.evidence(Step.REVIEW, Reviewed)}

    def findings(self, ctx: StepContext, evidence: Passed) -> Questions:
        """Return what the review found, bound to the change."""
        _ = evidence
        reviewed = ctx.evidence(Step.REVIEW, Reviewed)
        return Questions(reviewed.findings, reviewed.change)
