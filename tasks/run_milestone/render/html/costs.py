"""What the milestone cost, and from what the report was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from ...store.timeline import moment
from .elements import code, lasted, text, time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .data import Records


def costs(records: Records) -> Iterator[str]:
    """Yield what the milestone cost, the unknown as unknown."""
    facts, told = records.facts, records.told.values()
    yield '<h2 id="costs">Costs</h2>'
    known = [story for story in told if story.cost is not None]
    if facts["cost"] is not None:
        yield f"<p>Agents cost <b>${facts['cost']:,.2f}</b>.</p>"
    else:
        part = sum(story.cost or 0 for story in known)
        of = f" At least ${part:,.2f}, from {count(len(known), 'issue')} that told." if known else ""
        yield f"<p>What the agents cost is <b>unknown</b>: not every agent told.{of}</p>"
    if gone := facts["used"]["unknown_times"]:
        yield f"<p>{count(gone, 'attempt')} of {facts['used']['attempts']} ended with the run that made it.</p>"
    attempts = sum(story.attempts for story in told if story.seconds)
    yield f"<p>{count(attempts, 'attempt')} at {count(sum(1 for story in told if story.seconds), 'issue')}, "
    yield f"{lasted(facts['seconds'])} of work by tools and agents, by the markers of the steps that stand.</p>"


def footer(records: Records) -> str:
    """Return from what the page was made, and whether that is whole."""
    world = records.state.remembered()
    asked = time(moment(world.asked)) if world else "never"
    broken = records.state.journal.broken()
    chain = f"its chain breaks at {text(broken)}" if broken else "its chain is unbroken"
    return (
        f"<footer>Made by run-milestone from the records in {code(f'state/{records.milestone.id}/')} alone. "
        f"The journal has {count(len(records.entries), 'entry').replace('entrys', 'entries')}; {chain}. "
        f"Remote and forge last asked: {asked}.</footer>"
    )
