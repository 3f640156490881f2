"""The commands of the shared state: state pull, push, show, lock, unlock."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError, ExitCode
from ..core.units import count
from .base import Commands, Group, add_milestone, add_milestone_json, current_project, load_plan, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Milestone
    from ..plan.project import Project
    from ..sync.push_pull import StateSync
    from ..sync.remote_lock import Lock

KINDS = {"issues": "marker", "phases": "marker", "decisions": "decision", "gates": "open question", "logs": "log"}
"""What the files of a folder are called."""
MARKERS = frozenset({"bootstrap.json", "plan-review.json", "complete.json"})


@contextlib.contextmanager
def state_sync(project: Project, milestone: Milestone, *, writes: bool) -> Iterator[StateSync]:
    """Open a milestone's state and its remote; what `writes` holds the local lock, so that no run is active here."""
    from ..adapters.process import Processes
    from ..runner.sample_repo import ensure_repository
    from ..runner.wiring import open_git
    from ..store import State
    from ..store.run_lock import held
    from ..sync.push_pull import StateSync

    state = State(project.state(milestone.id))
    with held(state.folder) if writes else contextlib.nullcontext() as lock:
        processes = Processes(hold=(lock,) if lock is not None else ())
        try:
            ensure_repository(project, milestone, processes)
            yield StateSync(milestone, state, open_git(project, milestone, processes))
        finally:
            processes.stop()


@contextlib.contextmanager
def _named(args: argparse.Namespace, *, writes: bool = False) -> Iterator[StateSync]:
    project = current_project()
    with state_sync(project, load_plan(project, args.milestone), writes=writes) as sync:
        yield sync


def state_pull(args: argparse.Namespace) -> int:
    """Bring the state that others pushed, and the branches it speaks of."""
    from ..render.shared_state import pulled
    from ..sync.push_pull import STATE

    with _named(args, writes=True) as sync:
        last = _last_push(sync, sync.refs.look().refs[STATE]) if sync.pull() else None
        lines = pulled(sync.milestone, last, sync.take_notes())
    return _print(lines)


def state_push(args: argparse.Namespace) -> int:
    """Send the state that was recorded here, merged with what others sent."""
    from ..render.shared_state import pushed

    with _named(args, writes=True) as sync:
        done = sync.push()
        lines = pushed(sync.milestone, done.commit if done else None, sync.take_notes(), sync.export.logs_left_out())
    return _print(lines)


def state_show(args: argparse.Namespace) -> int:
    """Tell what the remote has: who pushed last and when, what is in it, who holds the lock."""
    from ..core.text import for_terminal
    from ..render.shared_state import shared_state

    with _named(args) as sync:
        facts = _facts(sync)
    if args.json:
        put(facts)
        return ExitCode.DONE
    return _print([for_terminal(line) for line in shared_state(facts)])


def state_lock(args: argparse.Namespace) -> int:
    """Lock the milestone's runs on all machines, and print the lock's id."""
    from ..sync.remote_lock import new_id
    from ..sync.shared_state import take_lock

    lock = args.lock or new_id()
    with _named(args) as sync:
        for line in take_lock(sync.lock, lock, named=True):
            sys.stderr.write(f"{line}\n")
    return _print([lock])


def state_unlock(args: argparse.Namespace) -> int:
    """Take the lock away; only its id does that."""
    with _named(args) as sync:
        was_locked = sync.lock.release(args.lock)
    return _print([f"✓ {sync.milestone} is unlocked" if was_locked else f"· {sync.milestone} was not locked"])


def _print(lines: list[str]) -> int:
    put("\n".join([*lines, ""]))
    return ExitCode.DONE


# ---- what the remote has --------------------------------------------------------------------------------------


def _facts(sync: StateSync) -> dict[str, Any]:
    """Return what the remote has: who pushed last and when, what is in it, and who holds the lock."""
    from ..sync.branches import WORK
    from ..sync.push_pull import STATE

    remote = sync.refs.look()
    commit, lock = remote.refs.get(STATE), sync.lock.read(remote)
    return {
        "milestone": sync.milestone,
        "commit": commit,
        "pushed": _last_push(sync, commit) if commit else None,
        "holds": _holds(sync, commit) if commit else {},
        "answers": _answers(sync, commit) if commit else 0,
        "problem": _problem(sync, commit) if commit else None,
        "work": sorted(name.removeprefix(WORK) for name in remote.refs if name.startswith(WORK)),
        "here": _here(sync, commit),
        "lock": lock and _shown(lock),
    }


def _shown(lock: Lock) -> dict[str, Any]:
    """Return who holds the lock, and how many seconds after its last renewal it ends; None where it does not."""
    times = {"since": lock.since, "renewed": lock.renewed or None, "lease": lock.lease or None}
    return {"id": lock.id, "by": lock.holder, "host": lock.host, **times}


def _last_push(sync: StateSync, commit: str) -> dict[str, str | None]:
    from ..sync.push_pull import STATE

    if not sync.refs.holds(commit):
        sync.refs.fetch((), (STATE,))
    log = sync.refs.info(commit)
    rows = dict(line.split(": ", 1) for line in log.body.splitlines() if ": " in line)
    return {"by": rows.get("By"), "host": rows.get("Host"), "author": log.who, "when": log.when, "what": log.subject}


def _holds(sync: StateSync, commit: str) -> dict[str, int]:
    """Return how many records of each kind a state has."""
    paths = sync.refs.listing(commit)
    counted = Counter(KINDS.get(path.partition("/")[0], "marker" if path in MARKERS else "") for path in paths)
    return {name: counted[name] for name in dict.fromkeys(KINDS.values())}


def _answers(sync: StateSync, commit: str) -> int:
    """Return how many answers wait for a run."""
    return sum(path.startswith("approvals/") and path.count("/") == 1 for path in sync.refs.listing(commit))


def _problem(sync: StateSync, commit: str) -> str | None:
    """Return why the state cannot be used, None where it can."""
    from ..sync.validate import check_contents, check_names

    entries = sync.refs.listing(commit)
    try:
        check_names(entries, sync.place)
        check_contents(sync.refs.contents(entries), sync.milestone, sync.place)
    except DamagedStateError as error:
        return error.what
    return None


def _here(sync: StateSync, commit: str | None) -> str:
    from ..sync.records import read_base

    base, unsent = read_base(sync.state), len(sync.unsent())
    if base is None and not unsent:
        return "nothing"
    behind = "" if base == commit else "behind the remote"
    return ", ".join(filter(None, (behind, f"{count(unsent, 'record')} not sent" if unsent else ""))) or "the same"


# ---- arguments ------------------------------------------------------------------------------------------------


def add_state_ref(parser: argparse.ArgumentParser) -> None:
    """Let a command keep the state on the remote."""
    parser.add_argument("--state-ref", action="store_true", help="keep the state on a ref of the remote, with a lock")


def add_lock(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Let a command name the lock that the jobs of one run share."""
    text = "the id of the lock" if required else "an id of your own; who gives the same one works under the same lock"
    parser.add_argument("--lock", metavar="LOCK", required=required, help=text)


def _add_lock(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser)


def _add_unlock(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser, required=True)


COMMANDS: Commands = {
    "state": Group(
        "Work on the state that machines share: pull, push, show, lock, unlock.",
        {
            "pull": (state_pull, add_milestone),
            "push": (state_push, add_milestone),
            "show": (state_show, add_milestone_json),
            "lock": (state_lock, _add_lock),
            "unlock": (state_unlock, _add_unlock),
        },
    )
}
