"""Decide what people's reviews of a pull request say now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import ReviewState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import PersonReview


def opinions(reviews: Iterable[PersonReview]) -> tuple[PersonReview, ...]:
    """Return the last review of each person who may write that approves, asks for changes or was dismissed.

    A comment takes no verdict back. Who lost access says nothing any more, as their last review tells. `reviews` are
    oldest first. A login is the same in any case.
    """
    last, may_write = dict[str, "PersonReview"](), dict[str, bool]()
    for review in reviews:
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
