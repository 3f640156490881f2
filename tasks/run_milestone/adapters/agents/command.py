"""Run a program as the agent: it gets the prompt, and the tree it leaves counts."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..process import Grants
from ..process.command_line import argument_list
from .base import Assignment, Report
from .prompt import prompt
from .result import last_lines, report

if TYPE_CHECKING:
    from ..process import Processes, Result


class CommandAgent:
    """Runs the plan's argument list in the tree, with the prompt as standard input and in a file `{prompt_file}`."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def work(self, assignment: Assignment) -> Report:
        """Run the program until its timeout. An exit code other than 0 is a problem."""
        spec = assignment.issue.agent or assignment.milestone.agent
        if not spec.command:
            return Report(problem="the plan gives the agent no command")
        with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
            text, file = prompt(assignment), Path(folder, "prompt.md")
            file.write_text(text, encoding="utf-8")
            argv, tree, log = argument_list(spec.command, prompt_file=str(file)), assignment.tree, assignment.log
            grants = Grants(read=(file,), agent=True, hosts=spec.network, model=spec.model)
            result = self._processes.untrusted(
                argv,
                cwd=tree,
                env=assignment.env,
                stdin=text,
                timeout=spec.timeout,
                log=log,
                pass_env=spec.pass_env,
                grants=grants,
                login=() if any(os.environ.get(name) for name in spec.pass_env) else spec.login,
            )
        reported = report(result.out)
        problem = _problem(result, spec.timeout) or reported.problem
        return replace(reported, problem=problem, connections=result.connections)


def _problem(result: Result, timeout: int) -> str | None:
    name = Path(result.argv[0]).name
    if result.timed_out:
        return f"{name} did not finish within {timeout} s"
    if result.limit:
        return f"{name} was ended: {result.limit}"
    if result.code == 0:
        return None
    output = "; ".join(last_lines(result.err or result.out)[-2:]) or "it printed nothing"
    return f"{name} could not start: {output}" if result.code is None else f"{name} ended with {result.code}: {output}"
