"""Take up what a job without rights hands back: one bundle with records and commits, checked before any is used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import shown
from ..model import BranchMade, Step
from ..policy import handed_back
from ..policy.graph import step_name
from ..render import shared_state as words
from .branches import WORK
from .merge import DERIVED, JOURNAL, REGISTRY
from .push_pull import STATE
from .records import read_base

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
    refs = sync.git.bundle_refs(file, sync.milestone)
    theirs, remote = refs.look(), sync.refs.look()
    commit = theirs.refs.get(STATE)
    if commit is None or theirs.heads:
        raise _refused(place, "it holds no records" if commit is None else "it holds branches")
    sync.refs.fetch([name for name in (sync.target,) if name in remote.heads], ())
    refs.fetch((), theirs.refs)
    before = sync.refs.listing(sync.git.merge_base(base, commit))
    changes = sync.changes(before, sync.refs.listing(commit), place)
    changes = {path: content for path, content in changes.items() if path not in UNUSED}
    new = sync.state.journal.lacks(changes.pop(JOURNAL, None) or b"")
    _check(changes, new, given, place)
    heads = dict(_heads(sync, commit, given))
    if (name := handed_back.moved_wrongly(theirs.refs, remote.refs, heads)) is not None:
        raise _refused(place, f"{name} is at a commit that the records do not name")
    sync.state.journal.take_up(new)
    sync.merge_changes(before, changes)
    sync.branches.pull(_with_heads_of(remote, theirs))
    return words.result_taken(place, sorted(given))


def _check(
    changes: Mapping[str, bytes | None], new: Iterable[Mapping[str, Any]], given: frozenset[str], place: str
) -> None:
    """Refuse records that such a job may not change, and entries of the journal that it may not make."""
    path = handed_back.foreign_record({path: content is None for path, content in changes.items()}, given)
    if path is not None:
        raise _refused(place, f"it changes {path}, which is not its to change")
    if (event := handed_back.foreign_entry(new, given)) is not None:
        raise _refused(place, f"its journal holds {event!r}, which is not its to record")


def _heads(sync: StateSync, commit: str, given: frozenset[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the commits that the records of a bundle name, by issue and by work ref.

    A commit that does not go on from the issue's base is not named.
    """
    listing = sync.refs.listing(commit)
    named_by: list[tuple[str, tuple[str, ...]]] = []
    for number in sorted(given):
        made = sync.state.markers.evidence(step_name(number, Step.BRANCH), BranchMade) if number.isdigit() else None
        if made is None:
            continue
        paths = {f"issues/{number}/{step}.json": step_name(number, step) for step in handed_back.STEPS_WITH_COMMITS}
        contents = sync.refs.contents({path: listing[path] for path in paths if path in listing})
        records: dict[str, dict[str, Any]] = {paths[path]: json.loads(text) for path, text in contents.items()}
        named = (made.base, *handed_back.commits_named(records, number))
        good = tuple(one for one in named if sync.git.has(one) and sync.git.is_ancestor(made.base, one))
        named_by += [(number, ()), (f"{WORK}{made.branch}", good)]
    return named_by


def _with_heads_of(remote: RemoteRefs, theirs: RemoteRefs) -> RemoteRefs:
    """Return the branches of the remote with the shared refs of a bundle."""
    refs = {name: commit for name, commit in theirs.refs.items() if name not in {STATE, "lock"}}
    return type(remote)(remote.heads, {**remote.refs, **refs})


def _refused(place: str, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{place} cannot be used: {why}.", "Nothing of it was used. Look at the job that made it, then start again."
    )
