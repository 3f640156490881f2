"""What a person asks of the shared state: bring it, send it, tell of it, lock and unlock it."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..adapters.process import Processes
from ..core.errors import DamagedStateError
from ..core.units import count
from ..runner.sample_repo import ensure_repository
from ..runner.wiring import open_git
from ..store import State
from ..store.run_lock import held
from ..sync.branches import WORK
from ..sync.push_pull import STATE
from ..sync.shared_state import Desk
from ..sync.validate import check_contents, check_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git.state_refs import RemoteRefs
    from ..model import Milestone
    from ..plan.project import Project
    from ..sync.remote_lock import Lock

ROOMS = {"issues": "marker", "phases": "marker", "decisions": "decision", "gates": "open question", "logs": "log"}
"""What the files of a folder are called."""
OWN_MARKERS = frozenset({"bootstrap.json", "plan-review.json", "complete.json"})


@contextlib.contextmanager
def desk_of(project: Project, milestone: Milestone, *, writes: bool) -> Iterator[Desk]:
    """Sit at the desk of a milestone; one that `writes` holds the local lock, so that no run is under way here."""
    state = State(project.state(milestone.id))
    with held(state.folder) if writes else contextlib.nullcontext() as lock:
        processes = Processes(hold=(lock,) if lock is not None else ())
        try:
            ensure_repository(project, milestone, processes)
            yield Desk(milestone, state, open_git(project, milestone, processes))
        finally:
            processes.stop()


def pull(project: Project, milestone: Milestone) -> list[str]:
    """Bring the state and the branches it speaks of; returns what is said."""
    with desk_of(project, milestone, writes=True) as desk:
        if not desk.pull():
            return [f"· The state of {milestone.id} here is what the remote has"]
        there = desk.look()
        return [f"✓ State of {milestone.id} taken over", *desk.refused, *_last(desk, there.refs[STATE])]


def push(project: Project, milestone: Milestone) -> list[str]:
    """Send what was recorded here, merged with what others sent; returns what is said."""
    said: list[str] = []
    with desk_of(project, milestone, writes=True) as desk:
        pushed = desk.push(lambda: None, said.extend)
        left_out = [f"· {path} is too long and stays here" for path in desk.exchange.records.logs_left_out()]
        said += desk.refused
    if pushed is None:
        return [f"· Nothing to push: the remote has the state of {milestone.id} as it is here", *said]
    return [f"✓ State of {milestone.id} pushed (commit {pushed.commit[:10]})", *said, *left_out]


def lock(project: Project, milestone: Milestone, own: str | None) -> Lock:
    """Take the run's lock, or join it by its id."""
    with desk_of(project, milestone, writes=False) as desk:
        return desk.lock.take(own)


def unlock(project: Project, milestone: Milestone, own: str) -> bool:
    """Take the run's lock away by its id; returns whether there was one."""
    with desk_of(project, milestone, writes=False) as desk:
        return desk.lock.let_go(own)


# ---- telling --------------------------------------------------------------------------------------------------


def tell(project: Project, milestone: Milestone) -> dict[str, Any]:
    """Return what the remote has: who pushed last and when, what is in it, and who holds the lock."""
    with desk_of(project, milestone, writes=False) as desk:
        there = desk.look()
        commit = there.refs.get(STATE)
        return {
            "milestone": milestone.id,
            "commit": commit,
            "pushed": _pushed(desk, commit) if commit else None,
            "holds": _holds(desk, commit) if commit else {},
            "answers": _answers(desk, commit) if commit else 0,
            "problem": _problem(desk, milestone, commit) if commit else None,
            "work": sorted(name.removeprefix(WORK) for name in there.refs if name.startswith(WORK)),
            "here": _here(desk, commit),
            "lock": _lock(desk, there),
        }


def _pushed(desk: Desk, commit: str) -> dict[str, str | None]:
    if not desk.refs.holds(commit):
        desk.refs.fetch((), (STATE,))
    told = desk.refs.told(commit)
    rows = dict(line.split(": ", 1) for line in told.body.splitlines() if ": " in line)
    return {"by": rows.get("By"), "host": rows.get("Host"), "author": told.who, "when": told.when, "what": told.subject}


def _last(desk: Desk, commit: str) -> list[str]:
    said = _pushed(desk, commit)
    return [f"  pushed by {said['by'] or said['author']} on {said['host'] or 'an unknown host'} at {said['when']}"]


def _holds(desk: Desk, commit: str) -> dict[str, int]:
    """Return how many records of each kind a state has."""
    paths = desk.refs.listing(commit)
    counted = Counter(ROOMS.get(path.partition("/")[0], "marker" if path in OWN_MARKERS else "") for path in paths)
    return {name: counted[name] for name in dict.fromkeys(ROOMS.values())}


def _answers(desk: Desk, commit: str) -> int:
    """Return how many answers no run has taken up yet."""
    return sum(path.startswith("approvals/") and path.count("/") == 1 for path in desk.refs.listing(commit))


def _problem(desk: Desk, milestone: Milestone, commit: str) -> str | None:
    """Return why the state cannot be used, None where it can."""
    entries = desk.refs.listing(commit)
    try:
        check_names(entries, desk.exchange.place)
        check_contents(desk.refs.contents(entries), milestone.id, desk.exchange.place)
    except DamagedStateError as error:
        return error.what
    return None


def _here(desk: Desk, commit: str | None) -> str:
    agreed, unsent = desk.exchange.records.agreed(), len(desk.exchange.unsent())
    if agreed is None and not unsent:
        return "nothing"
    behind = "" if agreed == commit else "behind the remote"
    return ", ".join(filter(None, (behind, f"{count(unsent, 'record')} not sent" if unsent else ""))) or "the same"


def _lock(desk: Desk, there: RemoteRefs) -> dict[str, str] | None:
    found = desk.lock.read(there)
    return None if found is None else {"id": found.id, "by": found.holder, "host": found.host, "since": found.since}


def shown(facts: dict[str, Any]) -> list[str]:
    """Return for people what `tell` found."""
    held_by = facts["lock"]
    lock_line = (
        f"Lock: {held_by['by']} on {held_by['host']} since {held_by['since']} (lock {held_by['id']})"
        if held_by
        else "Lock: free"
    )
    if facts["commit"] is None:
        return [f"The remote has no state of {facts['milestone']}.", lock_line]
    pushed, holds = facts["pushed"], facts["holds"]
    answers = f"{count(facts['answers'], 'answer')} to be taken up" if facts["answers"] else ""
    counted = [*(count(number, name) for name, number in holds.items() if number), *([answers] if answers else [])]
    return [
        f"State of {facts['milestone']} on the remote: commit {facts['commit'][:10]}",
        f"Pushed last by {pushed['by'] or pushed['author']} on {pushed['host'] or 'an unknown host'}, {pushed['when']}",
        f"  {pushed['what']}",
        *([f"✗ {facts['problem']}."] if facts["problem"] else [f"Holds: {', '.join(counted) or 'nothing'}"]),
        *([f"Commits on no branch yet: {', '.join(facts['work'])}"] if facts["work"] else []),
        f"Here: {facts['here']}",
        lock_line,
    ]
