"""Parse the output of a coding agent: plain lines, or JSON with its answer and its cost."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from ...core.text import for_terminal
from .base import Report

LINES = 5
"""Last lines of an answer that a report keeps."""
LONGEST = 200
"""Characters of each."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's answer, what it says it cost in US dollars (None: unknown), and whether it failed."""

    text: str
    cost: float | None = None
    failed: bool = False


def parse(out: str) -> Answer:
    """Return the answer in an agent's output.

    The last line may be JSON as `claude --output-format json` prints it: `result` is the answer, `total_cost_usd` its
    cost, `is_error` says that it failed. Otherwise the whole output is the answer.
    """
    value = _json(out.strip().rpartition("\n")[2])
    if not isinstance(value, dict) or not isinstance(value.get("result"), str):
        return Answer(out)
    return Answer(value["result"], _dollars(value.get("total_cost_usd")), value.get("is_error") is True)


def report(out: str) -> Report:
    """Return the report in the output of an implementing agent."""
    answer = parse(out)
    lines = last_lines(answer.text)
    problem = f"it says that it failed: {'; '.join(lines[-2:])}" if answer.failed else None
    return Report(lines, answer.cost, problem)


def last_lines(text: str) -> tuple[str, ...]:
    """Return the last lines of an output, sanitised and cut to a length."""
    lines = [line.strip() for line in for_terminal(text).splitlines() if line.strip()]
    return tuple(line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in lines[-LINES:])


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _dollars(value: Any) -> float | None:
    """Return a cost, None where it is none: an unknown cost never counts as 0."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if good else None
