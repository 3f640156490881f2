"""Ask by GraphQL who people are: the members of an organization's teams, and the accounts behind commits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from ....core.errors import OutsideError
from .base import Repository
from .error_mapping import NotThereError
from .graphql import ask
from .responses import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = 50
"""Pages of a team that are read; each has a hundred members."""
_TEAM = """query Team($organization: String!, $team: String!, $after: String) {
  organization(login: $organization) { team(slug: $team) { members(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { login } } } } }"""

_COMMITS = """query Makers($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { commits(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { commit { oid committer { user { login } }
      authors(first: 10) { nodes { user { login } } } } } } } } }"""


class _Login(Answer):
    login: str


class _Page(Answer):
    hasNextPage: bool  # noqa: N815
    endCursor: str | None  # noqa: N815


class _Listed(Answer):
    pageInfo: _Page  # noqa: N815
    nodes: list[_Login]


class _Team(Answer):
    members: _Listed


class _Organization(Answer):
    team: _Team | None


class _Data(Answer):
    organization: _Organization


class _Whole(Answer):
    data: _Data


class _Actor(Answer):
    user: _Login | None


class _Actors(Answer):
    nodes: list[_Actor]


class _Commit(Answer):
    oid: str
    committer: _Actor | None
    authors: _Actors


class _Node(Answer):
    commit: _Commit


class _Commits(Answer):
    pageInfo: _Page  # noqa: N815
    nodes: list[_Node]


class _Pull(Answer):
    commits: _Commits


class _Repository(Answer):
    pullRequest: _Pull  # noqa: N815


class _Known(Answer):
    repository: _Repository


class _KnownData(Answer):
    data: _Known


class Accounts(Repository):
    """The members of teams, and the accounts behind commits."""

    def makers(self, number: int) -> dict[str, tuple[str, ...]]:
        """Return the accounts that GitHub knows of each commit's people, by the address that they used."""
        return {one.commit.oid: tuple(_accounts(one.commit)) for one in self._commits(number)}

    def _commits(self, number: int) -> Iterator[_Node]:
        after: str | None = None
        for _ in range(PAGES):
            answer = ask(self._gh, TypeAdapter(_KnownData), _COMMITS, {"number": number, "after": after})
            listed = answer.data.repository.pullRequest.commits
            yield from listed.nodes
            after = listed.pageInfo.endCursor
            if not listed.pageInfo.hasNextPage:
                return
        raise OutsideError(f"Pull request {number} has more commits than can be read.", "Split it.")

    def members(self, *teams: str) -> dict[str, tuple[str, ...]]:
        """Return the members of each team that this login sees."""
        asked = ((team, self._members(*team.removeprefix("@").split("/", 1))) for team in teams)
        return {team: logins for team, logins in asked if logins is not None}

    def _members(self, organization: str, team: str) -> tuple[str, ...] | None:
        try:
            return tuple(self._pages(organization, team))
        except NotThereError:
            return None

    def _pages(self, organization: str, team: str) -> Iterator[str]:
        after: str | None = None
        for _ in range(PAGES):
            known = {"organization": organization, "team": team.lower(), "after": after}
            sent = json.dumps({"query": _TEAM, "variables": known})
            answer = self._gh.ask(TypeAdapter(_Whole), "api", "graphql", "--input", "-", stdin=sent)
            listed = answer.data.organization.team
            if listed is None:
                raise NotThereError(f"There is no team @{organization}/{team}.", "Look for it on GitHub.")
            yield from (one.login for one in listed.members.nodes)
            after = listed.members.pageInfo.endCursor
            if not listed.members.pageInfo.hasNextPage:
                return
        raise OutsideError(f"@{organization}/{team} has more members than can be read.", "Name some of them.")


def _accounts(commit: _Commit) -> Iterator[str]:
    yield from (actor.user.login for actor in (*commit.authors.nodes, commit.committer) if actor and actor.user)
