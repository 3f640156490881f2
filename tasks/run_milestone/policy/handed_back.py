"""Judge what a job without rights hands back: records of the work it was given, and never an answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..model import Step
from . import gating, topics
from .boundary import MILESTONE_GATES
from .graph import BOOTSTRAP, COMPLETE, step_name
from .split import WITHOUT_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ..model import Decision, Gate, Milestone

HANDED_OUT = "handed out"
"""The journal's event by which a job that may push names what others may work on."""
_MARKER = re.compile(r"issues/(\d+)/([a-z-]+)\.json")
_GATE = re.compile(r"gates/([a-z0-9-]+)\.json")
_KEPT = re.compile(r"(\d+)/attempt-\d+(?:\.\d+)?")
"""Where the work before a restart is kept, below the milestone's refs."""
_PASSES = frozenset({Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW_GATE})


def is_passed_here(record: str) -> bool:
    """Return whether a marker, by its path or its task, is a gate's: that one passes decides the job that may push."""
    marker = _MARKER.fullmatch(record)
    return (marker[2] if marker else record.partition(":")[2]) in _PASSES


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


def _may_change(path: str, given: Collection[str], *, gone: bool) -> bool:
    if (marker := _MARKER.fullmatch(path)) is not None:
        return marker[1] in given and marker[2] in WITHOUT_RIGHTS
    if (gate := _GATE.fullmatch(path)) is not None:
        return gate[1] in {*given, *MILESTONE_GATES}
    if path == f"{COMPLETE}.json":
        return gone
    return path == f"{BOOTSTRAP}.json" or path.startswith("logs/")


def strange_ref(names: Iterable[str], known: Collection[str], branches: Collection[str]) -> str | None:
    """Return the first shared ref that no such job makes, None where there is none; nothing is fetched before.

    `known` are the remote's, `branches` the refs of the work that was given out, and the numbers of its issues.
    """
    for name in names:
        kept = _KEPT.fullmatch(name)
        if not (name == "state" or name in known or name in branches or (kept and kept[1] in branches)):
            return name
    return None


def moved_wrongly(
    refs: Mapping[str, str], known: Mapping[str, str], heads: Mapping[str, Collection[str]]
) -> str | None:
    """Return the first shared ref that is not as the records say, None where all are.

    `known` are the refs of the remote, `heads` the commits that the records name for each ref that may move, and by an
    issue's number those that may be kept from before a restart.
    """
    for name, commit in refs.items():
        if known.get(name) == commit or name == "state":
            continue
        kept = _KEPT.fullmatch(name)
        if commit not in heads.get(kept[1] if kept else name, ()) or (kept and name in known):
            return name
    return None


def is_as_asked(gate: Gate, before: Gate | None, decisions: Sequence[Decision], milestone: Milestone) -> bool:
    """Return whether an answer to a gate is bound to what it shows, and to no earlier question but that `before` it."""
    asked = topics.split(gate).values()
    made = [gating.question(gate.gate, one.kind, one.findings, gate.change, decisions, milestone) for one in asked]
    whole = topics.combine(made)
    if replace(gate, opened="", needs=(), covered_by=()) != whole:
        return False
    covering = {*before.covered_by, topics.question_name(before)} if before and topics.shrank(before, gate) else set()
    return covering.issuperset(gate.covered_by)


STEPS_WITH_COMMITS = (Step.IMPLEMENT, Step.LINT)
"""Steps whose evidence names the commit of the branch."""


def commits_named(records: Mapping[str, Mapping[str, Any]], number: str) -> tuple[str, ...]:
    """Return the commits that the markers of an issue name for its branch; `records` are read, by task."""
    evidence = (records.get(step_name(number, step), {}).get("evidence") for step in STEPS_WITH_COMMITS)
    return tuple(str(one["head"]) for one in evidence if isinstance(one, dict) and "head" in one)
