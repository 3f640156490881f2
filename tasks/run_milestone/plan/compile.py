"""Compile the text of a plan into a Milestone, or raise every error at once."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from ..core.errors import PlanError
from ..core.presets import coding_agents
from ..core.serialize import Steps, quoted
from ..core.units import dollars, seconds
from ..model import Milestone
from ..policy import naming
from . import specs
from .diagnostics import Problem
from .schema import digests, misfits, typed
from .source import Entry, Written, is_pattern
from .validate import broken
from .validate_paths import leaves
from .yaml_reader import MOST, read


def compile_plan(folder: Path, data: bytes) -> Milestone:
    """Return the milestone that the text of `folder`/plan.yaml describes. Errors: as `compile_again`."""
    return compile_again(folder, data, frozenset())[0]


def compile_again(folder: Path, data: bytes, sound: AbstractSet[str]) -> tuple[Milestone, frozenset[str]]:
    """Return the milestone that a plan describes, and the digests of its issues, which all fit the schema.

    Those that are in `sound` did so before, and are not compared with it again.
    Errors: PlanError with every problem of the text, its shape, the rules and the specs.
    """
    document = read(data)
    if document.value is None:
        raise _plan_error(folder, set(document.problems))
    value = typed(document.value)
    misshapen, unusable = misfits(document, value, sound)
    if len(misshapen) == MOST:
        raise _plan_error(folder, {*document.problems, *misshapen})
    written = Written(folder, document, _sound(value, unusable) or {})
    texts = _spec_texts(written)
    unread = {text for text in texts.values() if isinstance(text, Problem)}
    if problems := {*document.problems, *misshapen, *broken(written), *unread}:
        raise _plan_error(folder, problems)
    from pydantic import TypeAdapter

    return TypeAdapter(Milestone).validate_python(_milestone(written, texts)), digests(value)


def _plan_error(folder: Path, problems: set[Problem]) -> PlanError:
    file = (folder / "plan.yaml").relative_to(folder.parent.parent)
    lines = [problem.line(str(file)) for problem in sorted(problems)]
    return PlanError(lines[:MOST], more=len(lines) >= MOST)


def _sound(value: Any, unusable: set[Steps], steps: Steps = ()) -> Any:
    """Return the value without what does not fit the schema, so that the rules can check the rest."""
    if steps in unusable:
        return None
    if isinstance(value, list):
        return [_sound(item, unusable, (*steps, place)) for place, item in enumerate(value)]
    if isinstance(value, dict):
        ways = {key: (*steps, key) for key in value}
        return {key: _sound(value[key], unusable, way) for key, way in ways.items() if way not in unusable}
    return value


def _spec_texts(written: Written) -> dict[Steps, dict[str, str] | Problem | None]:
    """Return each issue's spec, None where it has none, or why it cannot be read."""
    listed = specs.listed(written.folder)
    return {
        entry.steps: _spec(written, entry, listed.get(naming.number(entry.number or 0), ())) for entry in written.issues
    }


def _spec(written: Written, entry: Entry, files: tuple[str, ...]) -> dict[str, str] | Problem | None:
    path = entry.fields.get("spec") or next(iter(files), None)
    if "spec" not in entry.fields and len(files) > 1:
        return written.problem(entry.steps, f"has the specs {' and '.join(files)}, expected `spec` to name one")
    if path is None or leaves(path):
        return None
    try:
        data = specs.spec_bytes(written.folder, path) or b""
        return {"path": path, "text": data.decode("utf-8-sig")}
    except UnicodeDecodeError:
        why = "it is not UTF-8 text"
    except ValueError as error:
        why = str(error)
    return written.problem(
        (*entry.steps, "spec"),
        f"is {quoted(path)}, which cannot be read: {why}, expected a Markdown file beside the plan",
    )


def _milestone(written: Written, texts: dict[Steps, Any]) -> dict[str, Any]:
    """Return the fields of the Milestone; the defaults of the model fill in the rest."""
    issues: dict[int, list[dict[str, Any]]] = {}
    for entry in written.issues:
        issues.setdefault(entry.phase, []).append(_issue(entry, texts[entry.steps]))
    phases = [
        {"title": f"Phase {number}", **phase, "number": number, "issues": issues[number]}
        for number, phase in enumerate(written.fields["phases"], start=1)
    ]
    names = {"id": written.id, "branch": written.branch, "phases": phases}
    amounts = {name: _amounts(written.fields.get(name, {})) for name in ("limits", "checks")}
    fields = written.fields
    people = {**_people(fields), **_approvers(fields)}
    return {**fields, **names, **amounts, **_commands(fields), **_agent(fields), **people}


def _commands(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the plan's commands, where `review: none` is an empty one, and patterns of paths are parts.

    Where parts have tests of their own, the default of all others tests nothing.
    """
    given = fields.get("commands", {})
    commands = {key: value for key, value in given.items() if not is_pattern(key)}
    parts = [{"pattern": key, **value} for key, value in given.items() if is_pattern(key)]
    review = {"review": ()} if commands.get("review") == "none" else {}
    test = {"parts": parts, "test": commands.get("test", ())} if parts else {}
    return {"commands": {**commands, **review, **test}}


def _agent(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the agent that `use` names as a command; nothing where none is named."""
    given = fields.get("agent") or {}
    preset = next((one for one in coding_agents() if one.name == given.get("use")), None)
    if preset is None:
        return {}
    known: dict[str, Any] = {"kind": "command", "command": preset.command}
    if given.get("model"):
        known["command"] = (*preset.command[:-1], *preset.asking, preset.command[-1])
    else:
        known |= {"pass_env": [*preset.keys, *given.get("pass_env", ())], "login": preset.login}
    return {"agent": {**{key: value for key, value in given.items() if key != "use"}, **known}}


def _people(fields: dict[str, Any]) -> dict[str, Any]:
    """Return whose approvals are required; `from` has another name in the model."""
    given = fields.get("people") or {}
    names = {"from": "members"}
    return {"people": {names.get(key, key): value for key, value in given.items()}} if given else {}


def _approvers(fields: dict[str, Any]) -> dict[str, Any]:
    """Return whose answers count; `any` and `not` have other names in the model."""
    names = {"any": "members", "not": "excluded"}
    given = (fields.get("approvers") or {}).items()
    return {"approvers": {key: {names.get(name, name): value for name, value in rule.items()} for key, rule in given}}


def _amounts(given: dict[str, Any]) -> dict[str, Any]:
    amounts = {"time": seconds, "wait": seconds, "money": dollars}
    return {name: amounts[name](value) if name in amounts else value for name, value in given.items()}


def _issue(entry: Entry, spec: dict[str, str] | None) -> dict[str, Any]:
    fields = entry.fields
    return {
        **fields,
        "number": naming.number(fields["number"]),
        "slug": entry.slug,
        "phase": entry.phase,
        "depends_on": [naming.number(needed) for needed in dict.fromkeys(fields.get("depends_on", ()))],
        "criteria": [{"text": item} if isinstance(item, str) else item for item in fields.get("criteria", ())],
        "spec": spec,
        **_agent(fields),
        **_people(fields),
    }
