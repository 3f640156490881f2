"""session: one run of one milestone; it carries out what is due and opens gates. It knows no doit."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from ..core.errors import INTERRUPTED, BusyError, ExitCode, Interrupted
from ..model import Verb
from ..policy.graph import BOOTSTRAP, COMPLETE, Node
from ..render import transcript
from ..store import State
from ..store.run_lock import held
from ..store.summary import status_of
from ..sync.shared_state import LocalState
from .budget_tracker import Ledger
from .executor import Carrying
from .finish import close_books
from .gates import Questions
from .options import Manner
from .plan_changes import take_up
from .reconcile import Reconciling
from .shift import Shift
from .task_factory import Making
from .up_to_date import Due
from .world import Outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters import Hands
    from ..model import Finding, Milestone
    from ..plan.project import Project
    from ..render.console import Console


class Session:
    """One run. `begin` takes the lock and looks at the world, `carry_out` does one task, `end` lets go."""

    def __init__(
        self,
        project: Project,
        milestone: Milestone,
        console: Console,
        manner: Manner | None = None,
        sharing: LocalState | None = None,
    ) -> None:
        """Look at a milestone of a project, in the manner of the run's flags; `sharing` sends its state."""
        self.project = project
        self.milestone = milestone
        self.console = console
        self.state = State(project.state(milestone.id))
        self.problems: dict[str, str] = {}
        self.aborted = False
        self.manner = manner or Manner()
        self._sharing = sharing or LocalState()
        self._stack = contextlib.ExitStack()
        self._shift = Shift()
        self._outside = Outside()
        self.due = Due(Making(project, milestone, self.state, self._outside, self._attempting, self.manner))
        self._others = self._left_to_others()
        self._ledger = Ledger(milestone, self.state)
        self._questions = Questions(self.due, console, self._sharing, self._others)
        self._carrying = Carrying(self.due, console, self._ledger, self._questions, self._send)
        self._hurried = False
        """Whether somebody wants a standalone run to end now."""

    def _left_to_others(self) -> frozenset[str]:
        """Return the issues that other runs work on at this moment."""
        about = self.manner.about
        needed = {node.issue for node in self.due.remaining(about)}
        return frozenset(issue.number for issue in self.milestone.issues if about and issue.number not in needed)

    # ---- beginning ----------------------------------------------------------------------------------------------

    def begin_once(self) -> None:
        """Begin unless the run has begun, or the seal says that nothing changed since the milestone was complete."""
        nothing_to_do = self.state.sealed().get("run")
        if nothing_to_do is not None:
            self.console.say(nothing_to_do.splitlines()[:1])
        elif self._outside.hands is None:
            self.begin()

    def begin(self) -> None:
        """Take the lock, open the repository, take decisions, and ask the remote and the forge once."""
        from .wiring import open_hands  # the heavy libraries come with the hands

        lock = self._stack.enter_context(held(self.state.folder))
        told: list[str] = []
        hands = open_hands(
            self.project, self.milestone, lock, told.extend, progress=self.console.progress, later=self.console.say
        )
        self._outside.hands = hands
        told += self._sharing.start(self.milestone, self.state, hands.git)
        again = self.state.markers.read(BOOTSTRAP) is not None
        doing = self.manner.doing or ("Resuming" if again else "Starting")
        self.console.say([*transcript.start(self.milestone, doing), *told])
        take_up(self.milestone, self.state, self.console.say)
        self.state.journal.add("run started")
        self._questions.talk_on(hands.forge)
        self._outside.read_heads()
        self.settle(comments=True)
        self._ledger.open()
        self.console.say(self._ledger.break_off(self._others))
        self._look_outside()

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the repository without a lock, a remote or a forge, for telling what is due."""
        from ..adapters.process import Processes
        from .wiring import open_git

        processes = Processes()
        try:
            self._outside.heads = open_git(self.project, self.milestone, processes, make=False).heads()
            yield
        finally:
            processes.stop()

    # ---- looking outside ----------------------------------------------------------------------------------------

    def _look_outside(self) -> None:
        """Ask the remote and the forge, and take over what happened there since the last run."""
        reconciling = self._ask_outside()
        reconciling.take_over(self.console.say)
        self._heed(reconciling)

    def look_back(self) -> None:
        """Ask the remote and the forge again, after what this run did there and recorded as it came."""
        self._heed(self._ask_outside())

    def _ask_outside(self) -> Reconciling:
        from .wiring import look

        self._outside.world = look(self.hands, self.state.registry.all_branches(self.milestone), self.milestone.id)
        self.state.remember(self._outside.world)
        return Reconciling(self.due, self.hands, self._outside.world, self._others)

    def _heed(self, reconciling: Reconciling) -> None:
        """Do what follows from how branches and pull requests stand now: for skipped issues, and for questions."""
        self._outside.read_heads()
        reconciling.leave_drafts(self.console.say)
        self._questions.withdraw()

    def look_again(self) -> bool:
        """Bring what others recorded and look at the local branches again; returns whether an issue's branch moved."""
        self.console.say(self._sharing.pull())
        names = [self.state.registry.branch(self.milestone, issue) for issue in self.milestone.issues]
        before = self._outside.heads
        self._outside.read_heads()
        self.due.ask_again()
        return any(before.get(name) != self._outside.heads.get(name) for name in names)

    # ---- hearing answers ----------------------------------------------------------------------------------------

    def settle(self, *, comments: bool = False) -> bool:
        """Turn approvals into decisions, and say what they do; returns whether there were any."""
        made = self._questions.settle(comments=comments)
        if any(decision.verb is Verb.ABORT for decision in made):
            self.aborted = True
            self._shift.end()
        return bool(made)

    # ---- carrying out -------------------------------------------------------------------------------------------

    def carry_out(self, node: Node) -> None:
        """Do one task and record it; raises Stopped where a person has to decide first."""
        with self._shift.at_work():
            self._carrying.carry_out(node)
        self.problems.pop(node.name, None)

    def done(self, node: Node) -> bool:
        """Return whether a task needs nothing as it comes; a verbose run says why."""
        return self._carrying.done(node)

    def passes(self, issue: str, findings: tuple[Finding, ...], change: str) -> bool:
        """Return whether nothing found about an issue's `change` waits for an answer; else its question is put."""
        return self._carrying.passes(issue, findings, change)

    def problem(self, node: Node, error: Exception) -> None:
        """Say and remember that a task failed for a reason that is no question to a person."""
        if self.problems.get(node.name) == str(error):
            return
        self.problems[node.name] = str(error)
        self.state.journal.add("failed", task=node.name, why=str(error))
        self.console.say(["", f"✗ {self.milestone.id}:{node.name} failed: {error}"], node.issue)
        if node.issue:
            self.console.leave(node.issue)

    def forget(self, task: str) -> None:
        """Forget that a task, or all of an issue, is done, so that it runs again."""
        self.state.markers.forget(task)
        self.state.markers.forget(COMPLETE)

    def _attempting(self, issue: str) -> None:
        """Write down that an agent begins, also where others see it: a machine that is lost has used its attempt."""
        if self._ledger.begin(issue):
            self._send()

    def _send(self) -> None:
        """Send what was recorded; once another run has the lock, nothing more is begun."""
        try:
            self.console.say(self._sharing.push())
        except BusyError as error:
            self._shift.end()
            raise Interrupted(error.what, error.do) from None
        if self.state.is_shared:
            self._ledger.open()  # others use up the same budget

    # ---- ending -------------------------------------------------------------------------------------------------

    def finish(self, *, hurried: bool = False) -> str:
        """Say how the run ended, write the summary, seal it, let go of everything; returns the status.

        A `hurried` end tells nobody anything over the network.
        """
        status = self.status
        if self._outside.hands is not None:
            self.console.leave_all()
            if status != "unfinished" or not (hurried or self.manner.doing):  # else it was said how that goes on
                self.console.say(self._last_words(status))
            self.console.say(self._ledger.unmeasured())
            self.state.journal.add("run ended", status=status)
            if not hurried and not self._hurried:
                self._questions.leave()
            for _ in self._sharing.push_rounds():
                self.close_books(status)
        self.end()
        return status

    def close_books(self, status: str) -> None:
        """Write the summary of a run that ended so, and seal it."""
        common = self.hands.git.common
        close_books(self.project, self.milestone, self.state, common, status, self.problems)

    def _last_words(self, status: str) -> list[str]:
        gates_open, idle = self.state.gates.all(), not self.due.fresh and not self.manner.doing
        return transcript.ended(status, self.milestone.id, gates_open, idle=idle)

    def end(self) -> None:
        """Let go of everything, however far the run came; nothing that was started goes on without the lock."""
        self._shift.end()
        hands = self._outside.hands
        if hands is not None:
            self.console.say(self._sharing.release())
            hands.processes.stop()
            self._shift.wait()
            hands.git.close()
        self._outside.hands = None
        self._stack.close()

    def interrupted(self) -> BaseException:
        """Return what ends the program after ^C: doit would show a traceback of it, so it gets a plain exit instead."""
        self._hurried = True
        if not self.manner.standalone:
            return KeyboardInterrupt()
        sys.stderr.write(INTERRUPTED)
        return SystemExit(int(ExitCode.INTERRUPTED))

    # ---- how it stands ------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> dict[str, Node]:
        """The milestone's graph, by task name."""
        return self.due.nodes

    @property
    def hands(self) -> Hands:
        """The hands of a run that has begun."""
        return self._outside.reach()

    def head(self, branch: str) -> str | None:
        """Return the commit of a local branch as it was last read, None where there is none."""
        return self._outside.heads.get(branch)

    @property
    def status(self) -> str:
        """How the run ends as it stands: complete, waiting, aborted, failed or unfinished."""
        if self.aborted:
            return "aborted"
        return "failed" if self.problems else status_of(self.state)

    def sealed(self) -> bool:
        """Return whether the milestone was complete and nothing it rests on has changed since."""
        return "run" in self.state.sealed()
