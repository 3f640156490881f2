"""compliance: is it what was asked for? Each acceptance criterion against the evidence that the runner made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Issue


def check(issue: Issue, proven: tuple[str, ...]) -> Iterator[Finding]:
    """Yield criteria whose named test did not prove them; one that names no test is told in the pull request only."""
    for criterion in issue.criteria:
        if criterion.test and criterion.test not in proven:
            detail = f"{criterion.test} did not run, or did not pass"
            yield Finding(Kind.REVIEW, Severity.WARNING, "criterion", f"Not proven: {criterion.text}", detail=detail)
