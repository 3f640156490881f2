"""The phases and issues of the report, as the graph that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from ...model import Verb
from ...policy.graph import phase_name
from ...store.timeline import moment
from ..phrases import short_title
from .data import STANDING
from .elements import labels, link, pill, text, time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, Phase
    from .data import Records


def phases(records: Records) -> Iterator[str]:
    """Yield the phases in order, each with its issues and the barrier behind it."""
    yield '<h2 id="phases">Phases and issues</h2>'
    for phase in records.milestone.phases:
        done = sum(records.told[issue.number].status == "done" for issue in phase.issues)
        yield f'<section class="phase"><h3>Phase {phase.number}: {text(phase.title)} '
        yield f'<span class="soft small">{done} of {count(len(phase.issues), "issue")} completed</span></h3>'
        yield '<ul class="cards">'
        yield from (_card(records, issue) for issue in phase.issues)
        yield "</ul></section>"
        yield f'<div class="barrier">{_barrier(records, phase)}</div>'


def _card(records: Records, issue: Issue) -> str:
    story = records.told[issue.number]
    needs = ", ".join(f"#{number}" for number in issue.depends_on)
    rows = [
        f'<a href="#issue-{issue.number}">#{issue.number} {text(short_title(issue))}</a>',
        f'<span class="small">{pill(story.status, STANDING[story.status])}'
        + (f" {link(story.url or '', f'PR #{story.pr}')}" if story.pr else "")
        + "</span>",
        f"<span>{labels(story.labels)}</span>" if story.labels else "",
        f'<span class="small soft">after {needs}</span>' if needs else "",
        f'<span class="small soft">{text(story.reason)}</span>' if story.reason else "",
    ]
    return f'<li class="card {story.status}">{"".join(rows)}</li>'


def _barrier(records: Records, phase: Phase) -> str:
    name = phase_name(phase.number)
    passed = [decision for decision in records.decisions if decision.gate == name and decision.verb is not Verb.ABORT]
    if not passed or records.state.markers.read(name) is None:
        return f"<span>barrier: {'waits for a person' if _is_open(records, name) else 'not reached'}</span>"
    last = passed[-1]
    return f"<span>{text(last.verb)} by <b>{text(last.who)}</b>, {time(moment(last.when))}</span>"


def _is_open(records: Records, name: str) -> bool:
    return any(gate.gate == name for gate in records.gates)
