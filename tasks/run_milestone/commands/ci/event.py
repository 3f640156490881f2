"""Decide which milestones an event asks for, or why none; anybody can cause events."""

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
"""Whose comments start a run, in GitHub's words. Whether they may write is checked when the comment is read."""
_MARK = re.compile(r"<!-- run-milestone: ([a-z][a-z0-9._-]{0,39})(?:/[\w-]{1,40})? -->")


@dataclass(frozen=True, slots=True)
class Request:
    """The milestones to run, and the reason in a sentence."""

    milestones: tuple[str, ...]
    why: str


def read_event(
    kind: str, event: dict[str, Any], scheduled: Collection[str], known: Mapping[str, Collection[int]]
) -> Request:
    """Return which milestones an event asks for. `known` are those with a plan, and the numbers of their issues.

    Errors: UsageError for a kind that may carry the code of a fork, and for an unknown milestone.
    """
    if kind == "workflow_dispatch":
        return _known([str(_at(event, "inputs", "milestone"))], known, "It was started by hand.")
    if kind == "schedule":
        return _known(list(scheduled), known, "It is scheduled.")
    if kind == "issue_comment":
        return _by_comment(event, known)
    raise UsageError(
        f"An event of the kind {kind[:40]!r} runs nothing: it may come from a fork.",
        "Use workflow_dispatch, issue_comment and schedule as its only triggers.",
    )


def _known(milestones: list[str], known: Collection[str], why: str) -> Request:
    names = tuple(dict.fromkeys(map(normalise, milestones)))
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no plan for {name} on the default branch.",
                f"Its plans are {', '.join(known) or 'none'}; merge the plan of {name} first.",
            )
    return Request(names, why)


def _by_comment(event: dict[str, Any], known: Mapping[str, Collection[int]]) -> Request:
    commands = answers(str(_at(event, "comment", "body")))
    if not commands:
        return Request((), "The comment is not a command, so nothing runs.")
    if str(_at(event, "comment", "author_association")) not in TRUSTED:
        return Request((), "The comment is by somebody without write access, so nothing runs.")
    names = tuple(name for name in known if _is_about(event, name, known[name]))
    if not names:
        return Request((), "The comment is not on an issue or pull request of a milestone, so nothing runs.")
    return Request(names, f"Somebody of the project commented /{commands[0][0]}.")


def _is_about(event: dict[str, Any], name: str, issues: Collection[int]) -> bool:
    """Return whether a comment is on what the milestone made, or on an issue of its plan."""
    mark = _MARK.search(str(_at(event, "issue", "body")))
    if mark or _at(event, "issue", "pull_request"):
        return mark is not None and mark[1] == name
    return _at(event, "issue", "number") in tuple(issues)


def _at(value: Any, *names: str) -> Any:
    """Return the value below these names, an empty text where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else value
