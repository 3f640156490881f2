"""Ask people about what changed on the operator's side while commands ran that a tree can steer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity, Verb
from . import budget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Decision, Gate

GATE = "boundary"
"""The name of the gate, which belongs to the milestone."""
MILESTONE_GATES = (budget.GATE, GATE)
"""Gates that hold up every issue."""


def approvals(decisions: Iterable[Decision]) -> int:
    """Return how often people looked at such changes and approved them."""
    return sum(one.gate == GATE and one.verb is Verb.APPROVE for one in decisions)


def finding(what: str) -> Finding:
    """Return the finding for one change."""
    return Finding(Kind.BOUNDARY, Severity.CRITICAL, "changed", what)


def refusal(gate: Gate | None, verb: str, why: str) -> str | None:
    """Return why an approval is refused, None where it is not: a person says why each change is harmless."""
    if gate is None or gate.kind is not Kind.BOUNDARY or verb != Verb.APPROVE or why.strip():
        return None
    return "it has no reason; say who made these changes, after `run-milestone verify`"
