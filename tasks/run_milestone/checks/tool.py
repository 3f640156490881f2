"""tool: what is said when a check's own tool cannot give an answer; that is a stop, never a pass."""

from __future__ import annotations

from ..model import Finding, Kind, Severity


def missing(tool: str, extra: str, without: str) -> Finding:
    """Name the tool that is not installed, what was therefore not done, and the extra that brings it."""
    return failed(tool, f"{tool} is not installed; {without}: pip install 'run-milestone[{extra}]'")


def failed(tool: str, message: str) -> Finding:
    """Return the finding that stands for an answer that did not come."""
    return Finding(Kind.TOOL, Severity.WARNING, tool, message)
