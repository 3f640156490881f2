"""What the review of a plan says: its verdict, then what it found by how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Severity
from ..plan.review import remarks, verdict
from .phrases import one_line

if TYPE_CHECKING:
    from ..model import Finding, Milestone

_HEADS = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "remark"}


def reviewed(milestone: Milestone, findings: tuple[Finding, ...]) -> list[str]:
    """Return the review as lines of Markdown that a terminal shows as well; remarks ask for nothing."""
    said = (*findings, *remarks(milestone))
    lines = [f"Verdict: {verdict(findings)}"]
    for severity, head in _HEADS.items():
        own = [finding for finding in said if finding.severity is severity]
        if own:
            lines += ["", f"{count(len(own), head)}:", "", *(f"- {one_line(finding.message)}" for finding in own)]
    return lines if len(lines) > 1 else [*lines, "", "Nothing found."]
