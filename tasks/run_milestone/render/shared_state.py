"""Word what happens to the state that machines share through the remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.units import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..core.errors import UserError


def pulled_at_start(milestone: str) -> str:
    """Return what a run says that begins with records of others."""
    return f"✓ State of {milestone} taken over from the remote"


def result_taken(place: str, given: Iterable[str]) -> list[str]:
    """Return that what a job without rights did was taken up."""
    return [f"✓ Taken up from {place}: {', '.join(given)}"]


def not_shared_yet(error: UserError) -> str:
    """Return why nothing could be pushed or pulled just now."""
    return f"⚠️ Not shared yet: {error}"


def commits_stay(number: str) -> str:
    """Return whose commits are not pushed, and why."""
    return f"⚠️ The commits of #{number} stay here: they hold a secret, or could not be looked through"


def watching_lock(holder: str, host: str, renewed: str, seconds: float) -> str:
    """Return what is said before a lock is watched whose lease is over."""
    return (
        f"· The lock of {holder} on {host} was last renewed at {renewed}. "
        f"If it does not move in {duration(seconds)}, its run is gone and this one goes on."
    )


def lock_ended(holder: str, host: str) -> str:
    """Return that the lock of a run that is gone has ended."""
    return f"⚠️ The lock of {holder} on {host} ended: its run renews it no longer"


def lock_stays(error: UserError) -> str:
    """Return why a run's lock is still on the remote."""
    return f"⚠️ The lock stays: {error}"


def pulled(milestone: str, last: Mapping[str, str | None] | None, notes: Iterable[str]) -> list[str]:
    """Return what `state pull` prints; `last` tells who pushed what was pulled, None where nothing was."""
    if last is None:
        return [f"· The state of {milestone} here is what the remote has", *notes]
    who, host = last["by"] or last["author"], last["host"] or "an unknown host"
    return [f"✓ State of {milestone} taken over", *notes, f"  pushed by {who} on {host} at {last['when']}"]


def pushed(milestone: str, commit: str | None, notes: Iterable[str], left_out: Iterable[str]) -> list[str]:
    """Return what `state push` prints; no commit means that there was nothing to push."""
    if commit is None:
        return [f"· Nothing to push: the remote has the state of {milestone} as it is here", *notes]
    logs = [f"· {path} is too long and stays here" for path in left_out]
    return [f"✓ State of {milestone} pushed (commit {commit[:10]})", *notes, *logs]


def shared_state(facts: Mapping[str, Any]) -> list[str]:
    """Return what `state show` prints of the remote's state and lock."""
    if facts["commit"] is None:
        return [f"The remote has no state of {facts['milestone']}.", _lock(facts["lock"])]
    last, problem, work = facts["pushed"], facts["problem"], facts["work"]
    return [
        f"State of {facts['milestone']} on the remote: commit {facts['commit'][:10]}",
        f"Pushed last by {last['by'] or last['author']} on {last['host'] or 'an unknown host'}, {last['when']}",
        f"  {last['what']}",
        f"✗ {problem}." if problem else f"Holds: {_contents(facts)}",
        *([f"Commits on no branch yet: {', '.join(work)}"] if work else []),
        f"Here: {facts['here']}",
        _lock(facts["lock"]),
    ]


def _contents(facts: Mapping[str, Any]) -> str:
    counted = [count(number, name) for name, number in facts["holds"].items() if number]
    answers = [f"{count(facts['answers'], 'answer')} to be taken up"] if facts["answers"] else []
    return ", ".join([*counted, *answers]) or "nothing"


def _lock(lock: Mapping[str, Any] | None) -> str:
    if lock is None:
        return "Lock: free"
    ends = f", renewed {lock['renewed']}, ends {duration(lock['lease'])} after that" if lock["lease"] else ""
    return f"Lock: {lock['by']} on {lock['host']} since {lock['since']}{ends} (lock {lock['id']})"
