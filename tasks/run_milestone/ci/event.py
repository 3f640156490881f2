"""What an event asks for: which milestones are to be run, or why none is. Pure; events come from strangers too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..model import Verb
from ..plan.ids import normalise

if TYPE_CHECKING:
    from collections.abc import Collection

TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Who may wake a run by a comment, in GitHub's words; whether they may write, the forge is asked when it is read."""
_MARK = re.compile(r"<!-- run-milestone: (m[0-9.]{1,10})(?:/[\w-]{1,40})? -->")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be run, and what is said about it."""

    milestones: tuple[str, ...]
    why: str


def asked(kind: str, event: dict[str, Any], scheduled: Collection[str], known: Collection[str]) -> Asked:
    """Return which milestones an event of this kind asks for; `known` are those that have a plan.

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


def _by_comment(event: dict[str, Any], known: Collection[str]) -> Asked:
    verb = str(_at(event, "comment", "body")).split(maxsplit=1)[:1]
    if not verb or verb[0] not in {f"/{verb}" for verb in Verb}:
        return Asked((), "The comment is no command, so nothing is run.")
    if str(_at(event, "comment", "author_association")) not in TRUSTED:
        return Asked((), "The comment is by somebody without write access, so nothing is run.")
    mark = _MARK.search(str(_at(event, "issue", "body")))
    if mark is None or mark[1] not in known:
        return Asked((), "The comment is on no pull request of a milestone, so nothing is run.")
    return Asked((mark[1],), f"Somebody of the project said {verb[0]}.")


def _at(value: Any, *names: str) -> Any:
    """Return what lies at the end of these names, an empty text where nothing does: events have many shapes."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else value
