"""Ask by GraphQL what gh has no command for: pull requests of many branches, all checks, and the current login.

The tests execute every query against GitHub's public schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import AliasPath, Field, TypeAdapter

from ....core.errors import OutsideError
from .responses import Answer, Pull, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .gh import Gh

BRANCHES = 40
"""Branches in one query."""
PAGES = 50
"""Pages of a list that are read, of a hundred entries each."""

T = TypeVar("T")
_PULL = """number headRefName baseRefName title body state url isDraft headRefOid isCrossRepository
  labels(first: 100) { nodes { name } }"""
_CHECKS = """query Checks($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { commits(last: 1) { nodes { commit {
    statusCheckRollup { contexts(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        __typename
        ... on CheckRun { name url: detailsUrl status conclusion summary text
          required: isRequired(pullRequestNumber: $number) }
        ... on StatusContext { name: context url: targetUrl status: state
          required: isRequired(pullRequestNumber: $number) }
      } } } } } } } } }"""


def inside(*place: str | int) -> Any:
    """Return a field whose value lies deep in an answer: `data`, then the names and positions of `place`."""
    return Field(validation_alias=AliasPath("data", *place))


class _Page(Answer):
    hasNextPage: bool  # noqa: N815
    endCursor: str | None  # noqa: N815


class Listing(Answer, Generic[T]):
    """One page of a list."""

    pageInfo: _Page  # noqa: N815
    nodes: list[T]


class _Nodes(Answer):
    nodes: list[Any]


class _Branches(Answer):
    fields: dict[str, _Nodes] = inside("repository")


class _Rollup(Answer):
    contexts: Listing[Run]


class _Checks(Answer):
    rollup: _Rollup | None = inside("repository", "pullRequest", "commits", "nodes", 0, "commit", "statusCheckRollup")

    @property
    def listing(self) -> Listing[Run] | None:
        """The checks; None where the commit has none."""
        return self.rollup.contexts if self.rollup else None


class _Viewer(Answer):
    login: str = inside("viewer", "login")


def pulls_of(gh: Gh, heads: tuple[str, ...]) -> list[Pull]:
    """Return the pull requests of many head branches, those from forks included."""
    batches = (heads[start : start + BRANCHES] for start in range(0, len(heads), BRANCHES))
    return [pull for batch in batches for pull in _batch(gh, dict(enumerate(batch)))]


def _batch(gh: Gh, heads: dict[int, str]) -> list[Pull]:
    newest = "first: 100, orderBy: {field: CREATED_AT, direction: DESC}"
    declared = "".join(f", $h{place}: String!" for place in heads)
    fields = "\n".join(
        f"h{place}: pullRequests(headRefName: $h{place}, {newest}) {{ nodes {{ {_PULL} }} }}" for place in heads
    )
    head = f"query Pulls($owner: String!, $name: String!{declared})"
    query = f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
    answer = ask(gh, _Branches, query, {f"h{place}": branch for place, branch in heads.items()})
    pulls = [pull for nodes in answer.fields.values() for pull in nodes.nodes]
    return TypeAdapter(list[Pull]).validate_python([{**pull, "labels": pull["labels"]["nodes"]} for pull in pulls])


def checks_of(gh: Gh, number: int) -> list[Run]:
    """Return every check on a pull request's head."""
    too_many = OutsideError(f"Pull request {number} has more checks than can be read.", "Look at them on GitHub.")
    return list(pages(gh, _Checks, _CHECKS, {"number": number}, too_many))


def viewer_of(gh: Gh) -> str:
    """Return the login of this token; only this query tells that of a job's token."""
    return ask(gh, _Viewer, "query Viewer { viewer { login } }", {}).login


class Paged(Protocol[T]):
    """An answer that holds one page of a list."""

    @property
    def listing(self) -> Listing[T] | None:
        """The page; None where there is no list."""


def pages(gh: Gh, shape: type[Paged[T]], query: str, variables: dict[str, Any], too_many: OutsideError) -> Iterator[T]:
    """Yield the entries of a list, page by page; `too_many` is raised where it never ends."""
    after: str | None = None
    for _ in range(PAGES):
        listing = ask(gh, shape, query, {**variables, "after": after}).listing
        yield from listing.nodes if listing else ()
        if listing is None or not listing.pageInfo.hasNextPage:
            return
        after = listing.pageInfo.endCursor
    raise too_many


def ask(gh: Gh, shape: type[T], query: str, variables: dict[str, Any]) -> T:
    """Run a query about the repository, and return the answer validated against `shape`."""
    sent = {"owner": gh.address.owner, "name": gh.address.name, **variables}
    words = json.dumps({"query": query, "variables": sent})
    return gh.ask(TypeAdapter(shape), "api", "graphql", "--input", "-", stdin=words)


def change(gh: Gh, mutation: str, wanted: dict[str, Any]) -> None:
    """Send a mutation once. The caller looks before another try whether it had its effect."""
    request = json.dumps({"query": mutation, "variables": {"input": wanted}})
    gh.do_once("api", "graphql", "--input", "-", stdin=request)
