"""Renders a gate for the terminal: its findings, verbs and commands, and why it is open or passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Kind, Verb
from ..policy import budget
from ..policy.stops import STOPS
from .phrases import PURPOSE, found_at, headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Gate, Passed

SHOWN_NEXT = 5
"""Lines of each question that is asked later."""
TAIL = 15
"""Lines of a failed check's log that are shown. The agent gets more."""


def question(
    gate: Gate, listing: list[str], milestone: str, approvals: str, *, prompts: bool, shared: bool = False
) -> list[str]:
    """Return a gate's findings, its verbs and, unless the run `prompts`, the commands that answer it.

    `approvals` is the folder where answers are left. With `shared` state the answer may come from another machine.
    """
    verbs = ["", " | ".join(gate.verbs)]
    commands = [] if prompts else ["", *_answers(milestone, gate, approvals, shared=shared)]
    if gate.kind is Kind.PHASE:
        return ["", *listing, *verbs, *commands]
    listing = ["", *listing] if listing else []
    attempt = f" (attempt {gate.attempt}/{gate.attempts})" if _counts_attempts(gate) else ""
    head = f"🛑 {headline(gate.kind, gate.findings)}{attempt}"
    return ["", head, "", *_findings(gate), *listing, *verbs, *commands]


def asked_next(gates: Sequence[Gate]) -> list[str]:
    """Return what the same step found beside the question that is asked now, and how each will be answered."""
    lines = [
        line
        for gate in gates
        for line in (f"{headline(gate.kind, gate.findings)} ({' | '.join(gate.verbs)})", *_findings(gate)[:SHOWN_NEXT])
    ]
    return ["", "Asked after this:", *(f"  {line}" for line in lines)] if lines else []


def question_again(gate: Gate) -> list[str]:
    """Return a gate with its name, for a gate that was shown before others."""
    head = f"🛑 Gate {gate.gate}: {headline(gate.kind, gate.findings)}"
    return ["", head, "", *_findings(gate), "", " | ".join(gate.verbs)]


def _counts_attempts(gate: Gate) -> bool:
    return any(verb in {"fix", "retry", "restart"} for verb in STOPS[gate.kind].verbs)


def _findings(gate: Gate) -> list[str]:
    if gate.kind is Kind.TESTS:
        return ["Failed:", *(line for finding in gate.findings for line in _failure(finding.message, finding.detail))]
    if gate.kind is Kind.BASELINE:
        numbered = enumerate(gate.findings, start=1)
        return [line for number, one in numbered for line in _failure(one.message, one.detail, f"{number}.")]
    if gate.kind is Kind.CHECKS:
        return [line for finding in gate.findings for line in _check(finding.message, finding.detail)]
    if gate.kind is Kind.MIGRATION_BREAKING:
        return [line for finding in gate.findings for line in _migration(finding.path, finding.detail)]
    return [f"{number}. {found_at(finding)}" for number, finding in enumerate(gate.findings, start=1)]


def _failure(message: str, output: str | None, bullet: str = "-") -> Iterator[str]:
    """Yield a failing test and the end of its output."""
    yield f"{bullet} {message}"
    yield from (f"  {line}" for line in (output or "").splitlines()[-TAIL:])


def _check(message: str, log: str | None) -> Iterator[str]:
    """Yield a failed check and the end of its log."""
    yield f"✗ {message}"
    yield from (f"  {line}" for line in (log or "").splitlines()[-TAIL:])


def _migration(path: str | None, detail: str | None) -> Iterator[str]:
    yield f"File: {path}"
    if detail:
        yield detail


def _answers(milestone: str, gate: Gate, approvals: str, *, shared: bool = False) -> list[str]:
    """Return the commands that answer a gate, one per verb."""
    if gate.kind in {Kind.BUDGET, Kind.BOUNDARY} or shared:
        where = "from any clone, " if shared else ""
        commands = decide_commands(milestone, gate, shared=shared)
        return [f"To answer, {where}write one of these, then run the same command again:", *commands]
    width = max(len(verb) for verb in gate.verbs)
    offered = [
        f"  touch {approvals}/{gate.gate}.{verb}{' ' * (width - len(verb))}   # {PURPOSE[verb]}" for verb in gate.verbs
    ]
    return ["To answer, touch one of these files, then run the same command again:", *offered]


def decide_commands(milestone: str, gate: Gate, *, shared: bool = False) -> list[str]:
    """Return a `decide` command per verb. With `shared` state it works in any clone."""
    examples = {Kind.BUDGET: budget.example(gate), Kind.BOUNDARY: "who changed it, and why it is harmless"}
    reasons = {Verb.APPROVE: f' --reason "{examples[gate.kind]}"'} if gate.kind in examples else {}
    sent = " --state-ref" if shared else ""
    command = f"  run-milestone decide {milestone} {gate.gate}"
    return [f"{command} {verb}{reasons.get(verb, '')}{sent}" for verb in gate.verbs]


def why_passed(done: Passed) -> str:
    """Return why a gate has passed."""
    labels = [f"labels {', '.join(done.labels)}"] if done.labels else []
    decisions = [f"accepted by decision {', '.join(map(str, done.decisions))}"] if done.decisions else []
    return "; ".join([*labels, *decisions]) or "there is nothing to decide"


def why_asked(gate: Gate) -> str:
    """Return a gate's kind, its attempts, and what `--autonomous` would answer."""
    stop = STOPS[gate.kind]
    attempts = f", attempt {gate.attempt} of {gate.attempts}" if _counts_attempts(gate) else ""
    would = f"would {', then '.join(stop.autonomous)}" if stop.autonomous else "would wait for a person"
    return f"`{gate.kind}`, {count(len(gate.findings), 'finding')}{attempts}; --autonomous {would}"
