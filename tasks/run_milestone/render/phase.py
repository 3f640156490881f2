"""Renders the barrier at the end of a phase: its list of pull requests and skipped issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import for_terminal
from ..core.units import count
from ..model import Kind, Verb
from ..policy.graph import phase_name
from ..policy.phase_answers import ACCEPTED
from ..policy.stops import STOPS
from ..store.issue_status import accepted_risks, issue_statuses, phase_findings
from .phrases import first_few, reference, short_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import ChangedSince, Decision, Issue, Phase
    from ..store import State
    from ..store.issue_status import IssueStatus

DIFF_LINES = 40
"""Lines that are shown of what moved in a pull request."""


def listing(phase: Phase, state: State, moved: tuple[ChangedSince, ...] = ()) -> list[str]:
    """Return the list that a phase's barrier shows, with what changed since the phase was last approved."""
    statuses = {status.number: status for status in issue_statuses(phase.issues, state)}
    rows = [_row(issue, statuses[issue.number], state) for issue in phase.issues]
    ready = sum(1 for issue in phase.issues if statuses[issue.number].verdict)
    skipped = sum(1 for issue in phase.issues if statuses[issue.number].status == "skipped")
    skips = f", {skipped} skipped" if skipped else ""
    changed = [*_changed(phase, state), *(line for change in moved for line in _moved(change))]
    return [f"✓ Phase {phase.number} complete — {count(ready, 'PR')} ready{skips}", *changed, "", *rows]


def _changed(phase: Phase, state: State) -> list[str]:
    """Return how the list differs from the one that was approved before, empty where it does not."""
    parts = list_changes(phase, state)
    if not parts:
        return []
    answer = _answers(phase, state)[-1]
    return [f"Asked again: the list has changed since decision {answer.id} ({'; '.join(parts)})"]


def list_changes(phase: Phase, state: State) -> list[str]:
    """Return what is new in a phase's list since it was passed, and what is gone; nothing where it never was."""
    answers = _answers(phase, state)
    if not answers:
        return []
    bound = any(item.change is not None for item in answers[-1].findings)
    before = {item.rule: item.message for item in answers[-1].findings}
    listed = {item.rule: item.message for item in phase_findings(phase, state)}
    now = {number: message if bound else message.partition(ACCEPTED)[0] for number, message in listed.items()}
    new = [message for number, message in now.items() if before.get(number) != message]
    gone = [message for number, message in before.items() if number not in now]
    return [f"{what}: {', '.join(messages)}" for what, messages in (("new", new), ("gone", gone)) if messages]


def _answers(phase: Phase, state: State) -> list[Decision]:
    """Return the decisions that passed a phase."""
    verbs = {Verb.CONTINUE, Verb.SKIP_PHASE}
    return [one for one in state.decisions.all() if one.gate == phase_name(phase.number) and one.verb in verbs]


def _moved(change: ChangedSince) -> Iterator[str]:
    """Yield what moved in one pull request since it was approved, and the diff."""
    yield f"#{change.issue}: {change.what}"
    yield from (f"  {line}" for line in change.diff[:DIFF_LINES])
    if len(change.diff) > DIFF_LINES:
        left = count(len(change.diff) - DIFF_LINES, "more line")
        yield f"  … {left}: `git diff {change.before[:10]} {change.now[:10]}`"


def _row(issue: Issue, status: IssueStatus, state: State) -> str:
    if status.status == "skipped":
        return f"* (Issue #{issue.number} skipped)"
    labels = f" [{', '.join(status.labels)}]" if status.labels else ""
    if status.verdict == "unreviewed":
        return f"* PR #{status.pr} — {short_title(issue)}{reference(issue)}{labels} ⚠️ Not reviewed"
    return f"* PR #{status.pr} — {short_title(issue)}{reference(issue)}{labels}{_accepted(issue, state)}"


def _accepted(issue: Issue, state: State) -> str:
    """Return the risks that people accepted in a change, a tick where there was none."""
    kinds = accepted_risks(issue.number, state)
    if not kinds:
        return " ✓"
    if set(kinds) == {Kind.MIGRATION_BREAKING}:
        return " ⚠️ Breaking change approved"
    return f" ⚠️ Approved: {', '.join(STOPS[kind].title.lower() for kind in kinds)}"


# ---- what does not fit together -----------------------------------------------------------------------------------


def conflicting(one: str, other: str, paths: tuple[str, ...]) -> str:
    """Return that two issues conflict."""
    return f"⚠️ #{one} and #{other} conflict in {for_terminal(first_few(paths))}: the second to land stops at it"


def forked(early: str, late: str, message: str) -> str:
    """Return that the migrations of two issues do not form one line."""
    who = f"#{early} and #{late} are together" if early != late else f"#{late} is in"
    return f"⚠️ {for_terminal(message)} once {who}"


def differing(package: str, one: Sequence[str], other: Sequence[str]) -> str:
    """Return that two issues ask for different versions; each is its number and the version."""
    wanted = f"#{one[0]} asks for {one[1]}, #{other[0]} for {other[1]}"
    return f"⚠️ {for_terminal(f'{package}: {wanted}')}"


def not_looked_at(why: str) -> str:
    """Return that the look failed."""
    return f"⚠️ Not looked at whether the issues fit together: {why}"
