"""Check who a plan asks to approve: every team is known, and there are as many people as it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..policy.teams import people_of, unknown_teams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.serialize import Steps
    from .diagnostics import Problem
    from .source import Written


def people(written: Written) -> Iterator[Problem]:
    """Yield what is wrong with the approvals that the plan and its issues require."""
    yield from _required(written, ("people",), written.fields.get("people") or {})
    for entry in written.issues:
        yield from _required(written, (*entry.steps, "people"), entry.fields.get("people") or {})


def _required(written: Written, steps: Steps, given: dict[str, Any]) -> Iterator[Problem]:
    names = [name for name in given.get("from") or () if name is not None]
    yield from _teams(written, (*steps, "from"), names)
    yield from enough(written, (*steps, "required"), given.get("required") or 0, names)


def _teams(written: Written, steps: Steps, names: list[str]) -> Iterator[Problem]:
    unknown = unknown_teams(names, _of(written))
    for position, name in enumerate(names):
        if name in unknown:
            what = f'is {name}, which `teams` does not have, expected `teams: {{"{name}": [a login, …]}}` beside it'
            yield written.problem((*steps, position), what)


def enough(written: Written, steps: Steps, required: int, names: list[str]) -> Iterator[Problem]:
    """Yield that more people are required than the names stand for."""
    size = len(people_of(names, _of(written)))
    if names and required > size and not unknown_teams(names, _of(written)):
        what = f"is {required} people, but `from` stands for {size} of them, expected {size} at most"
        yield written.problem(steps, what)


def _of(written: Written) -> dict[str, list[str]]:
    """Return the teams, without what does not fit the schema."""
    teams = written.fields.get("teams") or {}
    return {team: [login for login in logins or () if login is not None] for team, logins in teams.items()}
