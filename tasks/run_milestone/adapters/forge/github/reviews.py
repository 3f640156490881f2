"""Read what people reviewed, with the threads of each review, by GraphQL, and answer them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from ....core.errors import OutsideError
from ....model import ANSWER_MARK, PersonReview, ReviewState, ReviewThread
from .base import Repository
from .graphql import PAGES, Listing, ask, change, inside
from .responses import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

AT_ONCE = 20
"""Pull requests in one query."""
_PAGE = "pageInfo { hasNextPage endCursor }"
_REVIEWS = f"""reviews(first: 100, after: $reviews) {{ {_PAGE} nodes {{
    id state body submittedAt author {{ __typename login }} commit {{ oid }} authorCanPushToRepository }} }}"""
_THREADS = f"""reviewThreads(first: 100, after: $threads) {{ {_PAGE} nodes {{ id isResolved isOutdated path line
    comments(first: 100) {{ nodes {{ id body viewerDidAuthor pullRequestReview {{ id }} }} }} }} }}"""
_AWAITED = "reviewRequests(first: 100) { nodes { requestedReviewer { ... on User { login } } } }"
_REPLY = """mutation Reply($input: AddPullRequestReviewThreadReplyInput!) {
  addPullRequestReviewThreadReply(input: $input) { comment { body } } }"""
_EDIT = """mutation Edit($input: UpdatePullRequestReviewCommentInput!) {
  updatePullRequestReviewComment(input: $input) { pullRequestReviewComment { body } } }"""


class _Author(Answer):
    typename: str = Field(alias="__typename")
    login: str


class _Commit(Answer):
    oid: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Review(Answer):
    id: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
    body: str
    submittedAt: str | None  # noqa: N815
    author: _Author | None
    commit: _Commit | None
    authorCanPushToRepository: bool  # noqa: N815


class _ReviewId(Answer):
    id: str


class _Comment(Answer):
    id: str
    body: str
    viewerDidAuthor: bool  # noqa: N815
    pullRequestReview: _ReviewId | None  # noqa: N815


class _Comments(Answer):
    nodes: list[_Comment]


class _Thread(Answer):
    id: str
    isResolved: bool  # noqa: N815
    isOutdated: bool  # noqa: N815
    path: str
    line: int | None
    comments: _Comments


class _Login(Answer):
    login: str | None = None
    """None where a team was asked."""


class _Request(Answer):
    requestedReviewer: _Login | None  # noqa: N815


class _Requests(Answer):
    nodes: list[_Request]


class _Reviewed(Answer):
    reviews: Listing[_Review]
    reviewThreads: Listing[_Thread]  # noqa: N815
    reviewRequests: _Requests  # noqa: N815


class _Answers(Answer):
    pulls: dict[str, _Reviewed] = inside("repository")


class _Asked(Answer):
    login: str


class _Awaited(Answer):
    requested_reviewers: list[_Asked]


class Reviews(Repository):
    """The reviews of one repository's pull requests."""

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return the reviews, oldest first. Most pull requests need one page, so many are asked at once."""
        batches = (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
        return {number: people for batch in batches for number, people in self._batch(batch).items()}

    def _batch(self, numbers: tuple[int, ...]) -> dict[int, tuple[PersonReview, ...]]:
        first = self._ask(numbers, None, None)
        return {number: tuple(_people(one, *self._rest(number, one))) for number, one in first.items()}

    def answer_thread(self, number: int, thread: ReviewThread, body: str) -> ReviewThread:
        """Reply in a thread, or edit our reply; what a try that failed left there is seen by the next."""
        retry = self._gh.retry()
        while True:
            page = self._ask((number,), None, None)[number]
            ours = _answer_in(thread.id, self._rest(number, page)[1])
            if ours is not None and ours.body == body:
                return replace(thread, answer=body)
            with retry:
                self._send_answer(thread, body, ours)

    def _send_answer(self, thread: ReviewThread, body: str, ours: _Comment | None) -> None:
        if ours is None:
            query, sent = _REPLY, {"pullRequestReviewThreadId": thread.id, "body": body}
        else:
            query, sent = _EDIT, {"pullRequestReviewCommentId": ours.id, "body": body}
        change(self._gh, query, sent)

    def ask_again(self, number: int, login: str) -> tuple[str, ...]:
        """Request another review; GitHub tells nobody twice."""
        path = f"pulls/{number}/requested_reviewers"
        asked = self._gh.send(TypeAdapter(_Awaited), "POST", path, {"reviewers": [login]})
        return tuple(one.login for one in asked.requested_reviewers)

    def _rest(self, number: int, first: _Reviewed) -> tuple[list[_Review], list[_Thread]]:
        """Return all reviews and threads of a pull request, of which the `first` page is known."""
        reviews, threads, page = [*first.reviews.nodes], [*first.reviewThreads.nodes], first
        after: tuple[str | None, str | None] = (None, None)
        for _ in range(PAGES):
            if not page.reviews.pageInfo.hasNextPage and not page.reviewThreads.pageInfo.hasNextPage:
                return reviews, threads
            after = page.reviews.pageInfo.endCursor or after[0], page.reviewThreads.pageInfo.endCursor or after[1]
            page = self._ask((number,), *after)[number]
            reviews += page.reviews.nodes
            threads += page.reviewThreads.nodes
        raise OutsideError(f"Pull request {number} has more reviews than can be read.", "Look at them on GitHub.")

    def _ask(self, numbers: Iterable[int], reviews: str | None, threads: str | None) -> dict[int, _Reviewed]:
        fields = "\n".join(
            f"p{number}: pullRequest(number: {number}) {{ {_REVIEWS} {_THREADS} {_AWAITED} }}" for number in numbers
        )
        head = "query Reviews($owner: String!, $name: String!, $reviews: String, $threads: String)"
        query = f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
        answers = ask(self._gh, _Answers, query, {"reviews": reviews, "threads": threads})
        return {int(name.removeprefix("p")): one for name, one in answers.pulls.items()}


def _people(first: _Reviewed, reviews: list[_Review], threads: list[_Thread]) -> list[PersonReview]:
    """Return the submitted reviews; a deleted account is `ghost`, who may not write."""
    people = [one for one in reviews if one.submittedAt]
    awaited = {one.requestedReviewer.login for one in first.reviewRequests.nodes if one.requestedReviewer}
    return [_review(one, [thread for thread in threads if _opened_by(thread) == one.id], awaited) for one in people]


def _answer_in(thread: str, threads: list[_Thread]) -> _Comment | None:
    """Return our answer in a thread."""
    comments = (comment for one in threads if one.id == thread for comment in one.comments.nodes)
    return next((one for one in comments if one.viewerDidAuthor and one.body.endswith(ANSWER_MARK)), None)


def _thread(one: _Thread) -> ReviewThread:
    answer = _answer_in(one.id, [one])
    body = one.comments.nodes[0].body
    reply = answer.body if answer else ""
    return ReviewThread(one.path, one.line, body, one.isResolved, one.id, reply, one.isOutdated)


def _opened_by(thread: _Thread) -> str | None:
    first = next(iter(thread.comments.nodes), None)
    return first.pullRequestReview.id if first and first.pullRequestReview else None


def _review(one: _Review, threads: list[_Thread], awaited: set[str | None]) -> PersonReview:
    bot = one.author is not None and one.author.typename == "Bot"
    return PersonReview(
        f"{one.author.login if one.author else 'ghost'}{'[bot]' if bot else ''}",
        ReviewState(one.state.lower()),
        one.commit.oid if one.commit else "",
        one.submittedAt or "",
        one.body.replace("\r\n", "\n"),
        one.authorCanPushToRepository,
        tuple(_thread(thread) for thread in threads),
        one.author is not None and one.author.login in awaited,
        bot,
    )
