"""Render what people said in reviews of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
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
