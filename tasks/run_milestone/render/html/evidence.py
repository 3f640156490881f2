"""Evidence, criterion by criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from ...model import Bootstrapped, Implemented, Inspected, PlanReviewed, Reviewed, Severity, Step, Tested
from ...policy.criteria import about, named
from ...policy.graph import BOOTSTRAP, PLAN_REVIEW
from .data import STANDING, proofs, proven
from .elements import code, listed, pill, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Criterion, Issue
    from .data import Records


def evidence(records: Records) -> Iterator[str]:
    """Yield what shows that each criterion is met."""
    yield '<h2 id="evidence">Evidence, criterion by criterion</h2>'
    yield f"<p class='soft small'>{text(_baseline(records))}</p>"
    for issue in records.milestone.issues:
        story, (done, total) = records.told[issue.number], proofs(records, issue)
        of = f"{done} of {total} proven" if total else STANDING[story.status]
        yield f'<details id="issue-{issue.number}"{"" if story.status == "done" else " open"}>'
        yield f"<summary><b>#{issue.number} {text(issue.title)}</b>{pill(story.status, STANDING[story.status])}"
        yield f'<span class="when small soft">{of}</span></summary><div class="fact">'
        yield from _facts(records, issue)
        yield "</div></details>"


def _before(tests: Tested) -> str:
    if tests.problem:
        return f"the tests came to no verdict: {tests.problem}"
    return f"{count(tests.passed, 'test')} passed, {len(tests.failed)} failed" if tests.counted else "the tests passed"


def _baseline(records: Records) -> str:
    baseline = records.state.markers.evidence(BOOTSTRAP, Bootstrapped)
    reviewed = records.state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    told = [f"Before any work {_before(baseline.tests)}."] if baseline else []
    if reviewed and reviewed.left_out_by:
        told.append(f"The review of the plan was left out by {reviewed.left_out_by}.")
    elif reviewed:
        kinds = (Severity.CRITICAL, Severity.WARNING)
        found = [finding.message for finding in reviewed.findings if finding.severity in kinds]
        told.append(f"The review of the plan found: {'; '.join(found) or 'nothing'}.")
    return " ".join(told) or "Nothing has been tested yet."


def _facts(records: Records, issue: Issue) -> Iterator[str]:
    markers = records.state.markers
    tested = markers.evidence(f"{issue.number}:{Step.TEST}", Tested)
    inspected = markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
    implemented = markers.evidence(f"{issue.number}:{Step.IMPLEMENT}", Implemented)
    reviewed = markers.evidence(f"{issue.number}:{Step.REVIEW}", Reviewed)
    if records.told[issue.number].reason:
        yield f"<p>Skipped: {text(records.told[issue.number].reason)}</p>"
    yield '<ul class="criteria">'
    for number, criterion in enumerate(issue.criteria, start=1):
        said = [finding.message for finding in about(number, reviewed.findings if reviewed else ())]
        yield _criterion(criterion, tested, named(criterion.text, inspected.paths if inspected else ()), said)
    yield "</ul>"
    if tested:
        yield f"<p>{text(_tests(tested))}</p>"
    if inspected:
        size = f"{count(inspected.files, 'file')}, {count(inspected.lines, 'line')}"
        yield f"<p>Change: {size}. Commit {code(inspected.head[:12])}.</p>{listed(inspected.findings)}"
    if implemented and implemented.report:
        rows = "".join(f"<li>{text(line)}</li>" for line in implemented.report)
        yield f'<p class="soft">In the words of who implemented it (attempt {implemented.attempt}):</p><ul>{rows}</ul>'


def _criterion(criterion: Criterion, tested: Tested | None, changed: tuple[str, ...], reviewed: list[str]) -> str:
    shown = proven(criterion, tested)
    told = [f"passed: {criterion.test}" if shown else _unproven(criterion, tested)]
    told += [f"changed: {path}" for path in changed] + [f"a reviewer: {said}" for said in reviewed]
    marks = "".join(code(said) for said in told)
    return f"<li{' class=proven' if shown else ''}>{text(criterion.text)}{marks}</li>"


def _unproven(criterion: Criterion, tested: Tested | None) -> str:
    if criterion.test is None:
        return "the plan names no test for it"
    return f"{'not run yet' if tested is None else 'not seen to pass'}: {criterion.test}"


def _tests(tested: Tested) -> str:
    if tested.problem:
        return f"Tests: {tested.problem}."
    if not tested.counted:
        return "Tests: passed, none counted."
    rest = [f"{len(tested.failed)} failed"]
    rest += [f"{tested.skipped} skipped"] if tested.skipped else []
    rest += [f"{len(tested.known)} known failures not counted"] if tested.known else []
    failed = f" ({', '.join(tested.failed)})" if tested.failed else ""
    return f"Tests: {tested.passed} passed, {', '.join(rest)}{failed}."
