"""Write the body and labels of an issue on the forge from an issue of a plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.text import for_markdown, for_record
from ...render.phrases import one_line
from ...render.pull_request import mark
from .parse_issue import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, Milestone

LONGEST = 60_000
"""Characters; forges cut longer bodies off."""


def body(milestone: Milestone, issue: Issue) -> str:
    """Return the body: specification, criteria as a task list, dependencies by number, and the hidden mark."""
    parts = [_spec(issue), "\n".join(_criteria(issue)), _needs(milestone, issue)]
    text = for_record("\n\n".join(filter(None, parts)))
    return f"{text[:LONGEST]}\n\n{mark(milestone, issue)}\n"


def labels(milestone: Milestone, issue: Issue) -> tuple[str, ...]:
    """Return the labels of an issue, with those for priority, type and phase."""
    kind = () if issue.type == "feat" else (issue.type,)
    phase = (f"phase-{issue.phase}",) if len(milestone.phases) > 1 else ()
    return tuple(dict.fromkeys((*issue.labels, issue.priority, *kind, *phase)))


def _spec(issue: Issue) -> str:
    """Return the specification without its title and its list of criteria."""
    if issue.spec is None:
        return ""
    prose, _ = sections(issue.spec.text)
    return for_markdown(re.sub(r"\A\s*# [^\n]*\n", "", prose)).strip()


def _criteria(issue: Issue) -> Iterator[str]:
    if issue.criteria:
        yield from ("## Acceptance criteria", "")
    for criterion in issue.criteria:
        proof = f" (proved by `{one_line(criterion.test).replace('`', '')}`)" if criterion.test else ""
        yield f"- [ ] {for_markdown(one_line(criterion.text))}{proof}"


def _needs(milestone: Milestone, issue: Issue) -> str:
    numbers = {other.number: other.github for other in milestone.issues}
    known = [f"#{numbers[needed]}" for needed in issue.depends_on if numbers[needed]]
    return f"Depends on {', '.join(known)}." if known else ""
