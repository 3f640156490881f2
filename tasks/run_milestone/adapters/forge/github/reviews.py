"""Read what people reviewed, with the threads of each review, by GraphQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from ....core.errors import OutsideError
from ....model import PersonReview, ReviewState, ReviewThread
from .base import Repository
from .responses import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

AT_ONCE = 20
"""Pull requests in one query."""
PAGES = 20
"""Pages of a list that are read; each has a hundred entries."""
_PAGE = "pageInfo { hasNextPage endCursor }"
_REVIEWS = f"""reviews(first: 100, after: $reviews) {{ {_PAGE} nodes {{
    id state body submittedAt author {{ __typename login }} commit {{ oid }} authorCanPushToRepository }} }}"""
_THREADS = f"""reviewThreads(first: 100, after: $threads) {{ {_PAGE} nodes {{ isResolved path line
    comments(first: 1) {{ nodes {{ body pullRequestReview {{ id }} }} }} }} }}"""


class _Page(Answer):
    hasNextPage: bool  # noqa: N815
    endCursor: str | None  # noqa: N815


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


class _Reviews(Answer):
    pageInfo: _Page  # noqa: N815
    nodes: list[_Review]


class _ReviewId(Answer):
    id: str


class _Comment(Answer):
    body: str
    pullRequestReview: _ReviewId | None  # noqa: N815


class _Comments(Answer):
    nodes: list[_Comment]


class _Thread(Answer):
    isResolved: bool  # noqa: N815
    path: str
    line: int | None
    comments: _Comments


class _Threads(Answer):
    pageInfo: _Page  # noqa: N815
    nodes: list[_Thread]


class _Reviewed(Answer):
    reviews: _Reviews
    reviewThreads: _Threads  # noqa: N815


class _Repository(Answer):
    repository: dict[str, _Reviewed]


class _Data(Answer):
    data: _Repository


class Reviews(Repository):
    """The reviews of one repository's pull requests."""

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return people's reviews, oldest first. Most pull requests need one page, so many are asked at once."""
        batches = (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
        return {number: people for batch in batches for number, people in self._batch(batch).items()}

    def _batch(self, numbers: tuple[int, ...]) -> dict[int, tuple[PersonReview, ...]]:
        first = self._ask(numbers, None, None)
        return {number: tuple(_people(*self._rest(number, one))) for number, one in first.items()}

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
            f"p{number}: pullRequest(number: {number}) {{ {_REVIEWS} {_THREADS} }}" for number in numbers
        )
        head = "query Reviews($owner: String!, $name: String!, $reviews: String, $threads: String)"
        query = f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
        known = {"owner": self._gh.address.owner, "name": self._gh.address.name}
        sent = json.dumps({"query": query, "variables": {**known, "reviews": reviews, "threads": threads}})
        answer = self._gh.ask(TypeAdapter(_Data), "api", "graphql", "--input", "-", stdin=sent)
        return {int(name.removeprefix("p")): one for name, one in answer.data.repository.items()}


def _people(reviews: list[_Review], threads: list[_Thread]) -> list[PersonReview]:
    """Return the submitted reviews of people; a deleted account is `ghost`, who may not write."""
    people = [one for one in reviews if one.submittedAt and not (one.author and one.author.typename == "Bot")]
    return [_review(one, [thread for thread in threads if _opened_by(thread) == one.id]) for one in people]


def _opened_by(thread: _Thread) -> str | None:
    first = next(iter(thread.comments.nodes), None)
    return first.pullRequestReview.id if first and first.pullRequestReview else None


def _review(one: _Review, threads: list[_Thread]) -> PersonReview:
    return PersonReview(
        one.author.login if one.author else "ghost",
        ReviewState(one.state.lower()),
        one.commit.oid if one.commit else "",
        one.submittedAt or "",
        one.body.replace("\r\n", "\n"),
        one.authorCanPushToRepository,
        tuple(ReviewThread(t.path, t.line, t.comments.nodes[0].body, t.isResolved) for t in threads),
    )
