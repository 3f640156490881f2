"""result: what a coding agent says at its end, in lines, or as JSON with its words and what it cost."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from ...core.text import for_terminal
from .base import Report

LINES = 5
"""Last lines of its output that are kept as the agent's own words."""
LONGEST = 200
"""Characters of each."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an agent said, what it says it cost in US dollars (None: it does not say), and whether it failed."""

    words: str
    cost: float | None = None
    failed: bool = False


def said(out: str) -> Said:
    """Return what an agent said with all it printed.

    The last line may be JSON as `claude --output-format json` prints it: `result` are its words, `total_cost_usd` is
    what it cost, `is_error` says that it failed. Else all of it are its words.
    """
    told = _json(out.strip().rpartition("\n")[2])
    if not isinstance(told, dict) or not isinstance(told.get("result"), str):
        return Said(out)
    return Said(told["result"], _dollars(told.get("total_cost_usd")), told.get("is_error") is True)


def reported(out: str) -> Report:
    """Return what an implementing agent printed, as its report."""
    told = said(out)
    lines = last_lines(told.words)
    return Report(lines, told.cost, f"it says that it failed: {'; '.join(lines[-2:])}" if told.failed else None)


def last_lines(text: str) -> tuple[str, ...]:
    """Return the last lines of an output, without secrets, inert and cut to a length."""
    lines = [line.strip() for line in for_terminal(text).splitlines() if line.strip()]
    return tuple(line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in lines[-LINES:])


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _dollars(value: Any) -> float | None:
    """Return a cost, None where it is none: what nobody measured never counts as 0."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if good else None
