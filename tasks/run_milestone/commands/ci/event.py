"""What an event asks for: which milestones are to be run, or why none is. Pure; events come from strangers too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...policy.naming import normalise
from ...render.gate_comments import answers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Who may wake a run by a comment, in GitHub's words; whether they may write, the forge is asked when it is read."""
_MARK = re.compile(r"<!-- run-milestone: (m[0-9.]{1,10})(?:/[\w-]{1,40})? -->")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be run, and what is said about it."""

    milestones: tuple[str, ...]
    why: str


def asked(kind: str, event: dict[str, Any], scheduled: Collection[str], known: Mapping[str, Collection[int]]) -> Asked:
    """Return which milestones an event of this kind asks for; `known` are those with a plan, and their issues' numbers.

    Errors: UsageError for a kind that may carry a fork's code, and for a milestone that is none.
    """
    if kind == "workflow_dispatch":
        return _known([str(_at(event, "inputs", "milestone"))], known, "Somebody started it by hand.")
    if kind == "schedule":
        return _known(list(scheduled), known, "Its time has come.")
    if kind == "issue_comment":
        return _by_comment(event, known)
    raise UsageError(
        f"An event of the kind {kind[:40]!r} runs nothing: it may come from a fork.",
        "Let the workflow be started by workflow_dispatch, issue_comment and schedule only.",
    )


def _known(wished: list[str], known: Collection[str], why: str) -> Asked:
    names = tuple(dict.fromkeys(map(normalise, wished)))
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no plan for {name} on the default branch.",
                f"Its plans are {', '.join(known) or 'none'}; merge plans/{name}/plan.yaml first.",
            )
    return Asked(names, why)


def _by_comment(event: dict[str, Any], known: Mapping[str, Collection[int]]) -> Asked:
    said = answers(str(_at(event, "comment", "body")))
    if not said:
        return Asked((), "The comment is no command, so nothing is run.")
    if str(_at(event, "comment", "author_association")) not in TRUSTED:
        return Asked((), "The comment is by somebody without write access, so nothing is run.")
    names = tuple(name for name in known if _is_about(event, name, known[name]))
    if not names:
        return Asked((), "The comment is on nothing that belongs to a milestone, so nothing is run.")
    return Asked(names, f"Somebody of the project said {said[0][0]}.")


def _is_about(event: dict[str, Any], name: str, issues: Collection[int]) -> bool:
    """Return whether a comment is on what a milestone made, or on an issue of its plan; a pull request is never one."""
    mark = _MARK.search(str(_at(event, "issue", "body")))
    if mark or _at(event, "issue", "pull_request"):
        return mark is not None and mark[1] == name
    return _at(event, "issue", "number") in tuple(issues)


def _at(value: Any, *names: str) -> Any:
    """Return what lies at the end of these names, an empty text where nothing does: events have many shapes."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else value
