"""Who decided what, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Kind, Verb
from ...store.timeline import moment
from ..phrases import headline
from .elements import lasted, listed, pill, text, time, who_asks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Decision
    from .data import Records


def decisions(records: Records) -> Iterator[str]:
    """Yield every decision with what it was about."""
    yield '<h2 id="decisions">Who decided what, when and why</h2>'
    if not records.decisions:
        yield '<p class="soft">Nobody had to decide anything yet.</p>'
    for decision in records.decisions:
        yield '<div class="question">'
        yield f'<div class="head"><h3>{decision.id}. {who_asks(records, decision.gate)}</h3>'
        yield f'<span class="when small soft">{time(moment(decision.when))}</span></div>'
        yield f"<p>{_asked(decision)}</p>"
        yield listed(() if decision.kind is Kind.PHASE else decision.findings)
        yield f"<p>{pill(_VERBS.get(decision.verb, 'open'), decision.verb)} by <b>{text(decision.who)}</b>"
        yield f"{_waited(records, decision)}</p>"
        yield f"<blockquote>{text(decision.why)}</blockquote>" if decision.why else ""
        yield "</div>"


_VERBS = {
    Verb.APPROVE: "approved",
    Verb.CONTINUE: "done",
    Verb.SKIP: "skipped",
    Verb.SKIP_PHASE: "skipped",
    Verb.ABORT: "failed",
}
"""Which colour a verb has: going on, leaving out, accepting a risk, ending."""


def _asked(decision: Decision) -> str:
    if decision.kind is None:
        return "Written ahead, before there was a question."
    attempt = f", attempt {decision.attempt}" if decision.attempt > 1 else ""
    return text(f"{headline(decision.kind, decision.findings)}{attempt}")


def _waited(records: Records, decision: Decision) -> str:
    question = records.answers.get(decision.id)
    if question is None or question.answered is None:
        return ""
    return f'<span class="soft"> · waited {lasted((question.answered - question.opened).total_seconds())}</span>'
