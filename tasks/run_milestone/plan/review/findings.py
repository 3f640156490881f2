"""saying: how the review says what it found: critical, to be approved; a warning; a remark, which asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...model import Finding, Issue, Kind, Milestone, Severity

Rule = Callable[[Issue, Milestone], Iterator[Finding]]

PLAN = "plan.yaml"


def critical(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return what has to be approved before work begins: as planned it cannot succeed."""
    return Finding(Kind.PLAN_CRITICAL, Severity.CRITICAL, rule, message, path)


def warning(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return what is worth mending before work begins."""
    return Finding(Kind.PLAN_WARNING, Severity.WARNING, rule, message, path)


def remark(rule: str, message: str, path: str = PLAN) -> Finding:
    """Return what is worth knowing."""
    return Finding(Kind.PLAN_WARNING, Severity.INFO, rule, message, path)


def place(issue: Issue) -> str:
    """Return the file that says what an issue is."""
    return issue.spec.path if issue.spec else PLAN


def numbers(issues: list[str]) -> str:
    """Return `#02, #03 and #05`."""
    *first, last = (f"#{number}" for number in issues)
    return f"{', '.join(first)} and {last}" if first else last
