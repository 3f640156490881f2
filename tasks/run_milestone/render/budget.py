"""Say how much of its budget a milestone has used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import amount, count, duration

if TYPE_CHECKING:
    from ..policy.budget import Used


def budget_used(used: Used, limits: dict[str, float]) -> list[str]:
    """Return what is used of each limit, and what of it is unknown."""
    untimed = f" and {count(used.untimed, 'attempt')} of unknown time" if used.untimed else ""
    lines = [f"Used: {duration(round(used.time))}{untimed} of {duration(limits['time'])} step time"]
    if used.attempts:
        lines.append(f"Used: {used.attempts} of {count(int(limits['attempts']), 'attempt')} of agents")
    unknown = f"{_unknown_cost(used)} of unknown cost" if used.unknown or used.unpriced else ""
    if used.money:
        more = f" and {unknown}" if unknown else ""
        lines.append(f"Used: ${used.money:.2f}{more} of ${amount(limits['money'])}")
    elif unknown:
        lines.append(f"Used: {unknown}; the limit of ${amount(limits['money'])} counts what is known")
    return lines


def cost_unknown(used: Used) -> list[str]:
    """Return the note at the end of a run whose agents did not report all costs."""
    return ["", f"Cost: unknown for {_unknown_cost(used)}; the limit on money counts only what is known."]


def _unknown_cost(used: Used) -> str:
    """Return what has an unknown cost: `2 attempts and 1 review`."""
    parts = ((used.unknown, "attempt"), (used.unpriced, "review"))
    return " and ".join(count(number, what) for number, what in parts if number)
