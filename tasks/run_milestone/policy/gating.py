"""Decide what passes a gate, what is asked, and which approval answers it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..core.serialize import digest
from ..model import Approval, Decision, Finding, Gate, Kind, Passed, Tier, Verb
from . import boundary, budget, topics
from .graph import BOOTSTRAP, PLAN_REVIEW, phase_name
from .phase_answers import left_out, lists_the_same
from .stops import AGAIN, HISTORY, NOT_STARTED, REPEATABLE, STOPS, uses_attempt

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
    """Return that the findings pass, with their labels and decisions, or the gate that has to be open.

    It asks all that is left to ask, kind by kind in the order of the stop table. Each secret is a question of its own.
    Where the plan says whose answers count, it asks one question at a time, because each may need other people.
    """
    used, left = list[int](), list[Gate]()
    for kind, hard in _hard(findings):
        answers = _remembered(name, kind, decisions)
        same = {finding: _shown(finding, finding.change) for finding in hard}
        used += [answers[same[finding]] for finding in hard if same[finding] in answers]
        shown = tuple(finding for finding in hard if same[finding] not in answers)
        if not shown:
            continue
        for some in zip(shown) if kind is Kind.SECRET else [shown]:
            gate = question(name, kind, some, change, decisions, milestone)
            decision = _answer(gate, decisions)
            if decision is None:
                left.append(gate)
            else:
                used.append(decision.id)
    if left and milestone.approvers:
        return left[0]
    return topics.combine(left) if left else Passed(_labels(findings), tuple(dict.fromkeys(used)))


def _remembered(name: str, kind: Kind, decisions: Iterable[Decision]) -> dict[Finding, int]:
    """Return the findings that were approved for as long as their file's change is the same, and by which decision."""
    approved = [one for one in decisions if (one.gate, one.verb) == (name, Verb.APPROVE) and kind in topics.kinds(one)]
    return {
        _shown(finding, finding.change): decision.id
        for decision in approved
        for finding in decision.findings
        if finding.kind is kind and (finding.change or kind is Kind.BASELINE)
    }


def _shown(finding: Finding, change: str | None) -> Finding:
    """Return a finding as an answer is bound to it.

    A change binds it without its line, because a moved base shifts lines. A failure of the baseline is bound without
    its output, which differs from run to run, and without its rule: what the sandbox hides may come and go.
    """
    shown = replace(finding, detail=None, rule="") if finding.kind is Kind.BASELINE else finding
    return replace(shown, line=None) if change else shown


def _hard(findings: Sequence[Finding]) -> Iterator[tuple[Kind, tuple[Finding, ...]]]:
    kinds = {finding.kind for finding in findings}
    if not kinds:
        return
    for kind in (kind for kind, stop in STOPS.items() if kind in kinds and stop.tier is Tier.HARD):
        yield kind, tuple(finding for finding in findings if finding.kind is kind)


def _labels(findings: Iterable[Finding]) -> tuple[str, ...]:
    kinds = {finding.kind for finding in findings}
    if not kinds:
        return ()
    return tuple(stop.label for kind, stop in STOPS.items() if kind in kinds and stop.label)


def question(
    name: str,
    kind: Kind,
    findings: tuple[Finding, ...],
    change: str,
    decisions: Sequence[Decision],
    milestone: Milestone,
) -> Gate:
    """Return the gate that asks about findings of one kind, with the verbs that can still answer it.

    An `unskip` means that the issue is tried again, so its attempts are counted from there.
    """
    answers = [decision for decision in decisions if decision.gate == name]
    back = max((decision.id for decision in answers if decision.verb is Verb.UNSKIP), default=0)
    again = [one for one in answers if one.id > back and kind in topics.kinds(one) and one.verb in AGAIN]
    measured = [one for one in again if not uses_attempt(kind, one.verb)]
    used = len(again) - len(measured)
    attempt, attempts = used + 1, max(milestone.limits.attempts, used + 1)
    offered = _offered(kind, findings, again=attempt < attempts, milestone=milestone)
    verbs = tuple(verb for verb in offered if verb is not Verb.SKIP or name.isdigit())
    shown = [kind, [_shown(finding, change) for finding in findings], change, *([len(measured)] if measured else [])]
    return Gate(name, kind, attempt, attempts, verbs, findings, digest(shown), change)


def _offered(kind: Kind, findings: Sequence[Finding], *, again: bool, milestone: Milestone) -> Iterator[Verb]:
    wanted = milestone.decisions.get(kind, STOPS[kind].verbs)
    critical = any(finding.severity == "critical" for finding in findings)
    settled = {Kind.SECRET: HISTORY, Kind.BASELINE: NOT_STARTED}.get(kind)
    is_settled = any(finding.rule == settled for finding in findings)
    for verb in STOPS[kind].verbs:
        is_free = verb is Verb.RETRY and kind in REPEATABLE
        out_of_attempts = uses_attempt(kind, verb) and not again and not is_free
        unapprovable = verb is Verb.APPROVE and ((kind in {Kind.REVIEW, Kind.SIZE} and critical) or is_settled)
        if (verb in wanted or verb is Verb.ABORT) and not out_of_attempts and not unapprovable:
            yield verb


def _answer(gate: Gate, decisions: Iterable[Decision]) -> Decision | None:
    answer = None
    for decision in decisions:
        if decision.gate == gate.gate and decision.verb is Verb.UNSKIP:
            answer = None
        elif decision.gate == gate.gate and (left_out(gate, decision) or _answered(gate, decision)):
            answer = answer or decision
    return answer


def _answered(gate: Gate, decision: Decision) -> bool:
    if decision.verb not in ANSWERS:
        return False
    return gate.digest in {decision.digest, *decision.digests} or lists_the_same(gate, decision)


