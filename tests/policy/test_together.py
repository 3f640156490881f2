"""The smallest set of issues that fail together is found in few tests, and `fix` makes one stand on the other."""

import random
from dataclasses import replace
from itertools import combinations
from statistics import median

import pytest

from run_milestone.model import Decision, Finding, Issue, Kind, Milestone, Phase, Severity, Verb
from run_milestone.policy.clues import Clues
from run_milestone.policy.together import fails_together, with_companions

TWELVE = tuple(f"{number:02d}" for number in range(1, 13))
ALONE = dict.fromkeys(TWELVE, frozenset())


PAIRS = tuple(combinations(TWELVE, 2))
WORDS = {number: frozenset({f"part_{number}", f"app/part_{number}.py", "return", "Path"}) for number in TWELVE}
COMMON = frozenset({"return", "Path", "assert"})


def searched(order, needs, clues, is_red, unsure=frozenset()):
    """Run a search; returns what it found, and how many trees were tested."""
    search, answer, tests = fails_together(order, needs, clues, unsure), None, 0
    try:
        while True:
            asked = search.send(answer)
            answer, tests = is_red(frozenset(asked)), tests + 1
    except StopIteration as ended:
        return ended.value, tests


def shared(*numbers):
    """Each issue's words, where these have a name in common."""
    return {**WORDS, **{number: WORDS[number] | {"TAX_RATE"} for number in numbers}}


def named(*numbers):
    """What a failure says that names a file of these issues."""
    return COMMON.union(*(WORDS[number] for number in numbers))


HINTS = {
    "own tests of both fail": (2, lambda one, other, _: Clues((one, other), WORDS, COMMON)),
    "an own test fails, its output names the other": (3, lambda one, other, _: Clues((one,), WORDS, named(other))),
    "an own test fails, a name is in both changes": (
        3,
        lambda one, other, _: Clues((one,), shared(one, other), COMMON),
    ),
    "an own test fails, its output names three": (
        5,
        lambda one, other, rest: Clues((one,), WORDS, named(other, *rest[:2])),
    ),
    "an old test fails, its output names both": (2, lambda one, other, _: Clues((), WORDS, named(one, other))),
    "an old test fails, its output names three": (
        5,
        lambda one, other, rest: Clues((), WORDS, named(one, other, rest[0])),
    ),
    "an old test fails, its output names one, a name is in both": (
        2,
        lambda one, other, _: Clues((), shared(one, other), named(one)),
    ),
    "an old test fails, a name of both is in it": (
        2,
        lambda one, other, _: Clues((), shared(one, other), COMMON | {"TAX_RATE"}),
    ),
    "an own test fails, nothing names the other": (6, lambda one, *_: Clues((one,), WORDS, COMMON)),
    "an old test fails, its output names one": (7, lambda one, *_: Clues((), WORDS, named(one))),
    "an old test fails, its output names two others": (10, lambda *three: Clues((), WORDS, named(*three[2][:2]))),
    "nothing names anything": (9, lambda *_: Clues((), WORDS, COMMON)),
}
"""What is known of a pair, how many tests it may take then, and the clues of it for a pair and the other issues."""


@pytest.mark.parametrize("hint", HINTS)
def test_a_pair_among_twelve_takes_few_tests(hint):
    bar, clues = HINTS[hint]
    taken = []
    for pair in PAIRS:
        rest = [number for number in TWELVE if number not in pair]
        for one, other in (pair, pair[::-1]):
            known = clues(one, other, rest)
            known = replace(known, accused=tuple(sorted(known.accused)))
            answer, tests = searched(TWELVE, ALONE, known, lambda issues, pair=frozenset(pair): pair <= issues)
            assert answer == pair
            taken.append(tests + 1)  # and the first, of all of them
    print(f"figure: tests for a red pair among 12 issues, {hint}: {max(taken)} at most, {median(taken):g} as a rule")
    assert max(taken) <= bar


def test_what_needs_another_is_tested_with_it():
    needs = {**ALONE, "05": frozenset({"02"}), "09": frozenset({"02", "05"})}

    def is_red(issues):
        assert all(needs[one] <= issues for one in issues)
        return {"04", "09"} <= issues

    assert searched(TWELVE, needs, Clues(("09",)), is_red)[0] == ("04", "09")


def test_three_that_fail_only_together_are_no_pair():
    assert searched(TWELVE, ALONE, Clues(("12",)), lambda issues: {"01", "11", "12"} <= issues)[0] is None


def test_one_may_fail_on_a_moved_branch():
    answer, _ = searched(TWELVE, ALONE, Clues(("07",)), lambda issues: "07" in issues, frozenset({"07"}))
    assert answer == ("07",)


def test_random_pairs_are_found_whatever_stands_on_what():
    chance, wrong = random.Random(20261127), []
    for trial in range(300):
        needs = {}
        for place, number in enumerate(TWELVE):
            below = chance.sample(TWELVE[:place], min(place, chance.choice([0, 0, 0, 1, 2])))
            needs[number] = frozenset(below).union(*(needs[one] for one in below))
        apart = [(a, b) for a in TWELVE for b in TWELVE if a < b and a not in needs[b]]
        pair = chance.choice(apart)
        accused = chance.choice([[], [pair[0]], [pair[1]], list(pair)])
        hinted = chance.sample(TWELVE, chance.choice([0, 1, 2, 3, 5]))
        answer, _ = searched(
            TWELVE,
            needs,
            Clues(tuple(accused), shared(*hinted), named(*hinted)),
            lambda issues, pair=frozenset(pair): pair <= issues,
        )
        if answer is None or not frozenset(pair) <= frozenset(answer).union(*(needs[one] for one in answer)):
            wrong.append((trial, pair, answer))
    print(f"figure: random red pairs found: {300 - len(wrong)} / 300")
    assert not wrong


def test_a_fix_makes_one_depend_on_another():
    issues = tuple(Issue(number, f"Part {number}", f"part-{number}", 1) for number in ("01", "02"))
    milestone = Milestone("m1", "First", "milestone/m1", (Phase(1, "Phase 1", issues),))
    finding = Finding(Kind.TESTS, Severity.CRITICAL, "with-01", "#02 fails together with #01")
    fix = Decision(1, "02", Verb.FIX, "ada", "2026-01-01", "", Kind.TESTS, "d", findings=(finding,))
    assert [one.depends_on for one in with_companions(milestone, [fix]).issues] == [(), ("01",)]
    assert with_companions(milestone, []) is milestone
