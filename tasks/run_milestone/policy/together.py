"""Find the smallest set of issues that fail together, and remember which of them belong together. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from ..model import Kind, Verb

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from ..model import Decision, Milestone
    from .clues import Clues

    Search = Generator[tuple[str, ...], bool, tuple[str, ...] | None]
    """Yields issues whose joined tree has to be tested, takes whether it is red, and returns what it found."""

WITH = "with-"
"""The rule of a finding that an issue has with another one: `with-02`."""
GUESSED = 3
"""So many suspects are tested by themselves where no issue brings a failing test."""
LIKELY = 4
"""So many suspects are tested before the other issues."""
KINDS = frozenset({Kind.TESTS, Kind.MIGRATION_HEADS})


def fails_together(
    order: Sequence[str], needs: Mapping[str, frozenset[str]], clues: Clues, unsure: frozenset[str]
) -> Search:
    """Search the smallest red set of issues that are red all together; it returns None where no pair is red.

    `order` is the order of landing, `needs` what each issue stands on. `unsure` are the issues that were not tested on
    the present milestone branch. Of 12 issues it takes at most 5 tests where clues point at the pair, counting the
    first test of all, 6 where only one of them is known, 9 where nothing is, and 10 where they point at a wrong pair.
    No search needs fewer: a pair is sure by a test of it alone, so n tests tell 2^(n-1) pairs apart at most,
    which are 64 of 66 in 7 tests, and of 65 after the wrong one.
    """
    accused = clues.accused
    if not accused and (pair := (yield from _suspected(order, needs, clues))):
        return (yield from _alone(order, needs, unsure, pair)) or pair
    ranked = order if accused else _by_suspicion(order, needs, clues)
    late = accused[-1] if accused else (yield from _first_red(ranked, needs, clues.suspects(order)))
    if late in unsure and (yield _joined(order, needs, late)):
        return (late,)
    if len(accused) > 1 and (yield _joined(order, needs, accused[0], late)):
        return accused[0], late
    others = [one for one in ranked[: None if accused else ranked.index(late)] if _apart(needs, one, late)]
    other = yield from _partner(order, needs, late, others, clues.suspects(others, late))
    return None if other is None else _pair(order, late, other)


def _suspected(order: Sequence[str], needs: Mapping[str, frozenset[str]], clues: Clues) -> Search:
    """Return the red pair where clues point at it, None where they point nowhere or elsewhere."""
    suspects = clues.suspects(order)[:GUESSED]
    if len(suspects) == 1:
        others = [one for one in order if one != suspects[0]]
        pairs = [(suspects[0], one) for one in clues.suspects(others, suspects[0])[:GUESSED]]
    else:
        pairs = list(combinations(suspects, 2))
    pairs = [_pair(order, *pair) for pair in pairs if _apart(needs, *pair)]
    if pairs and (yield _joined(order, needs, *{one for pair in pairs for one in pair})):
        for pair in pairs:
            if len(pairs) == 1 or (yield _joined(order, needs, *pair)):
                return pair
    return None


def _alone(
    order: Sequence[str], needs: Mapping[str, frozenset[str]], unsure: frozenset[str], pair: Sequence[str]
) -> Search:
    """Return the one of a red pair that is red without the other."""
    for one in pair:
        if one in unsure and (yield _joined(order, needs, one)):
            return (one,)
    return None


def _partner(
    order: Sequence[str], needs: Mapping[str, frozenset[str]], late: str, others: list[str], suspects: list[str]
) -> Generator[tuple[str, ...], bool, str | None]:
    """Return the issue that is red together with `late`; the suspects are tested first."""
    others = [*suspects, *(one for one in others if one not in suspects)]
    likely, shown = min(len(suspects), LIKELY), False
    while len(others) > 1:
        least, most = _balanced(len(others))
        part = min(max(likely or len(others) // 2, least), most)
        is_red = yield _joined(order, needs, late, *others[:part])
        others = others[:part] if is_red else others[part:]
        likely = min(likely, part) if is_red else max(likely - part, 0)
        shown = is_red and part == 1
    return others[0] if others and (shown or (yield _joined(order, needs, late, others[0]))) else None


def _balanced(many: int) -> tuple[int, int]:
    """Return how few and how many of these can be tested first, so that the worst case takes no more tests."""
    most = 1 << (many - 1).bit_length() - 1
    return many - most, most


def _first_red(
    order: Sequence[str], needs: Mapping[str, frozenset[str]], suspects: Sequence[str]
) -> Generator[tuple[str, ...], bool, str]:
    """Return the issue with which the joined tree turns red, when the issues are joined in order."""
    weights = [len(order) if suspects == [one] else 1 for one in order]
    pairs = [sum(one * other for one, other in combinations(weights[:at], 2)) for at in range(len(order) + 1)]
    green, red = 0, len(order)
    while red - green > 1:
        half = (pairs[green] + pairs[red]) / 2  # as many pairs end before the middle as after it
        middle = min(range(green + 1, red), key=lambda at: abs(pairs[at] - half))
        if (yield _joined(order, needs, *order[:middle])):
            red = middle
        else:
            green = middle
    return order[red - 1]


def _by_suspicion(order: Sequence[str], needs: Mapping[str, frozenset[str]], clues: Clues) -> list[str]:
    """Return the issues with the suspects last, each after what it stands on."""
    suspects, left, ranked = clues.suspects(order)[::-1], list(order), list[str]()
    while left:
        free = [one for one in left if needs[one].isdisjoint(left)]
        ranked.append(min(free, key=lambda one: suspects.index(one) + 1 if one in suspects else 0))
        left.remove(ranked[-1])
    return ranked


def _apart(needs: Mapping[str, frozenset[str]], one: str, other: str) -> bool:
    """Return whether neither of two different issues stands on the other."""
    return one != other and one not in needs[other] and other not in needs[one]


def _pair(order: Sequence[str], one: str, other: str) -> tuple[str, str]:
    first, second = sorted((one, other), key=order.index)
    return first, second


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
