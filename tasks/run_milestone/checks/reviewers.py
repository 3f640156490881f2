"""Runs the plan's reviewers: commands that read a change and print findings as JSON or SARIF."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..adapters.agents.result import parse
from ..adapters.process import Grants
from ..core.schemas import read_schema
from ..core.serialize import plain
from ..model import Finding, Kind, Severity
from . import review_prompt
from .unavailable import failed, last_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.process import Result
    from ..model import Reviewer
    from .change import Change

LEVELS = {"error": Severity.CRITICAL, "warning": Severity.WARNING, "note": Severity.INFO, "none": Severity.INFO}
"""SARIF's levels."""


@dataclass(frozen=True, slots=True)
class Review:
    """The findings of a reviewer, and what it cost where it is an agent. An unknown cost is None."""

    findings: tuple[Finding, ...]
    costs: tuple[float | None, ...] = ()


def ask(change: Change, reviewer: Reviewer) -> Review:
    """Return a reviewer's findings on the added lines. A reviewer that is too late gives a pending finding."""
    command = tuple(word.replace("{python}", sys.executable) for word in reviewer.command)
    grants = Grants(agent=reviewer.format == "prompt", hosts=reviewer.network, model=reviewer.model)
    ran = change.tools.run(command, _input(change, reviewer), reviewer.timeout, reviewer.pass_env, grants)
    costs = (parse(ran.out).cost,) if reviewer.format == "prompt" and ran.code is not None else ()
    return Review(tuple(_found(change, reviewer, ran)), costs)


def _found(change: Change, reviewer: Reviewer, ran: Result) -> Iterator[Finding]:
    if ran.timed_out:
        message = f"The reviewer `{reviewer.name}` gave no answer within {reviewer.timeout} s"
        yield Finding(Kind.REVIEW_PENDING, Severity.INFO, reviewer.name, message)
        return
    try:
        findings = list(_parsed(change, reviewer, _answer(ran, reviewer)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        why = (str(error).splitlines() or [""])[0][:200]
        message = f"The reviewer `{reviewer.name}` gave no findings ({why}). Repair `reviewers` in the plan"
        yield failed(reviewer.name, message)
        return
    if reviewer.format == "prompt" and (rest := review_prompt.left_out(change)):
        message = f"The reviewer `{reviewer.name}` did not read {rest:,} characters at the end of the change"
        yield failed(reviewer.name, message)
    yield from (finding for finding in findings if _is_about(change, finding))


def _input(change: Change, reviewer: Reviewer) -> str:
    """Return what a reviewer reads: a prompt, or JSON of the issue with its criteria and every changed line."""
    if reviewer.format == "prompt":
        return review_prompt.prompt(change, reviewer)
    issue, files = change.issue, [plain(file) for file in change.files]
    criteria = [criterion.text for criterion in issue.criteria]
    spec = issue.spec.text if issue.spec else None
    about = {"number": issue.number, "title": issue.title, "criteria": criteria, "spec": spec}
    document = {
        "milestone": change.milestone.id,
        "issue": about,
        "base": change.base,
        "head": change.head,
        "files": files,
    }
    return json.dumps(document, ensure_ascii=False)


def _answer(ran: Result, reviewer: Reviewer) -> Any:
    """Return the JSON that a reviewer printed. A return code of many only says that there are findings."""
    if ran.code is None:
        raise ValueError(f"it could not start: {last_words(ran.err)}")
    if ran.truncated:
        raise ValueError("its output is too long")
    if reviewer.format == "prompt" and ran.code == 0:
        return review_prompt.answered(parse(ran.out).text)
    try:
        return json.loads(ran.out)
    except ValueError:
        raise ValueError(f"exit {ran.code}, and no JSON: {last_words(ran.err or ran.out)}") from None


def _is_about(change: Change, finding: Finding) -> bool:
    """Return whether a finding is about the change: it has no place, or one in an added line of a changed file."""
    if finding.path is None:
        return True
    file = next((file for file in change.files if finding.path in {file.before, file.after}), None)
    return file is not None and (finding.line is None or finding.line in dict(file.added))


def _parsed(change: Change, reviewer: Reviewer, answer: Any) -> Iterator[Finding]:
    return _sarif(change, answer) if reviewer.format == "sarif" else _findings(answer)


# ---- our own JSON -------------------------------------------------------------------------------------------------


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(read_schema("findings")))


def _findings(answer: Any) -> Iterator[Finding]:
    for error in _validator().iter_errors(answer):
        raise ValueError(f"{error.json_path}: {error.message}")
    for item in answer["findings"]:
        kind, severity = Kind(item.get("kind", Kind.REVIEW)), Severity(item["severity"])
        path, line, detail = item.get("path"), item.get("line"), item.get("detail")
        yield Finding(kind, severity, item["rule"], item["message"], path, line, detail)


# ---- SARIF 2.1 ----------------------------------------------------------------------------------------------------


def _sarif(change: Change, answer: Any) -> Iterator[Finding]:
    if not str(answer["version"]).startswith("2.1"):
        raise ValueError(f"SARIF {answer['version']}, expected 2.1")
    for run in answer["runs"]:
        levels = {rule["id"]: _default(rule) for rule in run["tool"]["driver"].get("rules", ())}
        for result in run.get("results", ()):
            if result.get("kind", "fail") == "fail" and not result.get("suppressions"):
                yield _result(change, result, levels)


def _default(rule: Any) -> str:
    return str(rule.get("defaultConfiguration", {}).get("level", "warning"))


def _result(change: Change, result: Any, levels: dict[str, str]) -> Finding:
    rule = str(result.get("ruleId") or result.get("rule", {}).get("id") or "sarif")
    severity = LEVELS[result.get("level") or levels.get(rule, "warning")]
    places = [place["physicalLocation"] for place in result.get("locations", ()) if "physicalLocation" in place]
    path = _path(change, places[0]["artifactLocation"]["uri"]) if places else None
    line = places[0].get("region", {}).get("startLine") if places else None
    return Finding(Kind.REVIEW, severity, rule, str(result["message"]["text"]), path, line)


def _path(change: Change, uri: str) -> str:
    """Return the path as the diff names it; tools write them relative, absolute, or as `file:` URLs."""
    path, tree = Path(unquote(urlsplit(uri).path)), change.tree.resolve()
    return str(PurePosixPath(path.relative_to(tree) if path.is_relative_to(tree) else path))
