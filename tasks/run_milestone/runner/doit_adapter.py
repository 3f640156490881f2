"""The adapter to doit: nodes become its tasks, a run becomes sessions. The only importer of doit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit import Globals
from doit.action import BaseAction
from doit.cmd_base import ModuleTaskLoader
from doit.cmd_run import Run
from doit.dependency import SqliteDB
from doit.exceptions import InvalidCommand, InvalidDodoFile, TaskError, TaskFailed
from doit.reporter import ZeroReporter

from ..core import fastpath
from ..core.errors import Interrupted, PutOffError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.project import Project
    from ..policy.graph import Node
    from .concurrency import Slots
    from .session import Session
    from .up_to_date import Verdict

_sessions: dict[str, Session] = {}
"""The sessions whose tasks were made, by milestone; doit's reporter finds them here by task name."""

_sealed: dict[str, str] = {}
"""What the seal says of a milestone that was asked for and needs nothing, by milestone."""


class NodeAction(BaseAction):  # type: ignore[misc]  # doit is untyped
    """Runs one node. An action object spares doit a look at every function's signature."""

    def __init__(self, session: Session, node: Node, slots: Slots) -> None:
        """Bind a node to the session that runs it, and to the slots that it waits for."""
        self._session = session
        self._node = node
        self._slots = slots
        self._verdict: Verdict | None = None
        self.out = self.err = ""
        self.result: Any = None
        self.values: dict[str, Any] = {}

    def is_up_to_date(self) -> bool:
        """Decide whether the node needs nothing, and keep the verdict for `execute`."""
        self._verdict = self._session.check(self._node)
        if not self._verdict.run:
            self._session.pass_over(self._node, self._verdict)
        return not self._verdict.run

    def execute(self, out: Any = None, err: Any = None) -> TaskFailed | TaskError | None:  # noqa: ARG002
        """Return None when the node is done, else why it is not."""
        from .gates import Stopped

        try:
            with self._slots.slot(self._node):
                self._session.execute(self._node, self._verdict or self._session.check(self._node))
        except Stopped as stopped:
            return TaskFailed(str(stopped), report=False)
        except Interrupted as error:
            return TaskFailed(str(error), report=False)
        except PutOffError as error:
            self._session.leave_to_others(self._node)
            return TaskFailed(str(error), report=False)
        except KeyboardInterrupt:
            raise self._session.interrupted() from None
        except UserError as error:
            self._session.problem(self._node, error)
            return TaskFailed(str(error), report=False)
        except Exception as error:  # noqa: BLE001  # a bug: doit shows its traceback, the run is not complete
            self._session.problem(self._node, error)
            return TaskError(f"{self._node.name}: this is a defect of run-milestone", error)
        return None

    def __repr__(self) -> str:
        return f"<run-milestone {self._node.name}>"


class Reporter(ZeroReporter):  # type: ignore[misc]  # doit is untyped
    """Begins and ends the sessions of a doit run; everything else that is said comes from the sessions."""

    desc = "the milestone's own transcript"

    def initialize(self, tasks: Any, selected_tasks: list[str]) -> None:
        """Begin the sessions whose tasks were asked for; doit shows what prevents it without a traceback."""
        _ = tasks
        asked = {name.split(":")[0] for name in selected_tasks}
        sys.stdout.writelines(_sealed[name] for name in sorted(asked & set(_sealed)))
        try:
            for name in sorted(asked & set(_sessions)):
                _begin_once(_sessions[name])
        except UserError as error:
            self.complete_run()
            raise InvalidCommand(str(error)) from None

    def add_failure(self, task: Any, fail: Any) -> None:
        """Show defects with their traceback; stops and what depends on them were said already."""
        _ = task
        if type(fail) is TaskError:
            sys.stderr.write(fail.get_msg())

    def complete_run(self) -> None:
        """End the sessions that this run began."""
        for session in _sessions.values():
            if session.options.standalone:
                session.finish()


def _begin_once(session: Session) -> None:
    """Begin unless the run has begun, or the seal says that nothing changed since the milestone was complete."""
    from .stages import begin

    nothing_to_do = session.store.sealed().get("run")
    if nothing_to_do is not None:
        session.console.say(nothing_to_do.splitlines()[:1])
    elif session.ctx.adapters is None:
        begin(session)


DOIT_CONFIG = {
    "backend": "sqlite3",
    "dep_file": ":memory:",  # doit loses its database on kill -9; the markers are the memory
    "continue": True,
    "reporter": Reporter,
    "verbosity": 2,
    "par_type": "thread",
}


