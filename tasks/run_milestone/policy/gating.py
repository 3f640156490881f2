"""gates: WHO SAYS YES; findings, policy and decisions become a pass or a question. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.serialize import digest
from ..model import Approval, Decision, Finding, Gate, Kind, Passed, Severity, Tier, Verb
from .stops import AGAIN, STOPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model import Milestone

ANSWERS = frozenset({Verb.APPROVE, Verb.CONTINUE})
"""Verbs that let exactly what was shown pass."""


def ahead(gate: str) -> frozenset[Verb]:
    """Return the verbs that accept no risk, so that they may be written at any time, also before the gate opens."""
    if gate.isdigit():
        return frozenset({Verb.SKIP, Verb.UNSKIP, Verb.ABORT})
    if gate.startswith("phase-"):
        return frozenset({Verb.SKIP_PHASE, Verb.UNSKIP, Verb.ABORT})
    return frozenset({Verb.ABORT})


def ask(
    name: str, findings: Sequence[Finding], change: str, decisions: Sequence[Decision], milestone: Milestone
) -> Passed | Gate:
    """Return that the findings pass, with their labels and decisions, or the first question that is still open.

    One kind is asked at a time, in the order of the stop table, so that an answer is about one thing only.
    """
    stood_on: list[int] = []
    for kind, found in _hard(findings):
        answers = _remembered(name, kind, decisions)
        same = {finding: _shown(finding, finding.change) for finding in found}
        stood_on += [answers[same[finding]] for finding in found if same[finding] in answers]
        shown = tuple(finding for finding in found if same[finding] not in answers)
        if not shown:
            continue
        gate = question(name, kind, shown, change, decisions, milestone)
        decision = _answer(gate, decisions)
        if decision is None:
            return gate
        stood_on.append(decision.id)
    return Passed(_labels(findings), tuple(dict.fromkeys(stood_on)))


def _remembered(name: str, kind: Kind, decisions: Iterable[Decision]) -> dict[Finding, int]:
    """Return the findings that were approved for as long as their file's change is the same, and by which decision."""
    approved = [one for one in decisions if (one.gate, one.kind, one.verb) == (name, kind, Verb.APPROVE)]
    return {
        _shown(finding, finding.change): decision.id
        for decision in approved
        for finding in decision.findings
        if finding.change
    }


def _shown(finding: Finding, change: str | None) -> Finding:
    """Return a finding without its line where a change's identity binds it: a base that moved shifts lines alone."""
    return replace(finding, line=None) if change else finding


def _hard(findings: Sequence[Finding]) -> Iterator[tuple[Kind, tuple[Finding, ...]]]:
    for kind, stop in STOPS.items():
        shown = tuple(finding for finding in findings if finding.kind is kind)
        if shown and stop.tier is Tier.HARD:
            yield kind, shown


def _labels(findings: Iterable[Finding]) -> tuple[str, ...]:
    found = {finding.kind for finding in findings}
    return tuple(stop.label for kind, stop in STOPS.items() if kind in found and stop.label)


def question(
    name: str,
    kind: Kind,
    findings: tuple[Finding, ...],
    change: str,
    decisions: Sequence[Decision],
    milestone: Milestone,
) -> Gate:
    """Return the gate that asks about findings of one kind, with the verbs that can still answer it.

    Whoever takes a skip back wants the issue tried again, so its attempts are counted from there.
    """
    own = [decision for decision in decisions if decision.gate == name]
    back = max((decision.id for decision in own if decision.verb is Verb.UNSKIP), default=0)
    used = sum(1 for one in own if one.id > back and one.kind is kind and one.verb in AGAIN)
    attempt, attempts = used + 1, max(milestone.limits.attempts, used + 1)
    verbs = tuple(_offered(kind, findings, again=attempt < attempts, milestone=milestone))
    identity = digest([kind, [_shown(finding, change) for finding in findings], change])
    return Gate(name, kind, attempt, attempts, verbs, findings, identity, change)


def _offered(kind: Kind, findings: Sequence[Finding], *, again: bool, milestone: Milestone) -> Iterator[Verb]:
    wanted = milestone.decisions.get(kind, STOPS[kind].verbs)
    critical = any(finding.severity == "critical" for finding in findings)
    for verb in STOPS[kind].verbs:
        out_of_attempts = verb in AGAIN and not again
        unapprovable = verb is Verb.APPROVE and kind is Kind.REVIEW and critical
        if (verb in wanted or verb is Verb.ABORT) and not out_of_attempts and not unapprovable:
            yield verb


