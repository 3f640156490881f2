"""Decide what blocks a landing, and what would land in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Kind, by_branch
from ...policy.graph import phase_name
from ...policy.opinions import asking_for_changes
from ...policy.stacking import retargets
from ...policy.together import KINDS
from ...policy.topics import answers_to
from ...render.person_reviews import changes_requested
from ...render.phase import list_changes
from ...runner.ask import OpenQuestion, ask_about
from ...runner.up_to_date import SKIPPED, unready
from ...steps.people import hear
from ...steps.phase_changes import changes_since_answer
from ...steps.step_context import step_context
from ...steps.task import Questions
from ...store.issue_status import phase_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.forge import Forge
    from ...model import Issue, PersonReview, Phase, PullRequest
    from ...runner.session import Session

QUESTIONS = frozenset({Kind.CONFLICT, Kind.CHECKS, Kind.CHECKS_PENDING, Kind.FORGE, *KINDS})
"""Stops of a landing. The next landing checks again, so their open gates do not block it."""


def in_order(session: Session) -> list[Issue]:
    """Return the issues in the order in which they land: each after those it depends on."""
    issues = {issue.number: issue for issue in session.milestone.issues}
    return [issues[node.issue] for node in session.nodes.values() if node.group and node.issue]


def landing_blockers(session: Session, late: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what blocks the landing: a milestone lands as a whole, so every issue has to be finished or skipped.

    The `late` issues stand on what landed as other commits. They take that in, and are checked, when they are next.
    """
    skipped = {issue.number for issue in session.milestone.issues if session.settled(issue.number) == SKIPPED}
    for issue in session.milestone.issues:
        if session.settled(issue.number) or issue.number in late:
            continue
        if why := unready(session.ctx, issue.number, session.done.fresh):
            yield f"#{issue.number} is not finished ({why})"
        elif below := sorted(skipped.intersection(issue.depends_on)):
            way_out = f"skip it as well, or take that back (`unskip` at {below[0]})"
            yield f"#{issue.number} holds the work of #{below[0]}, which is skipped: {way_out}"
    for phase in session.milestone.phases:
        if session.check(session.ctx.nodes[phase_name(phase.number)]).run:
            yield _unapproved(session, phase)
    for gate in session.store.gates.all():
        if gate.kind not in QUESTIONS:
            yield f"gate {gate.gate} waits for {' | '.join(answers_to(gate))}"


def _unapproved(session: Session, phase: Phase) -> str:
    """Return that a phase is not approved, and what moved where it was approved before."""
    moved = changes_since_answer(session.ctx, phase_name(phase.number), phase_findings(phase, session.store))
    parts = [*(f"#{change.issue}: {change.what}" for change in moved)]
    parts += list_changes(phase, session.store)
    return f"phase {phase.number} is not approved" + (f" as it is now ({'; '.join(parts)})" if parts else "")


def review_blockers(session: Session, forge: Forge) -> Iterator[str]:
    """Yield what people's reviews of pull requests have against landing, whatever the forge's branch rules say."""
    branches = session.store.registry.branches(session.milestone)
    pulls = by_branch(forge.pulls(*branches.values()))
    issues = [issue for issue in session.milestone.issues if session.settled(issue.number) is None]
    proposed = ((issue, pulls.get(branches[issue.number])) for issue in issues)
    open_ones = {pull.number: issue for issue, pull in proposed if pull is not None and pull.state == "open"}
    for number, reviews in forge.reviews(*open_ones).items():
        for why in unanswered(session, open_ones[number], number, reviews):
            yield f"#{open_ones[number].number}: {why}"


def unanswered(session: Session, issue: Issue, number: int, reviews: tuple[PersonReview, ...]) -> Iterator[str]:
    """Yield what people ask for or have not approved on a pull request; nothing where somebody answered for it."""
    on = step_context(session.ctx, issue)
    if on.counted_from is None or on.head is None:  # no run has taken up its branch here, so nobody answered either
        yield from (changes_requested(number, review) for review in asking_for_changes(reviews))
        return
    heard = hear(on, reviews)
    outcome = ask_about(session.ctx, issue.number, Questions(heard.findings, heard.change))
    if not isinstance(outcome, OpenQuestion):
        return
    if outcome.gate.kind is Kind.PEOPLE_REVIEW:
        yield from (changes_requested(number, review) for review in asking_for_changes(reviews))
    else:
        yield from (f"PR #{number} has {finding.message}" for finding in outcome.gate.findings)


def landing_steps(session: Session, pulls: tuple[PullRequest, ...]) -> Iterator[str]:
    """Yield what a landing would do, one pull request after the other; `pulls` are the present ones of the issues."""
    branch, branches = session.milestone.branch, session.store.registry.branches(session.milestone)
    proposed = by_branch(pulls)
    for issue in in_order(session):
        pull = proposed.get(session.store.registry.branch(session.milestone, issue))
        if session.settled(issue.number) == SKIPPED or pull is None:
            yield f"· #{issue.number} is left out: {'it is skipped' if pull else 'it has no pull request'}"
        elif pull.state == "merged":
            yield f"· PR #{pull.number} has landed (#{issue.number})"
        else:
            moved = {other.number for other in retargets(session.milestone, pull, pulls, branches)}
            yield from (f"→ PR #{number} goes to {branch}" for number in sorted(moved))
            yield f"→ PR #{pull.number} lands (#{issue.number} {issue.title})"
            pulls = tuple(replace(other, base=branch) if other.number in moved else other for other in pulls)
            pulls = tuple(replace(other, state="merged") if other.number == pull.number else other for other in pulls)
