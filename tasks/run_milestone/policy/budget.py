"""budget: what a milestone may use of time, money and attempts over all its runs, and what it has used; pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.units import amount, dollars, duration, seconds
from ..model import Finding, Kind, Severity, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Decision, Gate, Milestone

GATE = "budget"
"""The gate's name; it is the milestone's, not an issue's."""
BEGAN = "attempt began"
"""What the journal says of an agent's attempt before it begins; the task's entry that has a `cost` ends it."""


def attempts(text: str) -> int | None:
    """Return the number of attempts that a text means, None where it means none."""
    return int(text) if text.isdecimal() and len(text) < 7 and int(text) > 0 else None


READ = {"time": seconds, "money": dollars, "attempts": attempts}
SAID: dict[str, Callable[[float], str]] = {"time": duration, "money": amount, "attempts": amount}
WHAT = {
    "time": "The time of its steps is used up",
    "money": "The money for its agents is used up",
    "attempts": "The attempts of its agents are used up",
}
PER_ISSUE, LEAST = 3, 10
"""Attempts that a plan without a number allows: per issue, and for a small milestone."""


@dataclass(frozen=True, slots=True)
class Used:
    """What all runs used: seconds and US dollars as far as they are known, agents' attempts and their reviews.

    Of the attempts, `unknown` are those of unknown cost and `untimed` those of unknown time; of the reviews,
    `unpriced` are those of unknown cost.
    """

    time: float = 0.0
    money: float = 0.0
    attempts: int = 0
    unknown: int = 0
    untimed: int = 0
    reviews: int = 0
    unpriced: int = 0
    begun: tuple[str, ...] = ()
    """The tasks of attempts that began and did not end yet, or never will: until they do, they are of unknown cost."""

    def and_more(self, entry: dict[str, Any]) -> Used:
        """Add what one entry of the journal says; a cost or a time that it does not know is unknown, never 0."""
        began, ended, task = entry["event"] == BEGAN, "cost" in entry, str(entry.get("task"))
        took, cost, attempt = entry.get("took"), entry.get("cost"), began or ended
        counted = ended and task in self.begun
        others = tuple(name for name in self.begun if not (counted and name == task))
        reviews = entry.get("review_costs", [])
        return Used(
            self.time + (took or 0.0),
            self.money + sum(part or 0.0 for part in (cost, *reviews)),
            self.attempts + attempt - counted,
            self.unknown + (attempt and cost is None) - counted,
            self.untimed + (attempt and took is None) - counted,
            self.reviews + len(reviews),
            self.unpriced + reviews.count(None),
            (*others, task) if began else others,
        )


def used(entries: Iterable[dict[str, Any]]) -> Used:
    """Return what the journal's entries add up to."""
    total = Used()
    for entry in entries:
        total = total.and_more(entry)
    return total


def costs(entries: Iterable[dict[str, Any]]) -> dict[str, float | None]:
    """Return what agents cost at each issue where the journal tells of any, by number; None where a part is unknown."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["event"] == BEGAN or entry.keys() & {"cost", "review_costs"}:
            by_task.setdefault(str(entry["task"]), []).append(entry)
    totals = {task.partition(":")[0]: used(own) for task, own in by_task.items()}
    return {number: None if total.unknown or total.unpriced else total.money for number, total in totals.items()}


def count(number: int, what: str = "attempt") -> str:
    """Return `1 attempt`, `2 attempts`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def limited(milestone: Milestone, *, time: float | None, money: float | None) -> Milestone:
    """Return the milestone with the limits that flags give in place of the plan's."""
    own = milestone.limits
    return replace(milestone, limits=replace(own, time=time or own.time, money=money or own.money))


def limits(milestone: Milestone, decisions: Iterable[Decision]) -> dict[str, float]:
    """Return the limits in force: the plan's or the flags', or what a person approved beyond them."""
    own = milestone.limits
    in_all = own.all_attempts or max(LEAST, PER_ISSUE * len(milestone.issues))
    allowed: dict[str, float] = {"time": own.time, "money": own.money, "attempts": in_all}
    for decision in decisions:
        if decision.gate == GATE and decision.verb is Verb.APPROVE:
            allowed = {name: max(limit, granted(decision.why).get(name, 0.0)) for name, limit in allowed.items()}
    return allowed


def reached(total: Used, allowed: dict[str, float]) -> tuple[Finding, ...]:
    """Return which limits are used up; `detail` is the limit as an answer would write it."""
    return tuple(
        Finding(Kind.BUDGET, Severity.WARNING, name, WHAT[name], detail=f"{name} {SAID[name](limit)}")
        for name, limit in allowed.items()
        if getattr(total, name) >= limit
    )


def granted(text: str) -> dict[str, float]:
    """Return the limits that a reason names: `time 4h`, `money 20`, `attempts 40`, or several."""
    return dict(_granted(text.replace(",", " ").split()))


def _granted(words: list[str]) -> Iterator[tuple[str, float]]:
    for name, value in itertools.pairwise(words):
        read = READ[name](value) if name in READ else None
        if read is not None:
            yield name, read


def refusal(gate: Gate | None, verb: str, why: str) -> str | None:
    """Return why an approval of more budget cannot be taken, None where it can (or is about something else)."""
    if gate is None or gate.kind is not Kind.BUDGET or verb != Verb.APPROVE:
        return None
    given = granted(why)
    if all(given.get(finding.rule, 0.0) > granted(finding.detail or "")[finding.rule] for finding in gate.findings):
        return None
    return f"its reason has to name a larger limit, for example `{example(gate)}`"


def example(gate: Gate) -> str:
    """Return an answer that would do: every limit doubled."""
    asked = {name: limit for finding in gate.findings for name, limit in granted(finding.detail or "").items()}
    return ", ".join(f"{name} {SAID[name](2 * limit)}" for name, limit in asked.items())


def unmeasured(total: Used) -> list[str]:
    """Return what a run says at its end where agents did not tell what they cost."""
    return ["", f"Cost: unknown for {_unknown(total)}; the limit on money counts only what is known."]


def _unknown(total: Used) -> str:
    """Return what is of unknown cost: `2 attempts and 1 review`."""
    parts = ((total.unknown, "attempt"), (total.unpriced, "review"))
    return " and ".join(count(number, what) for number, what in parts if number)


def told(total: Used, allowed: dict[str, float]) -> list[str]:
    """Return what is used of what is allowed, for people; what nobody measured is said."""
    untimed = f" and {count(total.untimed)} of unknown time" if total.untimed else ""
    lines = [f"Used: {duration(round(total.time))}{untimed} of {duration(allowed['time'])} step time"]
    lines += [f"Used: {total.attempts} of {count(int(allowed['attempts']))} of agents"] if total.attempts else []
    unknown = f"{_unknown(total)} of unknown cost" if total.unknown or total.unpriced else ""
    if total.money:
        more = f" and {unknown}" if unknown else ""
        lines.append(f"Used: ${total.money:.2f}{more} of ${amount(allowed['money'])}")
    elif unknown:
        lines.append(f"Used: {unknown}; the limit of ${amount(allowed['money'])} counts what is known")
    return lines