def _answer(gate: Gate, decisions: Iterable[Decision]) -> Decision | None:
    found = None
    for decision in decisions:
        if decision.gate == gate.gate and decision.verb is Verb.UNSKIP:
            found = None
        elif decision.gate == gate.gate and (_left_out(gate, decision) or _answered(gate, decision)):
            found = found or decision
    return found


def _answered(gate: Gate, decision: Decision) -> bool:
    return decision.verb in ANSWERS and (decision.digest == gate.digest or _lists_the_same(gate, decision))


def _lists_the_same(gate: Gate, decision: Decision) -> bool:
    """Return whether a phase was answered with the list it has now, whatever numbers its issues had in it then."""
    return gate.kind is decision.kind is Kind.PHASE and set(gate.findings) == set(decision.findings)


def _left_out(gate: Gate, decision: Decision) -> bool:
    """Return whether a phase was skipped as it is listed now; one that was written down without a list, as it is."""
    listed = not decision.findings or set(gate.findings) <= set(decision.findings)
    return gate.kind is Kind.PHASE and decision.verb is Verb.SKIP_PHASE and listed


def no_verb(word: str) -> str:
    """Return what is wrong with a word that is no verb."""
    meant = word.strip().lower()
    hint = f"{meant} is one" if meant in set(Verb) else f"the verbs are {', '.join(Verb)}"
    return f"{word!r} is no verb; {hint}"


def refusal(
    approval: Approval, gate: Gate | None, opened: int, change: str | None, others: Sequence[str]
) -> str | None:
    """Return why an approval cannot be taken, None where it can.

    `gate` is the open gate of that name, `opened` its file's time in nanoseconds, `change` the identity of the
    change as it is now (None where nothing can have moved), `others` the verbs left for the same gate beside it.
    """
    if approval.verb not in set(Verb):
        return no_verb(approval.verb)
    if others:
        return f"two answers at once ({', '.join(sorted((approval.verb, *others)))}); leave exactly one"
    if gate is None:
        return None if approval.verb in ahead(approval.gate) else f"no gate {approval.gate} is open for {approval.verb}"
    if approval.verb not in gate.verbs and approval.verb != Verb.UNSKIP:
        return f"gate {gate.gate} does not offer {approval.verb}; it offers {' | '.join(gate.verbs)}"
    if approval.verb in ahead(approval.gate):
        return None
    if approval.written < opened:
        return f"it is older than the question it would answer (gate {gate.gate} opened {gate.opened})"
    if approval.digest is not None and approval.digest != gate.digest:
        return f"it was given for other findings or another change than gate {gate.gate} shows now"
    if change is not None and change != gate.change:
        return f"the change of {gate.gate} has moved since it was shown"
    return None


def skipped(issue: str, phase: int, decisions: Iterable[Decision], *, finished: bool) -> Decision | None:
    """Return the decision that skips an issue, None where none does or it was taken back.

    A finished issue is not skipped by its phase, and neither is one that was not in it when the phase was.
    """
    found = None
    for decision in decisions:
        if decision.verb is Verb.SKIP and decision.gate == issue:
            found = decision
        elif decision.verb is Verb.SKIP_PHASE and decision.gate == f"phase-{phase}" and not finished:
            found = found or (decision if leaves_out(decision, issue) else None)
        elif decision.verb is Verb.UNSKIP and (decision.gate == issue or _takes_back(decision, found)):
            found = None
    return found


def leaves_out(decision: Decision, issue: str) -> bool:
    """Return whether what a phase's decision lists leaves an issue out; one without a list leaves out all."""
    return not decision.findings or any(
        finding.rule == issue and finding.severity is Severity.WARNING for finding in decision.findings
    )


def _takes_back(decision: Decision, found: Decision | None) -> bool:
    return found is not None and found.gate == decision.gate


def asks_for_work(decision: Decision) -> bool:
    """Return whether a decision asks for another attempt at the implementation."""
    return decision.verb in AGAIN and (decision.verb is not Verb.RETRY or decision.kind is Kind.AGENT)


def about(issue: str, phase: int, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions about an issue, those included by which its phase left it out or took it up again."""
    return tuple(one for one in decisions if one.gate == issue or _of_phase(one, issue, phase))


def _of_phase(decision: Decision, issue: str, phase: int) -> bool:
    skips = decision.gate == f"phase-{phase}" and decision.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}
    return skips and bool(decision.findings) and leaves_out(decision, issue)
