"""books: what a run leaves behind: summary, report, and the seal that answers the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import ExitCode
from ..plan.review import EPIC
from ..policy import budget
from ..render.run_summary import summary_lines
from ..render.status import gates_text, status_text
from ..store.summary import summarise

if TYPE_CHECKING:
    from .session import Session

CODES = {"complete": 0, "failed": 1, "aborted": 1, "waiting": 3, "unfinished": 1}
"""Exit code of a run by how it ended."""


def exit_code(session: Session, status: str, only: tuple[str, ...]) -> ExitCode:
    """Return the exit code of a run that ended so; one of `only` some issues is done when they are."""
    budget_open = session.state.gates.read(budget.GATE) is not None
    if status in {"failed", "aborted"}:
        return ExitCode.BUDGET if status == "aborted" and _ended_by_budget(session) else ExitCode.FAILED
    if budget_open:
        return ExitCode.BUDGET
    if only:
        return ExitCode.DONE if all(session.due.finished(number) for number in only) else ExitCode.WAITING
    return ExitCode(CODES[status])


def _ended_by_budget(session: Session) -> bool:
    decisions = session.state.decisions.all()
    return bool(decisions) and decisions[-1].gate == budget.GATE


def close_books(session: Session) -> None:
    """Write the summary, a finished milestone's report, and the seal last, so that it watches what is final."""
    milestone, state, status = session.milestone, session.state, session.status
    facts = {**summarise(milestone, state), "status": status, "problems": session.problems}
    title = f"# Milestone {milestone.id}: {milestone.title}"
    text = "\n".join([title, "", f"Status: {status}", "", "```", *summary_lines(milestone, state), "```", ""])
    state.write_summary(facts, text)
    if status == "complete":
        from ..render.html import page

        state.write_report(page(milestone, state))
    _write_seal(session, status)


def _write_seal(session: Session, status: str) -> None:
    milestone, state = session.milestone, session.state
    texts = {"status": status_text(milestone, state), "gates": gates_text(milestone, state)}
    if status == "complete":
        done = "\n".join(_done(session))
        texts["run"] = f"✓ Milestone {milestone.id} is complete; nothing to do.\n\n{done}\n"
    state.seal(_folders(session), _files(session), CODES[status], texts)


def _done(session: Session) -> list[str]:
    return summary_lines(session.milestone, session.state)[:4]


def _folders(session: Session) -> list[str]:
    return [str(session.state.folder / name) for name in ("issues", "gates", "approvals", "decisions", "phases")]


def _files(session: Session) -> list[str]:
    """Return the files that the end rests on: the plan, the milestone's own markers, and the local heads."""
    folder, plan = session.state.folder, session.project.plan(session.milestone.id)
    specs = [str(plan / issue.spec.path) for issue in session.milestone.issues if issue.spec]
    own = [str(folder / f"{name}.json") for name in ("bootstrap", "plan-review", "complete", "issues")]
    return [str(plan / "plan.yaml"), str(plan / EPIC), *specs, *own, *_heads(session)]


def _heads(session: Session) -> list[str]:
    """Return what changes when a branch of an issue moves: git renames a new file into the branch's folder."""
    heads = session.hands.git.common / "refs" / "heads"
    branches = [session.state.roster.branch(session.milestone, issue) for issue in session.milestone.issues]
    folders = sorted({str((heads / branch).parent) for branch in branches})
    return [*folders, str(session.hands.git.common / "packed-refs")]
