"""The head of the report: how it ended in one sentence, and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from ...policy.stops import AUTONOMOUS
from ...store.timeline import moment
from .data import proofs, stretches
from .elements import code, lasted, pill, text, time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .data import Records


def header(records: Records) -> str:
    """Return the page's head: the verdict, the figures, the way to the parts."""
    facts, milestone = records.facts, records.milestone
    return "\n".join(
        [
            "<header>",
            f'<div class="head"><span class="soft">Milestone {text(milestone.id.upper())}</span>',
            f"{pill(facts['status'], facts['status'])}</div>",
            f"<h1>{text(milestone.title)}</h1>",
            f'<p class="soft">{code(milestone.branch)} → {code(milestone.target)}{_period(records)}</p>',
            f'<p class="verdict">{text(_verdict(records))}</p>',
            *_bar(facts["issues"], len(records.gates)),
            '<div class="tiles">',
            *_tiles(records),
            "</div>",
            "<nav>",
            *(f'<a href="#{name}">{words}</a>' for name, words in _PARTS.items()),
            "</nav>",
            "</header>",
        ]
    )


def _verdict(records: Records) -> str:
    """Return how the milestone stands, in one sentence."""
    issues, prs, status = records.facts["issues"], records.facts["prs"], records.facts["status"]
    done, total = issues["completed"], issues["total"]
    if not records.entries:
        return f"Not started: {count(total, 'issue')} in {count(len(records.milestone.phases), 'phase')}."
    came = [f"{done} of {count(total, 'issue')} came through, with {count(prs['created'], 'pull request')}"]
    came += [f"{issues['skipped']} left out"] if issues["skipped"] else []
    came += [f"{count(prs['unreviewed'], 'pull request')} not reviewed"] if prs.get("unreviewed") else []
    return f"{_STATUS.get(status, status.capitalize())}: {'; '.join(came)}."


_STATUS = {
    "complete": "Complete",
    "waiting": "Waiting for decisions",
    "aborted": "Stopped by a person",
    "failed": "Stopped by a failure",
    "unfinished": "Under way",
}
"""What a lead reads of a status."""

_PARTS = {
    "phases": "Phases",
    "timeline": "Timeline",
    "decisions": "Decisions",
    "pulls": "Pull requests",
    "evidence": "Evidence",
    "costs": "Costs",
}


def _period(records: Records) -> str:
    if not records.entries:
        return " · not started"
    first, last = moment(records.entries[0]["at"]), moment(records.entries[-1]["at"])
    return f"<br>{time(first)} to {time(last)}, {lasted((last - first).total_seconds())}"


def _bar(issues: dict[str, int], waiting: int) -> Iterator[str]:
    """Yield how much is done as one bar, and the same in words."""
    parts = (("done", issues["completed"]), ("skipped", issues["skipped"]))
    filled = "".join(
        f'<i class="{name}" style="width:{100 * number / issues["total"]:.4g}%"></i>' for name, number in parts
    )
    left = issues["total"] - issues["completed"] - issues["skipped"]
    waits = f", {count(waiting, 'decision')} awaited" if waiting else ""
    yield f'<div class="bar" aria-hidden="true">{filled}</div>'
    yield (
        f'<p class="small soft">{issues["completed"]} of {count(issues["total"], "issue")} completed, '
        f"{issues['skipped']} skipped, {left} left{waits}</p>"
    )


def _tiles(records: Records) -> Iterator[str]:
    facts = records.facts
    prs, criteria = facts["prs"], [proofs(records, issue) for issue in records.milestone.issues]
    proven, all_of_them = sum(done for done, _ in criteria), sum(total for _, total in criteria)
    waited = sum(span.seconds for span in stretches(records) if span.waiting)
    came = f"{prs['clean']} clean, {prs['fixed']} fixed after findings, {prs['approved']} approved by a person"
    yield _tile(str(prs["created"]), f"pull requests: {came}")
    yield _tile(f"{proven}/{all_of_them}", "acceptance criteria proven by a named test")
    alone = sum(decision.who == AUTONOMOUS for decision in records.decisions)
    beside = f", and {alone} by an autonomous run" if alone else ""
    yield _tile(str(len(records.decisions) - alone), f"decisions by people, each recorded{beside}")
    yield _tile(lasted(facts["seconds"]), "of work by tools and agents")
    yield _tile(lasted(waited), "waited for decisions")
    yield _tile("unknown" if facts["cost"] is None else f"${facts['cost']:,.2f}", "cost of the agents")


def _tile(figure: str, words: str) -> str:
    return f'<div class="tile"><b>{text(figure)}</b><span class="small soft">{text(words)}</span></div>'
