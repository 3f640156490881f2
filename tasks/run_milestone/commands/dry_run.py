"""Predict the next steps and stops of a run from state, plan and local branches; nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..model import STEPS, Finding, Kind, Tier
from ..plan.review import EPIC, review, unspecified
from ..plan.review.expected_stops import expected_stops
from ..plan.specs import epic_text
from ..policy.stops import STOPS
from ..policy.topics import answers_to
from ..render.console import Console
from ..render.phrases import headlines, one_line
from ..runner.plan_changes import foretold
from ..runner.session import Session
from .why import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Issue, Milestone
    from ..plan.project import Project
    from ..store import State


def foretell(project: Project, milestone: Milestone, only: tuple[str, ...]) -> str:
    """Return what a run would do next and where it would stop, for all issues or `only` some."""
    session = Session(project, milestone, Console())
    due = _due(session)
    wanted = {name: why for name, why in due.items() if not only or name.split(":")[0] in only}
    lines = [f"Dry run of {milestone.id}: nothing is changed.", "", *foretold(milestone, session.store)]
    lines += _answers(session.store)
    lines += ["Next steps:", *_steps(session, wanted)] if wanted else ["Nothing to do."]
    stops = list(_stops(session, wanted))
    lines += ["", "Stops to expect:", *stops] if stops else []
    return "\n".join(lines) + "\n"


def _due(session: Session) -> dict[str, str]:
    """Return why tasks would run, by name. Without a repository all of them would."""
    nodes = [node for node in session.nodes.values() if not node.group]
    place = session.project.repository(session.milestone)
    if place.exists():
        with session.looking():
            return dict(reasons(session, nodes))
    if session.milestone.repository.sample is None:
        plan = session.project.shown_plan(session.milestone.id)
        raise UsageError(
            f"The repository {place} does not exist.",
            f"Clone it there, or correct `repository: {{path: …}}` in {plan}.",
        )
    first = "its repository would be made from the plan's sample"
    needed = (node for node in nodes if session.is_needed(node))
    return {node.name: f"{node.after[-1]} comes first" if node.after else first for node in needed}


def _answers(state: State) -> list[str]:
    left = [f"  {approval.file}" for approval in state.approvals.all()]
    return ["Answers to be taken up:", *left, ""] if left else []


def _steps(session: Session, due: dict[str, str]) -> Iterator[str]:
    """Yield a line per task of the milestone and per issue: what would run, and why its first step would."""
    seen = set[str]()
    for name, why in due.items():
        issue = session.nodes[name].issue
        if issue is None:
            yield f"  {name}: {why}"
        elif issue not in seen:
            seen.add(issue)
            steps = [step for step in STEPS if f"{issue}:{step}" in due]
            rest = f" … {steps[-1]}" if len(steps) > 1 else ""
            yield f"  {issue}: {steps[0]}{rest}: {why}"


def _stops(session: Session, due: dict[str, str]) -> Iterator[str]:
    milestone, gates = session.milestone, {gate.gate: gate for gate in session.store.gates.all()}
    numbers = {session.nodes[name].issue for name in due}
    for gate in gates.values():
        yield f"  🛑 {gate.gate}: {headlines(gate)} (it waits already) — {' | '.join(answers_to(gate))}"
    if "plan-review" in due and "plan-review" not in gates:
        findings = review(milestone, epic_text(session.project.plan(milestone.id), EPIC))
        yield from (_line("plan-review", finding) for finding in findings if finding.kind in _NOT_LATER)
    for issue in milestone.issues:
        if issue.number in numbers and issue.number not in gates:
            yield from (_line(issue.number, finding) for finding in _of(issue, milestone, due))
    for phase in (f"phase-{phase.number}" for phase in milestone.phases):
        if phase in due and phase not in gates:
            yield f"  🛑 {phase}: Phase complete — {' | '.join(STOPS[Kind.PHASE].verbs)}"


_NOT_LATER = {Kind.PLAN_CRITICAL, Kind.PLAN_WARNING}
"""What the plan review asks about or shows itself; issues ask about the rest."""


def _of(issue: Issue, milestone: Milestone, due: dict[str, str]) -> tuple[Finding, ...]:
    missing = unspecified(issue) if f"{issue.number}:branch" in due else ()
    return (*missing, *expected_stops(issue, milestone, implement=f"{issue.number}:implement" in due))


def _line(name: str, finding: Finding) -> str:
    stop = STOPS[finding.kind]
    if stop.tier is Tier.LABEL:
        return f"  ⚠️ {name}: label {stop.label}: {one_line(finding.message)}"
    sign, verbs = ("🛑", f" — {' | '.join(stop.verbs)}") if stop.tier is Tier.HARD else ("⚠️", "")
    return f"  {sign} {name}: {stop.title}: {one_line(finding.message)}{verbs}"
