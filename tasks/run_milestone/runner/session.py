"""One run of one milestone: its context, what it has done so far, and what it says at its end. It knows no doit."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import INTERRUPTED, BusyError, ExitCode, Interrupted
from ..model import STEPS, RunOptions, Step, Verb
from ..policy.graph import COMPLETE, Node
from ..render import transcript
from ..steps.run_context import run_context
from ..steps.task import Questions
from ..store.summary import status_of
from . import budget_tracker, up_to_date
from .ask import OpenQuestion, ask_about
from .concurrency import InFlight
from .executor import execute
from .finish import write_results
from .gates import Gates, Stopped
from .up_to_date import DoneTasks, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Finding, Milestone
    from ..plan.project import Project
    from ..render.console import Console
    from ..steps.run_context import Adapters
    from ..store import State
    from ..sync.shared_state import LocalState


class Session:
    """One run. `stages.begin` starts it, `execute` runs one task, `end` lets go of everything."""

    def __init__(
        self,
        project: Project,
        milestone: Milestone,
        console: Console,
        options: RunOptions | None = None,
        shared: LocalState | None = None,
    ) -> None:
        """Look at a milestone of a project; `shared` exchanges its state with other machines."""
        ctx = run_context(project, milestone, console, options or RunOptions())
        self.ctx = replace(ctx, shared=shared) if shared else ctx
        self.done = DoneTasks()
        self.others = self._others()
        self.gates = Gates(self.done, self.others)
        self.problems: dict[str, str] = {}
        self.aborted = False
        self.put_off: set[str] = set()
        """Issues, and tasks of the milestone, that go on in another job."""
        self.left: tuple[str, ...] = ()
        """Those of them that another job is to take up now."""
        self.resources = contextlib.ExitStack()
        self.lock = -1
        """The file descriptor that holds the run's lock."""
        self.notes: list[str] = []
        """What to say below the banner."""
        self._in_flight = InFlight()
        self._explained: set[str] = set()
        """Tasks of which a verbose run said that they are done."""
        self._is_interrupted = False

    def _others(self) -> frozenset[str]:
        """Return the issues that other runs work on at this moment."""
        limited_to = self.options.elsewhere
        needed = {node.issue for node in self.done.remaining(self.ctx, limited_to)}
        return frozenset(number for number in self.ctx.issues if limited_to and number not in needed)

    # ---- the context ----------------------------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        """The project that holds the plan."""
        return self.ctx.project

    @property
    def milestone(self) -> Milestone:
        """The milestone that is run."""
        return self.ctx.milestone

    @property
    def options(self) -> RunOptions:
        """What the run was asked for."""
        return self.ctx.options

    @property
    def store(self) -> State:
        """The records of the milestone."""
        return self.ctx.store

    @property
    def console(self) -> Console:
        """Where the run's lines go."""
        return self.ctx.console

    @property
    def outside(self) -> Adapters:
        """The adapters of a run that has begun."""
        return self.ctx.outside

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The milestone's graph, by task name."""
        return self.ctx.nodes

    # ---- the world ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the local branches without a lock, a remote or a forge, to tell what must run."""
        from ..adapters.process import Processes
        from .wiring import open_git

        processes = Processes()
        try:
            git = open_git(self.project, self.milestone, processes, make=False)
            self.ctx = replace(self.ctx, looked=git)
            self.ctx.branches.read(git)
            with self.store.steady.block():
                yield
        finally:
            self.ctx = replace(self.ctx, looked=None)
            processes.stop()

    # ---- answers --------------------------------------------------------------------------------------------------

    def settle(self, *, comments: bool = False, by_runner: frozenset[str] = frozenset()) -> bool:
        """Turn approvals into decisions, and say what they do; returns whether there were any.

        `by_runner` are the sources of the answers that the run itself gave. A job without rights decides nothing.
        """
        if self.options.mirror:
            return False
        decisions = self.gates.settle(self.ctx, comments=comments, by_runner=by_runner)
        if any(decision.verb is Verb.ABORT for decision in decisions):
            self.aborted = True
            self._in_flight.close()
        return bool(decisions)

    # ---- tasks ----------------------------------------------------------------------------------------------------

    def check(self, node: Node) -> Verdict:
        """Return whether a task must run."""
        return up_to_date.check(self.ctx, node, self.done.fresh)

    def is_needed(self, node: Node) -> bool:
        """Return whether a task without a marker has anything to do."""
        return up_to_date.is_needed(self.ctx, node)

    def settled(self, number: str) -> str | None:
        """Return why an issue needs nothing more (skipped, merged), None where it does."""
        return up_to_date.settled(self.ctx, number)

    def finished(self, number: str) -> bool:
        """Return whether an issue came to its end: done, merged or skipped."""
        return up_to_date.finished(self.ctx, number, self.done.fresh)

    def pass_over(self, node: Node, verdict: Verdict) -> None:
        """Remember that a task needs nothing; a verbose run says why."""
        self.done.note(node.name)
        if node.step is STEPS[-1]:
            self.console.leave(node.issue or "")  # earlier steps of it may have run
        if self.options.verbose and node.name not in self._explained:
            self._explained.add(node.name)
            self.console.say(transcript.task_note(node.name, f"is done: {verdict.why}"))

    def execute(self, node: Node, verdict: Verdict) -> None:
        """Run one task and record it; raises Stopped where a person has to decide first."""
        with self._in_flight.task(), self._losing_the_lock_ends_it():
            try:
                self.ctx.shared.confirm()
                execute(self.ctx, node, verdict, self.gates, self.done)
            except Stopped as stopped:
                self._share(worth_it=stopped.is_new)
                raise
            self._share(worth_it=node.step in {None, Step.REVIEW_GATE, Step.PEOPLE_GATE})
        self.problems.pop(node.name, None)

    def passes(self, issue: str, findings: tuple[Finding, ...], change: str) -> bool:
        """Return whether nothing found about an issue's `change` waits for an answer; else its question is asked."""
        outcome = ask_about(self.ctx, issue, Questions(findings, change))
        if not isinstance(outcome, OpenQuestion):
            self.store.gates.close(issue)
            return True
        with self._losing_the_lock_ends_it():
            _, is_new = self.gates.open(self.ctx, outcome, issue)
            self._share(worth_it=is_new)
        return False

    def leave_to_others(self, node: Node) -> None:
        """Remember that another job does a task, which may do what this one may not."""
        self.put_off.add(node.issue or node.name)

    def problem(self, node: Node, error: Exception) -> None:
        """Say and remember that a task failed for a reason that is no question to a person."""
        if self.problems.get(node.name) == str(error):
            return
        self.problems[node.name] = str(error)
        self.store.journal.add("failed", task=node.name, why=str(error))
        self.console.say(transcript.task_failed(self.milestone.id, node.name, error), node.issue)
        if node.issue:
            self.console.leave(node.issue)

    def forget(self, task: str) -> None:
        """Forget that a task, or all of an issue, is done, so that it runs again."""
        self.store.markers.forget(task)
        self.store.markers.forget(COMPLETE)

    def _share(self, *, worth_it: bool) -> None:
        """Send what was recorded to the machines that share it; they use up the same budget."""
        if worth_it:
            self.console.say(self.ctx.shared.push())
            if self.store.is_shared:
                budget_tracker.refresh(self.ctx)

    @contextlib.contextmanager
    def _losing_the_lock_ends_it(self) -> Iterator[None]:
        """Let no task start once another run has the lock."""
        try:
            yield
        except BusyError as error:
            self._in_flight.close()
            raise Interrupted(error.what, error.do) from None

    # ---- ending ---------------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """How the run ends as things are: complete, waiting, aborted, failed or unfinished."""
        if self.aborted:
            return "aborted"
        return "failed" if self.problems else status_of(self.store)

    def finish(self, *, hurried: bool = False) -> str:
        """Say how the run ended, write its results, let go of everything; returns the status.

        A `hurried` end tells nobody anything over the network.
        """
        status = self.status
        if self.ctx.adapters is not None:
            self._say_last_words(status, hurried=hurried)
            self.store.journal.add("run ended", status=status)
            if not hurried and not self._is_interrupted:
                self.gates.leave(self.ctx)
            for _ in self.ctx.shared.push_rounds():
                self.write_results(status)
        self.end()
        return status

    def _say_last_words(self, status: str, *, hurried: bool) -> None:
        self.console.leave_all()
        if status != "unfinished" or not (hurried or self.options.activity):  # else it was said how that goes on
            waiting, idle = self.store.gates.all(), not self.done.fresh and not self.options.activity
            self.console.say(transcript.ended(status, self.milestone.id, waiting, idle=idle))
        self.console.say(budget_tracker.unmeasured(self.ctx))

    def write_results(self, status: str) -> None:
        """Write the summary of a run that ended so, and seal it and its finished issues."""
        self.done.seal(self.ctx)
        write_results(self.ctx, self.outside.git.common, status, self.problems)

    def end(self) -> None:
        """Let go of everything, however far the run came; nothing that was started goes on without the lock."""
        self._in_flight.close()
        outside = self.ctx.adapters
        if outside is not None:
            self.console.say(self.ctx.shared.release())
            outside.processes.stop()
            self._in_flight.drain()
            outside.git.close()
        self.ctx = replace(self.ctx, adapters=None)
        self.resources.close()

    def interrupted(self) -> BaseException:
        """Return what ends the program after ^C: doit would show a traceback of it, so it gets a plain exit instead."""
        self._is_interrupted = True
        if not self.options.standalone:
            return KeyboardInterrupt()
        sys.stderr.write(INTERRUPTED)
        return SystemExit(int(ExitCode.INTERRUPTED))

    def sealed(self) -> bool:
        """Return whether the milestone was complete and nothing it rests on has changed since."""
        return "run" in self.store.sealed()
