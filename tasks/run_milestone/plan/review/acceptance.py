"""Check that an issue says when it is done, so that two people would agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...model import Finding, Kind, Severity
from .findings import place, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Criterion, Issue, Milestone

MANY_CRITERIA = 6
"""From this number on an issue is usually two issues."""
VAGUE = re.compile(
    r"\b(fast|faster|quick|quickly|slow|efficient|efficiently|performant|scalable|responsive|robust|robustly|reliable"
    r"|reliably|user[- ]friendly|properly|intuitive|intuitively|easy|easily|simple|clean|nice|nicely|good|better"
    r"|reasonable|reasonably|appropriate|appropriately|adequate|adequately|sufficient|sufficiently|acceptable|optimal|optimally"
    r"|optimi[sz]ed|smooth|smoothly|seamless|seamlessly|graceful|gracefully|timely|lightweight|various|several"
    r"|as needed|if needed|as necessary|as expected|as required|if possible|where possible|and so on|etc)\b",
    re.IGNORECASE,
)
"""Words that people measure differently."""
HOLLOW = re.compile(
    r"(it|this|that|everything|all|(the )?(feature|issue|change|code|function|endpoint|page|task))?\s*"
    r"(works?|(is|are) (done|complete|completed|finished|implemented|ready|working|ok|fine|tested|correct))"
    r"( (well|fine|correctly|properly|now))?[.!]?",
    re.IGNORECASE,
)
"""Criteria that say nothing but "it is done"."""
UNWRITTEN = re.compile(r"\b(TODO|TBD|FIXME|XXX)\b|\?\?\?|^(Say what must be true|Describe)\b")
"""Placeholders."""
AS_MADE = re.compile(r"Describe issue \d+ here|Say what must be true when issue \d+ is done")
"""What `init` and `plan new` write in the place of an issue."""


def unspecified(issue: Issue) -> tuple[Finding, ...]:
    """Return why it cannot be known when this issue is done; empty where it can."""
    return (*_spec(issue), *_no_criteria(issue), *_as_made(issue))


def _spec(issue: Issue) -> Iterator[Finding]:
    if issue.spec and not issue.spec.text.strip():
        yield _missing(issue, "spec", f"Issue #{issue.number} has no text in its spec {issue.spec.path}")


def _no_criteria(issue: Issue) -> Iterator[Finding]:
    if not issue.criteria:
        yield _missing(issue, "criteria", f"Issue #{issue.number} has no acceptance criteria")


def _as_made(issue: Issue) -> Iterator[Finding]:
    texts = (issue.title, *(criterion.text for criterion in issue.criteria))
    if text := next((text for text in texts if AS_MADE.fullmatch(text)), None):
        message = f"Issue #{issue.number} is not described yet: it still says “{text}”. Describe it in the plan"
        yield _missing(issue, "as-made", message)


def _missing(issue: Issue, rule: str, message: str) -> Finding:
    return Finding(Kind.SPEC_MISSING, Severity.CRITICAL, rule, message, place(issue))


def _unspecified(issue: Issue, _: Milestone) -> Iterator[Finding]:
    yield from unspecified(issue)


def _many_criteria(issue: Issue, _: Milestone) -> Iterator[Finding]:
    if len(issue.criteria) >= MANY_CRITERIA:
        message = f"Issue #{issue.number} has {len(issue.criteria)} acceptance criteria"
        yield warning("many-criteria", message, place(issue))


def _vague(issue: Issue, _: Milestone) -> Iterator[Finding]:
    for number, criterion in enumerate(issue.criteria, start=1):
        if why := _why_vague(criterion):
            yield warning("vague", f"Issue #{issue.number}, criterion {number}: {why}", place(issue))


def _why_vague(criterion: Criterion) -> str | None:
    """Return why a criterion cannot be measured; one with a number or a test can."""
    if UNWRITTEN.search(criterion.text):
        return "it is not written yet"
    if criterion.test or re.search(r"[0-9]", criterion.text):
        return None
    if HOLLOW.fullmatch(criterion.text.strip()):
        return f"“{criterion.text.strip()}” does not say how anybody could tell"
    match = VAGUE.search(criterion.text)
    return f"“{match.group().lower()}” cannot be measured" if match else None


RULES = (_unspecified, _many_criteria, _vague)
