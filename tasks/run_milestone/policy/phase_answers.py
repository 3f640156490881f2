"""Decide whether what a phase was answered with is what it lists now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Kind, Verb

if TYPE_CHECKING:
    from ..model import Decision, Finding, Gate

ACCEPTED = "; accepted: "
"""What comes before the accepted risks in an item of a phase's list."""


def lists_the_same(gate: Gate, decision: Decision) -> bool:
    """Return whether a phase was answered with the list it has now, whatever the numbers of its issues were."""
    if not gate.kind is decision.kind is Kind.PHASE or len(gate.findings) != len(decision.findings):
        return False
    return _lists_all(gate, decision)


def _lists_all(gate: Gate, decision: Decision) -> bool:
    """Return whether a phase's answer listed everything that its gate lists now."""
    return all(any(_is_same_item(item, before) for before in decision.findings) for item in gate.findings)


def _is_same_item(item: Finding, before: Finding) -> bool:
    """Return whether an item of a phase's list is what was shown before, with the same change.

    Version 0.1.0 recorded neither the change nor the accepted risks. Its items hold while nothing is known to have
    moved since; what moved is the detail of the item.
    """
    if (item.rule, item.severity) != (before.rule, before.severity):
        return False
    if item.change is not None and before.change is None:
        return item.detail is None and item.message.partition(ACCEPTED)[0] == before.message
    return (item.message, item.change) == (before.message, before.change)


def left_out(gate: Gate, decision: Decision) -> bool:
    """Return whether a phase was skipped with all that it lists now; an answer without a list skips everything."""
    listed = not decision.findings or _lists_all(gate, decision)
    return gate.kind is Kind.PHASE and decision.verb is Verb.SKIP_PHASE and listed