def task_milestone() -> Iterator[dict[str, Any]]:
    """Yield the tasks of every plan of the project that doit was started in."""
    finished = _finished()
    if finished is not None:
        yield {"basename": finished, "name": None}
        return
    from ..plan.project import find_project

    try:
        yield from _all_tasks(find_project(Path.cwd()))
    except UserError as error:
        raise InvalidDodoFile(str(error)) from None


def _finished() -> str | None:
    """Return the milestone that a plain `doit run m4.1` asks for, where its seal says that none of its tasks is due."""
    if len(sys.argv) != 3 or sys.argv[1] != "run":
        return None
    name = sys.argv[2]
    summary = (fastpath.read_from(".", name) or (0, {}))[1].get("run")
    if summary is None:
        return None
    _sealed[name] = f"{summary.splitlines()[0]}\n"
    return name


def _all_tasks(project: Project) -> Iterator[dict[str, Any]]:
    from ..plan import milestones

    for name in milestones(project.plans):
        yield from _tasks(_standalone(project, name))


def _standalone(project: Project, name: str) -> Session:
    """Return the session of a plain `doit` command, which begins and ends with doit's own run."""
    from ..model import RunOptions
    from ..plan import load
    from ..render.console import Console
    from .session import Session

    milestone = load(project.plan(name), cache=project.plan_cache(name))
    session = Session(project, milestone, Console(), RunOptions(standalone=True))
    _sessions[name] = session
    _let_forget(session)
    return session


def _let_forget(session: Session) -> None:
    """Make `doit forget` delete markers: it asks doit's own database to, which remembers nothing here."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if Globals.dep_manager is not None and words[:1] == ["forget"]:
        forget_others = Globals.dep_manager.remove

        def forget(task: str) -> None:
            forget_others(task)
            milestone, _, name = task.partition(":")
            if milestone == session.milestone.id and name:
                session.forget(name)

        Globals.dep_manager.remove = forget


def _tasks(session: Session) -> Iterator[dict[str, Any]]:
    """Yield doit's tasks of one milestone: its nodes, and the group that is all of it."""
    from .concurrency import Slots

    done, unbounded = session.sealed(), Slots(sys.maxsize, ())  # as many at once as doit itself was told
    yield {"basename": session.milestone.id, "name": None, "doc": session.milestone.title}
    for node in session.nodes.values():
        yield _task(session, node, unbounded, done=done)


def _remaining_tasks(session: Session, names: list[str], slots: Slots) -> Iterator[dict[str, Any]]:
    """Yield the tasks that these need and that are not known to be done: a run asks doit again after every answer."""
    nodes = session.done.remaining(session.ctx, names)
    known = {node.name for node in nodes}
    for node in nodes:
        after = tuple(name for name in node.after if name in known)
        yield _task(session, replace(node, after=after), slots, done=False)


def _task(session: Session, node: Node, slots: Slots, *, done: bool) -> dict[str, Any]:
    base = session.milestone.id
    task: dict[str, Any] = {
        "basename": base,
        "name": node.name,
        "doc": node.title,
        "task_dep": [f"{base}:{name}" for name in node.after],
    }
    if node.group:
        return {**task, "actions": None}
    action = NodeAction(session, node, slots)
    return {
        **task,
        "actions": [action],
        "uptodate": [True if done else action.is_up_to_date],
        "clean": [(session.forget, [node.name])],
    }


class _Run(Run):  # type: ignore[misc]  # doit is untyped
    """doit's `run` with no more than it needs here: looking for plugins reads every installed package's metadata."""

    def get_backends(self) -> dict[str, Any]:
        """Return the one that DOIT_CONFIG names."""
        return {"sqlite3": SqliteDB}

    def get_reporters(self) -> dict[str, Any]:
        """Return none: DOIT_CONFIG brings a class."""
        return {}


def run(session: Session, names: list[str], *, jobs: int = 1) -> None:
    """Run tasks (`03`, `phase-1`, `complete`) of a session that has begun, and everything they need.

    `jobs` are the slots of each kind.
    """
    asked = [f"{session.milestone.id}:{name}" for name in names if name not in session.done]
    if not asked:
        return
    from .concurrency import Slots

    slots = Slots(jobs, names)
    tasks = {"DOIT_CONFIG": DOIT_CONFIG, "task_milestone": lambda: _remaining_tasks(session, names, slots)}
    words = ["--continue", *(["-n", str(slots.threads), "-P", "thread"] if jobs > 1 else [])]
    _Run(task_loader=ModuleTaskLoader(tasks)).parse_execute([*words, *asked])
