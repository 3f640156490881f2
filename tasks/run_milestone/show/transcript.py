"""The transcript: what a run says while it works; every figure comes from evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import budget
from ..model import (
    Bootstrapped,
    BranchMade,
    Implemented,
    Inspected,
    Kind,
    Linted,
    Passed,
    PlanReviewed,
    Proposed,
    Pushed,
    Restarted,
    Reviewed,
    Severity,
    Step,
    Tested,
    Tier,
    Verb,
)
from ..policy import STOPS
from .words import PURPOSE, RULE, count, found_at, headline, one_line, reference, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Decision, Gate, Issue, Milestone


TAIL = 15
"""Lines of a failed check's log that are shown; the agent is sent more."""


def start(milestone: Milestone, doing: str) -> list[str]:
    """Return the banner of a run: what it is `doing` (Starting, Resuming, Landing)."""
    return [RULE, f"{doing} Milestone: {milestone.id}", RULE]


def bootstrapped(milestone: Milestone, done: Bootstrapped) -> list[str]:
    """Return what the bootstrap found."""
    tests = done.tests
    baseline = tests.problem or f"{tests.passed} passed, {len(tests.failed)} failed"
    size = f"{count(len(milestone.issues), 'issue')}, {count(len(milestone.phases), 'phase')}"
    return [
        "",
        "📋 Bootstrap",
        "✓ Milestone folder exists",
        f"✓ Implementation plan loaded ({size})",
        "✓ First run detected",
        f"✓ Baseline tests: {baseline}",
        *([f"· Coverage of changed lines is not measured: {tests.unmeasured}"] if tests.unmeasured else []),
    ]


def quality_gate() -> list[str]:
    """Return what is said before the plan is reviewed."""
    return ["", "🔍 Quality Gate", "Invoking plan-review...", ""]


def plan_reviewed(milestone: Milestone, done: PlanReviewed) -> list[str]:
    """Return what the plan review found, and what the run is about to work on."""
    critical = sum(1 for finding in done.findings if finding.severity is Severity.CRITICAL)
    warnings = [finding for finding in done.findings if finding.severity is not Severity.CRITICAL]
    verdict = "✗ Findings" if critical else "✓ Passed"
    review = [
        f"{verdict} ({critical} critical, {count(len(warnings), 'warning')})",
        *(f"  {sign(finding)} {finding.message}" for finding in done.findings),
    ]
    left_out = ["", f"⚠️ Plan review was left out by {done.left_out_by} (--skip-plan-review); a run without it reviews"]
    return [
        *(left_out if done.left_out_by else review),
        "",
        f"✓ Base branch: {milestone.branch}",
        f"✓ Scope tags: [{', '.join(milestone.scope)}]",
        "✓ State validated",
    ]


def issue_banner(issue: Issue) -> list[str]:
    """Return the banner of an issue."""
    return ["", RULE, f"Issue #{issue.number}: {one_line(issue.title)}{reference(issue)}", RULE, ""]


def before(step: Step, attempt: int, *, afresh: bool) -> list[str]:
    """Return what is said before a step that takes its time; `afresh` where nothing of earlier attempts is left."""
    if step is Step.IMPLEMENT and attempt > 1:
        return ["🔧 Starting over..." if afresh else "🔧 Fixing..."]
    if step is Step.REVIEW:
        return ["", "🤖 Re-running code review..." if attempt > 1 else "🤖 Code review..."]
    return []


def after(step: Step, evidence: Any, attempt: int) -> list[str]:
    """Return what a step found, in the words of the transcript."""
    return list(_TELL[step](evidence, attempt))


def _branch(made: BranchMade, _: int) -> Iterator[str]:
    if made.restacked:
        yield f"✓ Restacked on {made.onto} ({made.tip[:10]}, merged in)"
    elif made.problem is None:
        yield f"✓ Branch: {made.branch}" + (" (adopted as it was found)" if made.adopted else "")


def _implement(done: Implemented, attempt: int) -> Iterator[str]:
    if done.restarted is not None:
        yield from _restarted(done.restarted)
    if done.problem is not None:
        return
    size = f"{count(done.files, 'file')}, {count(done.lines, 'line')}"
    adopted = ", adopted from the branch" if done.adopted else ""
    if attempt == 1 or done.restarted is not None:
        yield f"✓ Implemented ({size}{adopted})"
        return
    for line in done.report:
        yield f"✓ {line}"
    yield f"✓ Fix committed ({size}{adopted})"


def _restarted(thrown: Restarted) -> Iterator[str]:
    yield f"✓ Work thrown away ({count(thrown.commits, 'commit')}, kept as {thrown.kept})"
    for commit in thrown.people:
        yield f"⚠️ A person's commit was thrown away with it: {commit}"


def _lint(done: Linted, _: int) -> Iterator[str]:
    if done.fixed:
        yield "✓ Auto-fixed (lint)"
    if done.left:
        yield f"⚠️ Lint: {done.left}"


def _test(done: Tested, _: int) -> Iterator[str]:
    known = f" ({count(len(done.known), 'known failure')} of the baseline not counted)" if done.known else ""
    if done.problem:
        yield f"✗ Tests: {done.problem}"
    elif done.failed:
        yield f"✗ Tests: {len(done.failed)} failed, {done.passed} passed{known}"
    else:
        yield f"✓ Tests: {done.passed} passed{known}"


def _inspect(done: Inspected, _: int) -> Iterator[str]:
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


def why_passed(done: Passed) -> str:
    """Return why a gate lets an issue or a phase pass."""
    labels = [f"labels {', '.join(done.labels)}"] if done.labels else []
    decisions = [f"accepted by decision {', '.join(map(str, done.decisions))}"] if done.decisions else []
    return "; ".join([*labels, *decisions]) or "there is nothing to decide"


