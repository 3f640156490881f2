"""Renders the review of a plan: the verdict, then the findings by severity."""

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
    """Return the review as lines of Markdown, which are readable on a terminal too."""
    shown = (*findings, *remarks(milestone))
    lines = [f"Verdict: {verdict(findings)}"]
    for severity, head in _HEADS.items():
        messages = [one_line(finding.message) for finding in shown if finding.severity is severity]
        if messages:
            lines += ["", f"{count(len(messages), head)}:", "", *(f"- {message}" for message in messages)]
    return lines if len(lines) > 1 else [*lines, "", "Nothing found."]
