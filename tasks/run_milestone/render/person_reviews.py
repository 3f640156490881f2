"""Render what people said in reviews of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import ANSWER_MARK
from .phrases import one_line

if TYPE_CHECKING:
    from ..model import PersonReview

LONGEST = 200
"""Characters of a review that are shown."""


def changes_requested(number: int, review: PersonReview) -> str:
    """Return who asks for changes on a pull request, what they say, and what answers them."""
    summary = one_line(review.body)[:LONGEST]
    left = [thread for thread in review.threads if not thread.resolved]
    threads = f", {count(len(left), 'open thread')}" if left else ""
    what = f"{one_line(review.author)} asks for changes on PR #{number}" + (
        f" (“{summary}”{threads})" if summary else threads
    )
    return f"{what}; it lands when they approve it, or their review is dismissed"


def answer(commit: str) -> str:
    """Return what is answered in a thread."""
    return f"{commit} answers this. Please look again.\n\n{ANSWER_MARK}"


def answered(number: int, commit: str, threads: int) -> str:
    """Return that threads were answered."""
    return f"💬 Answered {count(threads, 'thread')} on PR #{number} with {commit[:10]}"


def asked_again(number: int, login: str) -> str:
    """Return that a reviewer was asked again."""
    return f"💬 Asked {one_line(login)} to review PR #{number} again"


def decides_nothing(number: str, review: PersonReview) -> str:
    """Return that a review has no verdict, or is by a bot that the plan does not name."""
    who = one_line(review.author)
    if review.bot:
        return f"💬 The review of PR #{number} by {who} is left out; `people: {{bots: […]}}` names bots that are heard"
    return f"💬 {who} commented on PR #{number}, without a verdict: “{one_line(review.body)[:LONGEST]}”"


def not_asked_again(number: int, login: str, why: str) -> str:
    """Return that a reviewer could not be asked again."""
    return f"⚠️ {one_line(login)} could not be asked to review PR #{number} again: {one_line(why)}"
