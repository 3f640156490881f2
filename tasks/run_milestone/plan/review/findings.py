"""Make the findings of the plan review: critical, warning or remark."""

from __future__ import annotations

from ...model import Finding, Issue, Kind, Severity

PLAN = "plan.yaml"


def critical(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return a finding that has to be approved: as planned the work cannot succeed."""
    return Finding(Kind.PLAN_CRITICAL, Severity.CRITICAL, rule, message, path)


def warning(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return a finding that should be corrected before work begins."""
    return Finding(Kind.PLAN_WARNING, Severity.WARNING, rule, message, path)


def remark(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return a finding that needs no answer."""
    return Finding(Kind.PLAN_WARNING, Severity.INFO, rule, message, path)


def place(issue: Issue) -> str:
    """Return the file that says what an issue is."""
    return issue.spec.path if issue.spec else PLAN


def numbers(issues: list[str]) -> str:
    """Return `#02, #03 and #05`."""
    *first, last = (f"#{number}" for number in issues)
    return f"{', '.join(first)} and {last}" if first else last
