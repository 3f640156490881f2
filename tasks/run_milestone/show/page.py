"""The report: one HTML page that a lead would forward, from the records alone, without scripts or network."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..graph import BOOTSTRAP, PLAN_REVIEW, phase_name
from ..model import Bootstrapped, Implemented, Inspected, Kind, PlanReviewed, Proposed, Severity, Step, Tested, Verb
from ..redaction import redact, visible
from .summary import stories, summarise
from .timeline import moment, questions, spans
from .words import count, headline, place, reference, short_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ..model import Criterion, Decision, Finding, Gate, Issue, Milestone, Phase
    from ..state import State
    from .summary import IssueStory
    from .timeline import Entry, Question, Span

STYLE = Path(__file__).with_name("page.css")
STANDING = {"done": "done", "skipped": "skipped", "waiting": "waits for a decision", "open": "not finished"}


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the page is made from, read once."""

    milestone: Milestone
    state: State
    facts: dict[str, Any]
    told: dict[str, IssueStory]
    decisions: tuple[Decision, ...]
    gates: tuple[Gate, ...]
    entries: tuple[Entry, ...]
    asked: tuple[Question, ...]

    @property
    def answers(self) -> dict[int, Question]:
        """The question of each decision that answered one."""
        return {question.decision: question for question in self.asked if question.decision is not None}


def page(milestone: Milestone, state: State) -> str:
    """Return the report of a milestone; the same records make the same page."""
    records = _read(milestone, state)
    title = f"Milestone {milestone.id.upper()}: {milestone.title}"
    sections = (_waiting, _graph, _timeline, _decisions, _pulls, _evidence, _costs)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(title)}</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            "</head>",
            "<body>",
            _header(records),
            "<main>",
            *(text for section in sections if (text := "\n".join(section(records)))),
            "</main>",
            _footer(records),
            "</body>",
            "</html>",
            "",
        ]
    )


def _read(milestone: Milestone, state: State) -> Records:
    decisions, gates, entries = state.decisions.all(), state.gates.all(), _entries(state)
    told = {story.number: story for story in stories(milestone, state)}
    asked = questions(entries, decisions, gates)
    return Records(milestone, state, summarise(milestone, state), told, decisions, gates, entries, asked)


def _entries(state: State) -> tuple[dict[str, Any], ...]:
    """Return the journal in the order of time: entries of several machines stand in the order in which they came."""
    return tuple(sorted(state.journal.entries(), key=lambda entry: str(entry["at"])))


# ---- small pieces ---------------------------------------------------------------------------------------------


def _text(text: object) -> str:
    """Return any text as HTML shows it: without secrets, without control characters, without markup."""
    return html.escape(visible(redact(" ".join(str(text).split()))))


def _code(text: object) -> str:
    return f"<code>{_text(text)}</code>"


def _pill(kind: str, text: str) -> str:
    return f'<span class="pill {kind}">{_text(text)}</span>'


def _labels(labels: Iterable[str]) -> str:
    return " ".join(f'<span class="label">{_text(label)}</span>' for label in labels)


def _time(at: datetime) -> str:
    return f'<time datetime="{at.isoformat(timespec="seconds")}">{at:%Y-%m-%d %H:%M} UTC</time>'


def lasted(seconds: float) -> str:
    """Return a length of time as people say it, by its two largest units."""
    if seconds < 1:
        return "under 1 s"
    parts, left = [], round(seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts[:2])


def _link(url: str, text: str) -> str:
    """Return a link to a page on the web; a file beside a local remote is named, not linked."""
    if url.startswith(("https://", "http://")):
        return f'<a href="{_text(url)}" rel="noreferrer">{_text(text)}</a>'
    return _text(text)


def _who_asks(records: Records, gate: str) -> str:
    """Return what a gate is about: its issue with a link to its evidence, its phase, or its own name."""
    if gate in records.told:
        return f'<a href="#issue-{gate}">#{gate} {_text(records.told[gate].title)}</a>'
    titles = {phase_name(phase.number): f"Phase {phase.number}: {phase.title}" for phase in records.milestone.phases}
    return _text(titles.get(gate, gate))


