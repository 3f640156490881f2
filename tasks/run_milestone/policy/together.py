"""Find the smallest set of issues that fail together, and remember which of them belong together. Pure."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from typing import TYPE_CHECKING

from ..model import Kind, Verb

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from ..model import Decision, Milestone

    Search = Generator[tuple[str, ...], bool, tuple[str, ...] | None]
    """Yields issues whose joined tree has to be tested, takes whether it is red, and returns what it found."""

WITH = "with-"
"""The rule of a finding that an issue has with another one: `with-02`."""
KINDS = frozenset({Kind.TESTS, Kind.MIGRATION_HEADS})


def fails_together(
    order: Sequence[str], needs: Mapping[str, frozenset[str]], accused: Sequence[str], unsure: frozenset[str]
) -> Search:
    """Search the smallest red set of issues that are red all together; it returns None where no pair is red.

    `order` is the order of landing, `needs` what each issue stands on. `accused` are the issues whose own tests fail;
    `unsure` those that nobody tested on the present milestone branch. Counting the first test of all, it takes at most
    2 + log2(number of issues) tests, rounded up; without accused issues about 2 + log2(number of pairs).
    """
    late = accused[-1] if accused else (yield from _first_red(order, needs))
    if late in unsure and (yield _joined(order, needs, late)):
        return (late,)
    if len(accused) > 1 and (yield _joined(order, needs, accused[0], late)):
        return accused[0], late
    others = [one for one in order if one != late and one not in needs[late] and late not in needs[one]]
    if not accused:
        others = [one for one in others if order.index(one) < order.index(late)]
    shown = False
    while len(others) > 1:
        half = others[: len(others) // 2]
        is_red = yield _joined(order, needs, late, *half)
        others = half if is_red else others[len(half) :]
        shown = is_red and len(half) == 1
    if not others or not (shown or (yield _joined(order, needs, late, others[0]))):
        return None
    first, second = sorted((late, others[0]), key=order.index)
    return first, second


def _first_red(order: Sequence[str], needs: Mapping[str, frozenset[str]]) -> Generator[tuple[str, ...], bool, str]:
    """Return the issue with which the joined tree turns red, when the issues are joined in order."""
    green, red = 0, len(order)
    while red - green > 1:
        half = (comb(green, 2) + comb(red, 2)) / 2  # as many pairs end before the middle as after it
        middle = min(range(green + 1, red), key=lambda at: abs(comb(at, 2) - half))
        if (yield _joined(order, needs, *order[:middle])):
            red = middle
        else:
            green = middle
    return order[red - 1]


def _joined(order: Sequence[str], needs: Mapping[str, frozenset[str]], *issues: str) -> tuple[str, ...]:
    wanted = {one for issue in issues for one in (issue, *needs[issue])}
    return tuple(one for one in order if one in wanted)


def with_companions(milestone: Milestone, decisions: Iterable[Decision]) -> Milestone:
    """Return a plan in which an issue depends on those it failed with, once a person asked to fix that.

    Then it stands on their work: its own tests show the failure, and an agent that fixes it sees both.
    """
    companions: dict[str, tuple[str, ...]] = {}
    for one in decisions:
        if one.verb is Verb.FIX and one.kind in KINDS:
            named = (finding.rule.removeprefix(WITH) for finding in one.findings if finding.rule.startswith(WITH))
            companions[one.gate] = (*companions.get(one.gate, ()), *named)
    if not companions:
        return milestone
    issues = {issue.number: issue for issue in milestone.issues}
    for number in companions.keys() & issues.keys():
        known = [name for name in companions[number] if name in issues]
        joined = dict.fromkeys((*issues[number].depends_on, *known))
        issues[number] = replace(issues[number], depends_on=tuple(joined))
    phases = (replace(phase, issues=tuple(issues[one.number] for one in phase.issues)) for phase in milestone.phases)
    return replace(milestone, phases=tuple(phases))
