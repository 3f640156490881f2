"""review: what a careful colleague would say about a plan before work begins; pure."""

from __future__ import annotations

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
"""From here on somebody should read them before work begins."""


def review(milestone: Milestone, epic: str = "") -> tuple[Finding, ...]:
    """Return what the plan leaves open, what is critical first, then issue by issue; nothing is said twice.

    `epic` is the text of the epic that the milestone belongs to; what it asks for and no issue mentions is left open.
    """
    rules = (*structure.RULES, *acceptance.RULES, *ordering.RULES, *completeness.RULES, *risk.RULES)
    each = (finding for issue in milestone.issues for rule in rules for finding in rule(issue, milestone))
    found = dict.fromkeys((*each, *structure.whole(milestone), *completeness.uncovered(milestone, epic)))
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.CRITICAL))


def remarks(milestone: Milestone) -> tuple[Finding, ...]:
    """Return what is worth knowing and asks for nothing: stops to expect, and what could run at the same time."""
    said = (finding for issue in milestone.issues for finding in risk.expected(issue, milestone))
    return tuple(dict.fromkeys((*said, *ordering.parallel(milestone))))


def verdict(findings: Iterable[Finding]) -> str:
    """Return what the review comes to: READY, REVIEW WARNINGS or ADDRESS CRITICALS."""
    severities = [finding.severity for finding in findings]
    if Severity.CRITICAL in severities:
        return "ADDRESS CRITICALS"
    return "REVIEW WARNINGS" if severities.count(Severity.WARNING) >= MANY_WARNINGS else "READY"