def gate_names(milestone: Milestone) -> frozenset[str]:
    """Return every name that a gate of this milestone can have."""
    phases = (phase_name(phase.number) for phase in milestone.phases)
    return frozenset(
        (BOOTSTRAP, PLAN_REVIEW, *boundary.MILESTONE_GATES, *phases, *(issue.number for issue in milestone.issues))
    )


def question_key(about: Gate | Decision) -> str:
    """Return what tells one question of a gate from the next in a comment, as short as a person can compare."""
    return _short(topics.question_name(about))


def _short(question: str) -> str:
    digest_, _, attempt = question.rpartition("-")
    return f"{digest_[:16]}-{attempt}"


def rivals(approval: Approval, approvals: Iterable[Approval], gate: Gate | None) -> tuple[str, ...]:
    """Return the words of the other answers to the same question. Two files of one verb are two answers."""
    return tuple(
        other.word
        for other in approvals
        if other != approval
        and other.gate == approval.gate
        and other.verb in set(Verb)
        and not _is_for_earlier_question(other, gate)
        and (other.verb != approval.verb or other.comment is approval.comment is None)
        and topics.overlap(approval, other, gate)
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """What an approval is judged by: the gate of that name, and what became of it."""

    gate: Gate | None = None
    """What the approval is about: the gate, or one of its questions. None where that is not asked."""
    opened: int = 0
    """When its file was written, in nanoseconds."""
    change: str | None = None
    """The change as it is now; None where nothing can have moved."""
    rivals: tuple[str, ...] = ()
    """The words of other answers to the same question."""
    skipped: frozenset[str] = frozenset()
    """The issues and phases that are skipped now."""
    whole: Gate | None = None
    """The open gate with all its questions; None where it is not open or `gate` is all of it."""

    @property
    def asked(self) -> Gate | None:
        """The open gate with all its questions."""
        return self.whole or self.gate


def refusal(approval: Approval, milestone: Milestone, now: Situation) -> str | None:
    """Return why an approval cannot be taken, None where it can."""
    return (
        _misnamed(approval, milestone)
        or _not_offered(approval, now)
        or _outdated(approval, now)
        or _not_skipped(approval, now)
        or budget.refusal(now.gate, approval.verb, approval.why)
        or _unexplained(approval, now.gate)
    )


def _example(milestone: Milestone) -> str:
    return f"it is not named after a gate and a verb, like {milestone.issues[0].number}.fix"


def _misnamed(approval: Approval, milestone: Milestone) -> str | None:
    """Return what is wrong with the approval itself, whatever is asked."""
    if not approval.gate:
        return _example(milestone)
    if approval.gate not in gate_names(milestone):
        return f"{milestone.id} has no gate called {approval.gate!r}"
    if approval.problem or not approval.verb:
        return approval.problem or _example(milestone)
    if approval.verb in set(Verb):
        return None
    meant = approval.verb.strip().lower()
    hint = f"{meant} is one" if meant in set(Verb) else f"the verbs are {', '.join(Verb)}"
    return f"{approval.verb!r} is no verb; {hint}"


def _not_offered(approval: Approval, now: Situation) -> str | None:
    """Return why nothing that is open offers the verb, or why the answer is not the only one."""
    if _is_for_earlier_question(approval, now.asked):
        return "what it answers is not asked any more"
    if now.rivals:
        return f"two answers at once ({', '.join(sorted((approval.word, *now.rivals)))}); leave exactly one"
    if now.asked is None:
        return None if approval.verb in ahead(approval.gate) else f"no gate {approval.gate} is open for {approval.verb}"
    offered = f"it offers {' | '.join(topics.answers_to(now.asked))}"
    if now.gate is None:
        return f"gate {approval.gate} does not ask about {approval.topic}; {offered}"
    if approval.verb not in now.gate.verbs and approval.verb != Verb.UNSKIP:
        return f"gate {now.gate.gate} does not offer {approval.verb}; {offered}"
    return None


def _is_for_earlier_question(approval: Approval, gate: Gate | None) -> bool:
    """Return whether a comment stands below a question that did not show all that is asked now.

    A file's age is judged instead.
    """
    comment = approval.comment
    return comment is not None and (
        gate is None or comment.key not in {question_key(gate), *map(_short, gate.covered_by)}
    )


def _outdated(approval: Approval, now: Situation) -> str | None:
    """Return how an answer that accepts a risk is not for what the gate shows now."""
    gate = now.gate
    if gate is None or approval.verb in ahead(approval.gate):
        return None
    if approval.comment is None and approval.written < now.opened:
        return f"it is older than the question it would answer (gate {gate.gate} opened {gate.opened})"
    if approval.digest is not None and approval.digest not in topics.digests_shown(gate):
        return f"it was given for other findings or another change than gate {gate.gate} shows now"
    if now.change is not None and now.change != gate.change:
        return f"the change of {gate.gate} has moved since it was shown"
    return None


def _not_skipped(approval: Approval, now: Situation) -> str | None:
    if approval.verb != Verb.UNSKIP or approval.gate in now.skipped:
        return None
    return f"{approval.gate} is not skipped, so there is no skip to take back"


EXPLAINED = MappingProxyType(
    {
        Kind.SECRET: "say why this is no secret",
        Kind.BOUNDARY: "say who made these changes, after `run-milestone verify`",
    }
)
"""What is approved only with a reason, and which."""


def _unexplained(approval: Approval, gate: Gate | None) -> str | None:
    """Return why an approval without a reason is refused, None where it needs none."""
    if gate is None or gate.kind not in EXPLAINED or approval.verb != Verb.APPROVE or approval.why.strip():
        return None
    return f"it has no reason; {EXPLAINED[gate.kind]}"
