"""result: what a coding agent says at its end, in lines, or as JSON with its words and what it cost."""

from __future__ import annotations

import json
import math
from typing import Any

from ...redaction import redact, visible
from . import Report

LINES = 5
"""Last lines of its output that are kept as the agent's own words."""
LONGEST = 200
"""Characters of each."""


def reported(out: str) -> Report:
    """Return what an agent printed, as its report.

    The last line may be JSON as `claude --output-format json` prints it: `result` are its words, `total_cost_usd` is
    what it cost in US dollars, `is_error` says that it failed.
    """
    said = _json(out.strip().rpartition("\n")[2])
    if not isinstance(said, dict) or not isinstance(said.get("result"), str):
        return Report(last_lines(out))
    lines = last_lines(said["result"])
    failed = f"it says that it failed: {'; '.join(lines[-2:])}" if said.get("is_error") is True else None
    return Report(lines, _dollars(said.get("total_cost_usd")), failed)


def last_lines(text: str) -> tuple[str, ...]:
    """Return the last lines of an output, without secrets, inert and cut to a length."""
    lines = [line.strip() for line in visible(redact(text)).splitlines() if line.strip()]
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
