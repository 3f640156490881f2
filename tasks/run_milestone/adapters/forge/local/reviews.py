"""Read the reviews that people write into the files of pull requests, and answer them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.errors import OutsideError
from ....model import ANSWER_MARK, PersonReview, ReviewState, ReviewThread
from .comments import ME
from .files import Repository, damaged, now

if TYPE_CHECKING:
    from .files import Record

_STATES = tuple(ReviewState)


class Reviews(Repository):
    """The list `reviews` of a pull request."""

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return the reviews in these pull requests' files, in their order."""
        return {number: self._of(number) for number in numbers}

    def answer_thread(self, number: int, thread: ReviewThread, body: str) -> ReviewThread:
        """Write the runner's answer among the `replies` of a thread."""
        with self._files.lock():
            record = self._read(number)
            entry = _threads(record).get(thread.id)
            if entry is None or (entry["path"], entry.get("body", "")) != (thread.path, thread.body):
                raise OutsideError(
                    f"The thread {thread.id} of PR #{number} is gone.", "Run again; it reads the reviews again."
                )
            others = [reply for reply in entry.get("replies", []) if not _is_answer(reply)]
            entry["replies"] = [*others, {"author": ME, "body": body, "at": now()}]
            self._files.change("pulls", number, reviews=record["reviews"])
        return _thread(thread.id, _threads(self._read(number))[thread.id])

    def ask_again(self, number: int, login: str) -> tuple[str, ...]:
        """Note in `awaited` after how many of their reviews a person is asked for another."""
        with self._files.lock():
            record = self._read(number)
            given = sum(review["author"] == login for review in record.get("reviews", []))
            awaited = {**record.get("awaited", {}), login: given}
            return tuple(self._files.change("pulls", number, awaited=awaited)["awaited"])

    def _of(self, number: int) -> tuple[PersonReview, ...]:
        record = self._read(number)
        return tuple(_review(place, entry, record) for place, entry in enumerate(record.get("reviews", [])))

    def _read(self, number: int) -> Record:
        record = self._files.read("pulls", number)
        problem = _problem(record)
        if problem:
            raise damaged(self._files.path("pulls", number), problem)
        return record


def _threads(record: Record) -> dict[str, dict[str, Any]]:
    """Return the threads of all reviews, by their places."""
    reviews = enumerate(record.get("reviews", []))
    return {f"{p}.{q}": entry for p, review in reviews for q, entry in enumerate(review.get("threads", []))}


def _is_answer(reply: Any) -> bool:
    return isinstance(reply, dict) and str(reply.get("body", "")).endswith(ANSWER_MARK)


def _thread(name: str, entry: dict[str, Any]) -> ReviewThread:
    answers = [reply["body"] for reply in entry.get("replies", []) if _is_answer(reply)]
    what = entry["path"], entry.get("line"), entry.get("body", ""), entry.get("resolved", False)
    return ReviewThread(*what, name, answers[-1] if answers else "", entry.get("outdated", False))


def _review(place: int, entry: dict[str, Any], record: Record) -> PersonReview:
    """Return a review. Its author may write to the repository unless the file says otherwise."""
    return PersonReview(
        entry["author"],
        ReviewState(entry["state"]),
        entry.get("commit", ""),
        entry.get("at", ""),
        entry.get("body", ""),
        entry.get("writer", True),
        tuple(_thread(f"{place}.{q}", thread) for q, thread in enumerate(entry.get("threads", []))),
        _is_asked_again(entry["author"], record),
        entry["author"].endswith("[bot]"),
    )


def _is_asked_again(login: str, record: Record) -> bool:
    given = sum(review["author"] == login for review in record["reviews"])
    return bool(record.get("awaited", {}).get(login, 0) == given)


def _problem(record: Record) -> str | None:
    """Return why what a person wrote is no list of reviews."""
    reviews = record.get("reviews", [])
    if not isinstance(record.get("awaited", {}), dict):
        return "`awaited` is no mapping of people to the number of their reviews"
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
    is_list = isinstance(thread.get("replies", []), list)
    flags = resolved, thread.get("outdated", False)
    return (
        is_line
        and is_list
        and all(isinstance(flag, bool) for flag in flags)
        and all(isinstance(text, str) for text in texts)
    )
