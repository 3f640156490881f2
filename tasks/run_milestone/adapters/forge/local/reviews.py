"""Read the reviews that people write into the files of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....model import PersonReview, ReviewState, ReviewThread
from .files import Repository, damaged

if TYPE_CHECKING:
    from .files import Record

_STATES = tuple(ReviewState)


class Reviews(Repository):
    """The list `reviews` of a pull request."""

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return the reviews in these pull requests' files, in their order."""
        return {number: self._of(number) for number in numbers}

    def _of(self, number: int) -> tuple[PersonReview, ...]:
        record = self._files.read("pulls", number)
        problem = _problem(record)
        if problem:
            raise damaged(self._files.path("pulls", number), problem)
        return tuple(_review(entry) for entry in record.get("reviews", []) if not _is_bot(entry))


def _is_bot(entry: dict[str, Any]) -> bool:
    return str(entry["author"]).endswith("[bot]")


def _review(entry: dict[str, Any]) -> PersonReview:
    """Return a review. Its author may write to the repository unless the file says otherwise."""
    return PersonReview(
        entry["author"],
        ReviewState(entry["state"]),
        entry.get("commit", ""),
        entry.get("at", ""),
        entry.get("body", ""),
        entry.get("writer", True),
        tuple(
            ReviewThread(thread["path"], thread.get("line"), thread.get("body", ""), thread.get("resolved", False))
            for thread in entry.get("threads", [])
        ),
    )


def _problem(record: Record) -> str | None:
    """Return why what a person wrote is no list of reviews."""
    reviews = record.get("reviews", [])
    if not isinstance(reviews, list) or not all(isinstance(review, dict) for review in reviews):
        return "`reviews` is not a list of reviews"
    return next((problem for review in reviews if (problem := _review_problem(review))), None)


def _review_problem(review: dict[str, Any]) -> str | None:
    texts = {"author": review.get("author"), **{name: review.get(name, "") for name in ("commit", "at", "body")}}
    if wrong := next((name for name, text in texts.items() if not isinstance(text, str)), None):
        return f"`{wrong}` of a review is not a text"
    if not review.get("author"):
        return "a review has no `author`"
    if review.get("state") not in _STATES:
        return f"`state` of the review by {review['author']} is none of {', '.join(_STATES)}"
    if not isinstance(review.get("writer", True), bool):
        return f"`writer` of the review by {review['author']} is not true or false"
    threads = review.get("threads", [])
    if not isinstance(threads, list) or not all(_is_thread(thread) for thread in threads):
        return f"a thread of the review by {review['author']} is not {{path, line, body, resolved}}"
    return None


def _is_thread(thread: Any) -> bool:
    if not isinstance(thread, dict):
        return False
    line, resolved = thread.get("line"), thread.get("resolved", False)
    is_line = line is None or (isinstance(line, int) and not isinstance(line, bool) and line > 0)
    texts = thread.get("path"), thread.get("body", "")
    return is_line and isinstance(resolved, bool) and all(isinstance(text, str) for text in texts)
