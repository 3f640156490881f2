"""Apply plan.schema.json to a plan: type its texts, and report what does not fit."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING, Any

from ..core.schemas import read_schema
from ..core.serialize import Steps, quoted, where
from ..core.spelling import nearest
from .diagnostics import Problem
from .yaml_reader import MOST, Document

if TYPE_CHECKING:
    from jsonschema import ValidationError


@cache
def plan_schema() -> Any:
    """Return the schema of a plan with its references resolved, which validates faster."""
    whole = json.loads(read_schema("plan"))

    def inlined(rule: Any) -> Any:
        if isinstance(rule, list):
            return [inlined(item) for item in rule]
        if not isinstance(rule, dict):
            return rule
        base = whole["$defs"][rule["$ref"].removeprefix("#/$defs/")] if "$ref" in rule else {}
        return {key: inlined(item) for key, item in {**base, **rule}.items() if key not in {"$ref", "$defs"}}

    return inlined(whole)


def typed(value: Any, rule: Any = None) -> Any:
    """Return the value with numbers and booleans where the schema asks for them; what does not fit stays text."""
    rule = plan_schema() if rule is None else rule
    if isinstance(value, str):
        return _scalar(value, rule.get("type"))
    if isinstance(value, list):
        return [typed(item, rule.get("items", {})) for item in value]
    return {key: typed(item, _rule_of(key, rule)) for key, item in value.items()}


def _rule_of(key: str, rule: Any) -> Any:
    """Return the part of a mapping's schema that holds for a key: by its name, by its form, or that for all others."""
    by_form = (one for form, one in rule.get("patternProperties", {}).items() if re.search(form, key))
    return rule.get("properties", {}).get(key) or next(by_form, None) or rule.get("additionalProperties") or {}


def _scalar(text: str, kind: object) -> str | int | bool:
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def misfits(document: Document, value: Any, sound: AbstractSet[str] = frozenset()) -> tuple[list[Problem], set[Steps]]:
    """Return what in `value` does not fit the schema, and the paths of the values that are unusable.

    Where all but the issues that are `sound` fits, nothing else is looked at. It stops at `MOST` problems: a hostile
    plan has hundreds of thousands.
    """
    if sound and next(_validator().iter_errors(_without(value, sound)), None) is None:
        return [], set()
    every = itertools.chain.from_iterable(_problems(document, error) for error in _validator().iter_errors(value))
    problems = tuple(itertools.islice(every, MOST))
    return [problem for problem, _ in problems], {steps for _, steps in problems if steps is not None}


def _without(value: Any, sound: AbstractSet[str]) -> Any:
    """Return a plan without issues that are known to fit the schema; each phase keeps one, because it needs one."""
    phases = value.get("phases") if isinstance(value, dict) else None
    if not isinstance(phases, list) or not all(isinstance(phase, dict) for phase in phases):
        return value
    kept = []
    for phase in phases:
        issues = phase.get("issues")
        unsure = [one for one in issues if _digest(one) not in sound] if isinstance(issues, list) else []
        kept.append({**phase, "issues": unsure or issues[:1]} if isinstance(issues, list) else phase)
    return {**value, "phases": kept}


def digests(value: Any) -> frozenset[str]:
    """Return the digests of the issues of a plan that fits the schema."""
    return frozenset(_digest(issue) for phase in value["phases"] for issue in phase["issues"])


def _digest(issue: Any) -> str:
    """Return the digest of what is written of an issue, under this schema."""
    return hashlib.sha256((_schema_digest() + json.dumps(issue, sort_keys=True)).encode()).hexdigest()[:32]


@cache
def _schema_digest() -> str:
    return hashlib.sha256(read_schema("plan").encode()).hexdigest()


def _problems(document: Document, error: ValidationError) -> Iterator[tuple[Problem, Steps | None]]:
    """Yield the problems of a validation error, each with the path of the value that it makes unusable."""
    steps: Steps = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, steps, error)
    elif error.validator == "required":
        yield _missing_key(document, steps, error.message), None
    else:
        what = f"is {_shown(error.instance)}, expected {_expected(error.schema)}"
        yield Problem(document.place(steps), where(steps), what), steps


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    ours = {"pattern": _whole_pattern, "required": _required}
    return extend(Draft202012Validator, ours)(plan_schema())  # type: ignore[no-untyped-call]


def _whole_pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """Match the whole text, where jsonschema searches in it."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError("does not match")


def _required(_: Any, keys: list[str], value: Any, __: Any) -> Iterator[ValidationError]:
    """Report only the name of a missing key."""
    from jsonschema import ValidationError

    if isinstance(value, dict):
        yield from (ValidationError(key) for key in keys if key not in value)


def _unknown_keys(document: Document, steps: Steps, error: ValidationError) -> Iterator[tuple[Problem, Steps]]:
    rule = _rule_at(steps)
    known, instance = list(rule["properties"]), dict[str, Any](error.instance)  # type: ignore[arg-type]
    for key in instance:
        if not _rule_of(key, rule):
            way = (*steps, key)
            yield Problem(document.keys[way], where(way), f"is not a known key, {_instead(key, known)}"), way


def _missing_key(document: Document, steps: Steps, key: str) -> Problem:
    wanted = _rule_at(steps)["properties"][key]
    return Problem(document.place(steps), where(steps), f"has no {key}, expected {_expected(wanted)}")


def _rule_at(steps: Steps) -> Any:
    """Return the part of the schema for the value at `steps`."""
    rule = plan_schema()
    for step in steps:
        rule = rule["items"] if isinstance(step, int) else _rule_of(step, rule)
    return rule


def _instead(key: str, known: list[str]) -> str:
    if near := nearest(key, known):
        return f"did you mean {near}?"
    # A text like `Answers: within 1 s` is a mapping to YAML.
    hint = "; a text with a colon goes in quotes" if " " in key else ""
    return f"expected one of {', '.join(known)}{hint}"


def _expected(rule: Any) -> str:
    if "enum" in rule:
        return f"one of {', '.join(rule['enum'])}"
    return str(rule["title"])


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value) if value else "empty"
    if isinstance(value, (dict, list)):
        return ("a mapping" if isinstance(value, dict) else "a list") if value else "empty"
    return str(value).lower()
