"""Phrases that several texts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import for_record
from ..core.units import count
from ..model import Decision, Kind, Severity, Step, Verb
from ..policy.stops import HIDDEN, NOT_STARTED, STOPS, WITH_OUTPUT
from ..policy.topics import kinds, parse, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Finding, Gate, Inspected, Issue

RULE = "═" * 47


def one_line(text: str) -> str:
    """Return untrusted text as one line without secrets, so that it cannot forge a trailer, a heading or a line."""
    return for_record(" ".join(text.split()))


def reference(issue: Issue) -> str:
    """Return the issue's number on the forge, `(#297)`; empty where it has none."""
    return f" (#{issue.github})" if issue.github else ""


def short_title(issue: Issue) -> str:
    """Return the title used in lists."""
    return one_line(issue.short_title or issue.title)


def tag_step(tag: str) -> str:
    """Return the step that tags the milestone; without a suggestion, versions are dates."""
    return f"Tag: {tag}" if tag else "Tag it by its date, as this repository does"


def listing(words: tuple[str, ...], shown: int = 3) -> str:
    """Return the first of many words, and how many more there are."""
    more = f" and {len(words) - shown} more" if len(words) > shown else ""
    return ", ".join(words[:shown]) + more


def next_steps(steps: list[str]) -> list[str]:
    """Return the next steps as a numbered list."""
    return ["Next steps:", *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]


def place(finding: Finding) -> str:
    """Return ` — src/users/sanitize.py#L15`, empty where a finding has no path, or names it in its message."""
    if finding.path is None or (not finding.line and finding.message.endswith(finding.path)):
        return ""
    return f" — {finding.path}#L{finding.line}" if finding.line else f" — {finding.path}"


def found_at(finding: Finding) -> str:
    """Return a finding in one line, with its place and detail."""
    detail = finding.detail or ""
    if finding.kind in WITH_OUTPUT:
        # the whole output is shown where there is room for it; a setup's message has its telling line
        detail = "" if finding.kind is Kind.SETUP else detail.rpartition("\n")[2].strip()
    return f"{finding.message}{place(finding)}" + (f" ({detail})" if detail else "")


def wanted(issue: Issue) -> list[str]:
    """Return an issue's criteria and specification, for the person who implements it."""
    tests = (f" (proven by {criterion.test})" if criterion.test else "" for criterion in issue.criteria)
    rows = [f"- {one_line(criterion.text)}{test}" for criterion, test in zip(issue.criteria, tests, strict=True)]
    spec = [f"More in {issue.spec.path}, beside the plan"] if issue.spec else []
    return ["Wanted:", *rows, *spec]


def sign(finding: Finding) -> str:
    """Return the sign of a finding by its severity."""
    return "✗" if finding.severity is Severity.CRITICAL else "⚠️"


def headline(kind: Kind, findings: tuple[Finding, ...]) -> str:
    """Return the headline of a stop: `Code review: 1 critical issue`, `Breaking schema: DROP COLUMN`."""
    title = STOPS[kind].title
    if kind is Kind.REVIEW:
        critical = all(finding.severity is Severity.CRITICAL for finding in findings)
        return f"{title}: {count(len(findings), 'critical issue' if critical else 'issue')}"
    if kind is Kind.CONFLICT and all(finding.rule == Step.PUSH for finding in findings):
        return "Others pushed to its branch"
    if kind is Kind.BASELINE and findings and all(finding.rule == HIDDEN for finding in findings):
        return "Tests need files that the sandbox hides"
    if kind is Kind.BASELINE and any(finding.rule == NOT_STARTED for finding in findings):
        return "The test command cannot start"
    if kind is Kind.MIGRATION_BREAKING:
        return f"{title}: {', '.join(dict.fromkeys(finding.rule for finding in findings))}"
    if kind is Kind.PEOPLE_MISSING and findings:
        return f"{title}: {findings[0].message.partition(' approving')[0]}"
    return title


PURPOSE = {
    Verb.FIX: "send the findings back and check again",
    Verb.APPROVE: "accept exactly what is shown above",
    Verb.RETRY: "try the same again",
    Verb.RESTART: "throw the branch's work away and implement again",
    Verb.CONTINUE: "go on with the next phase",
    Verb.SKIP: "leave this issue out",
    Verb.SKIP_PHASE: "leave out what is unfinished in this phase",
    Verb.UNSKIP: "take a skip back",
    Verb.ABORT: "end the run; the same command resumes it",
}
"""What each verb does."""


def purpose(word: str) -> str:
    """Return what an answer does: `fix`, or `approve-licence` where it answers one question of a gate."""
    verb, topic = parse(word)
    return f"{PURPOSE[Verb(verb)]}: {topic}" if topic else PURPOSE[Verb(verb)]


def headlines(about: Gate | Decision) -> str:
    """Return the headline of a gate or a decision; of one about several questions that of each kind."""
    of = kinds(about) if isinstance(about, Decision) else tuple(one.kind for one in split(about).values())
    several = len(of) > 1
    asked = (headline(kind, tuple(one for one in about.findings if one.kind is kind or not several)) for kind in of)
    return " · ".join(dict.fromkeys(asked))


def migrated(inspected: Inspected) -> list[str]:
    """Return what became of new migrations on a scratch database, a line each."""
    return [f"Migrations: {sentence}" for sentence in inspected.migrated]


def first_few(names: Sequence[str]) -> str:
    """Return the first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
