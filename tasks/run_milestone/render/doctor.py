"""Print what `doctor` examined, and the stop table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Tier
from ..policy.stops import STOPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..policy.stops import Stop

_MARKS = {True: "✓", None: "·", False: "✗"}


def examined(signs: Sequence[tuple[str, str, bool | None]]) -> str:
    """Return a line for each part with its name, its state and whether it works, then the result."""
    width = max(len(name) for name, _, _ in signs)
    lines = [f"{_MARKS[works]} {name:<{width}}  {state}" for name, state, works in signs]
    broken = sum(works is False for _, _, works in signs)
    result = f"✗ {count(broken, 'thing')} to correct" if broken else "✓ Everything that is needed works"
    return "\n".join([*lines, "", result, ""])


def stop_table() -> str:
    """Return the stop table in force: what stops, who finds it, what answers it, what an autonomous run does."""
    head = ("STOP", "FOUND BY", "TIER", "VERBS OR LABEL", "UNATTENDED")
    rows = [head, *(_row(stop) for stop in STOPS.values())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "".join(f"{'  '.join(row).rstrip()}\n" for row in cells)


def _row(stop: Stop) -> tuple[str, ...]:
    answered = " | ".join(stop.verbs) if stop.tier is Tier.HARD else stop.label or "-"
    otherwise = "waits" if stop.tier is Tier.HARD else "goes on"
    return (stop.title, stop.found_by, stop.tier, answered, ", then ".join(stop.autonomous) or otherwise)
