"""Decide what leaves an issue out, of its own gate and of its phase. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Severity, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Decision


def skipped(issue: str, phase: int, decisions: Iterable[Decision], *, finished: bool) -> Decision | None:
    """Return the decision that skips an issue, None where none does or it was taken back.

    A skipped phase skips neither its finished issues nor those that came into it later.
    """
    skip = None
    for decision in decisions:
        if decision.verb is Verb.SKIP and decision.gate == issue:
            skip = decision
        elif decision.verb is Verb.SKIP_PHASE and decision.gate == f"phase-{phase}" and not finished:
            skip = skip or (decision if leaves_out(decision, issue) else None)
        elif decision.verb is Verb.UNSKIP and (decision.gate == issue or _takes_back(decision, skip)):
            skip = None
    return skip


def leaves_out(decision: Decision, issue: str) -> bool:
    """Return whether what a phase's decision lists leaves an issue out; one without a list leaves out all."""
    return not decision.findings or any(
        finding.rule == issue and finding.severity is Severity.WARNING for finding in decision.findings
    )


def _takes_back(decision: Decision, skip: Decision | None) -> bool:
    return skip is not None and skip.gate == decision.gate


def about(issue: str, phase: int, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions about an issue, those included by which its phase left it out or took it up again."""
    return tuple(one for one in decisions if one.gate == issue or _of_phase(one, issue, phase))


def _of_phase(decision: Decision, issue: str, phase: int) -> bool:
    skips = decision.gate == f"phase-{phase}" and decision.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}
    return skips and bool(decision.findings) and leaves_out(decision, issue)
