"""Ask several questions of a step in one gate, and match each answer with those that it is about. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.serialize import digest
from ..model import Gate, Kind, Topic, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Approval, Decision

ABOUT_A_TOPIC = frozenset({Verb.FIX, Verb.APPROVE, Verb.RETRY, Verb.RESTART})
"""Verbs that can answer one question of several. The others are about the issue, the phase or the run."""


def combine(asked: Sequence[Gate]) -> Gate:
    """Return one gate that asks all of these questions. Its own verbs are those that answer all of them.

    A secret is never among what is approved as a whole.
    """
    first, has_secret = asked[0], any(one.kind is Kind.SECRET for one in asked)
    if len(asked) == 1:
        return first
    common = (verb for verb in first.verbs if all(verb in one.verbs for one in asked))
    kinds = [one.kind for one in asked]
    names = (one.kind if kinds.count(one.kind) == 1 else _full_name(one) for one in asked)
    return replace(
        first,
        verbs=tuple(verb for verb in common if verb is not Verb.APPROVE or not has_secret),
        findings=tuple(finding for one in asked for finding in one.findings),
        digest=digest([one.digest for one in asked]),
        topics=tuple(
            Topic(name, one.kind, one.attempt, one.attempts, one.verbs, len(one.findings), one.digest)
            for name, one in zip(names, asked, strict=True)
        ),
    )


def _full_name(question: Gate) -> str:
    """Return a name that tells a question from others of its kind, also once those are answered."""
    return f"{question.kind}-{question.digest[:6]}"


def split(gate: Gate) -> dict[str, Gate]:
    """Return each question of a gate as a gate of its own, by name."""
    if not gate.topics:
        return {str(gate.kind): gate}
    left, asked = gate.findings, dict[str, Gate]()
    for one in gate.topics:
        asked[one.name] = replace(
            gate,
            kind=one.kind,
            attempt=one.attempt,
            attempts=one.attempts,
            verbs=one.verbs,
            findings=left[: one.findings],
            digest=one.digest,
            topics=(),
        )
        left = left[one.findings :]
    return asked


def shrank(before: Gate, now: Gate) -> bool:
    """Return whether all that a gate asks now was asked before, so that an answer to all of that counts."""
    asked = split(before).values()
    return all(any(_covers(one, left) for one in asked) for left in split(now).values())


def _covers(asked: Gate, left: Gate) -> bool:
    """Return whether a question showed all that is left to ask, about the same change and in the same attempt."""
    if (asked.kind, asked.attempt, asked.change) != (left.kind, left.attempt, left.change):
        return False
    return asked.digest == left.digest or not Counter(left.findings) - Counter(asked.findings)


def question_name(about: Gate | Decision) -> str:
    """Return what tells one question of a gate from the next: its digest, and the attempt."""
    return f"{about.digest or ''}-{about.attempt}"


def digests_shown(gate: Gate) -> frozenset[str]:
    """Return the digests to which an answer counts: that of a gate, and those of questions that showed all of it."""
    return frozenset((gate.digest, *(name.rpartition("-")[0] for name in gate.covered_by)))


def answers_to(gate: Gate) -> tuple[str, ...]:
    """Return every word that answers a gate: `skip`, or `approve-licence` where its questions take other verbs."""
    asked = split(gate)
    if all(set(one.verbs) == set(gate.verbs) for one in asked.values()):
        return tuple(map(str, gate.verbs))
    apart = ABOUT_A_TOPIC - (set(gate.verbs) - {Verb.APPROVE})
    apart_ones = (f"{verb}-{name}" for name, one in asked.items() for verb in one.verbs if verb in apart)
    return (*map(str, gate.verbs), *apart_ones)


def parse(word: str) -> tuple[str, str]:
    """Return (verb, topic) of an answer's word: `approve-licence` is `approve` about `licence`."""
    verb, _, topic = word.partition("-")
    return (verb, topic) if topic and verb in ABOUT_A_TOPIC else (word, "")


def meant(gate: Gate | None, verb: str, topic: str = "") -> Gate | None:
    """Return what an answer is about: the whole gate, one of its questions, or None where it does not ask that.

    A verb that only one question takes is an answer to that one.
    """
    if gate is None or (not topic and verb in gate.verbs):
        return gate
    asked = split(gate)
    if topic:
        return next((one for name, one in asked.items() if topic in {name, _full_name(one)}), None)
    taking = [one for one in asked.values() if verb in one.verbs]
    return taking[0] if len(taking) == 1 else gate


def overlap(one: Approval, other: Approval, gate: Gate | None) -> bool:
    """Return whether two answers to a gate are about the same question."""
    if gate is None:
        return True
    return bool(_digests(gate, one) & _digests(gate, other))


def _digests(gate: Gate, approval: Approval) -> set[str]:
    about = meant(gate, approval.verb, approval.topic)
    return {one.digest for one in split(about).values()} if about else set()


def kinds(decision: Decision) -> tuple[Kind, ...]:
    """Return the kinds of the questions that a decision answered; none where it was written ahead."""
    others = [one.kind for one in decision.findings] if decision.digests else []
    return tuple(dict.fromkeys(kind for kind in (decision.kind, *others) if kind is not None))


def is_answered(gate: Gate, last: Decision, decisions: Iterable[Decision]) -> bool:
    """Return whether nothing of a gate is left to ask after the decision `last`; `decisions` are all at it."""
    if last.digest == gate.digest or not gate.topics:
        return True
    made = {(one.digest, one.attempt) for one in decisions if one.verb is not Verb.ABORT}
    return all((one.digest, one.attempt) in made for one in gate.topics)
