"""What a pull request says: title and body, made from the plan and from evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..redaction import inert_markdown, redact
from .words import count, headline, one_line, place, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Criterion, Decision, Implemented, Inspected, Issue, Milestone, Tested

LONGEST = 60_000
"""Characters; forges cut bodies off a little above."""


def title(milestone: Milestone, issue: Issue) -> str:
    """Return `feat(m4.1): Add input sanitization (#297)`."""
    return f"{issue.type}({milestone.id}): {one_line(issue.title)}{reference(issue)}"


def mark(milestone: Milestone, issue: Issue) -> str:
    """Return the hidden mark by which a pull request is found again."""
    return f"<!-- run-milestone: {milestone.id}/{issue.number} -->"


def body(
    milestone: Milestone,
    issue: Issue,
    implemented: Implemented,
    tested: Tested,
    inspected: Inspected,
    decisions: tuple[Decision, ...],
) -> str:
    """Return the body: what changed, which criteria are proven by which test, what was found, who decided what."""
    parts = [
        f"Issue {issue.number} of milestone {milestone.id}: {inert_markdown(one_line(issue.title))}",
        "\n".join(_changes(implemented, inspected)),
        "\n".join(_criteria(issue.criteria, tested)),
        "\n".join(_tests(tested)),
        "\n".join(_findings(inspected)),
        "\n".join(_decisions(decisions)),
        mark(milestone, issue),
    ]
    return redact("\n\n".join(part for part in parts if part))[:LONGEST] + "\n"


def _changes(implemented: Implemented, inspected: Inspected) -> Iterator[str]:
    yield "## Changes"
    yield f"{count(inspected.files, 'file')}, {count(inspected.lines, 'line')}."
    for line in implemented.report:
        yield f"- {inert_markdown(line)}"


def _criteria(criteria: tuple[Criterion, ...], tested: Tested) -> Iterator[str]:
    if criteria:
        yield "## Acceptance criteria"
    for criterion in criteria:
        proven = criterion.test in tested.proven
        proof = f"proven by `{criterion.test}`" if proven else "not proven by a test"
        yield f"- [{'x' if proven else ' '}] {inert_markdown(criterion.text)} — {proof}"


def _tests(tested: Tested) -> Iterator[str]:
    yield "## Tests"
    skipped = f", {tested.skipped} skipped" if tested.skipped else ""
    yield f"{tested.passed} passed, {len(tested.failed)} failed{skipped}."
    if tested.unmeasured:
        yield f"Coverage of changed lines: not measured: {inert_markdown(tested.unmeasured)}."
    elif tested.coverage and tested.coverage.lines:
        yield f"They run {tested.coverage.covered:,} of {tested.coverage.lines:,} changed lines."


def _findings(inspected: Inspected) -> Iterator[str]:
    if inspected.findings:
        yield "## Worth a look"
    for kind in dict.fromkeys(finding.kind for finding in inspected.findings):
        shown = tuple(finding for finding in inspected.findings if finding.kind is kind)
        yield f"- {headline(kind, shown)}"
        for finding in shown:
            detail = f" ({inert_markdown(finding.detail)})" if finding.detail else ""
            yield f"  - {inert_markdown(finding.message)}{place(finding)}{detail}"


def _decisions(decisions: tuple[Decision, ...]) -> Iterator[str]:
    if decisions:
        yield "## Decisions"
    for decision in decisions:
        why = f": {inert_markdown(decision.why)}" if decision.why else ""
        yield f"- {decision.verb} by {inert_markdown(decision.who)} at {decision.when}{why}"
