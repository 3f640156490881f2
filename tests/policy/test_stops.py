"""The stop table is the contract's (spec: "Stops"), row by row; it is written out here by hand."""

import pytest

from run_milestone.model import STEPS, Kind, Tier
from run_milestone.policy.stops import AGAIN, STOPS

# kind: (tier, found by, verbs, label, what --autonomous tries in order)
EXPECTED = {
    "plan-critical": ("hard", "plan-review", "approve abort", None, "abort"),
    "plan-warning": ("note", "plan-review", "", None, ""),
    "spec-missing": ("hard", "plan-review", "skip abort", None, "skip"),
    "baseline": ("hard", "bootstrap", "retry approve abort", None, "abort"),
    "setup": ("hard", "bootstrap, setup", "retry skip abort", None, "retry skip"),
    "tree": ("hard", "bootstrap, test", "retry abort", None, "abort"),
    "tests": ("hard", "test, land", "fix retry skip abort", None, "fix skip"),
    "flaky": ("label", "test", "", "flaky-test", ""),
    "tampering": ("hard", "inspect", "approve fix skip abort", None, "skip"),
    "not-red": ("hard", "inspect", "restart approve skip abort", None, "restart skip"),
    "migration-breaking": ("hard", "inspect", "approve skip abort", None, "skip"),
    "migration-additive": ("label", "inspect", "", "needs-db-review", ""),
    "migration-heads": ("hard", "inspect, land", "fix skip abort", None, "fix skip"),
    "migration-failed": ("hard", "inspect", "fix approve skip abort", None, "fix skip"),
    "dependency": ("label", "inspect", "", "needs-dep-review", ""),
    "licence": ("hard", "inspect", "approve skip abort", None, "skip"),
    "lockfile": ("label", "inspect", "", "lockfile-update", ""),
    "sensitive": ("label", "inspect", "", "sensitive-review", ""),
    "scope": ("hard", "inspect", "approve skip abort", None, "skip"),
    "protected": ("label", "inspect", "", "needs-human", ""),
    "coverage": ("label", "inspect", "", "needs-test-review", ""),
    "size": ("hard", "inspect", "approve skip abort", None, "skip"),
    "empty": ("hard", "inspect", "fix skip abort", None, "fix skip"),
    "secret": ("hard", "inspect, push", "fix approve abort", None, "abort"),
    "forge": ("hard", "bootstrap, push, pr", "retry skip abort", None, "retry skip"),
    "conflict": ("hard", "push", "fix skip abort", None, "fix skip"),
    "target": ("hard", "push, pr", "abort", None, "abort"),
    "review": ("hard", "review", "fix approve skip abort", None, "fix skip"),
    "review-pending": ("label", "review", "", "review-pending", ""),
    "agent": ("hard", "implement", "retry skip abort", None, "retry skip"),
    "budget": ("hard", "any", "approve abort", None, "abort"),
    "phase": ("hard", "barrier", "continue skip-phase abort", None, "continue"),
    # ours: the contract's table has no row for them
    "checks": ("hard", "review", "fix skip abort", None, "fix skip"),
    "checks-pending": ("hard", "review", "retry skip abort", None, "retry skip"),
    "tool": ("hard", "lint, inspect, review", "retry approve skip abort", None, "skip"),
    "failed": ("hard", "any", "retry skip abort", None, "retry skip"),
    "people-review": ("hard", "people", "fix approve skip abort", None, "fix"),
    "people-missing": ("hard", "people", "skip abort", None, ""),
    "human": ("hard", "implement", "skip abort", None, ""),
    "boundary": ("hard", "any", "approve abort", None, "abort"),
    "preflight": ("hard", "bootstrap", "retry approve abort", None, "abort"),
    "blocked": ("hard", "branch", "skip abort", None, "skip"),
}


def test_every_kind_has_one_row():
    assert {str(kind) for kind in Kind} == set(EXPECTED) == {str(kind) for kind in STOPS}
    assert all(stop.kind is kind for kind, stop in STOPS.items())


@pytest.mark.parametrize("kind", Kind, ids=str)
def test_the_row_is_the_contracts(kind):
    stop = STOPS[kind]
    row = (stop.tier, stop.found_by, " ".join(stop.verbs), stop.label, " ".join(stop.autonomous))
    assert row == EXPECTED[kind]


def test_autonomous_accepts_no_risk_and_skips_no_secret():
    tried = {kind: set(stop.autonomous) for kind, stop in STOPS.items()}
    assert all("approve" not in verbs for verbs in tried.values())
    assert tried[Kind.SECRET] == {"abort"}


def test_autonomous_verbs_are_offered_and_end():
    for kind, stop in STOPS.items():
        assert set(stop.autonomous) <= set(stop.verbs), kind
        if kind is Kind.PEOPLE_REVIEW:
            continue  # once its attempts are used up it waits for the reviewer
        assert not stop.autonomous or stop.autonomous[-1] not in AGAIN, f"{kind} would try for ever"


def test_hard_stops_offer_abort_and_labels_are_named():
    for kind, stop in STOPS.items():
        assert ("abort" in stop.verbs) == (stop.tier is Tier.HARD), kind
        assert bool(stop.label) == (stop.tier is Tier.LABEL), kind


def test_stops_are_found_by_steps_that_there_are():
    known = {*map(str, STEPS), "bootstrap", "plan-review", "barrier", "any", "land"}
    assert {name for stop in STOPS.values() for name in stop.found_by.split(", ")} <= known


def test_nobody_can_change_the_table():
    with pytest.raises(TypeError):
        STOPS[Kind.TARGET] = STOPS[Kind.PLAN_WARNING]
    with pytest.raises(AttributeError):
        STOPS[Kind.TARGET].tier = Tier.NOTE
