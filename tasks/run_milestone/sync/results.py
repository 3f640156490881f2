"""Take up what a job without rights hands back: one bundle with records and commits, checked before any is used."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from ..adapters.git.bundles import is_bundle
from ..core.errors import DamagedStateError, OutsideError
from ..core.fs import shown
from ..core.serialize import thaw
from ..model import Bootstrapped, BranchMade, Gate, Step, Verb
from ..policy import handed_back, handed_back_entries
from ..policy.graph import BOOTSTRAP, step_name
from ..render import shared_state as words
from .branches import WORK
from .merge import DERIVED, JOURNAL, REGISTRY
from .push_pull import STATE
from .records import read_base

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ..adapters.git.state_refs import RemoteRefs
    from .push_pull import StateSync

UNUSED = DERIVED | {REGISTRY}
"""What the job that may push derives itself, whatever a bundle says."""


def take_result(sync: StateSync, file: Path) -> list[str]:
    """Merge the records of one bundle and move the branches that they name; returns lines for the console.

    Errors: DamagedStateError where it holds anything that such a job may not hand back. Then nothing of it is used.
    """
    given, place = handed_back.given_out(sync.state.journal.entries()), shown(file)
    base = read_base(sync.state)
    if not given or base is None:
        raise _refused(place, "no work was handed out")
    if not is_bundle(file):
        raise _refused(place, "it is no bundle of git")
    refs = sync.git.bundle_refs(file, sync.milestone)
    remote = sync.refs.look()
    with _reading(file):
        theirs = refs.look()
    commit = theirs.refs.get(STATE)
    if commit is None or theirs.heads:
        raise _refused(place, "it holds no records" if commit is None else "it holds branches")
    begun = dict(_begun(sync, given))
    work = {*begun, *(f"{WORK}{made.branch}" for made in begun.values())}
    if (name := handed_back.strange_ref(theirs.refs, remote.refs, work)) is not None:
        raise _refused(place, f"it holds the ref {name[:100]!r}, which is not its to make")
    sync.refs.fetch([name for name in (sync.target,) if name in remote.heads], ())
    with _reading(file):
        refs.fetch((), theirs.refs)
        before, after = (sync.refs.listing(one) for one in (sync.git.merge_base(base, commit), commit))
    changes = sync.changes(before, after, place)
    changes = {path: content for path, content in changes.items() if not _is_made_here(path)}
    new = sync.state.journal.lacks(changes.pop(JOURNAL, None) or b"")
    _check(changes, new, given, place)
    _check_gates(sync, changes, place)
    _check_baseline(sync, changes.get(f"{BOOTSTRAP}.json"), remote, place)
    heads = dict(_heads(sync, commit, begun, remote))
    if (name := handed_back.moved_wrongly(theirs.refs, remote.refs, heads)) is not None:
        raise _refused(place, f"{name} is at a commit that the records do not name")
    sync.state.journal.take_up(entry for entry in new if not handed_back.is_passed_here(str(entry.get("task"))))
    sync.merge_changes(before, changes)
    sync.branches.pull(_with_heads_of(remote, theirs))
    return words.result_taken(place, sorted(given))


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Refuse a bundle that git cannot read, or whose records have no history in common with those handed out."""
    try:
        yield
    except OutsideError as error:
        why = error.what.removeprefix(f"The remote {file} cannot be asked: ").rstrip(".")
        raise _refused(shown(file), f"git cannot read it ({why})") from None


def _is_made_here(path: str) -> bool:
    """Return whether the job that may push makes a record itself: what is derived, and that a gate is passed."""
    return path in UNUSED or handed_back.is_passed_here(path)


def _check(
    changes: Mapping[str, bytes | None], new: Iterable[Mapping[str, Any]], given: frozenset[str], place: str
) -> None:
    """Refuse records that such a job may not change, and entries of the journal that it may not make."""
    path = handed_back.foreign_record({path: content is None for path, content in changes.items()}, given)
    if path is not None:
        raise _refused(place, f"it changes {path}, which is not its to change")
    if (event := handed_back_entries.foreign_entry(new, given)) is not None:
        raise _refused(place, f"its journal holds {event!r}, which is not its to record")
    if (event := handed_back_entries.unreadable_entry(new)) is not None:
        raise _refused(place, f"its journal holds {event!r} with facts that no run records")


def _check_gates(sync: StateSync, changes: Mapping[str, bytes | None], place: str) -> None:
    """Refuse questions whose answers would be bound to something else than what people are shown."""
    decisions = sync.state.decisions.all()
    for path, content in changes.items():
        if content is None or not path.startswith("gates/"):
            continue
        gate = thaw(Gate, json.loads(content))
        if not handed_back.is_as_asked(gate, sync.state.gates.read(gate.gate), decisions, sync.plan):
            raise _refused(place, f"an answer to {path} would be for something else than it shows")


def _check_baseline(sync: StateSync, content: bytes | None, remote: RemoteRefs, place: str) -> None:
    """Refuse a baseline of another commit than the milestone's: a branch that was deleted is put back from it."""
    if content is None:
        return
    head = str(json.loads(content)["evidence"].get("head"))
    known = sync.state.markers.evidence(BOOTSTRAP, Bootstrapped)
    tips = (remote.heads.get(sync.plan.branch), remote.heads.get(sync.target), known and known.head)
    git, held = sync.git, [tip for tip in tips if tip]
    if head not in held and not any(git.has(head) and git.has(tip) and git.is_ancestor(head, tip) for tip in held):
        raise _refused(place, "its baseline is of a commit that the milestone's branch does not hold")


def _begun(sync: StateSync, given: frozenset[str]) -> Iterator[tuple[str, BranchMade]]:
    """Yield the issues that were given out and begun, with their branches."""
    for number in sorted(filter(str.isdigit, given)):
        made = sync.state.markers.evidence(step_name(number, Step.BRANCH), BranchMade)
        if made is not None:
            yield number, made


def _heads(
    sync: StateSync, commit: str, begun: Mapping[str, BranchMade], remote: RemoteRefs
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the commits that a work ref may be at, and by an issue's number those that may be kept from a restart.

    A commit that does not go on from the issue's base is not named by any record.
    """
    listing = sync.refs.listing(commit)
    for number, made in begun.items():
        paths = {f"issues/{number}/{step}.json": step_name(number, step) for step in handed_back.STEPS_WITH_COMMITS}
        contents = sync.refs.contents({path: listing[path] for path in paths if path in listing})
        records: dict[str, dict[str, Any]] = {paths[path]: json.loads(text) for path, text in contents.items()}
        named = (made.base, *handed_back.commits_named(records, number))
        work = f"{WORK}{made.branch}"
        yield work, tuple(one for one in named if sync.git.has(one) and sync.git.is_ancestor(made.base, one))
        asked = any(one.verb is Verb.RESTART for one in sync.state.decisions.at(number))
        kept = (remote.heads.get(made.branch), remote.refs.get(work)) if asked else ()
        yield number, tuple(filter(None, kept))


def _with_heads_of(remote: RemoteRefs, theirs: RemoteRefs) -> RemoteRefs:
    """Return the branches of the remote with the shared refs of a bundle."""
    refs = {name: commit for name, commit in theirs.refs.items() if name not in {STATE, "lock"}}
    return type(remote)(remote.heads, {**remote.refs, **refs})


def _refused(place: str, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{place} cannot be used: {why}.", "Nothing of it was used. Look at the job that made it, then start again."
    )
