"""The gates of an issue: each asks about what the step before it found."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from ..core.text import for_terminal
from ..core.units import count
from ..model import Finding, Inspected, Kind, Passed, Reviewed, Severity, Step, Tested
from ..render.phrases import migrated
from .import_origin import imported_elsewhere
from .suites import suites_of
from .task import IssueStep, Questions
from .test_environment import hidden_paths, how_to_show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..policy.parts import Suite
    from .run_context import RunContext
    from .step_context import StepContext


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
        if not failures:
            return Questions(_flaky(tested))
        change = ctx.git.patch_id(ctx.base, tested.head)
        hidden = how_to_show(hidden_paths(ctx.run, ctx.tree, tested))
        by_hand = tests_by_hand(ctx.run, ctx.issue.number, ctx.issue.number, suites_of(ctx))
        return Questions(failures, change, (*hidden, *by_hand))


def tests_by_hand(run: RunContext, logs: str, tree: str, wanted: tuple[Suite, ...]) -> tuple[str, ...]:
    """Return where the output of the tests is, and how to run them by hand in that tree."""
    log = os.path.relpath(run.store.folder / "logs" / logs / "test.log", run.project.root)
    commands = dict.fromkeys(_by_hand(suite.commands.test) for suite in wanted)
    by_hand = (f"By hand: run-milestone shell {run.milestone.id} {tree} {command}" for command in commands)
    return (f"Output: {log}", *by_hand)


def _by_hand(command: tuple[str, ...]) -> str:
    return shlex.join("python" if word == "{python}" else word for word in command)


def log_of(run: RunContext, issue: str, *names: str) -> tuple[str, ...]:
    """Return where the output of an issue's programs is, of those logs that are there."""
    logs = (run.store.folder / "logs" / issue / name for name in names)
    return tuple(f"Output: {os.path.relpath(log, run.project.root)}" for log in logs if log.is_file())


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


def _flaky(tested: Tested) -> tuple[Finding, ...]:
    return tuple(
        Finding(Kind.FLAKY, Severity.WARNING, name, f"{name} {how}", detail="flaky, so it does not count")
        for name, how in tested.flaky.items()
    )


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
        logs = dict.fromkeys(_log(finding) for finding in inspected.findings)
        shown = (*_shown_change(ctx, inspected.findings), *migrated(inspected))
        listing = (*shown, *log_of(ctx.run, ctx.issue.number, *filter(None, logs)))
        return Questions(inspected.findings, inspected.change, listing)


def _log(finding: Finding) -> str:
    """Return the log that tells more about a finding; a test that failed with the base's files has no path."""
    if finding.kind is Kind.NOT_RED or (finding.kind is Kind.TAMPERING and not finding.path):
        return "contract.log"
    return "tools.log" if finding.kind is Kind.TOOL else ""


DIFF_LINES = 40
"""Lines of a change that a question shows."""


def shown_paths(findings: Iterable[Finding]) -> list[str]:
    """Return the files whose change a person has to read to answer: weakened tests, files outside the scope."""
    kinds = {Kind.TAMPERING, Kind.SCOPE}
    return list(dict.fromkeys(one.path for one in findings if one.kind in kinds and one.path))


def _shown_change(ctx: StepContext, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Return the beginning of the change that findings are about, and the command that shows all of it."""
    paths = shown_paths(findings)
    if not paths or ctx.head is None:
        return ()
    lines = [line for path in paths for line in ctx.git.file_diff(ctx.base, ctx.head, path).splitlines()]
    outside = any(finding.rule == "outside" for finding in findings)
    allowed = [f"Allowed for this issue (`paths.allow`): {', '.join(ctx.issue.paths.allow)}", ""] if outside else []
    more = f"`run-milestone diff {ctx.milestone.id} {ctx.issue.number}` shows the whole change"
    return (*allowed, *(f"  {for_terminal(line)[:200]}" for line in lines[:DIFF_LINES]), more)


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
