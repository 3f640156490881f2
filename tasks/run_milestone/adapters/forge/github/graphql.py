"""Ask by GraphQL what gh has no command for: pull requests of many branches, all checks, and the current login.

The tests execute every query against GitHub's public schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter

from ....core.errors import OutsideError
from .responses import Answer, Pull, Run

if TYPE_CHECKING:
    from .gh import Gh

BRANCHES = 40
"""Branches in one query."""

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


class _Nodes(Answer):
    nodes: list[Any]


class _Branches(Answer):
    repository: dict[str, _Nodes]


class _Page(Answer):
    hasNextPage: bool  # noqa: N815
    endCursor: str | None  # noqa: N815


class _Contexts(Answer):
    pageInfo: _Page  # noqa: N815
    nodes: list[Run]


class _Rollup(Answer):
    contexts: _Contexts


class _Head(Answer):
    statusCheckRollup: _Rollup | None  # noqa: N815


class _Commit(Answer):
    commit: _Head


class _Commits(Answer):
    nodes: Annotated[list[_Commit], Field(min_length=1, max_length=1)]


class _PullRequest(Answer):
    commits: _Commits


class _One(Answer):
    pullRequest: _PullRequest  # noqa: N815


class _Checked(Answer):
    repository: _One


class _BranchesData(Answer):
    data: _Branches


class _CheckedData(Answer):
    data: _Checked


class _Login(Answer):
    login: str


class _Viewer(Answer):
    viewer: _Login


class _ViewerData(Answer):
    data: _Viewer


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
    answer = ask(gh, TypeAdapter(_BranchesData), query, {f"h{place}": branch for place, branch in heads.items()})
    pulls = [pull for nodes in answer.data.repository.values() for pull in nodes.nodes]
    return TypeAdapter(list[Pull]).validate_python([{**pull, "labels": pull["labels"]["nodes"]} for pull in pulls])


def checks_of(gh: Gh, number: int) -> list[Run]:
    """Return every check on a pull request's head."""
    runs: list[Run] = []
    after: str | None = None
    for _ in range(20):
        answer = ask(gh, TypeAdapter(_CheckedData), _CHECKS, {"number": number, "after": after})
        rollup = answer.data.repository.pullRequest.commits.nodes[0].commit.statusCheckRollup
        if rollup is None:
            return runs
        runs += rollup.contexts.nodes
        after = rollup.contexts.pageInfo.endCursor
        if not rollup.contexts.pageInfo.hasNextPage:
            return runs
    raise OutsideError(f"Pull request {number} has more checks than can be read.", "Look at them on GitHub.")


def viewer_of(gh: Gh) -> str:
    """Return the login of this token; only this query tells that of a job's token."""
    return str(ask(gh, TypeAdapter(_ViewerData), "query Viewer { viewer { login } }", {}).data.viewer.login)


def ask(gh: Gh, shape: TypeAdapter[Any], query: str, variables: dict[str, Any]) -> Any:
    """Run a query about the repository, and return the answer validated against `shape`."""
    known = {"owner": gh.address.owner, "name": gh.address.name, **variables}
    return gh.ask(shape, "api", "graphql", "--input", "-", stdin=json.dumps({"query": query, "variables": known}))
