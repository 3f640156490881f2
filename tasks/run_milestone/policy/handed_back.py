"""Judge what a job without rights hands back: records of the work it was given, and never an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..model import Step
from . import budget, unboxed
from .boundary import MILESTONE_GATES
from .graph import BOOTSTRAP, COMPLETE, step_name
from .split import WITHOUT_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

HANDED_OUT = "handed out"
"""The journal's event by which a job that may push names what others may work on."""
_FREE = frozenset({"run ended", "connections", "boundary crossed"})
_OF_TASKS = frozenset(
    {"done", "broken off", "failed", "recorded", unboxed.BEGAN, unboxed.ENDED, budget.BEGAN, budget.REVIEW_BEGAN}
)
_MARKER = re.compile(r"issues/(\d+)/([a-z-]+)\.json")
_GATE = re.compile(r"gates/([a-z0-9-]+)\.json")


def given_out(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the issues that the journal's newest entry hands out, and the baseline, on which all of them rest."""
    last: list[str] = []
    for entry in entries:
        if entry.get("event") == HANDED_OUT:
            last = [str(one) for one in entry.get("work", ())]
    return frozenset({BOOTSTRAP, *last}) if last else frozenset()


def without_progress(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return what was handed out last and of which nothing was done since: handed out again it would go on for ever."""
    waiting = set[str]()
    for entry in entries:
        if entry.get("event") == HANDED_OUT:
            waiting = {str(one) for one in entry.get("work", ())}
        elif entry.get("event") == "done":
            waiting.discard(str(entry.get("task")).partition(":")[0])
    return frozenset(waiting)


def foreign_record(paths: Mapping[str, bool], given: Collection[str]) -> str | None:
    """Return the first path that such a job may not change, None where there is none. The value: is it removed."""
    return next((path for path, gone in paths.items() if not _may_change(path, given, gone=gone)), None)


def foreign_entry(entries: Iterable[Mapping[str, Any]], given: Collection[str]) -> str | None:
    """Return the first event that such a job may not record, with what it is about; None where there is none."""
    for entry in entries:
        if not _may_record(entry, given):
            about = next((str(entry[key]) for key in ("task", "gate", "issue", "file") if key in entry), "")
            return f"{entry.get('event')} {about}".strip()
    return None


def _may_change(path: str, given: Collection[str], *, gone: bool) -> bool:
    if (marker := _MARKER.fullmatch(path)) is not None:
        return marker[1] in given and marker[2] in WITHOUT_RIGHTS
    if (gate := _GATE.fullmatch(path)) is not None:
        return gate[1] in {*given, *MILESTONE_GATES}
    if path == f"{COMPLETE}.json":
        return gone
    return path == f"{BOOTSTRAP}.json" or path.startswith("logs/")


def _may_record(entry: Mapping[str, Any], given: Collection[str]) -> bool:
    event, task = str(entry.get("event")), str(entry.get("task"))
    if event in _OF_TASKS:
        number, _, step = task.partition(":")
        return task == BOOTSTRAP or (number in given and step in set(WITHOUT_RIGHTS))
    if event == "run started":
        return not entry.get("operator")  # a name there is one under which somebody answers
    if event == "gate opened":
        return entry.get("gate") in {*given, *MILESTONE_GATES}
    return event in _FREE or (event == "work thrown away" and entry.get("issue") in given)


def moved_wrongly(
    refs: Mapping[str, str], known: Mapping[str, str], heads: Mapping[str, Collection[str]]
) -> str | None:
    """Return the first shared ref that is not as the records say, None where all are.

    `known` are the refs of the remote, `heads` the commits that the records name for each ref that may move.
    """
    for name, commit in refs.items():
        if known.get(name) == commit or name in {"state", "lock"}:
            continue
        number, _, kept = name.partition("/")
        is_kept = kept and number in heads and name not in known
        if not is_kept and commit not in heads.get(name, ()):
            return name
    return None


STEPS_WITH_COMMITS = (Step.IMPLEMENT, Step.LINT)
"""Steps whose evidence names the commit of the branch."""


def commits_named(records: Mapping[str, Mapping[str, Any]], number: str) -> tuple[str, ...]:
    """Return the commits that the markers of an issue name for its branch; `records` are read, by task."""
    evidence = (records.get(step_name(number, step), {}).get("evidence") for step in STEPS_WITH_COMMITS)
    return tuple(str(one["head"]) for one in evidence if isinstance(one, dict) and "head" in one)