# ---- the head -------------------------------------------------------------------------------------------------


def _header(records: Records) -> str:
    facts, milestone = records.facts, records.milestone
    return "\n".join(
        [
            "<header>",
            f'<div class="head"><span class="soft">Milestone {_text(milestone.id.upper())}</span>',
            f"{_pill(facts['status'], facts['status'])}</div>",
            f"<h1>{_text(milestone.title)}</h1>",
            f'<p class="soft">{_code(milestone.branch)} → {_code(milestone.target)}{_period(records)}</p>',
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
    return f"<br>{_time(first)} to {_time(last)}, {lasted((last - first).total_seconds())}"


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
    prs, criteria = facts["prs"], [_proofs(records, issue) for issue in records.milestone.issues]
    proven, all_of_them = sum(done for done, _ in criteria), sum(total for _, total in criteria)
    waited = sum(span.seconds for span in _spans(records) if span.waiting)
    came = f"{prs['clean']} clean, {prs['fixed']} fixed after findings, {prs['approved']} approved by a person"
    yield _tile(str(prs["created"]), f"pull requests: {came}")
    yield _tile(f"{proven}/{all_of_them}", "acceptance criteria proven by a named test")
    yield _tile(str(len(records.decisions)), "decisions by people, each recorded")
    yield _tile(lasted(facts["seconds"]), "of work by tools and agents")
    yield _tile(lasted(waited), "waited for decisions")
    yield _tile("unknown" if facts["cost"] is None else f"${facts['cost']:,.2f}", "cost of the agents")


def _tile(figure: str, words: str) -> str:
    return f'<div class="tile"><b>{_text(figure)}</b><span class="small soft">{_text(words)}</span></div>'


def _proofs(records: Records, issue: Issue) -> tuple[int, int]:
    """Return how many of an issue's criteria a test proved, and how many it has; a skipped one has none to prove."""
    if records.told[issue.number].status == "skipped":
        return 0, 0
    tested = records.state.markers.evidence(f"{issue.number}:{Step.TEST}", Tested)
    return sum(_proven(criterion, tested) for criterion in issue.criteria), len(issue.criteria)


def _proven(criterion: Criterion, tested: Tested | None) -> bool:
    return tested is not None and criterion.test in tested.proven


# ---- what waits -----------------------------------------------------------------------------------------------


def _waiting(records: Records) -> Iterator[str]:
    if records.gates:
        yield f'<h2 id="waiting">Waiting for {count(len(records.gates), "decision")}</h2>'
    for gate in records.gates:
        yield '<div class="question waiting">'
        yield f'<div class="head"><h3>{_who_asks(records, gate.gate)}</h3>'
        yield f'<span class="when small soft">since {_time(moment(gate.opened))}</span></div>'
        yield f"<p>{_text(headline(gate.kind, gate.findings))}</p>{_findings(gate.findings)}"
        commands = (f"run-milestone decide {records.milestone.id} {gate.gate} {verb}" for verb in gate.verbs)
        yield "<ul>" + "".join(f"<li>{_code(command)}</li>" for command in commands) + "</ul></div>"


def _findings(findings: Sequence[Finding]) -> str:
    rows = (
        f"<li>{_text(finding.message)}{f' <code>{_text(place(finding)[3:])}</code>' if finding.path else ''}"
        f"{f'<br><span class=soft>{_text(finding.detail)}</span>' if finding.detail else ''}</li>"
        for finding in findings
    )
    return f"<ul>{''.join(rows)}</ul>" if findings else ""


# ---- phases and issues as a graph -----------------------------------------------------------------------------


def _graph(records: Records) -> Iterator[str]:
    yield '<h2 id="phases">Phases and issues</h2>'
    for phase in records.milestone.phases:
        done = sum(records.told[issue.number].status == "done" for issue in phase.issues)
        yield f'<section class="phase"><h3>Phase {phase.number}: {_text(phase.title)} '
        yield f'<span class="soft small">{done} of {count(len(phase.issues), "issue")} completed</span></h3>'
        yield '<ul class="cards">'
        yield from (_card(records, issue) for issue in phase.issues)
        yield "</ul></section>"
        yield f'<div class="barrier">{_barrier(records, phase)}</div>'


def _card(records: Records, issue: Issue) -> str:
    story = records.told[issue.number]
    needs = ", ".join(f"#{number}" for number in issue.depends_on)
    rows = [
        f'<a href="#issue-{issue.number}">#{issue.number} {_text(short_title(issue))}</a>',
        f'<span class="small">{_pill(story.status, STANDING[story.status])}'
        + (f" {_link(story.url or '', f'PR #{story.pr}')}" if story.pr else "")
        + "</span>",
        f"<span>{_labels(story.labels)}</span>" if story.labels else "",
        f'<span class="small soft">after {needs}</span>' if needs else "",
        f'<span class="small soft">{_text(story.reason)}</span>' if story.reason else "",
    ]
    return f'<li class="card {story.status}">{"".join(rows)}</li>'


def _barrier(records: Records, phase: Phase) -> str:
    name = phase_name(phase.number)
    passed = [decision for decision in records.decisions if decision.gate == name and decision.verb is not Verb.ABORT]
    if not passed or records.state.markers.read(name) is None:
        return f"<span>barrier: {'waits for a person' if _is_open(records, name) else 'not reached'}</span>"
    last = passed[-1]
    return f"<span>{_text(last.verb)} by <b>{_text(last.who)}</b>, {_time(moment(last.when))}</span>"


def _is_open(records: Records, name: str) -> bool:
    return any(gate.gate == name for gate in records.gates)


# ---- the timeline ---------------------------------------------------------------------------------------------


def _spans(records: Records) -> tuple[Span, ...]:
    return spans(records.entries, records.asked)


def _timeline(records: Records) -> Iterator[str]:
    found = _spans(records)
    yield '<h2 id="timeline">Timeline</h2>'
    if not found:
        yield '<p class="soft">Nothing has happened yet.</p>'
        return
    first, last = min(span.start for span in found), max(span.end for span in found)
    yield '<p class="small key"><span><i></i>work</span><span><i class="waiting"></i>waiting for a person</span></p>'
    yield '<div class="time">'
    for name in [*records.told, *(phase_name(phase.number) for phase in records.milestone.phases)]:
        own = [span for span in found if span.name == name]
        if own:
            yield f'<div class="what">{_who_asks(records, name)}</div>'
            yield f'<div class="soft right">{lasted(sum(span.seconds for span in own))}</div>'
            yield f'<div class="track">{"".join(_stretch(span, first, last) for span in own)}</div>'
    yield f'<div class="axis"><span>{_time(first)}</span><span>{_time(last)}</span></div></div>'


def _stretch(span: Span, first: datetime, last: datetime) -> str:
    whole = (last - first).total_seconds() or 1.0
    left, width = 100 * (span.start - first).total_seconds() / whole, 100 * span.seconds / whole
    what = f"{'waited' if span.waiting else 'worked'} {lasted(span.seconds)}"
    css = ' class="waiting"' if span.waiting else ""
    return f'<i{css} style="left:{left:.4g}%;width:{width:.4g}%" title="{what}"></i>'


# ---- decisions ------------------------------------------------------------------------------------------------


def _decisions(records: Records) -> Iterator[str]:
    yield '<h2 id="decisions">Who decided what, when and why</h2>'
    if not records.decisions:
        yield '<p class="soft">Nobody had to decide anything yet.</p>'
    for decision in records.decisions:
        yield '<div class="question">'
        yield f'<div class="head"><h3>{decision.id}. {_who_asks(records, decision.gate)}</h3>'
        yield f'<span class="when small soft">{_time(moment(decision.when))}</span></div>'
        yield f"<p>{_asked(decision)}</p>"
        yield _findings(() if decision.kind is Kind.PHASE else decision.findings)
        yield f"<p>{_pill(_VERBS.get(decision.verb, 'open'), decision.verb)} by <b>{_text(decision.who)}</b>"
        yield f"{_waited(records, decision)}</p>"
        yield f"<blockquote>{_text(decision.why)}</blockquote>" if decision.why else ""
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
    return _text(f"{headline(decision.kind, decision.findings)}{attempt}")


def _waited(records: Records, decision: Decision) -> str:
    question = records.answers.get(decision.id)
    if question is None or question.answered is None:
        return ""
    return f'<span class="soft"> · waited {lasted((question.answered - question.opened).total_seconds())}</span>'


# ---- pull requests --------------------------------------------------------------------------------------------


def _pulls(records: Records) -> Iterator[str]:
    yield '<h2 id="pulls">Pull requests</h2>'
    rows = [_pull(records, issue) for issue in records.milestone.issues if records.told[issue.number].pr]
    if not rows:
        yield '<p class="soft">None yet.</p>'
        return
    yield "<table><thead><tr><th>PR</th><th>Issue</th><th>How it came through</th><th>Labels</th><th>Tests</th></tr>"
    yield "</thead><tbody>"
    yield from rows
    yield "</tbody></table>"


def _pull(records: Records, issue: Issue) -> str:
    story = records.told[issue.number]
    proposed = records.state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
    state = proposed.state if proposed else "open"
    came = story.verdict or STANDING[story.status]
    tests = f"{story.tests:,} passed" if story.tests is not None else "not run"
    return (
        f'<tr><td class="number">{_link(story.url or "", f"#{story.pr}")} '
        f"{_pill(state, state) if state != 'open' else ''}</td>"
        f'<td><a href="#issue-{issue.number}">{_text(issue.title)}</a> {_text(reference(issue))}<br>'
        f'<span class="soft">{_code(records.state.roster.branch(records.milestone, issue))}</span></td>'
        f'<td data-is="Came through">{_pill(came, _CAME.get(came, came))}</td>'
        f"<td>{_labels(story.labels)}</td>"
        f'<td class="number" data-is="Tests">{tests}</td></tr>'
    )


_CAME = {
    "clean": "clean",
    "fixed": "fixed after findings",
    "approved": "approved by a person",
    "unreviewed": "not reviewed",
}


# ---- evidence per criterion -----------------------------------------------------------------------------------


def _evidence(records: Records) -> Iterator[str]:
    yield '<h2 id="evidence">Evidence, criterion by criterion</h2>'
    yield f"<p class='soft small'>{_text(_baseline(records))}</p>"
    for issue in records.milestone.issues:
        story, (proven, total) = records.told[issue.number], _proofs(records, issue)
        of = f"{proven} of {total} proven" if total else STANDING[story.status]
        yield f'<details id="issue-{issue.number}"{"" if story.status == "done" else " open"}>'
        yield f"<summary><b>#{issue.number} {_text(issue.title)}</b>{_pill(story.status, STANDING[story.status])}"
        yield f'<span class="when small soft">{of}</span></summary><div class="fact">'
        yield from _facts(records, issue)
        yield "</div></details>"


def _baseline(records: Records) -> str:
    baseline = records.state.markers.evidence(BOOTSTRAP, Bootstrapped)
    reviewed = records.state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    told = (
        [f"Before any work {baseline.tests.passed} tests passed, {len(baseline.tests.failed)} failed."]
        if baseline
        else []
    )
    if reviewed and reviewed.left_out_by:
        told.append(f"The review of the plan was left out by {reviewed.left_out_by}.")
    elif reviewed:
        kinds = (Severity.CRITICAL, Severity.WARNING)
        found = [finding.message for finding in reviewed.findings if finding.severity in kinds]
        told.append(f"The review of the plan found: {'; '.join(found) or 'nothing'}.")
    return " ".join(told) or "Nothing has been tested yet."


def _facts(records: Records, issue: Issue) -> Iterator[str]:
    markers = records.state.markers
    tested = markers.evidence(f"{issue.number}:{Step.TEST}", Tested)
    inspected = markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
    implemented = markers.evidence(f"{issue.number}:{Step.IMPLEMENT}", Implemented)
    if records.told[issue.number].reason:
        yield f"<p>Skipped: {_text(records.told[issue.number].reason)}</p>"
    yield '<ul class="criteria">'
    yield from (_criterion(criterion, tested) for criterion in issue.criteria)
    yield "</ul>"
    if tested:
        yield f"<p>{_text(_tests(tested))}</p>"
    if inspected:
        size = f"{count(inspected.files, 'file')}, {count(inspected.lines, 'line')}"
        yield f"<p>Change: {size}. Commit {_code(inspected.head[:12])}.</p>{_findings(inspected.findings)}"
    if implemented and implemented.report:
        rows = "".join(f"<li>{_text(line)}</li>" for line in implemented.report)
        yield f'<p class="soft">In the words of who implemented it (attempt {implemented.attempt}):</p><ul>{rows}</ul>'


def _criterion(criterion: Criterion, tested: Tested | None) -> str:
    proven = _proven(criterion, tested)
    said = f"passed: {criterion.test}" if proven else _unproven(criterion, tested)
    return f"<li{' class=proven' if proven else ''}>{_text(criterion.text)}<code>{_text(said)}</code></li>"


def _unproven(criterion: Criterion, tested: Tested | None) -> str:
    if criterion.test is None:
        return "the plan names no test for it"
    return f"{'not run yet' if tested is None else 'not seen to pass'}: {criterion.test}"


def _tests(tested: Tested) -> str:
    if tested.problem:
        return f"Tests: {tested.problem}."
    rest = [f"{len(tested.failed)} failed"]
    rest += [f"{tested.skipped} skipped"] if tested.skipped else []
    rest += [f"{len(tested.known)} known failures not counted"] if tested.known else []
    failed = f" ({', '.join(tested.failed)})" if tested.failed else ""
    return f"Tests: {tested.passed} passed, {', '.join(rest)}{failed}."


# ---- costs ----------------------------------------------------------------------------------------------------


def _costs(records: Records) -> Iterator[str]:
    facts, told = records.facts, records.told.values()
    yield '<h2 id="costs">Costs</h2>'
    known = [story for story in told if story.cost is not None]
    if facts["cost"] is not None:
        yield f"<p>Agents cost <b>${facts['cost']:,.2f}</b>.</p>"
    else:
        part = sum(story.cost or 0 for story in known)
        of = f" At least ${part:,.2f}, from {count(len(known), 'issue')} that told." if known else ""
        yield f"<p>What the agents cost is <b>unknown</b>: nobody reported it for every issue.{of}</p>"
    attempts = sum(story.attempts for story in told if story.seconds)
    yield f"<p>{count(attempts, 'attempt')} at {count(sum(1 for story in told if story.seconds), 'issue')}, "
    yield f"{lasted(facts['seconds'])} of work by tools and agents, by the markers of the steps that stand.</p>"


def _footer(records: Records) -> str:
    world = records.state.remembered()
    asked = _time(moment(world.asked)) if world else "never"
    broken = records.state.journal.broken()
    chain = f"its chain breaks at {_text(broken)}" if broken else "its chain is unbroken"
    return (
        f"<footer>Made by run-milestone from the records in {_code(f'state/{records.milestone.id}/')} alone. "
        f"The journal has {count(len(records.entries), 'entry').replace('entrys', 'entries')}; {chain}. "
        f"Remote and forge last asked: {asked}.</footer>"
    )
