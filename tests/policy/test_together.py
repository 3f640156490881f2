"""The smallest set of issues that fail together is found in few tests, and `fix` makes one stand on the other."""

import math
import random
from itertools import combinations

import pytest

from run_milestone.model import Decision, Finding, Issue, Kind, Milestone, Phase, Severity, Verb
from run_milestone.policy.together import fails_together, with_companions

TWELVE = tuple(f"{number:02d}" for number in range(1, 13))
ALONE = dict.fromkeys(TWELVE, frozenset())


def searched(order, needs, accused, is_red, unsure=frozenset()):
    """Run a search; returns what it found, and how many trees were tested."""
    search, answer, tests = fails_together(order, needs, accused, unsure), None, 0
    try:
        while True:
            asked = search.send(answer)
            answer, tests = is_red(frozenset(asked)), tests + 1
    except StopIteration as ended:
        return ended.value, tests


@pytest.mark.parametrize("named", [1, 2])
def test_a_pair_among_twelve_takes_few_tests(named):
    most = 0
    for first in TWELVE:
        for second in TWELVE[TWELVE.index(first) + 1 :]:
            pair = {first, second}
            for accused in [[second], [first]] if named == 1 else [[first, second]]:
                answer, tests = searched(TWELVE, ALONE, accused, lambda issues, pair=pair: pair <= issues)
                assert answer == (first, second)
                most = max(most, tests + 1)  # and the first, of all of them
    bar = 2 + math.ceil(math.log2(12))
    print(f"figure: most tests for a red pair among 12 issues ({named} of them named by its test): {most} (bar {bar})")
    assert most <= bar


def test_a_pair_that_no_test_names_is_found():
    """Whether a tree is red is a yes or no, so that to tell 66 pairs apart takes 7 trees after the first."""
    pairs, most = [*combinations(TWELVE, 2)], 0
    for pair in pairs:
        answer, tests = searched(TWELVE, ALONE, [], lambda issues, pair=frozenset(pair): pair <= issues)
        assert answer == pair
        most = max(most, tests + 1)
    fewest = 1 + math.ceil(math.log2(len(pairs)))
    print(f"figure: most tests for a red pair among 12 issues (none of them named): {most} (fewest possible {fewest})")
    assert most <= fewest + 1


def test_what_needs_another_is_tested_with_it():
    needs = {**ALONE, "05": frozenset({"02"}), "09": frozenset({"02", "05"})}

    def is_red(issues):
        assert all(needs[one] <= issues for one in issues)
        return {"04", "09"} <= issues

    assert searched(TWELVE, needs, ["09"], is_red)[0] == ("04", "09")


def test_three_that_fail_only_together_are_no_pair():
    assert searched(TWELVE, ALONE, ["12"], lambda issues: {"01", "11", "12"} <= issues)[0] is None


def test_one_may_fail_on_a_moved_branch():
    answer, _ = searched(TWELVE, ALONE, ["07"], lambda issues: "07" in issues, frozenset({"07"}))
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
        answer, _ = searched(TWELVE, needs, accused, lambda issues, pair=frozenset(pair): pair <= issues)
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
