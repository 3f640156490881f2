"""Renders the lines of each step, before it starts and after it is done. Figures come from evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.units import count
from ..model import Kind, Step, Tier
from ..policy.graph import PLAN_REVIEW
from ..policy.stops import STOPS
from . import transcript
from .phrases import first_few, found_at, migrated, one_line, wanted
from .run_summary import completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import (
        BranchMade,
        Decision,
        Implemented,
        Inspected,
        Issue,
        Linted,
        Milestone,
        Passed,
        PeopleHeard,
        Proposed,
        Pushed,
        Restarted,
        Reviewed,
        Tested,
        TreeSetUp,
    )
    from ..policy.graph import Node
    from ..store import State


def before(step: Step, attempt: int, *, from_scratch: bool) -> list[str]:
    """Return the line before a slow step. `from_scratch` means that no work of earlier attempts is left."""
    if step is Step.IMPLEMENT and attempt > 1:
        return ["🔧 Starting over..." if from_scratch else "🔧 Fixing..."]
    if step is Step.REVIEW:
        return ["", "🤖 Re-running code review..." if attempt > 1 and not from_scratch else "🤖 Code review..."]
    return []


def after(step: Step, evidence: Any, attempt: int, *, from_scratch: bool) -> list[str]:
    """Return the lines of the transcript for a finished step. A restart implements again, it fixes nothing."""
    return list(_LINES[step](evidence, 1 if step is Step.IMPLEMENT and from_scratch else attempt))


def before_milestone_task(name: str, *, unreviewed: bool) -> list[str]:
    """Return the lines before a task of the milestone itself."""
    return transcript.quality_gate() if name == PLAN_REVIEW and not unreviewed else []


def after_milestone_task(node: Node, evidence: Any, milestone: Milestone, state: State) -> list[str]:
    """Return the lines for a finished task of the milestone itself."""
    match node.name:
        case "bootstrap":
            return transcript.bootstrapped(milestone, evidence, state)
        case "plan-review":
            return transcript.plan_reviewed(milestone, evidence)
        case "complete":
            return ["", *completed(milestone, state)]
        case _:
            return [f"✓ Phase {node.phase} approved"]


def wanted_of_person(issue: Issue, rework: Decision | None) -> list[str]:
    """Return what a person who implements an issue needs to know: what is wanted, and what was found before."""
    earlier = [f"- {found_at(finding)}" for finding in rework.findings] if rework else []
    return [*wanted(issue), *(["", "To be fixed:", *earlier] if earlier else [])]


def unreviewed(milestone: Milestone) -> list[str]:
    """Return the line that says that no command looked at how the code is made, as the plan wants it."""
    return [] if milestone.commands.review else ["⚠️ No review command (commands.review: none)"]


def runs_reused(number: int) -> list[str]:
    """Return the line that says which test runs a step did not make again that was broken off before."""
    return [f"· {count(number, 'test run')} from before the interruption counted, not made again"] if number else []


def _branch(done: BranchMade, _: int) -> Iterator[str]:
    if done.restacked:
        yield f"✓ Restacked on {done.onto} ({done.tip[:10]}, merged in)"
    elif done.problem is None:
        yield f"✓ Branch: {done.branch}" + (" (adopted as it was found)" if done.adopted else "")


def _setup(done: TreeSetUp, _: int) -> Iterator[str]:
    if done.problem is None:
        yield "✓ Tree set up" + (" (taken over from an earlier one)" if done.reused else "")


def _implement(done: Implemented, attempt: int) -> Iterator[str]:
    if done.restarted is not None:
        yield from _restarted(done.restarted)
    if done.problem is not None:
        return
    size = f"{count(done.files, 'file')}, {count(done.lines, 'line')}"
    size += f", {done.by_lfs} by Git LFS" if done.by_lfs else ""
    adopted = ", adopted from the branch" if done.adopted else ""
    if done.in_submodules:
        where = first_few(done.in_submodules)
        yield f"⚠️ The agent's changes in {where} are left out: a submodule's commits belong to its own repository"
    if attempt == 1 or done.restarted is not None:
        yield f"✓ Implemented ({size}{adopted})"
        return
    if not done.files:
        yield from (f"· {line}" for line in done.report)
        return
    for line in done.report:
        yield f"✓ {line}"
    yield f"✓ Fix committed ({size}{adopted})"


def _restarted(done: Restarted) -> Iterator[str]:
    yield f"✓ Work thrown away ({count(done.commits, 'commit')}, kept as {done.kept})"
    for commit in done.people:
        yield f"⚠️ A person's commit was thrown away with it: {commit}"


def _lint(done: Linted, _: int) -> Iterator[str]:
    if done.fixed:
        yield "✓ Auto-fixed (lint)"
        yield from _fixes(done)
    if done.put_back:
        yield f"⚠️ Lint also changed {first_few(done.put_back)}: not this issue's, so put back"
    if done.left:
        yield f"⚠️ Lint: {done.left}"


def _fixes(done: Linted) -> Iterator[str]:
    """Yield what was fixed; evidence of earlier versions does not say."""
    if done.files:
        yield f"  {count(done.lines, 'line')} in {first_few(done.files)}"


def _test(done: Tested, _: int) -> Iterator[str]:
    known = f" ({count(len(done.known), 'known failure')} of the baseline not counted)" if done.known else ""
    if done.problem:
        yield f"✗ Tests: {done.problem}"
    elif done.failed or done.missing:
        lost = f", {count(len(done.missing), 'test')} of the base did not run" if done.missing else ""
        yield f"✗ Tests: {len(done.failed)} failed, {done.passed} passed{lost}{known}"
    else:
        yield f"✓ Tests: {done.passed} passed{known}" if done.counted else "✓ Tests: passed, none counted"
    yield from transcript.unsteady(done)
    if done.parts:
        yield f"  of {', '.join(done.parts)}"
    if done.outside:
        yield f"⚠️ Outside of every part in `commands`: {first_few(done.outside)}"
    for module in (name for name in done.known if "::" not in name):
        yield f"⚠️ No test of {module} ran: it could not be collected on the base either"


def _inspect(done: Inspected, _: int) -> Iterator[str]:
    yield from (f"⚠️ {note}" for note in done.notes)
    yield from (f"· {line}" for line in migrated(done))
    for finding in done.findings:
        if finding.kind in {Kind.MIGRATION_ADDITIVE, Kind.MIGRATION_BREAKING}:
            yield f"✓ Migration: {finding.message}"
        elif finding.kind is Kind.DEPENDENCY:
            yield f"⚠️ {finding.message}"
    for kind in dict.fromkeys(finding.kind for finding in done.findings):
        if STOPS[kind].tier is Tier.LABEL:
            yield from ("", f"⚠️ {STOPS[kind].title}")


def _passed(done: Passed, _: int) -> Iterator[str]:
    if done.decisions:
        yield "✓ Approved (recorded)"


def _push(_: Pushed, attempt: int) -> Iterator[str]:
    if attempt > 1:
        yield "✓ Pushed"


def _pr(done: Proposed, attempt: int) -> Iterator[str]:
    if done.problem is not None or (done.adopted and attempt > 1):
        return
    for label in done.labels:
        yield f"✓ Label: {label}"
    how = "updated" if done.adopted else "created"
    yield f"✓ PR #{done.number} {how if done.state == 'open' else done.state}"


def _review(done: Reviewed, _: int) -> Iterator[str]:
    if not done.findings:
        yield "✓ No issues found"
    for finding in done.findings:
        if finding.kind is Kind.REVIEW_PENDING:
            yield f"⚠️ {finding.message}"
            yield f"✓ Label: {STOPS[finding.kind].label}"


def _people(done: PeopleHeard, _: int) -> Iterator[str]:
    if not done.findings:
        approved = f" (approved by {', '.join(map(one_line, done.approved_by))})" if done.approved_by else ""
        yield f"✓ No changes asked for{approved}"


_LINES: dict[Step, Callable[[Any, int], Iterator[str]]] = {
    Step.BRANCH: _branch,
    Step.SETUP: _setup,
    Step.IMPLEMENT: _implement,
    Step.LINT: _lint,
    Step.TEST: _test,
    Step.TEST_GATE: _passed,
    Step.INSPECT: _inspect,
    Step.INSPECT_GATE: _passed,
    Step.PUSH: _push,
    Step.PR: _pr,
    Step.REVIEW: _review,
    Step.REVIEW_GATE: _passed,
    Step.PEOPLE: _people,
    Step.PEOPLE_GATE: _passed,
}
