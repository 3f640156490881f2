"""Run the parts of a milestone in GitHub Actions jobs: one that may push starts no command, the rest may not push.

A cancelled job gets SIGINT, 7.5 s later SIGTERM, and 2.5 s later it is killed.
"""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ...adapters.git.bundles import make_mirror, write_head, write_result
from ...adapters.process import Processes
from ...core.errors import ExitCode, UsageError
from ...model import RunOptions
from ...policy.topics import answers_to
from ...render.status import gates_text, status_text
from ...runner.run import publish as publish_milestone
from ...runner.run import run as run_milestone
from ...runner.wiring import open_git
from ...store import State
from . import actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Milestone
    from ...plan.project import Project

MOST_JOBS = 256
"""Jobs that GitHub makes of one matrix. More issues wait for the next wave."""
REMOTE, PROJECT = "remote.bundle", "project.bundle"
"""What a job without rights gets: the remote's refs, and the commit with the plan."""


def publish(project: Project, milestone: Milestone, lock: str | None, results: str, give: str) -> int:
    """Take up results, push, open pull requests and take answers; output what is left and write what it needs."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have left it ignored
    state, left = State(project.state(milestone.id)), tuple[str, ...]()
    try:
        code, left = publish_milestone(project, milestone, RunOptions(shared=True, lock=lock, results=results))
    finally:
        actions.sum_up(f"Milestone {milestone.id}", _standing(milestone, state))
    if code == ExitCode.WAITING and state.gates.all():
        actions.notice(_waiting(milestone, state))
        code = ExitCode.DONE
    left = left[:MOST_JOBS] if code == ExitCode.DONE else ()
    if left and give:
        _give(project, milestone, Path(give))
    actions.output("work", left)
    actions.say(f"Ready: {', '.join(left) or 'nothing'}")
    return code


def work(project: Project, milestone: Milestone, only: tuple[str, ...], folders: tuple[str, str]) -> int:
    """Work on issues without a token, from what one folder holds, and write the result into the other."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given, result = map(Path, folders)
    if not (given / REMOTE).is_file():
        raise UsageError(f"{given} holds no {REMOTE}.", "Name the folder that `run-milestone ci publish --give` wrote.")
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="run-milestone-") as place:
        mirror = Path(place) / "remote.git"
        make_mirror(processes, (given / REMOTE).absolute(), mirror)
        options = RunOptions(only, shared=True, mirror=str(mirror))
        try:
            return run_milestone(project, milestone, options)
        finally:
            result.mkdir(parents=True, exist_ok=True)
            file = result.absolute() / f"{only[0] if len(only) == 1 else 'all'}.bundle"
            write_result(processes, mirror, file, milestone.id, milestone.target)


def _give(project: Project, milestone: Milestone, folder: Path) -> None:
    """Write what jobs without rights work from."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes()
    git = open_git(project, milestone, processes)
    git.write_remote(folder.absolute() / REMOTE, milestone.id)
    git.close()
    write_head(processes, project.root, folder.absolute() / PROJECT)


def _standing(milestone: Milestone, state: State) -> Iterator[str]:
    yield status_text(milestone, state)
    if state.gates.all():
        yield gates_text(milestone, state)


def _waiting(milestone: Milestone, state: State) -> str:
    gates = "; ".join(f"{gate.gate} ({' | '.join(answers_to(gate))})" for gate in state.gates.all())
    return f"{milestone.id} waits for decisions: {gates}"
