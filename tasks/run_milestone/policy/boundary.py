"""Ask people about what changed on the operator's side while commands ran that a tree can steer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity, Verb
from . import budget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Decision

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
