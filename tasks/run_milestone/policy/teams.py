"""Decide who a list of logins and teams stands for. Pure. A name is the same in any case, with or without its @."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Milestone

NO_REPLY = "users.noreply.github.com"
"""Where GitHub hides addresses, as `12345+login@…`."""


def with_members(milestone: Milestone, members: Mapping[str, tuple[str, ...]]) -> Milestone:
    """Return a milestone that knows these teams of the forge as well. The plan's own come first."""
    theirs = {team: members[team] for team in unknown_teams(members, milestone.teams)}
    return replace(milestone, teams={**milestone.teams, **theirs})


def of_the_forge(milestone: Milestone, owners: Iterable[str]) -> tuple[str, ...]:
    """Return the teams that a plan or its code owners name, and that only the forge can know."""
    if milestone.forge == "local":
        return ()
    required = (milestone.people, *(issue.people for issue in milestone.issues if issue.people))
    named = [*(one.members for one in milestone.approvers.values()), *(one.members for one in required), owners]
    return unknown_teams(dict.fromkeys(name for names in named for name in names), milestone.teams)


def bare(name: str) -> str:
    """Return a login or a team's name as names are compared."""
    return name.removeprefix("@").casefold()


def known_as(name: str, email: str) -> tuple[str, ...]:
    """Return the names of a git identity elsewhere: itself, its address, and the login that this suggests."""
    local, _, domain = email.partition("@")
    login = local.rpartition("+")[2] if domain.casefold() == NO_REPLY else local.partition("+")[0]
    return tuple(filter(None, (name, email, login)))


def compared(names: Iterable[str]) -> frozenset[str]:
    """Return names of one person as those of two are compared: addresses among them with the login they suggest."""
    known = (known_as("", name) if "@" in name else (name,) for name in map(bare, names))
    return frozenset(name for some in known for name in some)


def people_of(names: Iterable[str], teams: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the logins that these names stand for, as they are compared."""
    known = {bare(team): frozenset(map(bare, logins)) for team, logins in teams.items()}
    return frozenset(login for name in map(bare, names) for login in known.get(name, {name}))


def still_asked(names: Iterable[str], teams: Mapping[str, Iterable[str]], given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of which somebody has not given an answer yet; of a team that nobody knows it says so."""
    wanted, done = tuple(names), frozenset(map(bare, given))
    unknown = unknown_teams(wanted, teams)
    left = (name for name in wanted if not people_of([name], teams) <= done)
    return tuple(f"{name} (nobody knows that team)" if name in unknown else name for name in left)


def unknown_teams(names: Iterable[str], teams: Iterable[str]) -> tuple[str, ...]:
    """Return the names that can only be teams, and that `teams` does not hold."""
    known = set(map(bare, teams))
    return tuple(name for name in names if "/" in name and bare(name) not in known)
