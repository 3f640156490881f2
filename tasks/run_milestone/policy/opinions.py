"""Decide what people's reviews of a pull request say now. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model import Finding, Kind, ReviewState, Severity, Verb
from .teams import bare, people_of, still_asked

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from ..model import Decision, Milestone, PeopleSpec, PersonReview, ReviewThread


def opinions(reviews: Iterable[PersonReview]) -> tuple[PersonReview, ...]:
    """Return the last review of each person who may write that approves, asks for changes or was dismissed.

    A comment takes no verdict back. Who lost access says nothing any more, as their last review tells. `reviews` are
    oldest first. A login is the same in any case.
    """
    last, may_write = dict[str, "PersonReview"](), dict[str, bool]()
    for review in (one for one in reviews if not one.bot):
        login = review.author.casefold()
        may_write[login] = review.writer
        if review.state is not ReviewState.COMMENTED:
            last.pop(login, None)
            last[login] = review
    return tuple(review for login, review in last.items() if may_write[login])


def asking_for_changes(reviews: Iterable[PersonReview]) -> tuple[PersonReview, ...]:
    """Return the reviews that ask for changes and stand: not taken back by their author, and not dismissed.

    Resolved threads do not answer one. Only its author does, or a dismissal on the forge.
    """
    return tuple(one for one in opinions(reviews) if one.state is ReviewState.CHANGES_REQUESTED)


def approving(reviews: Iterable[PersonReview]) -> tuple[PersonReview, ...]:
    """Return the reviews that approve and stand."""
    return tuple(one for one in opinions(reviews) if one.state is ReviewState.APPROVED)


def findings_of(reviews: Iterable[PersonReview]) -> tuple[Finding, ...]:
    """Return what people ask for: the text of each standing request, and its unresolved threads.

    The time belongs to it: a review that is submitted again is asked again.
    """
    return tuple(finding for review in asking_for_changes(reviews) for finding in asked_in(review))


def asked_in(review: PersonReview) -> Iterator[Finding]:
    """Yield what one review asks for."""
    text = " ".join(review.body.split()) or "asks for changes"
    at = f"review of {review.at}" if review.at else None
    yield Finding(Kind.PEOPLE_REVIEW, Severity.WARNING, review.author, f"{review.author}: {text}", detail=at)
    for thread in review.threads:
        if not thread.resolved:
            yield _asked_in_thread(review, thread)


def _asked_in_thread(review: PersonReview, thread: ReviewThread) -> Finding:
    words = f"{review.author}: {' '.join(thread.body.split())}"
    return Finding(Kind.PEOPLE_REVIEW, Severity.WARNING, review.author, words, thread.path, thread.line)


def without_bots(reviews: Iterable[PersonReview], bots: Iterable[str]) -> tuple[PersonReview, ...]:
    """Return the reviews of people: these bots are none, also where the forge has their accounts as those of people."""
    named = frozenset(map(_bot, bots))
    return tuple(one for one in reviews if not one.bot and _bot(one.author) not in named)


def asked_by_bots(reviews: Iterable[PersonReview], bots: Iterable[str]) -> tuple[Finding, ...]:
    """Return what these bots found, as findings of a reviewer: what their last review says, and their open threads.

    A bot resolves nothing, so a thread on lines that changed since is answered.
    """
    named, last = frozenset(map(_bot, bots)), dict[str, "PersonReview"]()
    given = [one for one in reviews if _bot(one.author) in named]
    last |= {_bot(one.author): one for one in given}
    texts = (
        Finding(Kind.REVIEW, Severity.WARNING, one.author, f"{one.author}: {' '.join(one.body.split())}")
        for one in last.values()
        if one.state is ReviewState.CHANGES_REQUESTED
    )
    threads = (
        replace(_asked_in_thread(review, thread), kind=Kind.REVIEW)
        for review in given
        for thread in review.threads
        if not thread.resolved and not thread.outdated and review.state is not ReviewState.DISMISSED
    )
    return (*texts, *threads)


def without_verdict(
    before: Mapping[str, Iterable[PersonReview]], now: Mapping[str, Iterable[PersonReview]], bots: Iterable[str]
) -> Iterator[tuple[str, PersonReview]]:
    """Yield the new reviews that decide nothing, each with its pull request: comments, and those of bots."""
    named = frozenset(map(_bot, bots))
    for number, reviews in now.items():
        known = {(one.author, one.at, one.state, one.body) for one in before.get(number, ())}
        for one in reviews:
            decides = _bot(one.author) in named or not (one.bot or one.state is ReviewState.COMMENTED)
            if not decides and (one.author, one.at, one.state, one.body) not in known:
                yield number, one


def bots_of(milestone: Milestone) -> frozenset[str]:
    """Return the names of all bots that a plan names, as `is_bot` compares them."""
    specs = (milestone.people, *(issue.people for issue in milestone.issues if issue.people))
    return frozenset(_bot(name) for spec in specs for name in spec.bots)


def is_bot(login: str, bots: Container[str]) -> bool:
    """Return whether a login is one of these bots, also where the forge has its account as that of a person."""
    return _bot(login) in bots


def _bot(login: str) -> str:
    return bare(login).removesuffix("[bot]")


OUTDATED = "approved, but not the change as it is now"
OWN = "approved, but made the change"


def missing_approvals(
    spec: PeopleSpec, teams: Mapping[str, Iterable[str]], approved: Iterable[str], others: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return which approving reviews are missing: `approved` are those that count, `others` why theirs does not."""
    wanted = people_of(spec.members, teams)
    counted = [login for login in approved if not spec.members or bare(login) in wanted]
    if len(counted) >= spec.required:
        return ()
    by = f" (by {', '.join(counted)})" if counted else ""
    asked = still_asked(spec.members, teams, counted) or spec.members
    left = ", ".join(asked) or "somebody who may write to the repository"
    what = f"{len(counted)} of {spec.required} approving reviews{by}, waits for {left}"
    detail = "; ".join(f"{login} {why}" for login, why in others.items()) or None
    return (Finding(Kind.PEOPLE_MISSING, Severity.WARNING, "people", what, detail=detail),)


def worked_on(review: PersonReview, decisions: Iterable[Decision], change: str) -> bool:
    """Return whether somebody sent this review to the implementer with a `fix`, and the change is another since."""
    text = next(asked_in(review))
    sent = (
        one for one in decisions if one.kind is Kind.PEOPLE_REVIEW and one.verb is Verb.FIX and one.change != change
    )
    return any((one.rule, one.detail) == (text.rule, text.detail) for decision in sent for one in decision.findings)
