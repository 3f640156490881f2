"""Check who a plan asks: every team is known, and there are as many people as it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.serialize import quoted, where
from ..core.spelling import nearest
from ..model import Tier
from ..policy.approvers import EVERYTHING_ELSE
from ..policy.stops import STOPS
from ..policy.teams import people_of, unknown_teams
from .diagnostics import Problem
from .source import is_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.serialize import Steps
    from .source import Written


def people(written: Written) -> Iterator[Problem]:
    """Yield what is wrong with the approvals that the plan and its issues require."""
    yield from _required(written, ("people",), written.fields.get("people") or {})
    for entry in written.issues:
        yield from _required(written, (*entry.steps, "people"), entry.fields.get("people") or {})


def approvers(written: Written) -> Iterator[Problem]:
    """Yield what is wrong with whose answers count."""
    stops = [str(kind) for kind, stop in STOPS.items() if stop.tier is Tier.HARD]
    for key, rule in (written.fields.get("approvers") or {}).items():
        if key not in stops and not is_pattern(key):
            near = nearest(key, stops)
            expected = f"did you mean {near}?" if near else f"expected one of {', '.join(stops)}"
            what = f"is neither a stop that asks, nor a pattern of paths, nor {quoted(EVERYTHING_ELSE)}, {expected}"
            yield Problem(written.document.keys["approvers", key], where(("approvers", key)), what)
        yield from _asked(written, ("approvers", key), rule or {}, "any", "count")


def _required(written: Written, steps: Steps, given: dict[str, Any]) -> Iterator[Problem]:
    yield from _asked(written, steps, given, "from", "required")


def _asked(written: Written, steps: Steps, given: dict[str, Any], key: str, number: str) -> Iterator[Problem]:
    """Check the people below `key`, and that `number` is not more of them than there are."""
    names = [name for name in given.get(key) or () if name is not None]
    yield from _teams(written, (*steps, key), names)
    size = len(people_of(names, _of(written)))
    required = given.get(number) or 0
    if names and required > size and not given.get("codeowners") and not unknown_teams(names, _of(written)):
        what = f"is {required} people, but `{key}` stands for {size} of them, expected {size} at most"
        yield written.problem((*steps, number), what)


def _teams(written: Written, steps: Steps, names: list[str]) -> Iterator[Problem]:
    unknown = unknown_teams(names, _of(written)) if written.fields.get("forge", "local") == "local" else ()
    for position, name in enumerate(names):
        if name in unknown:
            what = f'is {name}, which `teams` does not have, expected `teams: {{"{name}": [a login, …]}}` beside it'
            yield written.problem((*steps, position), what)


def _of(written: Written) -> dict[str, list[str]]:
    """Return the teams, without what does not fit the schema."""
    teams = written.fields.get("teams") or {}
    return {team: [login for login in logins or () if login is not None] for team, logins in teams.items()}
