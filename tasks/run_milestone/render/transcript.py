"""Renders a run's own lines, from its banner to its last. Figures come from evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Severity, Verb, is_empty
from ..policy.topics import answers_to
from . import html
from .phrases import RULE, headlines, listing, one_line, reference, sign

if TYPE_CHECKING:
    from ..model import Bootstrapped, Decision, Finding, Gate, Issue, Milestone, PlanReviewed, Tested
    from ..store import State


def start(milestone: Milestone, doing: str) -> list[str]:
    """Return the banner of a run. `doing` is Starting, Resuming or Landing."""
    return [RULE, f"{doing} Milestone: {milestone.id}", RULE]


def bootstrapped(milestone: Milestone, done: Bootstrapped, state: State) -> list[str]:
    """Return the lines of the bootstrap, from its evidence and from the records of earlier runs."""
    tests = done.tests
    counts = f"{tests.passed} passed, {len(tests.failed)} failed" if tests.counted else "passed, none counted"
    baseline = tests.problem or counts
    size = f"{count(len(milestone.issues), 'issue')}, {count(len(milestone.phases), 'phase')}"
    return [
        "",
        "📋 Bootstrap",
        *(["✓ Milestone folder exists"] if state.folder.is_dir() else []),
        f"✓ Implementation plan loaded ({size})",
        *(["✓ First run detected"] if state.journal.count("run started") == 1 else []),
        f"{_baseline_sign(tests)} Baseline tests: {baseline}",
        *absent_submodules(done.absent_submodules),
        *(f"⚠️ {problem}" for problem in done.unowned),
        *unsteady(tests),
        *imports(tests),
        *foreseen(done.preflight),
        *rewritten(tests),
        *([f"· Coverage of changed lines is not measured: {tests.unmeasured}"] if tests.unmeasured else []),
    ]


def _baseline_sign(tests: Tested) -> str:
    """Return ✓ only where the tests ran to their end and none failed; a repository without tests gets no sign."""
    if is_empty(tests.problem):
        return "·"
    return "✗" if tests.problem or tests.failed else "✓"


def absent_submodules(paths: tuple[str, ...]) -> list[str]:
    """Return which submodules are empty in every tree, and the command that fetches them."""
    if not paths:
        return []
    what = f"{count(len(paths), 'submodule')} empty in every tree, because not fetched here: {listing(paths)}"
    return [f"⚠️ {what}; `git submodule update --init --recursive` fetches them"]


def foreseen(findings: tuple[Finding, ...]) -> list[str]:
    """Return what the forge and the remote allow that a person should know; what they refuse is asked."""
    marks = {Severity.WARNING: "⚠️", Severity.INFO: "·"}
    notes = [one for one in findings if one.severity in marks]
    return [f"{marks[one.severity]} {one.message}" + (f" ({one.detail})" if one.detail else "") for one in notes]


def unsteady(tests: Tested) -> list[str]:
    """Return the tests whose failure does not count, with how they ended."""
    flaky = [f"⚠️ Flaky: {name} {how}" for name, how in tests.flaky.items()]
    return [*flaky, *(f"⚠️ Quarantine: {name}: {how}" for name, how in tests.quarantined.items())]


def imports(tests: Tested) -> list[str]:
    """Return from where the tests took the packages of the repository, and by which interpreter."""
    seen = tests.imports
    if seen is None or seen.elsewhere:
        return []
    if seen.places:
        return [f"✓ Code under test: {listing(seen.places)}, by {seen.python}"]
    return ["· No Python of the tests said from where it imports the code under test"] if seen.unknown else []


def rewritten(tests: Tested) -> list[str]:
    """Return which tracked files the tests write to before any work: it is no question later."""
    if not tests.rewritten:
        return []
    return [f"· The tests write to {listing(tuple(tests.rewritten))}; what they change is put back after each run"]


def quality_gate() -> list[str]:
    """Return the lines before the review of the plan."""
    return ["", "🔍 Quality Gate", "Invoking plan-review...", ""]


def plan_reviewed(milestone: Milestone, done: PlanReviewed) -> list[str]:
    """Return the findings of the plan review, then branch and scope of the run."""
    critical = sum(1 for finding in done.findings if finding.severity is Severity.CRITICAL)
    warnings = [finding for finding in done.findings if finding.severity is not Severity.CRITICAL]
    verdict = "✗ Findings" if critical else "✓ Passed"
    review = [
        f"{verdict} ({critical} critical, {count(len(warnings), 'warning')})",
        *(f"  {sign(finding)} {finding.message}" for finding in done.findings),
    ]
    skipped = ["", f"⚠️ Plan review was left out by {done.left_out_by} (--skip-plan-review); a run without it reviews"]
    return [
        *(skipped if done.left_out_by else review),
        "",
        f"✓ Base branch: {milestone.branch}",
        f"✓ Scope tags: [{', '.join(milestone.scope)}]",
        "✓ State validated",
    ]


def issue_banner(issue: Issue) -> list[str]:
    """Return the banner of an issue."""
    return ["", RULE, f"Issue #{issue.number}: {one_line(issue.title)}{reference(issue)}", RULE, ""]


def decided(decision: Decision, issue: Issue | None) -> list[str]:
    """Return the lines of a decision that was taken."""
    why = f': "{decision.why}"' if decision.why else ""
    if decision.verb is Verb.SKIP and issue is not None:
        return ["", f"⏭️ Skipped Issue #{issue.number}", "", f'Recorded: "{decision.why or "no reason given"}"']
    if decision.verb is Verb.UNSKIP:
        what = f"Issue #{issue.number}" if issue else decision.gate.replace("-", " ").capitalize()
        return ["", f"↩ {what} is taken up again", "", f'Recorded: "{decision.why or "no reason given"}"']
    return ["", f"✓ Decision {decision.id}: {decision.verb} at gate {decision.gate} by {decision.who}{why}"]


def counted(decision: Decision, progress: str) -> str:
    """Return the line of an answer that waits for others; `progress` is who is waited for."""
    left = f": {progress}" if progress else ""
    return f"✓ Answer {decision.id}: {decision.verb} at gate {decision.gate} by {decision.who}{left}"


def refused(file: str, why: str, aside: str) -> str:
    """Return what is said of an approval file that was set aside under another name."""
    return f"✗ Approval {file} was not taken: {why}. It is kept as {aside} in approvals/stale/."


def team_unknown(team: str, why: str) -> str:
    """Return that nobody counts for a team, and what makes its members known; `why` it could not be asked for."""
    because = f"could not be asked for: {why.rstrip('.')}" if why else "does not exist, or this login may not see it"
    way_out = "name its members below `teams` in the plan, or use a login that may read the organization (`read:org`)"
    return f"⚠️ The team {team} {because}. Nobody counts for it: {way_out}"


def phase_opened(number: int, first: Issue) -> list[str]:
    """Return the line that opens a phase."""
    return [f"→ Starting Phase {number}, Issue #{first.number}"]


def ended(status: str, milestone: str, gates: tuple[Gate, ...], *, idle: bool) -> list[str]:
    """Return the last lines of a run. `idle` means that it ran no task."""
    if status == "complete":  # the summary is the last task's
        unwritten = [] if html.is_available() else ["", f"⚠️ No report.html: {html.NEEDED} {html.INSTALL}"]
        return [*(["", f"✓ Milestone {milestone} is complete; nothing to do."] if idle else []), *unwritten]
    if status == "waiting" and gates:
        waiting = [f"  {gate.gate}: {headlines(gate)} — {' | '.join(answers_to(gate))}" for gate in gates]
        how = f"`run-milestone gates {milestone}` lists the commands that answer."
        return ["", RULE, f"Waiting for {count(len(gates), 'decision')}:", *waiting, how]
    if status == "aborted":
        return ["", f"Aborted. `run-milestone {milestone}` resumes it."]
    if status == "unfinished":
        goes_on = f"`run-milestone {milestone}` goes on, `run-milestone why {milestone}` tells with what."
        return ["", f"Not finished: {goes_on}"]
    return []


def withdrawn(gate: str, why: str) -> str:
    """Return that a gate was closed without an answer."""
    return f"· Gate {gate} is withdrawn: {why}"


def attempt_lost(issue: str) -> str:
    """Return that an attempt ended with its run."""
    return f"⚠️ An attempt at #{issue} ended with its run: it counts, what it took and cost is unknown"


def review_lost(issue: str) -> str:
    """Return that agents which reviewed ended with their run."""
    return f"⚠️ A review of #{issue} ended with its run: it counts, what it cost is unknown"


def task_note(task: str, what: str) -> list[str]:
    """Return what a verbose run says of a task."""
    return [f"· {task} {what}"]


def task_failed(milestone: str, task: str, error: Exception) -> list[str]:
    """Return why a task failed that asks nobody."""
    return ["", f"✗ {milestone}:{task} failed: {error}"]


def waiting_for_answers(folder: str) -> list[str]:
    """Return where a watching run waits for answers."""
    return ["", f"… Waiting for answers in {folder}; ^C ends the run"]


def not_shared(error: Exception) -> list[str]:
    """Return why the state could not be sent."""
    return [f"⚠️ Not shared: {error}"]


def issues_done(numbers: tuple[str, ...]) -> list[str]:
    """Return the last line of a run of some issues."""
    return ["", f"✓ Done: {', '.join(f'#{number}' for number in numbers)}"]


def metrics_written(file: str) -> list[str]:
    """Return where the metrics are."""
    return ["", f"✓ Metrics written: {file}"]


def made(what: str, place: str) -> list[str]:
    """Return what a run made at its start: its sample repository, a local remote."""
    return ["", f"✓ {what} made: {place}"]


def uncommitted(place: str, count: int) -> list[str]:
    """Return the warning about a repository with uncommitted changes."""
    changes = "an uncommitted change" if count == 1 else f"{count} uncommitted changes"
    left = "left alone and not part of the milestone. Commit first what should be part of it."
    return ["", f"⚠️ {place} has {changes}, {left}"]
