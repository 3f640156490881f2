"""review: what a careful colleague would say about a plan before work begins; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ..model import Criterion, Finding, Issue, Kind, Milestone, Severity

EPIC = "epic.md"
"""The epic's file, beside the plan."""
MANY_CRITERIA = 6
"""From here on an issue is usually two issues."""
MANY_DEPENDENCIES = 3
"""With more, the issue waits for most of its phase."""
MANY_WARNINGS = 5
"""From here on somebody should read them before work begins."""
VAGUE = re.compile(
    r"\b(fast|faster|quick|quickly|slow|efficient|efficiently|performant|scalable|responsive|robust|robustly|reliable"
    r"|user-friendly|intuitive|easy|simple|clean|nice|good|better|reasonable|reasonably|appropriate|appropriately"
    r"|adequate|sufficient|sufficiently|as needed|if needed|as necessary|if possible|where possible|and so on|etc)\b",
    re.IGNORECASE,
)
"""Words that two people measure differently."""

FALLBACK = re.compile(
    r"(?i)fall ?back|time ?-?out|time limit|retr(?:y|ies)|unavailable|unreachable|offline|degrad|circuit|outage"
    r"|\b(?:is|are|was|be) down\b|does not answer|no answer|\bfails?\b|failure|\berrors?\b|\b5(?:0\d|xx)\b"
)
"""What a text about the outside says when it says what happens without it."""
TASK = re.compile(r"(?m)^[ \t]*[-*+] \[ \] +(\S.*?)[ \t]*$")
"""An open item of a Markdown task list."""

Rule = Callable[[Issue], Iterator[Finding]]


def review(milestone: Milestone, epic: str = "") -> tuple[Finding, ...]:
    """Return what the plan leaves open, issue by issue: critical where nobody could tell when the issue is done.

    `epic` is the text of the epic that the milestone belongs to; what it asks for and no issue mentions is left open.
    """
    found = (finding for issue in milestone.issues for rule in RULES for finding in rule(issue))
    return tuple(dict.fromkeys((*found, *_uncovered(milestone, epic))))


def remarks(milestone: Milestone) -> tuple[Finding, ...]:
    """Return what is worth knowing and asks for nothing: stops to expect, and what could run at the same time."""
    said = (finding for issue in milestone.issues for finding in _no_fallback(issue))
    return tuple(dict.fromkeys((*said, *_parallel(milestone))))


def verdict(findings: Iterable[Finding]) -> str:
    """Return what the review comes to: READY, REVIEW WARNINGS or ADDRESS CRITICALS."""
    severities = [finding.severity for finding in findings]
    if Severity.CRITICAL in severities:
        return "ADDRESS CRITICALS"
    return "REVIEW WARNINGS" if severities.count(Severity.WARNING) >= MANY_WARNINGS else "READY"


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


def _no_fallback(issue: Issue) -> Iterator[Finding]:
    texts = [*(criterion.text for criterion in issue.criteria), issue.spec.text if issue.spec else ""]
    if issue.external and not any(FALLBACK.search(text) for text in texts):
        message = f"Issue #{issue.number} does not say what happens when the outside does not answer"
        yield Finding(Kind.PLAN_WARNING, Severity.INFO, "fallback", message, _path(issue))


def _parallel(milestone: Milestone) -> Iterator[Finding]:
    """Yield, per phase, the issues that wait for none of their phase."""
    for phase in milestone.phases:
        own = {issue.number for issue in phase.issues}
        free = [issue.number for issue in phase.issues if own.isdisjoint(issue.depends_on)]
        if len(free) > 1:
            message = f"Phase {phase.number}: {', '.join(f'#{number}' for number in free)} can run in parallel"
            yield Finding(Kind.PLAN_WARNING, Severity.INFO, "parallel", message, "plan.yaml")


def _uncovered(milestone: Milestone, epic: str) -> Iterator[Finding]:
    """Yield what an epic's task list asks for and no issue has at least half the words of."""
    issues = [_words(" ".join((issue.title, *(one.text for one in issue.criteria)))) for issue in milestone.issues]
    for item in TASK.findall(epic):
        asked = _words(item)
        if asked and not any(2 * len(asked & words) >= len(asked) for words in issues):
            message = f"No issue mentions what the epic asks for: {item}"
            yield Finding(Kind.PLAN_WARNING, Severity.WARNING, "epic", message, EPIC)


def _words(text: str) -> set[str]:
    """Return the words of a text that mean something: four letters or more, plurals with their singular."""
    return {word.removesuffix("s") for word in re.findall(r"[^\W_]{4,}", text.lower())}


def _critical(issue: Issue, rule: str, message: str) -> Finding:
    return Finding(Kind.SPEC_MISSING, Severity.CRITICAL, rule, message, _path(issue))


def _warning(issue: Issue, rule: str, message: str) -> Finding:
    return Finding(Kind.PLAN_WARNING, Severity.WARNING, rule, message, _path(issue))


def _path(issue: Issue) -> str:
    return issue.spec.path if issue.spec else "plan.yaml"


RULES: tuple[Rule, ...] = (_spec, _no_criteria, _many_criteria, _integration, _many_dependencies, _vague)
