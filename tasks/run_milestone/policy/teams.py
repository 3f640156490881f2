"""Decide who a list of logins and teams stands for. Pure. A name is the same in any case, with or without its @."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


NO_REPLY = "users.noreply.github.com"
"""Where GitHub hides addresses, as `12345+login@…`."""


def bare(name: str) -> str:
    """Return a login or a team's name as names are compared."""
    return name.removeprefix("@").casefold()


def known_as(name: str, email: str) -> tuple[str, ...]:
    """Return the names of a git identity elsewhere: itself, its address, and the login that this suggests."""
    local, _, domain = email.partition("@")
    login = local.rpartition("+")[2] if domain.casefold() == NO_REPLY else local.partition("+")[0]
    return tuple(filter(None, (name, email, login)))


def people_of(names: Iterable[str], teams: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the logins that these names stand for, as they are compared."""
    known = {bare(team): frozenset(map(bare, logins)) for team, logins in teams.items()}
    return frozenset(login for name in map(bare, names) for login in known.get(name, {name}))


def still_asked(names: Iterable[str], teams: Mapping[str, Iterable[str]], given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of which somebody has not given an answer yet."""
    done = frozenset(map(bare, given))
    return tuple(name for name in names if not people_of([name], teams) <= done)


def unknown_teams(names: Iterable[str], teams: Iterable[str]) -> tuple[str, ...]:
    """Return the names that can only be teams, and that `teams` does not hold."""
    known = set(map(bare, teams))
    return tuple(name for name in names if "/" in name and bare(name) not in known)
