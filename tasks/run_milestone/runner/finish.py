"""Write what a run leaves: summary, report, and the seal that answers the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core import fastpath
from ..core.errors import ExitCode
from ..core.serialize import as_json
from ..plan.review import EPIC
from ..policy import budget
from ..render import html
from ..render.run_summary import summary_lines
from ..render.status import gates_json, gates_text, status_text
from ..store.summary import summarise
from .up_to_date import finished

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from ..model import Milestone
    from ..plan.project import Project
    from ..steps.run_context import RunContext
    from ..store import State

CODES = {"complete": 0, "failed": 1, "aborted": 1, "waiting": 3, "unfinished": 1}
"""Exit code of a run by how it ended."""


def exit_code(ctx: RunContext, status: str, fresh: Container[str]) -> ExitCode:
    """Return the exit code of a run that ended so; one of `only` some issues is done when they are."""
    store, only = ctx.store, ctx.options.only
    if status in {"failed", "aborted"}:
        return ExitCode.BUDGET if status == "aborted" and _ended_by_budget(store) else ExitCode.FAILED
    if store.gates.read(budget.GATE) is not None:
        return ExitCode.BUDGET
    if only:
        return ExitCode.DONE if all(finished(ctx, number, fresh) for number in only) else ExitCode.WAITING
    return ExitCode(CODES[status])


def _ended_by_budget(state: State) -> bool:
    decisions = state.decisions.all()
    return bool(decisions) and decisions[-1].gate == budget.GATE


def write_results(ctx: RunContext, common: Path, status: str, problems: dict[str, str]) -> None:
    """Write the summary, a finished milestone's report, and the seal last, so that it watches what is final.

    `common` is the git directory that holds the local branches.
    """
    project, milestone, store = ctx.project, ctx.milestone, ctx.store
    watched = fastpath.Watched(_folders(store), _files(project, milestone, store, common))
    with store.steady.block():
        _write_summary(milestone, store, status, problems)
        store.seal(watched, CODES[status], _answers(milestone, store, status))


def _write_summary(milestone: Milestone, store: State, status: str, problems: dict[str, str]) -> None:
    facts = {**summarise(milestone, store), "status": status, "problems": problems}
    title = f"# Milestone {milestone.id}: {milestone.title}"
    text = "\n".join([title, "", f"Status: {status}", "", "```", *summary_lines(milestone, store), "```", ""])
    store.write_summary(facts, text)
    if status == "complete" and html.is_available():
        store.write_report(html.page(milestone, store))


def _answers(milestone: Milestone, state: State, status: str) -> dict[str, str]:
    """Return what commands print from now on."""
    texts = {"status": status_text(milestone, state), "gates": gates_text(milestone, state)}
    values = {"status --json": summarise(milestone, state), "gates --json": gates_json(milestone, state)}
    texts |= {name: as_json(value) for name, value in values.items()}
    if status == "complete":
        done = "\n".join(summary_lines(milestone, state)[:4])
        texts["run"] = f"✓ Milestone {milestone.id} is complete; nothing to do.\n\n{done}\n"
    return texts


def _folders(state: State) -> list[str]:
    return [str(state.folder / name) for name in ("issues", "gates", "approvals", "decisions", "phases")]


def _files(project: Project, milestone: Milestone, state: State, common: Path) -> list[str]:
    """Return the files that the end rests on: the plan, the milestone's own markers, and the local heads."""
    folder, plan = state.folder, project.plan(milestone.id)
    specs = [str(plan / issue.spec.path) for issue in milestone.issues if issue.spec]
    records = [str(folder / f"{name}.json") for name in ("bootstrap", "plan-review", "complete", "issues")]
    settings = map(str, project.settings)
    return [str(plan / "plan.yaml"), str(plan / EPIC), *specs, *settings, *records, *_heads(milestone, state, common)]


def _heads(milestone: Milestone, state: State, common: Path) -> list[str]:
    """Return what changes when a branch of an issue moves: git renames a new file into the branch's folder."""
    heads = common / "refs" / "heads"
    branches = [state.registry.branch(milestone, issue) for issue in milestone.issues]
    folders = sorted({str((heads / branch).parent) for branch in branches})
    return [*folders, str(common / "packed-refs")]
