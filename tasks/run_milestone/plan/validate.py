"""Check what must hold in a plan beyond its schema."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any

from ..core.presets import coding_agents
from ..core.serialize import Steps, quoted
from ..model import AgentSpec, Verb
from ..policy import naming
from ..policy.stops import STOPS
from .diagnostics import Problem
from .source import Entry, Written
from .validate_branches import branches, issue_branches
from .validate_paths import addresses, images, links, paths, shown
from .validate_people import approvers, people

AGENTS: dict[str, tuple[str, ...]] = {
    "human": (),
    "command": ("command", "pass_env", "network", "model"),
    "replay": ("changes",),
}
"""Built-in agents, and the settings that only they have."""
FORGES = ("github", "local")
_FORGES = "GH|GHE|GITHUB|HUB|GIT|GCM|SSH|GITLAB|GL|GLAB|GITEA|FORGEJO|CODEBERG|BITBUCKET|SRHT|RUN_MILESTONE"
_SERVICES = "ACTIONS|CI|CIRCLE|CIRCLECI|BUILDKITE|DRONE|WOODPECKER|TRAVIS|JENKINS|TEAMCITY|APPVEYOR|SYSTEM|AZURE_DEVOPS"
_PLACES = "HOME|XDG_CONFIG_HOME|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|NETRC"
_LEADS_TO_THE_FORGE = re.compile(rf"{_PLACES}|(?:{_FORGES}|{_SERVICES})_\w+", re.IGNORECASE)
"""Variables that hold a token of a forge or of a CI service, or the place of one."""
_STEERS = re.compile(
    r"PATH|ENV|IFS|PS4|BASH_ENV|BASH_FUNC_.*|SHELLOPTS|PROMPT_COMMAND|(?:LD|DYLD|GCONV)_\w+|PYTHON\w+|PYTEST_\w+|PERL5\w+"
    r"|RUBYOPT|RUBYLIB|NODE_PATH|CLASSPATH|DOTNET_STARTUP_HOOKS|\w+_OPTIONS"
)
"""Variables that decide which code a program runs."""


def broken(written: Written) -> Iterator[Problem]:
    """Yield the problems that every rule finds."""
    for rule in RULES:
        yield from rule(written)


def _identity(written: Written) -> Iterator[Problem]:
    if "id" in written.fields and written.id != written.folder.name:
        what = f"is {quoted(written.fields['id'])}, expected {written.folder.name}, the name of the plan's folder"
        yield written.problem(("id",), what)
    for other in (path.parent.name for path in written.folder.parent.glob("*/plan.yaml")):
        if naming.share_branches(written.id, other):
            what = f"is {written.id}, expected another beside {other}: branches of both would look alike"
            yield written.problem(("id",) if "id" in written.fields else (), what)


def _unique(written: Written) -> Iterator[Problem]:
    for key in ("number", "github", "slug"):
        first: dict[Any, Entry] = {}
        for entry in written.issues:
            value = entry.fields.get(key)
            if value is not None and (holder := first.setdefault(value, entry)) is not entry:
                line = written.document.place((*holder.steps, key))[0]
                what = f"is {value}, which the issue in line {line} has already, expected another"
                yield written.problem((*entry.steps, key), what)


def _dependencies(written: Written) -> Iterator[Problem]:
    known = {entry.number: entry for entry in written.issues if entry.number}
    for entry, steps, needed in _needs(written):
        if needed == entry.number:
            yield written.problem(steps, f"is {needed}, the issue itself, expected another issue")
        elif needed not in known:
            yield written.problem(steps, f"is {needed}, expected the number of an issue in this plan")
        elif known[needed].phase > entry.phase:
            phase = known[needed].phase
            what = f"is {needed}, an issue of phase {phase}, expected one of phase {entry.phase} or before"
            yield written.problem(steps, what)


def _needs(written: Written) -> Iterator[tuple[Entry, Steps, int]]:
    for entry in written.issues:
        for position, needed in enumerate(entry.fields.get("depends_on", ())):
            if needed is not None:
                yield entry, (*entry.steps, "depends_on", position), needed


def _cycles(written: Written) -> Iterator[Problem]:
    places = {(entry.number, needed): steps for entry, steps, needed in _needs(written) if entry.number != needed}
    for _ in range(20):
        needs: dict[int, set[int]] = {}
        for number, needed in places:
            needs.setdefault(number or 0, set()).add(needed)
        try:
            graphlib.TopologicalSorter(needs).prepare()
        except graphlib.CycleError as error:
            circle = error.args[1][::-1]
            shown = " → ".join(f"#{naming.number(number)}" for number in circle)
            what = f"closes the circle {shown}, expected issues that do not wait for each other"
            # Without this edge the next round finds the next circle.
            yield written.problem(places.pop((circle[-2], circle[-1])), what)
        else:
            return


def _decisions(written: Written) -> Iterator[Problem]:
    for kind, verbs in written.fields.get("decisions", {}).items():
        offered = next((stop.verbs for stop in STOPS.values() if stop.kind == kind), ())
        for position, verb in enumerate(verbs):
            if verb is not None and Verb(verb) not in offered:
                what = f"is {verb}, which this stop does not offer, expected one of {', '.join(offered)}"
                yield written.problem(("decisions", kind, position), what)


def _agents(written: Written) -> Iterator[Problem]:
    for steps, agent in _workers(written):
        yield from _agent(written, steps, agent)


def _workers(written: Written) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """Yield the agents of a plan and of its issues."""
    for steps, fields in [((), written.fields), *((entry.steps, entry.fields) for entry in written.issues)]:
        if fields.get("agent") is not None:
            yield (*steps, "agent"), fields["agent"]


def _agent(written: Written, steps: Steps, agent: dict[str, Any]) -> Iterator[Problem]:
    if agent.get("use") is not None:
        yield from _known_agent(written, steps, agent)
        return
    kind = agent.get("kind", AgentSpec().kind)
    for key in agent.keys() & set(chain(*AGENTS.values())):
        if kind in AGENTS and key not in AGENTS[kind]:
            owner = next(name for name, settings in AGENTS.items() if key in settings)
            yield written.problem((*steps, key), f"belongs to the agent {owner}, expected kind: {owner}")
    if unknown := _unknown(kind, "agents", AGENTS):
        yield written.problem((*steps, "kind"), unknown)


def _known_agent(written: Written, steps: Steps, agent: dict[str, Any]) -> Iterator[Problem]:
    """Check that `use` names a preset, and stands alone: the preset is a kind and a command."""
    names = [preset.name for preset in coding_agents()]
    if agent["use"] not in names:
        what = f"is {quoted(agent['use'])}, expected one of {', '.join(names)}; or give `kind` and `command`"
        yield written.problem((*steps, "use"), what)
    for key in ("kind", "command", "changes"):
        if agent.get(key) is not None:
            yield written.problem((*steps, key), f"stands beside `use: {agent['use']}`, expected one of both")


def _variables(written: Written) -> Iterator[Problem]:
    """Refuse to pass on what gives access to the forge: a program that gets it could push or answer a gate."""
    reviewers = enumerate(written.fields.get("reviewers") or ())
    readers = [(("reviewers", position), reviewer) for position, reviewer in reviewers if reviewer is not None]
    tools = (("commands",), written.fields.get("commands") or {})
    for steps, fields in chain(_workers(written), readers, [tools]):
        passed: list[tuple[Steps, str]] = [
            (("pass_env", place), name) for place, name in enumerate(fields.get("pass_env") or ()) if name is not None
        ]
        key = (fields.get("model") or {}).get("key")
        for place, name in (*passed, *([(("model", "key"), key)] if key else [])):
            if _LEADS_TO_THE_FORGE.fullmatch(name):
                what = f"is {name}, which may lead to the forge's token, expected a variable of the program's own"
                yield written.problem((*steps, *place), what)
            elif _STEERS.fullmatch(name):
                what = f"is {name}, which decides what code programs run, expected a variable that is only a value"
                yield written.problem((*steps, *place), what)
            elif name == key and place[0] == "pass_env":
                yield written.problem((*steps, *place), f"is {name}, which `model` keeps outside, expected one of both")


def _quarantine(written: Written) -> Iterator[Problem]:
    for place, entry in enumerate(written.fields.get("quarantine", ())):
        until = (entry or {}).get("until")
        if until is None:
            continue  # the schema says so
        try:
            date.fromisoformat(until)
        except ValueError as error:
            what = f"is {quoted(until)}, expected a day that there is: {error}"
            yield written.problem(("quarantine", place, "until"), what)


def _parts(written: Written) -> Iterator[Problem]:
    """Check that something tests each part of the repository."""
    if (written.fields.get("commands") or {}).get("test") is None:
        for pattern in (pattern for pattern, part in written.parts.items() if part.get("test") is None):
            what = "has no test, expected `test` here, or in `commands` for all that have none"
            yield written.problem(("commands", pattern), what)


def _forge(written: Written) -> Iterator[Problem]:
    if unknown := _unknown(written.fields.get("forge", "local"), "forges", FORGES):
        yield written.problem(("forge",), unknown)


def _unknown(name: str, group: str, embedded: Iterable[str]) -> str | None:
    """Return what is wrong with a name that is neither built in nor an entry point."""
    if name in embedded:
        return None
    from importlib.metadata import entry_points

    known = [*embedded, *entry_points(group=f"run_milestone.{group}").names]
    return None if name in known else f"is {quoted(name)}, expected one of {', '.join(known)}"


RULES = (
    _identity,
    _unique,
    _dependencies,
    _cycles,
    branches,
    issue_branches,
    paths,
    links,
    _decisions,
    people,
    approvers,
    _agents,
    _variables,
    _quarantine,
    _parts,
    _forge,
    addresses,
    shown,
    images,
)
