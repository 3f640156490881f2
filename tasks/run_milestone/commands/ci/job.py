"""Run a milestone in a GitHub Actions job and write the job summary.

A cancelled job gets SIGINT, 7.5 s later SIGTERM, and 2.5 s later it is killed.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from ...core.errors import ExitCode
from ...model import RunOptions
from ...policy.topics import answers_to
from ...render.status import gates_text, status_text
from ...runner.ready import ready
from ...runner.run import run as run_milestone
from ...store import State
from . import actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Milestone
    from ...plan.project import Project

MOST_JOBS = 256
"""Jobs that GitHub makes of one matrix. More issues wait for the next wave."""


def run(project: Project, milestone: Milestone, options: RunOptions) -> int:
    """Run a milestone and return the exit code; waiting for a decision is no failure of the job."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have left it ignored
    state = State(project.state(milestone.id))
    try:
        code = run_milestone(project, milestone, options)
    finally:
        actions.sum_up(f"Milestone {milestone.id}", _standing(milestone, state))
    if code != ExitCode.WAITING or not _asks(state, options.only):
        return code
    actions.notice(_waiting(milestone, state))
    return ExitCode.DONE


def wave(project: Project, milestone: Milestone, lock: str | None) -> int:
    """Do what lies between issues, and output the issues that are ready."""
    code = run(project, milestone, RunOptions(no_issues=True, shared=True, lock=lock))
    numbers = ready(project, milestone)[:MOST_JOBS] if code == ExitCode.DONE else ()
    actions.output("issues", numbers)
    actions.say(f"Ready: {', '.join(numbers) or 'no issue'}")
    return code


def _standing(milestone: Milestone, state: State) -> Iterator[str]:
    yield status_text(milestone, state)
    if state.gates.all():
        yield gates_text(milestone, state)


def _asks(state: State, only: tuple[str, ...]) -> bool:
    """Return whether a person can answer. Otherwise the job fails, so that waves do not start it for ever."""
    return any(not only or gate.gate in only or not gate.gate.isdigit() for gate in state.gates.all())


def _waiting(milestone: Milestone, state: State) -> str:
    gates = "; ".join(f"{gate.gate} ({' | '.join(answers_to(gate))})" for gate in state.gates.all())
    return f"{milestone.id} waits for decisions: {gates}"
