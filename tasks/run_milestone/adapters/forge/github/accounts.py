"""Ask by GraphQL who people are: the members of an organization's teams, and the accounts behind commits."""

from __future__ import annotations

from ....core.errors import OutsideError
from .base import Repository
from .error_mapping import NotThereError
from .graphql import Listing, inside, pages
from .responses import Answer

_TEAM = """query Team($organization: String!, $team: String!, $after: String) {
  organization(login: $organization) { team(slug: $team) { members(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { login } } } } }"""

_COMMITS = """query Makers($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { commits(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { commit { oid committer { user { login } }
      authors(first: 10) { nodes { user { login } } } } } } } } }"""


class _Login(Answer):
    login: str


class _Team(Answer):
    members: Listing[_Login]


class _Members(Answer):
    team: _Team | None = inside("organization", "team")

    @property
    def listing(self) -> Listing[_Login]:
        """The members; raises NotThereError where there is no such team, or none that this login sees."""
        if self.team is None:
            raise NotThereError("There is no such team.", "Look for it on GitHub.")
        return self.team.members


class _Actor(Answer):
    user: _Login | None


class _Actors(Answer):
    nodes: list[_Actor]


class _Commit(Answer):
    oid: str
    committer: _Actor | None
    authors: _Actors

    @property
    def accounts(self) -> tuple[str, ...]:
        """The logins of its authors and its committer, as far as GitHub knows them."""
        return tuple(actor.user.login for actor in (*self.authors.nodes, self.committer) if actor and actor.user)


class _Node(Answer):
    commit: _Commit


class _Commits(Answer):
    listing: Listing[_Node] = inside("repository", "pullRequest", "commits")


class Accounts(Repository):
    """The members of teams, and the accounts behind commits."""

    def makers(self, number: int) -> dict[str, tuple[str, ...]]:
        """Return the accounts that GitHub knows of each commit's people, by the address that they used."""
        too_many = OutsideError(f"Pull request {number} has more commits than can be read.", "Split it.")
        listed = pages(self._gh, _Commits, _COMMITS, {"number": number}, too_many)
        return {one.commit.oid: one.commit.accounts for one in listed}

    def members(self, *teams: str) -> dict[str, tuple[str, ...]]:
        """Return the members of each team that this login sees."""
        asked = ((team, self._members(team)) for team in teams)
        return {team: logins for team, logins in asked if logins is not None}

    def _members(self, team: str) -> tuple[str, ...] | None:
        organization, name = team.removeprefix("@").split("/", 1)
        wanted = {"organization": organization, "team": name.lower()}
        too_many = OutsideError(f"{team} has more members than can be read.", "Name some of them.")
        try:
            return tuple(one.login for one in pages(self._gh, _Members, _TEAM, wanted, too_many))
        except NotThereError:
            return None
