"""Decide whose answers count at a gate, and whether enough people gave the same one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.globs import matches
from ..model import Kind, Need, Verb
from .phase_answers import lists_the_same
from .teams import bare, compared, people_of, still_asked
from .topics import digests_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..model import ApproverSpec, Decision, Gate, Milestone

    Teams = Mapping[str, Iterable[str]]

EVERYTHING_ELSE = "*"
"""The key of what holds at a stop that no other rule is about."""
WITHDRAWN = "withdrawn:"
"""What the source of a record begins with by which an earlier answer does not count any more."""
PASSING = frozenset({Verb.APPROVE, Verb.CONTINUE})
"""Verbs that nobody gives for their own work where the plan says `not`."""


def rules(approvers: Mapping[str, ApproverSpec], kind: Kind | None, paths: Iterable[str]) -> tuple[ApproverSpec, ...]:
    """Return the rules for a stop: that of its kind and those of its paths, else the one for everything else."""
    shown = list(paths)
    chosen = [
        rule
        for key, rule in approvers.items()
        if key != EVERYTHING_ELSE and (key == kind or any(matches(path, (key,)) for path in shown))
    ]
    return tuple(chosen or [rule for key, rule in approvers.items() if key == EVERYTHING_ELSE])


def excludes_makers(approvers: Mapping[str, ApproverSpec], paths: Iterable[str]) -> bool:
    """Return whether a review by who made these paths' change counts for nothing."""
    return bool(approvers) and any(rule.excluded for rule in rules(approvers, Kind.PEOPLE_MISSING, paths))


def needs(
    chosen: Iterable[ApproverSpec], owners: Iterable[tuple[str, ...]], made_by: tuple[str, ...]
) -> tuple[Need, ...]:
    """Return what these rules need: `owners` are those of each shown path, `made_by` who made the change."""
    owned = [names for names in dict.fromkeys(owners) if names]
    return tuple(
        dict.fromkeys(
            Need(names, rule.count, made_by if rule.excluded else ())
            for rule in chosen
            for names in _named(rule, owned)
        )
    )


def _named(rule: ApproverSpec, owned: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the groups of which people are needed; one group of nobody in particular where none is named."""
    if rule.codeowners and owned:
        return [tuple(dict.fromkeys((*rule.members, *names))) for names in owned]
    return [rule.members]


# ---- one person's answer ------------------------------------------------------------------------------------------


def is_local(milestone: Milestone, needed: Sequence[Need]) -> bool:
    """Return whether answers count that only a file on this machine says: by default where nobody is named."""
    return not needed if milestone.local is None else milestone.local


def counts(need: Need, verb: str, names: Sequence[str], teams: Teams) -> bool:
    """Return whether somebody who is known by these names counts towards a need."""
    known = frozenset(map(bare, names))
    if verb in PASSING and compared(names) & frozenset(map(bare, need.excluded)):
        return False
    return not need.names or bool(known & people_of(need.names, teams))


def name_of(names: Sequence[str], needed: Iterable[Need], teams: Teams) -> str:
    """Return by which of their names a person is recorded: one that is asked for, else the first."""
    asked = people_of((name for need in needed for name in need.names), teams)
    return next((name for name in names if bare(name) in asked), names[0])


def refusal(needed: Sequence[Need], verb: str, names: Sequence[str], teams: Teams) -> str | None:
    """Return why the answer of somebody who is known by these names does not count, None where it does."""
    if verb == Verb.ABORT or not needed or any(counts(need, verb, names, teams) for need in needed):
        return None
    if any(counts(need, Verb.ABORT, names, teams) for need in needed):
        return f"{names[0]} made this change, and the plan lets nobody approve their own"
    asked = dict.fromkeys(name for need in needed for name in need.names)
    return f"{names[0]} is not asked here; it waits for {', '.join(asked)}"


# ---- several people's answers -------------------------------------------------------------------------------------


def several(needed: Sequence[Need]) -> bool:
    """Return whether the answer of one person may be too little."""
    return len(needed) > 1 or any(need.count > 1 for need in needed)


def standing(gate: Gate, answers: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the answers that add up: the last ones to what the gate shows, of one verb, one of each person.

    `answers` are oldest first. Any other answer at the gate in between starts the count again.
    """
    gone = frozenset(str(one.source) for one in answers if str(one.source).startswith(WITHDRAWN))
    last: list[Decision] = []
    for one in (one for one in answers if one.gate == gate.gate and str(one.source) not in gone):
        if not one.waits or (last and not _agree(last[0], one, digests_shown(gate))):
            last = []
        if one.waits and is_shown(gate, one) and f"{WITHDRAWN}{one.source}" not in gone:
            last.append(one)
    return tuple({bare(one.who): one for one in reversed(last)}.values())[::-1]


def is_shown(gate: Gate, answer: Decision) -> bool:
    """Return whether an answer is for what a gate shows now."""
    return answer.digest in digests_shown(gate) or lists_the_same(gate, answer)


def _agree(one: Decision, other: Decision, shown: frozenset[str]) -> bool:
    """Return whether two answers say the same; at a budget the new limit belongs to what is said."""
    same_limit = one.kind is not Kind.BUDGET or one.why == other.why
    same_question = one.digest == other.digest or {one.digest, other.digest} <= shown
    return one.verb is other.verb and same_question and same_limit


def is_enough(needed: Iterable[Need], answers: Sequence[Decision], teams: Teams) -> bool:
    """Return whether these answers, all of one verb, fulfil every need."""
    return bool(answers) and all(len(_given(need, answers, teams)) >= need.count for need in needed)


def progress(gate: Gate, answers: Sequence[Decision], teams: Teams) -> str:
    """Return how far the answers to an open gate are; empty where anybody's first one is enough."""
    given = standing(gate, answers)
    by = f"{given[0].verb} by {', '.join(one.who for one in given)}: " if given else ""
    left = waits_for(gate.needs, given, teams)
    return f"{by}{left}" if left else ""


def waits_for(needed: Iterable[Need], answers: Sequence[Decision], teams: Teams) -> str:
    """Return how far the answers are and who is waited for: `1 of 2, waits for @acme/dba`."""
    left = ((need, _given(need, answers, teams)) for need in needed)
    parts = [
        f"{len(given)} of {need.count}, waits for {_still(need, given, teams)}"
        for need, given in left
        if len(given) < need.count
    ]
    return "; ".join(parts)


def asked_of(needed: Iterable[Need], teams: Teams) -> str:
    """Return whose answers are needed: `2 of @acme/dba`; empty where everybody's first one is enough."""
    return "; ".join(f"{need.count} of {_still(need, (), teams)}" for need in needed)


def _given(need: Need, answers: Iterable[Decision], teams: Teams) -> list[str]:
    return [one.who for one in answers if counts(need, one.verb, [one.who], teams)]


def _still(need: Need, given: Sequence[str], teams: Teams) -> str:
    nobody_left = f"more people than {', '.join(need.names)}" if need.names else ""
    asked = (
        ", ".join(still_asked(need.names, teams, given)) or nobody_left or "somebody who may write to the repository"
    )
    return f"{asked} (not who made the change)" if need.excluded else asked
