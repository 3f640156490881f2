"""review: what a careful colleague would say about a plan before work begins; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..model import Criterion, Finding, Issue, Kind, Milestone, Severity

MANY_CRITERIA = 6
"""From here on an issue is usually two issues."""
MANY_DEPENDENCIES = 3
"""With more, the issue waits for most of its phase."""
VAGUE = re.compile(
    r"\b(fast|faster|quick|quickly|slow|efficient|efficiently|performant|scalable|responsive|robust|robustly|reliable"
    r"|user-friendly|intuitive|easy|simple|clean|nice|good|better|reasonable|reasonably|appropriate|appropriately"
    r"|adequate|sufficient|sufficiently|as needed|if needed|as necessary|if possible|where possible|and so on|etc)\b",
    re.IGNORECASE,
)
"""Words that two people measure differently."""

Rule = Callable[[Issue], Iterator[Finding]]


def review(milestone: Milestone) -> tuple[Finding, ...]:
    """Return what the plan leaves open, issue by issue: critical where nobody could tell when the issue is done."""
    return tuple(finding for issue in milestone.issues for rule in RULES for finding in rule(issue))


def unspecified(issue: Issue) -> tuple[Finding, ...]:
    """Return why nobody could tell when this issue is done; empty where somebody could."""
    return (*_spec(issue), *_no_criteria(issue))


def _spec(issue: Issue) -> Iterator[Finding]:
    if issue.spec and not issue.spec.text.strip():
        yield _critical(issue, "spec", f"Issue #{issue.number} has no text in its spec {issue.spec.path}")


def _no_criteria(issue: Issue) -> Iterator[Finding]:
    if not issue.criteria:
        yield _critical(issue, "criteria", f"Issue #{issue.number} has no acceptance criteria")


def _many_criteria(issue: Issue) -> Iterator[Finding]:
    if len(issue.criteria) >= MANY_CRITERIA:
        yield _warning(issue, "many-criteria", f"Issue #{issue.number} has {len(issue.criteria)} acceptance criteria")


def _integration(issue: Issue) -> Iterator[Finding]:
    if issue.external and not issue.tests.integration:
        yield _warning(issue, "integration-test", f"Missing integration test spec in #{issue.number}")


def _many_dependencies(issue: Issue) -> Iterator[Finding]:
    if len(issue.depends_on) > MANY_DEPENDENCIES:
        yield _warning(issue, "many-dependencies", f"Issue #{issue.number} depends on {len(issue.depends_on)} issues")


def _vague(issue: Issue) -> Iterator[Finding]:
    for number, criterion in enumerate(issue.criteria, start=1):
        if word := _vague_word(criterion):
            yield _warning(issue, "vague", f"Issue #{issue.number}, criterion {number}: “{word}” cannot be measured")


def _vague_word(criterion: Criterion) -> str | None:
    """Return the first vague word; a number beside it, or a test that proves it, says what is meant."""
    if criterion.test or re.search(r"[0-9]", criterion.text):
        return None
    found = VAGUE.search(criterion.text)
    return found.group().lower() if found else None


def _critical(issue: Issue, rule: str, message: str) -> Finding:
    return Finding(Kind.SPEC_MISSING, Severity.CRITICAL, rule, message, _path(issue))


def _warning(issue: Issue, rule: str, message: str) -> Finding:
    return Finding(Kind.PLAN_WARNING, Severity.WARNING, rule, message, _path(issue))


def _path(issue: Issue) -> str:
    return issue.spec.path if issue.spec else "plan.yaml"


RULES: tuple[Rule, ...] = (_spec, _no_criteria, _many_criteria, _integration, _many_dependencies, _vague)
