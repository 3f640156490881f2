"""Find what moved in a phase's pull requests since a person passed the phase."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..core.units import count
from ..model import ChangedSince, Inspected, Reviewed, Step, Verb
from ..policy.graph import step_name
from .own_change import counted_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Decision, Finding
    from ..store import State
    from .run_context import RunContext

PASSES = frozenset({Verb.CONTINUE, Verb.SKIP_PHASE})
MOST_PATHS = 1000
"""Paths that one command line takes safely."""
MOVED = "its change has moved since it was approved"


def changes_since_answer(ctx: RunContext, gate: str, listed: tuple[Finding, ...]) -> tuple[ChangedSince, ...]:
    """Return what moved in each listed pull request since the phase was last passed; nothing where it never was."""
    answers = [one for one in ctx.store.decisions.all() if one.gate == gate and one.verb in PASSES]
    return tuple(_changes(ctx, answers[-1], listed)) if answers else ()


def moved_since(when: str, issue: str, state: State) -> bool:
    """Return whether an issue was reviewed after a time (ISO 8601). It is, whenever its commits move."""
    marker = state.markers.read(step_name(issue, Step.REVIEW))
    return marker is not None and datetime.fromisoformat(marker.at) > datetime.fromisoformat(when)


def _changes(ctx: RunContext, answer: Decision, listed: tuple[Finding, ...]) -> Iterator[ChangedSince]:
    before = {item.rule: item for item in answer.findings}
    for item in listed:
        earlier = before.get(item.rule)
        if earlier is None or item.change is None or earlier.severity != item.severity:
            continue
        if earlier.change is None and moved_since(answer.when, item.rule, ctx.store):
            yield ChangedSince(item.rule, MOVED)
        elif earlier.change not in {None, item.change}:
            yield _change(ctx, item.rule, answer.commits.get(earlier.change or "", ""))


def _change(ctx: RunContext, issue: str, before: str) -> ChangedSince:
    """Return what was committed since, by whom, and the diff; little where the earlier commit is not known here."""
    reviewed = ctx.store.markers.evidence(step_name(issue, Step.REVIEW), Reviewed)
    base = counted_from(ctx.store, issue)
    if not before or reviewed is None or base is None or ctx.adapters is None or not ctx.git.has(before):
        return ChangedSince(issue, MOVED)
    authors = ctx.git.authors(before, reviewed.head, base)
    who = ", ".join(dict.fromkeys(authors))
    what = f"{count(len(authors), 'commit')} by {who} since it was approved" if authors else MOVED
    inspected = ctx.store.markers.evidence(step_name(issue, Step.INSPECT), Inspected)
    diff = ctx.git.compare(before, reviewed.head, inspected.paths[:MOST_PATHS] if inspected else ())
    return ChangedSince(issue, what, before, reviewed.head, tuple(diff.splitlines()))
