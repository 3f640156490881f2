"""What of the milestone needs somebody's attention: what waits first, then what was left out, then what to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from ...model import Verb
from ...policy.stops import AUTONOMOUS
from ...store.timeline import moment
from ..phrases import headline
from .elements import code, labels, link, listed, pill, text, time, who_asks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Decision, Gate
    from ...store.issue_status import IssueStatus
    from .data import Records


def attention(records: Records) -> Iterator[str]:
    """Yield the questions that wait with the commands that answer them, and what a lead should know."""
    rows = list(_worth_knowing(records))
    if not records.gates and not rows:
        return
    yield '<h2 id="attention">What needs attention</h2>'
    for gate in records.gates:
        yield from _question(records, gate)
    if rows:
        yield '<ul class="rows">' + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"


def _question(records: Records, gate: Gate) -> Iterator[str]:
    yield '<div class="question waiting">'
    yield f'<div class="head"><h3>{who_asks(records, gate.gate)}</h3>'
    yield f'<span class="when small soft">waits since {time(moment(gate.opened))}</span></div>'
    yield f"<p>{text(headline(gate.kind, gate.findings))}</p>{listed(gate.findings)}"
    commands = (f"run-milestone decide {records.milestone.id} {gate.gate} {verb}" for verb in gate.verbs)
    yield "<ul>" + "".join(f"<li>{code(command)}</li>" for command in commands) + "</ul></div>"


def _worth_knowing(records: Records) -> Iterator[str]:
    """Yield what was left out, what nobody reviewed, what was accepted, and what the labels ask to be looked at."""
    told = list(records.told.values())
    for story in told:
        if story.status == "skipped":
            yield f"{pill('skipped', 'skipped')} {who_asks(records, story.number)}: {text(story.reason or '')}"
    for story in told:
        if story.verdict == "unreviewed":
            yield f"{pill('waiting', 'not reviewed')} {_pull(records, story)}"
    for decision in records.decisions:
        if decision.verb is Verb.APPROVE and decision.kind is not None:
            yield f"{pill('approved', 'accepted')} {who_asks(records, decision.gate)}: {_accepted(decision)}"
    for story in told:
        asked = [label for label in story.labels if label not in records.own_labels(story.number)]
        if asked and story.status == "done" and story.verdict != "unreviewed":
            yield f"{labels(asked)} {_pull(records, story)}"
    alone = sum(decision.who == AUTONOMOUS for decision in records.decisions)
    if alone:
        yield f"{pill('open', 'unattended')} {count(alone, 'decision')} taken by the run itself (--autonomous)"


def _pull(records: Records, story: IssueStatus) -> str:
    return f"{link(story.url or '', f'PR #{story.pr}')}: {who_asks(records, story.number)}"


def _accepted(decision: Decision) -> str:
    what = text(headline(decision.kind, decision.findings)) if decision.kind else ""
    why = f" “{text(decision.why)}”" if decision.why else ""
    return f"{what}, by <b>{text(decision.who)}</b>{why}"
