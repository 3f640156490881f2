"""Review a plan before work begins."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ...model import Severity
from . import acceptance, completeness, ordering, risk, structure
from .acceptance import unspecified
from .completeness import EPIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...model import Finding, Milestone

__all__ = ["EPIC", "remarks", "review", "unspecified", "verdict"]

MANY_WARNINGS = 5
"""From this number on the verdict asks a person to read them."""


def review(milestone: Milestone, epic: str = "") -> tuple[Finding, ...]:
    """Return the findings about a plan, critical ones first, each once.

    `epic` is the text of the epic that the milestone belongs to.
    """
    rules = (*structure.RULES, *acceptance.RULES, *ordering.RULES, *completeness.RULES, *risk.RULES)
    clashes: dict[str, list[Finding]] = {}
    for number, finding in risk.same_files(milestone):
        clashes.setdefault(number, []).append(finding)
    each = (
        finding
        for issue in milestone.issues
        for finding in chain(*(rule(issue, milestone) for rule in rules), clashes.get(issue.number, ()))
    )
    findings = dict.fromkeys((*each, *structure.whole(milestone), *completeness.uncovered(milestone, epic)))
    return tuple(sorted(findings, key=lambda finding: finding.severity is not Severity.CRITICAL))


def remarks(milestone: Milestone) -> tuple[Finding, ...]:
    """Return what needs no answer: stops to expect, and issues that can run in parallel."""
    expected = (finding for issue in milestone.issues for finding in risk.expected(issue, milestone))
    return tuple(dict.fromkeys((*expected, *ordering.parallel(milestone))))


def verdict(findings: Iterable[Finding]) -> str:
    """Return the verdict: READY, REVIEW WARNINGS or ADDRESS CRITICALS."""
    severities = [finding.severity for finding in findings]
    if Severity.CRITICAL in severities:
        return "ADDRESS CRITICALS"
    return "REVIEW WARNINGS" if severities.count(Severity.WARNING) >= MANY_WARNINGS else "READY"