def why_asked(asked: Gate) -> str:
    """Return what kind of stop a question is, how often it may be tried, and what a run does that asks nobody."""
    stop = STOPS[asked.kind]
    tried = f", attempt {asked.attempt} of {asked.attempts}" if _counts(asked) else ""
    alone = f"--autonomous would {', then '.join(stop.autonomous)}" if stop.autonomous else "nobody answers it alone"
    return f"`{asked.kind}`, {count(len(asked.findings), 'finding')}{tried}; {alone}"


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


_TELL: dict[Step, Callable[[Any, int], Iterator[str]]] = {
    Step.BRANCH: _branch,
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
}


def gate(asked: Gate, listing: list[str], milestone: str, *, prompts: bool, shared: bool = False) -> list[str]:
    """Return a gate's question: what was found, the verbs that answer it and, unless someone prompts, the commands.

    `shared` where the answer may come from another machine.
    """
    verbs = ["", " | ".join(asked.verbs)]
    commands = [] if prompts else ["", *answers(milestone, asked, shared=shared)]
    if asked.kind is Kind.PHASE:
        return ["", *listing, *verbs, *commands]
    listing = ["", *listing] if listing else []
    attempt = f" (attempt {asked.attempt}/{asked.attempts})" if _counts(asked) else ""
    head = f"🛑 {headline(asked.kind, asked.findings)}{attempt}"
    return ["", head, "", *_findings(asked), *listing, *verbs, *commands]


def _counts(asked: Gate) -> bool:
    return any(verb in {"fix", "retry", "restart"} for verb in STOPS[asked.kind].verbs)


def _findings(asked: Gate) -> list[str]:
    if asked.kind is Kind.TESTS:
        return ["Failed:", *(f"- {finding.message}" for finding in asked.findings)]
    if asked.kind is Kind.CHECKS:
        return [line for finding in asked.findings for line in _check(finding.message, finding.detail)]
    if asked.kind is Kind.MIGRATION_BREAKING:
        return [line for finding in asked.findings for line in _migration(finding.path, finding.detail)]
    return [f"{number}. {found_at(finding)}" for number, finding in enumerate(asked.findings, start=1)]


def _check(message: str, log: str | None) -> Iterator[str]:
    """Yield a failed check with the end of its log."""
    yield f"✗ {message}"
    yield from (f"  {line}" for line in (log or "").splitlines()[-TAIL:])


def _migration(path: str | None, detail: str | None) -> Iterator[str]:
    yield f"File: {path}"
    if detail:
        yield detail


def answers(milestone: str, asked: Gate, *, shared: bool = False) -> list[str]:
    """Return the commands that answer a gate, one per verb, and the one that goes on."""
    if asked.kind is Kind.BUDGET or shared:
        where = "from any clone, " if shared else ""
        commands = decide_commands(milestone, asked, shared=shared)
        return [f"To answer, {where}write one of these, then run the same command again:", *commands]
    width = max(len(verb) for verb in asked.verbs)
    offered = [
        f"  touch state/{milestone}/approvals/{asked.gate}.{verb}{' ' * (width - len(verb))}   # {PURPOSE[verb]}"
        for verb in asked.verbs
    ]
    return ["To answer, touch one of these files, then run the same command again:", *offered]


def decide_commands(milestone: str, asked: Gate, *, shared: bool = False) -> list[str]:
    """Return the command that answers a gate by each verb; where the state is `shared`, from any clone."""
    reasons = {Verb.APPROVE: f' --reason "{budget.example(asked)}"'} if asked.kind is Kind.BUDGET else {}
    sent = " --state-ref" if shared else ""
    command = f"  run-milestone decide {milestone} {asked.gate}"
    return [f"{command} {verb}{reasons.get(verb, '')}{sent}" for verb in asked.verbs]


def decided(decision: Decision, issue: Issue | None) -> list[str]:
    """Return what is said when a decision is taken."""
    why = f': "{decision.why}"' if decision.why else ""
    if decision.verb is Verb.SKIP and issue is not None:
        return ["", f"⏭️ Skipped Issue #{issue.number}", "", f'Recorded: "{decision.why or "no reason given"}"']
    if decision.verb is Verb.UNSKIP:
        what = f"Issue #{issue.number}" if issue else decision.gate.replace("-", " ").capitalize()
        return ["", f"↩ {what} is taken up again", "", f'Recorded: "{decision.why or "no reason given"}"']
    return ["", f"✓ Decision {decision.id}: {decision.verb} at gate {decision.gate} by {decision.who}{why}"]


def phase_opened(number: int, first: Issue) -> list[str]:
    """Return the line that opens a phase."""
    return [f"→ Starting Phase {number}, Issue #{first.number}"]


def ended(status: str, milestone: str, gates: tuple[Gate, ...], *, prompts: bool, idle: bool) -> list[str]:
    """Return the last lines of a run; the closing summary is what a finished one ends with. `idle`: it did nothing."""
    if status == "complete":
        return [f"✓ Milestone {milestone} is complete; nothing to do."] if idle else []
    if status == "waiting" and gates:
        waiting = [f"  {gate.gate}: {headline(gate.kind, gate.findings)} — {' | '.join(gate.verbs)}" for gate in gates]
        how = f"`run-milestone gates {milestone}` lists the commands that answer."
        return ["", RULE, f"Waiting for {count(len(gates), 'decision')}:", *waiting, "" if prompts else how]
    if status == "aborted":
        return ["", f"Aborted. `run-milestone {milestone}` resumes it."]
    if status == "unfinished":
        goes_on = f"`run-milestone {milestone}` goes on, `run-milestone why {milestone}` tells with what."
        return ["", f"Not finished: {goes_on}"]
    return []
